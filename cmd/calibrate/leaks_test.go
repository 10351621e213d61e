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
)

var leaks = flag.Bool("leaks", false, "measure known leaks on real servers (make leaks)")

// leakCase is an app with a known leak on a server.
type leakCase struct {
	name    string
	command []string
	path    string // of the app, in fixtures
	keeps   []int  // KB a request
	flags   []string
}

var leakCases = []leakCase{
	{"gunicorn sync", []string{"gunicorn", "bare:app"}, "wsgi", []int{0, 1, 4, 16, 64, 256}, nil},
	{"gunicorn gthread", []string{"gunicorn", "--threads", "4", "bare:app"}, "wsgi", []int{0, 1, 4, 16, 64, 256}, nil},
	{"uvicorn", []string{"uvicorn", "--log-level", "warning", "app:app"}, "asgi", []int{0, 1, 4, 16, 64, 256}, nil},
	{"gunicorn flask", []string{"gunicorn", "app:app"}, "wsgi", []int{0, 16}, nil},
	{"gunicorn flask, --quick", []string{"gunicorn", "app:app"}, "wsgi", []int{0, 16}, []string{"--quick"}},
}

// mmapThreshold is glibc's, which it raises as blocks are freed (mallopt(3)) unless it is told.
const mmapThreshold = 128 << 10

// keptBytes is what a Python app really keeps that keeps a bytearray of so many bytes: the block that glibc makes of them,
// the object, and its place in a list. gunicorn's sync worker was found to grow by as much (known leaks, measured).
func keptBytes(n int) float64 {
	if n == 0 {
		return 0
	}
	const object, slot = 64, 9
	if n >= mmapThreshold { // a mapping of its own
		const page = 4096
		return float64((n+1+16+page-1)/page*page) + object + slot
	}
	return float64((n+1+8+15)/16*16) + object + slot
}

// TestLeaks measures each leak as a user does, and holds the slope to the truth: within 2 % from 4 KB a request up.
func TestLeaks(t *testing.T) {
	if !*leaks {
		t.Skip("runs for about a quarter of an hour: make leaks")
	}
	var all []leakRow
	defer func() { t.Logf("\n%s", leakTable(all)) }()
	missed := 0 // intervals of 95 %, so about one row in twenty may be
	for _, c := range leakCases {
		for _, keep := range c.keeps {
			t.Run(strings.ReplaceAll(fmt.Sprintf("%s %d KB", c.name, keep), " ", "_"), func(t *testing.T) {
				row := c.measure(t, keep)
				all = append(all, row)
				t.Logf("\n%s", leakTable([]leakRow{row}))
				row.check(t)
				if !row.holds() && len(c.flags) == 0 {
					missed++
				}
			})
		}
	}
	if missed > 2 {
		t.Errorf("%d of %d intervals don't hold the truth", missed, len(all))
	}
}

// holds says that the interval has the truth in it; of an app that keeps nothing too.
func (l leakRow) holds() bool {
	c := l.Creep
	return c.Low != nil && c.High != nil && *c.Low <= l.truth && l.truth <= *c.High
}

// leakRow is one leak, and what was found of it.
type leakRow struct {
	name  string
	keep  int // KB
	truth float64
	calibrate.Result
}

func (c leakCase) measure(t *testing.T, keep int) leakRow {
	args := slices.Concat([]string{"run"}, c.flags, []string{"--env", "PYTHONPATH=" + filepath.Join(fixtures(t), c.path),
		"--env", fmt.Sprintf("CALIBRATE_KEEP_BYTES=%d", keep<<10), "--env", fmt.Sprintf("MALLOC_MMAP_THRESHOLD_=%d", mmapThreshold), "--", needServer(t, c.command[0])}, c.command[1:])
	s := start(t, nil, args...)
	if code := s.end(t, 5*time.Minute); code != 0 && code != int(calibrate.KindInconclusive) {
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	return leakRow{c.name, keep, keptBytes(keep << 10), s.result(t)}
}

func (l leakRow) check(t *testing.T) {
	switch c := l.Creep; {
	case l.keep == 0 && c.Verdict == "creeping":
		t.Errorf("an app that keeps nothing is called creeping")
	case l.keep > 0 && c.By != calibrate.ByRequest:
		t.Errorf("%d KB a request are called a creep by %s", l.keep, c.By)
	case l.keep >= 4 && c.BytesPerRequest == nil:
		t.Errorf("no slope for %d KB a request", l.keep)
	case l.keep >= 4 && math.Abs(*c.BytesPerRequest/l.truth-1) > 0.02:
		t.Errorf("%.0f B a request, truth %.0f: more than 2 %% off", *c.BytesPerRequest, l.truth)
	}
}

// soaked is the seconds of the soak, at whose end the interval was narrow enough.
func (l leakRow) soaked() float64 {
	for _, p := range l.Phases {
		if p.Name == calibrate.PhaseSoak {
			return p.Seconds
		}
	}
	return 0
}

func leakTable(all []leakRow) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "server\tkeeps KB\ttruth B\tslope B\tinterval\tholds\toff\tverdict\trequests\tsoak\tone worker\twhole run\t")
	for _, l := range all {
		slope, interval, holds, off := "-", "-", "-", "-"
		if c := l.Creep; c.BytesPerRequest != nil && c.Low != nil && c.High != nil {
			slope, interval = fmt.Sprintf("%.0f", *c.BytesPerRequest), fmt.Sprintf("%.0f to %.0f", *c.Low, *c.High)
			holds = fmt.Sprint(l.holds())
			if l.keep > 0 {
				off = fmt.Sprintf("%+.2f %%", 100*(*c.BytesPerRequest/l.truth-1))
			}
		}
		var last calibrate.Phase
		if n := len(l.Phases); n > 0 {
			last = l.Phases[n-1]
		}
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%s\t%s\t%s\t%s\t%s\t%d\t%.0f s\t%.0f s\t%.0f s\t\n", l.name, l.keep, l.truth, slope, interval, holds, off,
			l.Creep.Verdict, l.Creep.Requests, l.soaked(), last.StartSeconds+last.Seconds, l.DurationSeconds)
	}
	w.Flush()
	return b.String()
}
