package creep

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"workermem/calibrate"
)

var (
	benchSeries  = flag.Int("bench-series", 0, "run the simulation bench on this many series a family")
	benchSeed    = flag.Uint64("bench-seed", 2026, "the bench's seed; tuning used 1 to 9")
	benchRate    = flag.Float64("bench-rate", 100, "requests a second")
	benchSeconds = flag.Float64("bench-seconds", 60, "length of a series")
	benchByTime  = flag.Bool("bench-by-time", false, "hold memory against seconds, as where nobody counts the requests")
	benchScarce  = flag.Bool("bench-scarce", false, "judge as a soak that ended in time")
	benchRivals  = flag.Bool("bench-rivals", true, "run the rivals too")
)

// tally counts how often an estimator is right on one family.
type tally struct {
	series, creeping, known, covered int
	errors, widths                   []float64
	verdicts                         map[calibrate.Verdict]int
}

func (t *tally) add(a answer, truth float64) {
	t.series++
	if a.creeping {
		t.creeping++
	}
	if a.low <= truth && truth <= a.high && !a.none {
		t.covered++
	}
	if !a.none {
		t.known++
	}
	if truth > 0 && !a.none {
		t.errors = append(t.errors, math.Abs(a.slope-truth)/truth)
		t.widths = append(t.widths, (a.high-a.low)/2/truth)
	}
	if t.verdicts == nil {
		t.verdicts = map[calibrate.Verdict]int{}
	}
	t.verdicts[a.verdict]++
}

func (t *tally) merge(o tally) {
	t.series += o.series
	t.creeping += o.creeping
	t.known += o.known
	t.covered += o.covered
	t.errors = append(t.errors, o.errors...)
	t.widths = append(t.widths, o.widths...)
	if t.verdicts == nil {
		t.verdicts = map[calibrate.Verdict]int{}
	}
	for k, v := range o.verdicts {
		t.verdicts[k] += v
	}
}

func percent(part, whole int) float64 { return 100 * float64(part) / float64(whole) }

func middlePercent(values []float64) float64 { return 100 * median(slices.Clone(values)) }

// simulate runs estimators over n series of a family and returns a tally for each.
func simulate(f family, w window, n int, seed uint64, estimators []rival) []tally {
	cores := runtime.GOMAXPROCS(0)
	parts := make([][]tally, cores)
	var wg sync.WaitGroup
	for c := range cores {
		parts[c] = make([]tally, len(estimators))
		wg.Go(func() {
			for i := c; i < n; i += cores {
				s := f.make(rand.New(rand.NewPCG(seed, uint64(i))), w)
				for k, e := range estimators {
					parts[c][k].add(e.answer(s), s.truth)
				}
			}
		})
	}
	wg.Wait()
	out := make([]tally, len(estimators))
	for k := range out {
		for c := range cores {
			out[k].merge(parts[c][k])
		}
	}
	return out
}

// TestBench prints the simulation bench. For a family without a leak, "creep %" is the rate of false alarms; for one
// with a leak, the power. Errors and widths (half the interval) are medians, in per cent of the true slope.
//
//	go test ./calibrate/creep -run TestBench -bench-series 2000 -bench-rivals=false -v
//	go test ./calibrate/creep -run TestBench -bench-series 2000 -bench-by-time -bench-seconds 300 -v
//	go test ./calibrate/creep -run TestBench -bench-series 400 -bench-rate 750 -bench-seconds 35 -v
//	go test ./calibrate/creep -run TestBench -bench-series 500 -bench-rate 14 -bench-seconds 65 -bench-scarce -v
func TestBench(t *testing.T) {
	if *benchSeries == 0 {
		t.Skip("a bench, not a test: -bench-series 2000")
	}
	w := window{*benchRate, *benchSeconds, 10}
	estimators, all := rivals(), families()
	if !*benchRivals {
		estimators = estimators[:1]
	}
	if *benchScarce {
		estimators = []rival{{"calibrate", scarce}}
	}
	if *benchByTime {
		estimators, all = []rival{{"calibrate", clocked}}, byClock(all)
	}
	quiet, settling, leaky := make([]tally, len(estimators)), make([]tally, len(estimators)), make([]tally, len(estimators))
	fmt.Printf("%d series a family, seed %d, %v requests a second for %v s at %v Hz\n", *benchSeries, *benchSeed, w.rate, w.seconds, w.hertz)
	fmt.Printf("%-22s %-18s %8s %9s %8s %8s\n", "family", "estimator", "creep %", "cover %", "error %", "width %")
	for _, f := range all {
		for k, y := range simulate(f, w, *benchSeries, *benchSeed, estimators) {
			if f.leaks {
				leaky[k].merge(y)
			} else {
				quiet[k].merge(y)
			}
			if f.settling {
				settling[k].merge(y)
			}
			row(f.name, estimators[k].name, y)
		}
	}
	for k := range estimators {
		row("all without a leak", estimators[k].name, quiet[k])
		row("all that settle", estimators[k].name, settling[k])
		row("all with a leak", estimators[k].name, leaky[k])
	}
}

func row(family, estimator string, y tally) {
	fmt.Printf("%-22s %-18s %8.2f %9.1f", family, estimator, percent(y.creeping, y.series), percent(y.covered, y.known))
	if len(y.errors) > 0 {
		fmt.Printf(" %8.2f %8.1f", middlePercent(y.errors), middlePercent(y.widths))
	} else {
		fmt.Printf(" %8s %8s", "", "")
	}
	if estimator == "calibrate" {
		for _, v := range []calibrate.Verdict{calibrate.Flat, calibrate.Warming, calibrate.Inconclusive} {
			fmt.Printf("  %s %.0f", v, percent(y.verdicts[v], y.series))
		}
	}
	fmt.Println()
}
