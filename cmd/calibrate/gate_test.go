package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/servertest"
)

var (
	gateRuns = flag.Int("gate-runs", 0, "compare each planted change so many times (make gate)")
	gateKeep = flag.String("gate-keep", "", "keep the comparisons in this folder")
)

// gateRow is a change between base and head, and what is to come of it.
type gateRow struct {
	name       string
	base, head []string // environment of each
	flags      []string
	neighbours int
	alarm      bool // it is past its limit
}

// The app of the lab: 60 MB of its own, four threads, 2 ms of CPU time and 5 ms of waiting a request.
var gateApp = []string{"CALIBRATE_IMPORT_MB=60", "CALIBRATE_CPU_MS=2", "CALIBRATE_HOLD_MS=5"}

func gateRows() []gateRow {
	with := func(env ...string) []string { return env }
	small := []string{"--limit", "creep <= +512B"}
	return []gateRow{
		{name: "itself"},
		{name: "itself beside 2 neighbours", neighbours: 2},
		{name: "+2 % worker memory", head: with("CALIBRATE_IMPORT_MB=61.8")},
		{name: "+10 % worker memory", head: with("CALIBRATE_IMPORT_MB=69.2"), alarm: true},
		{name: "+20 MB", head: with("CALIBRATE_IMPORT_MB=80"), alarm: true},
		{name: "+1 KB a request at a limit of 512 B", head: with("CALIBRATE_KEEP_BYTES=1024"), flags: small, alarm: true},
		{name: "+4 KB a request", head: with("CALIBRATE_KEEP_BYTES=4096"), alarm: true},
		{name: "+15 % CPU a request", base: with("CALIBRATE_CPU_MS=4"), head: with("CALIBRATE_CPU_MS=4.8"), alarm: true},
		{name: "a thread-local of 4 MB", head: with("CALIBRATE_THREAD_MB=4"), alarm: true},
	}
}

// gateOutcome is what came of one comparison.
type gateOutcome struct {
	code    int
	pairs   int
	seconds float64
}

// gateSeries are the comparisons of a row.
type gateSeries struct {
	gateRow
	all []gateOutcome
}

// TestGate plants changes between two versions of a real app on a real server, and counts alarms: none where there is no change
// that matters, and 95 % at least where there is one.
func TestGate(t *testing.T) {
	if *gateRuns == 0 {
		t.Skip("takes an hour and more: make gate")
	}
	var all []*gateSeries
	defer func() { t.Logf("\n%s", gateTable(all)) }()
	for _, row := range gateRows() {
		s := &gateSeries{gateRow: row}
		t.Run(strings.ReplaceAll(row.name, " ", "_"), func(t *testing.T) {
			all = append(all, s)
			for i := range *gateRuns {
				t.Run(fmt.Sprint(i+1), func(t *testing.T) { s.all = append(s.all, row.compare(t)) })
			}
			s.check(t)
			t.Logf("\n%s", gateTable([]*gateSeries{s}))
		})
	}
}

func (r gateRow) compare(t *testing.T) gateOutcome {
	if r.neighbours > 0 {
		defer servertest.BusyNeighbours(t, r.neighbours)() // for five minutes at most: longer than most comparisons take
	}
	base, head := t.TempDir(), t.TempDir()
	checkout(t, base, slices.Concat(gateApp, r.base)...)
	checkout(t, head, slices.Concat(gateApp, r.head)...)
	args := slices.Concat([]string{"compare", "--json", "--base", base, "--head", head}, r.flags, []string{"--", needServer(t, "gunicorn"), "--threads", "4", "version:app"})
	began := time.Now()
	s := start(t, nil, args...)
	code := s.end(t, 20*time.Minute)
	var c calibrate.Comparison
	if err := json.Unmarshal([]byte(s.stdout.String()), &c); err != nil || !slices.Contains([]int{0, 4, 11}, code) {
		t.Fatalf("exit code %d, %v\n%s", code, err, s.stderr.String())
	}
	keepComparison(t, c.ID, s.stdout.String())
	o := gateOutcome{code, len(c.Pairs), time.Since(began).Seconds()}
	t.Logf("exit code %d after %d pairs, %.0f s: %s", o.code, o.pairs, o.seconds, sayCompared(c))
	return o
}

func keepComparison(t *testing.T, id, text string) {
	if *gateKeep == "" {
		return
	}
	if err := os.MkdirAll(*gateKeep, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*gateKeep, id+".json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sayCompared(c calibrate.Comparison) string {
	var parts []string
	for _, one := range c.Compared {
		if one.Limit == nil || !one.Difference.Known() {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %+.4g (%d failed, %d doubtful, %d near)", one.Metric, *one.Difference.Value, one.Failed, one.Doubtful, one.Near))
	}
	return strings.Join(parts, ", ")
}

func (s gateSeries) count(code calibrate.Kind) (n int) {
	for _, o := range s.all {
		if o.code == int(code) {
			n++
		}
	}
	return n
}

// check holds the row to what is promised. One that can't be told is no alarm, and no pass.
func (s gateSeries) check(t *testing.T) {
	alarms := s.count(calibrate.KindRegression)
	if !s.alarm && alarms > 0 {
		t.Errorf("%s: %d false alarms", s.name, alarms)
	}
	if s.alarm && float64(alarms) < 0.95*float64(len(s.all)) {
		t.Errorf("%s: caught in %d of %d", s.name, alarms, len(s.all))
	}
}

func gateTable(all []*gateSeries) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "change\tis past its limit\tcomparisons\talarms\tinconclusive\tseconds, median\tmost\tpairs, most\t")
	for _, s := range all {
		if len(s.all) == 0 {
			continue
		}
		var seconds []float64
		pairs := 0
		for _, o := range s.all {
			seconds, pairs = append(seconds, o.seconds), max(pairs, o.pairs)
		}
		slices.Sort(seconds)
		median, _, _ := middle(seconds)
		fmt.Fprintf(w, "%s\t%v\t%d\t%d\t%d\t%.0f\t%.0f\t%d\t\n", s.name, s.alarm, len(s.all), s.count(calibrate.KindRegression), s.count(calibrate.KindInconclusive), median, seconds[len(seconds)-1], pairs)
	}
	w.Flush()
	return b.String()
}
