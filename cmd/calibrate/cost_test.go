package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var (
	costRounds  = flag.Int("cost-rounds", 0, "measure what being measured costs, in so many rounds a case")
	costWindow  = flag.Duration("cost-window", 300*time.Millisecond, "a round has one such window without a tool, and one with each")
	costSeconds = flag.Int("cost-seconds", 20, "seconds over which calibrate's CPU time is taken; half of them for the rivals together")
)

// TestCost prints what being measured costs an app, and what the measuring itself costs, beside other ways to do it.
// Nothing is asserted: the figures are the machine's.
func TestCost(t *testing.T) {
	if *costRounds == 0 {
		t.Skip("takes six minutes, on a quiet machine: make cost")
	}
	rivals := costRivals(t)
	fmt.Printf("%s, %d cores; %d rounds of %s a case\n\n", kernel(t), runtime.NumCPU(), *costRounds, *costWindow)
	costToMeasure(t, rivals)
	costToApp(t, rivals)
}

// costRivals are the commands of the other tools.
func costRivals(t *testing.T) map[string][]string {
	t.Helper()
	rivals := filepath.Join("testdata", "rivals")
	python := []string{needServer(t, "python"), filepath.Join(rivals, "psutil_loop.py")}
	gopsutil := filepath.Join(t.TempDir(), "gopsutil")
	if out, err := exec.Command("go", "build", "-o", gopsutil, "./"+filepath.Join(rivals, "gopsutil")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return map[string][]string{
		costTools[1]: append(slices.Clone(python), "memory_full_info"),
		costTools[2]: append(slices.Clone(python), "memory_info"),
		costTools[3]: {gopsutil},
	}
}

func kernel(t *testing.T) string {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	return "Linux " + unix.ByteSliceToString(name.Release[:])
}

// costToMeasure prints the tools' own CPU time.
func costToMeasure(t *testing.T, rivals map[string][]string) {
	cases := []struct {
		name string
		app  costApp
	}{
		{"1 process, 500 MB", costApp{mb: 500, work: workCPU}},
		{"1 000 processes, 1 a worker", costApp{mb: 1, work: workCPU, idle: 998}},
		{"1 000 processes, all workers", costApp{mb: 1, idle: 999}},
	}
	cells := map[string][]string{}
	fmt.Printf("CPU time of the measuring, %% of a core (readings a second, where the tool can't keep up)\n\n%s", head("", cases[0].name, cases[1].name, cases[2].name))
	for _, c := range cases {
		l := newLab(t, rivals, c.app)
		time.Sleep(4 * time.Second) // calibrate reads the command lines of the young at every look
		l.use(costTools[:1], *costSeconds, cells)
		l.use(costTools[1:], (*costSeconds+1)/2, cells)
		l.end()
	}
	for _, name := range costTools {
		fmt.Print(row(append([]string{name}, cells[name]...)...))
	}
	fmt.Println()
}

// use lets tools work, and adds what they used to the cells.
func (l *lab) use(names []string, seconds int, cells map[string][]string) {
	l.t.Helper()
	before, lines := map[string]time.Duration{}, map[string]int{}
	for _, name := range names {
		one := l.tools[name]
		before[name], lines[name] = one.cpu(l.t), one.lines()
		one.signal(l.t, unix.SIGCONT)
	}
	began := time.Now()
	time.Sleep(time.Duration(seconds) * time.Second)
	took := time.Since(began).Seconds()
	for _, name := range names {
		one := l.tools[name]
		cell := fmt.Sprintf("%.2f %%", 100*(one.cpu(l.t)-before[name]).Seconds()/took)
		if rate := float64(one.lines()-lines[name]) / took; rate < 9 {
			cell += fmt.Sprintf(" (%.2g/s)", rate)
		}
		cells[name] = append(cells[name], cell)
		one.pause(l.t)
	}
}

// costToApp prints the app's throughput while it is measured, as a ratio of that while it isn't.
func costToApp(t *testing.T, rivals map[string][]string) {
	fmt.Printf("Throughput of the app while measured, of that while not: the median of %d pairs, and its 95 %% interval by signs\n\n", *costRounds)
	fmt.Print(head(append([]string{"app"}, append(slices.Clone(costTools), "noise")...)...))
	for _, work := range []string{workCPU, workFaults} {
		for _, mb := range []int{50, 500, 2048} {
			l := newLab(t, rivals, costApp{mb: mb, work: work})
			ratios, noise := l.compare()
			cells := []string{fmt.Sprintf("%s, %d MB", work, mb)}
			for _, name := range costTools {
				median, low, high := middle(ratios[name])
				cells = append(cells, fmt.Sprintf("%.3f [%.3f, %.3f]", median, low, high))
			}
			fmt.Print(row(append(cells, fmt.Sprintf("%.1f %%", 100*noise))...))
			l.end()
		}
	}
}

// compare runs the rounds: windows without a tool and with each, in random order. Noise is the median difference between
// two windows without a tool, one round apart.
func (l *lab) compare() (ratios map[string][]float64, noise float64) {
	ratios = map[string][]float64{}
	var alone, changes []float64
	for range *costRounds {
		speed := map[string]float64{}
		for _, i := range rand.Perm(1 + len(costTools)) {
			if i == len(costTools) {
				speed[""] = l.speed()
				continue
			}
			name := costTools[i]
			l.tools[name].signal(l.t, unix.SIGCONT)
			speed[name] = l.speed()
			l.tools[name].pause(l.t)
		}
		for _, name := range costTools {
			ratios[name] = append(ratios[name], speed[name]/speed[""])
		}
		if len(alone) > 0 {
			changes = append(changes, math.Abs(speed[""]/alone[len(alone)-1]-1))
		}
		alone = append(alone, speed[""])
	}
	noise, _, _ = middle(changes)
	return ratios, noise
}

// speed is the app's, in units of work a second, over one window.
func (l *lab) speed() float64 {
	began, units := time.Now(), l.meter.units.Load()
	time.Sleep(*costWindow)
	return float64(l.meter.units.Load()-units) / time.Since(began).Seconds()
}

// middle is the median, and the interval that holds the true one in at least 95 of 100 cases, whatever the distribution:
// from the k-th smallest value to the k-th largest, with the largest k for which n throws of a coin show fewer than
// k heads in at most 2.5 % of cases (the sign test, turned around). For n of 20 that is the 6th. Below 6 values
// there is none, and the interval is from the smallest to the largest.
func middle(values []float64) (median, low, high float64) {
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	if n == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	k, below := 0, math.Exp2(-float64(n)) // below: the chance of at most k heads
	for chance := below; below <= 0.025; below += chance {
		k++
		chance *= float64(n-k+1) / float64(k)
	}
	k = max(k-1, 0)
	return (v[(n-1)/2] + v[n/2]) / 2, v[k], v[n-1-k]
}

func head(cells ...string) string {
	return row(cells...) + strings.Repeat("|---", len(cells)) + "|\n"
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// The ranks are those of tables of the sign test (Dixon and Mood 1946): the 1st for 6 values, the 2nd for 9, the 6th for 20.
func TestMiddle(t *testing.T) {
	for n, rank := range map[int]float64{1: 1, 5: 1, 6: 1, 8: 1, 9: 2, 20: 6, 30: 10, 100: 40} {
		var values []float64
		for i := range n {
			values = append(values, float64((i*7)%n+1)) // each of 1..n once, where n is no multiple of 7
		}
		median, low, high := middle(values)
		if median != float64(n+1)/2 || low != rank || high != float64(n+1)-rank {
			t.Errorf("%d values: %v [%v, %v], want %v [%v, %v]", n, median, low, high, float64(n+1)/2, rank, float64(n+1)-rank)
		}
	}
}
