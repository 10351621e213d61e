package creep

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"workermem/calibrate"
)

var (
	soakSeries = flag.Int("soak-series", 0, "run the soak bench on this many series a family")
	soakLimit  = flag.Float64("soak-limit", 40, "seconds at which a soak ends undecided")
	soakRate   = flag.Float64("soak-rate", 0, "requests a second; 0: 300 to 3000, drawn anew for every series")
	soakByTime = flag.Bool("soak-by-time", false, "watch by time, at two readings a second, and look every five seconds")
	soakGoal   = flag.String("soak-goal", "", "quick, or precision, seconds and requests of the goal, with spaces; empty: the default goal")
)

// soaked is how a soak ended.
type soaked struct {
	estimate Estimate
	done     bool
	seconds  float64
}

// soak checks a growing series each second, as a run does, and stops at the goal or the series' end.
func soak(g Goal, s simulated, step float64) soaked {
	next := step
	for i, p := range s.points {
		last := i == len(s.points)-1
		if p.Seconds < next && !last {
			continue
		}
		next += step
		e, progress := g.Check(s.points[:i+1], s.rss)
		if progress.Done || last {
			return soaked{e, progress.Done, p.Seconds}
		}
	}
	return soaked{}
}

// soakTally counts how soaks of one family ended.
type soakTally struct {
	series, leaks, done, creeping, covered, known, missed int
	seconds, errors                                       []float64
}

func (t *soakTally) add(s soaked, truth, rss float64) {
	t.series++
	if truth > 0 {
		t.leaks++
	}
	if s.done {
		t.done++
		t.seconds = append(t.seconds, s.seconds)
	}
	if s.estimate.Verdict == calibrate.Creeping {
		t.creeping++
	}
	if s.estimate.Verdict == calibrate.Flat && truth > byRequest.limits(rss, 1e9).flat {
		t.missed++
	}
	if s.estimate.Known {
		t.known++
		if s.estimate.Low <= truth && truth <= s.estimate.High {
			t.covered++
		}
		if truth > 0 && s.estimate.Verdict == calibrate.Creeping {
			e := s.estimate.Slope/truth - 1
			t.errors = append(t.errors, math.Abs(e))
		}
	}
}

func (t *soakTally) merge(o soakTally) {
	t.series += o.series
	t.leaks += o.leaks
	t.done += o.done
	t.creeping += o.creeping
	t.covered += o.covered
	t.known += o.known
	t.missed += o.missed
	t.seconds = append(t.seconds, o.seconds...)
	t.errors = append(t.errors, o.errors...)
}

// soaks plays n soaks of a family at the rates of real apps.
func soaks(f family, g Goal, limit float64, n int, seed uint64) soakTally {
	var out soakTally
	var wg sync.WaitGroup
	var mu sync.Mutex
	cores := runtime.GOMAXPROCS(0)
	for c := range cores {
		wg.Go(func() {
			for i := c; i < n; i += cores {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				rate := *soakRate
				if rate == 0 {
					rate = logBetween(r, 300, 3000)
				}
				hertz, step := 10.0, 1.0
				if g.ByTime {
					hertz, step = 2, 5
				}
				s := f.make(r, window{rate, limit, hertz})
				end := soak(g, s, step)
				mu.Lock()
				out.add(end, s.truth, s.rss)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return out
}

// TestSoakBench prints how soaks end that stop themselves, as a run's do. "missed" is a leak called flat; the error is
// the median over the creeps found.
//
//	go test ./calibrate/creep -run TestSoakBench -soak-series 500 -v
//	go test ./calibrate/creep -run TestSoakBench -soak-series 100 -soak-by-time -soak-limit 600 -soak-rate 3 -v
//	go test ./calibrate/creep -run TestSoakBench -soak-series 500 -soak-goal quick -soak-limit 12 -v
func TestSoakBench(t *testing.T) {
	if *soakSeries == 0 {
		t.Skip("a bench, not a test: -soak-series 2000")
	}
	g, all := DefaultGoal(), families()
	if *soakByTime {
		g, all = WatchGoal(), byClock(all)
	}
	switch *soakGoal {
	case "":
	case "quick":
		g = QuickGoal()
	default:
		if _, err := fmt.Sscan(*soakGoal, &g.Precision, &g.MinSeconds, &g.MinRequests); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("goal %+v, limit %v s\n", g, *soakLimit)
	var quiet, settling, leaky soakTally
	fmt.Printf("%-22s %8s %8s %8s %8s %8s %8s %8s\n", "family", "creep %", "cover %", "missed %", "done %", "p50 s", "p90 s", "error %")
	for _, f := range all {
		y := soaks(f, g, *soakLimit, *soakSeries, *benchSeed)
		soakRow(f.name, y)
		if f.leaks {
			leaky.merge(y)
		} else {
			quiet.merge(y)
		}
		if f.settling {
			settling.merge(y)
		}
	}
	soakRow("all without a leak", quiet)
	soakRow("all that settle", settling)
	soakRow("all with a leak", leaky)
	soakRow("settles over 80 s", soaks(slowlySettling, g, *soakLimit, *soakSeries, *benchSeed))
}

// slowlySettling has 95 % of its growth after 80 s, whatever the rate, and its soak begins 8 s after the first request. Hardly a
// soak can tell it from a leak, so it is in none of the sums.
var slowlySettling = family{settling: true, make: func(r *rand.Rand, w window) simulated {
	const tau, before = 80.0 / 3, 8.0
	v := plain(r)
	height := logBetween(r, 20*mb, 800*mb) * math.Exp(-before/tau)
	v.warm = func(x, _ float64) float64 { return -height * math.Expm1(-x/(tau*w.rate)) }
	return v.series(r, w)
}}

func soakRow(name string, y soakTally) {
	fmt.Printf("%-22s %8.2f %8.1f %8.2f %8.1f %8.1f %8.1f", name, percent(y.creeping, y.series), percent(y.covered, y.known),
		percent(y.missed, y.series), percent(y.done, y.series), quantile(y.seconds, 0.5), quantile(y.seconds, 0.9))
	if len(y.errors) > 0 && y.leaks > 0 {
		fmt.Printf(" %8.2f", 100*median(y.errors))
	}
	fmt.Println()
}
