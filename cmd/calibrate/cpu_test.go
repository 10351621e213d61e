package main

import (
	"flag"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/servertest"
)

var cpuRuns = flag.Int("cpu-runs", 0, "measure one app so many times, on a quiet machine and with two busy neighbours (make cpu)")

// The most that the CPU time of a request may be apart over the runs, of its median.
const (
	cpuQuiet = 0.05
	cpuBusy  = 0.10
)

// TestCPU shows how far the CPU time of a request is the app's own: over runs of one app, alone and beside neighbours that keep
// every core busy.
func TestCPU(t *testing.T) {
	if *cpuRuns == 0 {
		t.Skip("takes ten minutes, on a quiet machine: make cpu")
	}
	var all []cpuSeries
	defer func() { t.Logf("\n%s", cpuTable(all)) }()
	for _, neighbours := range []int{0, 2} {
		s := cpuSeries{neighbours: neighbours}
		t.Run(s.name(), func(t *testing.T) {
			defer func() { all = append(all, s) }()
			for i := range *cpuRuns {
				t.Run(fmt.Sprint(i+1), func(t *testing.T) { s.speeds = append(s.speeds, cpuOnce(t, neighbours)) })
			}
		})
	}
	for _, s := range all {
		most := cpuQuiet
		if s.neighbours > 0 {
			most = cpuBusy
		}
		if spread := s.spread(); !(spread <= most) {
			t.Errorf("%s: CPU time a request is %.1f %% apart, more than %.0f", s.name(), 100*spread, 100*most)
		}
	}
}

// cpuOnce is one run of an app of about 2 ms of CPU time and 18 ms of waiting.
func cpuOnce(t *testing.T, neighbours int) calibrate.Speed {
	if neighbours > 0 {
		defer servertest.BusyNeighbours(t, neighbours)()
	}
	s := start(t, []string{"CALIBRATE_CPU_MS=2", "CALIBRATE_HOLD_MS=18"}, "run", "--duration", "5s", "--env", "PYTHONPATH="+filepath.Join(fixtures(t), "wsgi"),
		"--", needServer(t, "gunicorn"), "--threads", "4", "app:app")
	if code := s.end(t, 5*time.Minute); code != 0 && code != int(calibrate.KindInconclusive) {
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	r := s.result(t)
	if r.Speed == nil || r.Speed.Demand.Value == 0 {
		t.Fatal("no CPU time a request")
	}
	t.Logf("%.2f ms of CPU a request, %.2f to %.2f; %.1f ms alone; %.0f/s %s", 1000*r.Speed.Demand.Value, 1000*r.Speed.Demand.Low, 1000*r.Speed.Demand.High,
		1000*r.Speed.Alone, r.Load.Capacity, r.Speed.Doubt)
	return *r.Speed
}

// cpuSeries are the runs beside so many busy neighbours.
type cpuSeries struct {
	neighbours int
	speeds     []calibrate.Speed
}

func (s cpuSeries) name() string {
	if s.neighbours == 0 {
		return "quiet"
	}
	return fmt.Sprintf("%d busy neighbours", s.neighbours)
}

func (s cpuSeries) sorted(of func(calibrate.Speed) float64) []float64 {
	var all []float64
	for _, one := range s.speeds {
		all = append(all, of(one))
	}
	slices.Sort(all)
	return all
}

func demandOf(s calibrate.Speed) float64 { return s.Demand.Value }

// spread is from the least to the most, of the median.
func (s cpuSeries) spread() float64 {
	all := s.sorted(demandOf)
	if len(all) == 0 {
		return math.NaN()
	}
	median, _, _ := middle(all)
	return (all[len(all)-1] - all[0]) / median
}

// holding is how many of the intervals have a figure in them.
func (s cpuSeries) holding(truth float64) (n int) {
	for _, one := range s.speeds {
		if one.Demand.Low <= truth && truth <= one.Demand.High {
			n++
		}
	}
	return n
}

// doubted is how many of the runs themselves say that something spoilt them.
func (s cpuSeries) doubted() (n int) {
	for _, one := range s.speeds {
		if one.Doubt != "" {
			n++
		}
	}
	return n
}

// cpuTable has the figures of each series; what the intervals are held to is the median of the quiet runs.
func cpuTable(all []cpuSeries) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\truns\tCPU ms a request: median\tleast\tmost\tspread\thalf of an interval, median\thold the quiet median\tof what is alone, spread\tdoubted\t")
	truth := math.NaN()
	for _, s := range all {
		demands := s.sorted(demandOf)
		if len(demands) == 0 {
			continue
		}
		median, _, _ := middle(demands)
		if s.neighbours == 0 {
			truth = median
		}
		half, _, _ := middle(s.sorted(func(one calibrate.Speed) float64 { return (one.Demand.High - one.Demand.Low) / 2 / one.Demand.Value }))
		alone := s.sorted(func(one calibrate.Speed) float64 { return one.Alone })
		fmt.Fprintf(w, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.1f %%\t%.1f %%\t%d\t%.0f %%\t%d\t\n", s.name(), len(demands), 1000*median, 1000*demands[0], 1000*demands[len(demands)-1],
			100*s.spread(), 100*half, s.holding(truth), 100*(alone[len(alone)-1]-alone[0])/alone[len(alone)/2], s.doubted())
	}
	w.Flush()
	return b.String()
}
