package creep

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"workermem/calibrate"
)

// trace is a recording of a real app under steady load (fixtures/traces/README.md).
type trace struct {
	name, runtime string
	keep          float64 // bytes the app was told to keep a request
	points        []Point // from the first request on
	rss           []float64
	soak          int // the point at which calibrate's own warm-up was over
}

var traceName = regexp.MustCompile(`^([a-z]+)[0-9.]+-.+-keep([0-9]+)-[0-9]+rps\.csv\.gz$`)

var traces = sync.OnceValues(func() ([]trace, error) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "fixtures", "traces", "*.gz"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no traces: %w", err)
	}
	var all []trace
	for _, path := range paths {
		r, err := readTrace(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
	}
	return all, nil
})

func readTrace(path string) (trace, error) {
	name := traceName.FindStringSubmatch(filepath.Base(path))
	if name == nil {
		return trace{}, errors.New("is not named as a trace is")
	}
	file, err := os.Open(path)
	if err != nil {
		return trace{}, err
	}
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return trace{}, err
	}
	rows, err := csv.NewReader(unpacked).ReadAll()
	if err != nil {
		return trace{}, err
	}
	r := trace{name: strings.TrimSuffix(name[0], ".csv.gz"), runtime: name[1]}
	if r.keep, err = strconv.ParseFloat(name[2], 64); err != nil {
		return trace{}, err
	}
	return r, r.fill(rows)
}

// fill takes the rows of a file: seconds, phase, requests, rss, anon.
func (r *trace) fill(rows [][]string) error {
	for _, row := range rows[1:] {
		var numbers [4]float64
		for i, column := range []int{0, 2, 3, 4} {
			var err error
			if numbers[i], err = strconv.ParseFloat(row[column], 64); err != nil {
				return err
			}
		}
		if row[1] == "warm-up" {
			r.soak++
		}
		r.points = append(r.points, Point{numbers[0], numbers[1], numbers[3]})
		r.rss = append(r.rss, numbers[2])
	}
	return nil
}

// at is the first point at or after so many seconds.
func (r trace) at(seconds float64) int {
	i, _ := slices.BinarySearchFunc(r.points, seconds, func(p Point, s float64) int { return cmp.Compare(p.Seconds, s) })
	return i
}

// cut is the part of a trace from one point to before another, as a soak of its own.
func (r trace) cut(from, to int) simulated {
	s := simulated{points: slices.Clone(r.points[from:to]), truth: r.truth(), rss: r.rss[to-1]}
	for i := range s.points {
		s.points[i].Seconds -= r.points[from].Seconds
		s.points[i].Requests -= r.points[from].Requests
	}
	return s
}

// windows are the parts of so many seconds, one after the other, from the limit of calibrate's warm-up on.
func (r trace) windows(seconds float64) []simulated {
	const warmUp = 15
	var all []simulated
	for begin := float64(warmUp); begin+seconds <= r.points[len(r.points)-1].Seconds; begin += seconds {
		all = append(all, r.cut(r.at(begin), r.at(begin+seconds)))
	}
	return all
}

// truth is what a request costs in the long run: 0 where the app keeps nothing, else the growth from the median of
// seconds 60 to 80 to that of the last 20, over the requests between. It is more than the app was told to keep where a
// collector's room, an object's header or an allocator's grain comes with it.
func (r trace) truth() float64 {
	if r.keep == 0 {
		return 0
	}
	last := r.points[len(r.points)-1].Seconds
	early, late := r.points[r.at(60):r.at(80)], r.points[r.at(last-20):]
	scratch := make([]float64, 0, len(late)+len(early))
	return (level(late, scratch, 0.5, 0) - level(early, scratch, 0.5, 0)) / (middle(late) - middle(early))
}

// fills says that the app keeps nothing for ever, but takes longer than a window to fill what it has: caches of 1500
// pages, and an old generation that Java first collects after two minutes. A window of that can't be told from a leak
// (package doc), so these traces are counted apart.
func (r trace) fills() bool {
	return r.keep == 0 && strings.Contains(r.name, "_cache1500-") || r.name == "java17-serial_xmx128m-keep0-60rps"
}

func (r trace) sort() string {
	switch {
	case r.keep > 0:
		return "leak"
	case r.fills():
		return "filling"
	}
	return "no leak"
}

// kinds are the traces by the rows of the tables.
func kinds(t *testing.T) map[string][]trace {
	t.Helper()
	all, err := traces()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]trace{}
	for _, r := range all {
		kind := r.runtime + ", " + r.sort()
		if r.keep > 0 {
			kind += fmt.Sprintf(" of %.0f KB", r.keep/kb)
		}
		out[kind] = append(out[kind], r)
	}
	return out
}

// TestTraces holds the estimator to recorded runtimes, whose collectors nobody simulated: no false alarm in at least 300
// windows of 30 to 60 s. With -v it prints how it and its rivals do, in the columns of TestBench.
//
//	go test ./calibrate/creep -run TestTrace -v
func TestTraces(t *testing.T) {
	estimators := rivals()[:1]
	if testing.Verbose() {
		estimators = rivals()
	}
	sums := map[string]*tally{"no leak": {}, "filling": {}, "leak": {}}
	all := kinds(t)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		mine := make([]tally, len(estimators))
		for _, r := range all[kind] {
			for k, y := range r.tallies(estimators) {
				mine[k].merge(y)
			}
		}
		sums[all[kind][0].sort()].merge(mine[0])
		if testing.Verbose() {
			for k, e := range estimators {
				row(fmt.Sprintf("%s (%d)", kind, mine[k].series), e.name, mine[k])
			}
		}
	}
	quiet, filling, leaks := sums["no leak"], sums["filling"], sums["leak"]
	if quiet.creeping > 0 || quiet.series < 300 {
		t.Errorf("%d false alarms in %d windows, want none in 300 or more", quiet.creeping, quiet.series)
	}
	atMost := func(what string, part, whole int, limit float64) {
		if got := percent(part, whole); got > limit {
			t.Errorf("%s: %d of %d, at most %v %%", what, part, whole, limit)
		}
	}
	atMost("alarms while something fills", filling.creeping, filling.series, 15)
	atMost("intervals that miss no leak", quiet.known-quiet.covered, quiet.known, 5)
	atMost("intervals that miss a leak", leaks.known-leaks.covered, leaks.known, 20)
	atMost("leaks called flat", leaks.verdicts[calibrate.Flat], leaks.series, 4)
}

func (r trace) tallies(estimators []rival) []tally {
	out := make([]tally, len(estimators))
	for _, seconds := range []float64{30, 45, 60} {
		for _, s := range r.windows(seconds) {
			for k, e := range estimators {
				out[k].add(e.answer(s), s.truth)
			}
		}
	}
	return out
}

// TestTraceSoaks holds the stopping rule to the same recordings: soaks that end as those of calibrate run do raise no
// false alarm. With -v it prints how they end, in the columns of TestSoakBench.
func TestTraceSoaks(t *testing.T) {
	all := kinds(t)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		sort := all[kind][0].sort()
		if sort != "no leak" && !testing.Verbose() {
			continue
		}
		var mine soakTally
		for _, r := range all[kind] {
			for _, s := range r.soaks(DefaultGoal()) {
				mine.add(s, r.truth(), r.rss[len(r.rss)-1])
				if sort == "no leak" && s.estimate.Verdict == calibrate.Creeping {
					t.Errorf("%s: false alarm after %.0f s: %+v", r.name, s.seconds, s.estimate)
				}
			}
		}
		if testing.Verbose() {
			soakRow(fmt.Sprintf("%s (%d)", kind, mine.series), mine)
		}
	}
}

// soakLimitOfRun is the limit of a run's soak where the user gives none, in seconds.
const soakLimitOfRun = 120

// soaks are those that calibrate run would have made of a trace: the first after calibrate's own warm-up, the next where
// that ended, and so on.
func (r trace) soaks(g Goal) []soaked {
	var all []soaked
	for from := r.soak; ; {
		end, whole := r.soakFrom(from, g)
		if !whole {
			return all
		}
		all = append(all, end)
		from = r.at(r.points[from].Seconds + end.seconds)
	}
}

// soakFrom looks once a second and stops at two good looks running, or at the limit. It reports false where the trace
// ends before the soak.
func (r trace) soakFrom(from int, g Goal) (end soaked, whole bool) {
	sure := false
	for second := g.MinSeconds; second <= soakLimitOfRun; second++ {
		to := r.at(r.points[from].Seconds + second)
		if to == len(r.points) {
			return end, false
		}
		if second < soakLimitOfRun && r.points[to-1].Requests-r.points[from].Requests < g.MinRequests {
			continue // the goal would say so too, after a long look
		}
		e, progress := g.Check(r.cut(from, to).points, r.rss[to-1])
		end = soaked{e, progress.Done && sure, second}
		if end.done {
			return end, true
		}
		sure = progress.Done
	}
	return end, true
}
