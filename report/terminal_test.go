package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/say/saytest"
	"workermem/calibrate/server"
)

// hostile are the texts that every renderer is tried on.
var hostile = saytest.All()

// poisoned puts strings drawn from hostile wherever a result holds a foreign one.
func poisoned(t *rapid.T, r calibrate.Result) calibrate.Result {
	bad := func(label string) string { return rapid.SampledFrom(hostile).Draw(t, label) }
	r.Interrupted = &calibrate.Interruption{Kind: calibrate.InterruptionKind(bad("by")), Words: bad("words")}
	r.Complete = rapid.Bool().Draw(t, "complete")
	r.Host.CPUModel, r.Host.Kernel, r.Host.MemoryLimitSource = bad("cpu"), bad("kernel"), bad("limit")
	r.Tool.Version = bad("version")
	r.Target.Server, r.Target.ServerVersion = bad("server"), bad("server version")
	r.Target.Command = []string{bad("arg0"), bad("arg1"), "{workers}"}
	r.Target.Changes = []string{bad("change"), bad("change")}
	r.Load.Errors = []calibrate.ErrorCount{{Class: calibrate.ErrorClass(bad("class")), Count: 3}}
	r.Worker.PeakSource, r.Worker.MarginalSource = calibrate.PeakSource(bad("peak source")), calibrate.MarginalSource(bad("marginal source"))
	r.Creep.Verdict = rapid.SampledFrom([]calibrate.Verdict{"flat", "creeping", "warming", "inconclusive", calibrate.Verdict(bad("verdict"))}).Draw(t, "verdict")
	r.Law.Basis = calibrate.Basis(bad("basis"))
	if rapid.Bool().Draw(t, "is withheld") {
		r.Recommendation.Withheld = &calibrate.Withheld{Kind: calibrate.WithheldKind(bad("withheld"))}
	}
	r.Recommendation.Recycling.RateBasis = calibrate.Basis(bad("rate basis"))
	r.Load.LoginPage = bad("login page")
	r.Phases = []calibrate.Phase{{Name: bad("phase"), Seconds: 1}}
	r.Candidates = append([]calibrate.Candidate{{Workers: 1, Threads: 1, BoundBy: calibrate.Bound(bad("bound")), Basis: calibrate.Basis(bad("basis"))}}, r.Candidates...)
	r.Formulas = append([]calibrate.Formula{{Name: bad("rule"), Source: bad("source")}}, r.Formulas...)
	if rapid.Bool().Draw(t, "attached") {
		r.Mode, r.Watch = calibrate.ModeAttach, &calibrate.Watch{Counter: calibrate.CountedBy(bad("counter")), Seconds: 60, Requests: 7}
	}
	r.Creep.By = rapid.SampledFrom([]calibrate.CreepBy{"", "request", "time", calibrate.CreepBy(bad("by"))}).Draw(t, "creep by")
	r.Sweep = &calibrate.Sweep{CPUs: 2, RateAsked: 70, RateBasis: calibrate.Basis(bad("rate basis")), Wanted: 2, Runs: []calibrate.SweepRun{{Workers: 2, Failed: &calibrate.Miss{Words: bad("failed")}}}}
	r.Warnings = []calibrate.Warning{{Code: bad("code"), Text: bad("text"), Try: bad("try")}}
	return r
}

var colored = regexp.MustCompile(`\x1b\[(1|1;3[123]|0)?m`)

// fits fails where a line is wider than it may be, or holds what could steer the terminal.
func fits(t interface{ Errorf(string, ...any) }, out string, width int) {
	for _, line := range strings.Split(colored.ReplaceAllString(out, ""), "\n") {
		if n := columns(line); n > width {
			t.Errorf("%d columns, %d are there: %q", n, width, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("space at the end: %q", line)
		}
		if say.Line(line) != line {
			t.Errorf("not clean: %q", line)
		}
	}
}

func TestTextFitsEveryWidth(t *testing.T) {
	for name, r := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			fits(t, textOf(t, r, Options{}), 80)
			fits(t, textOf(t, r, Options{Color: true, Width: 80}), 80)
			fits(t, textOf(t, r, Options{Width: 1000}), 100)
			for _, width := range []int{40, 57, 79} {
				fits(t, textOf(t, r, Options{Width: width}), width)
				fits(t, drawn(t, recordedPage(t, name), "text", Options{Width: width}), width)
			}
		})
	}
}

func TestTextIsPlainASCII(t *testing.T) {
	for name, r := range recorded(t) {
		if out := textOf(t, r, Options{}) + drawn(t, recordedPage(t, name), "text", Options{}); ascii(strings.ReplaceAll(out, "\n", "")) != strings.ReplaceAll(out, "\n", "") {
			t.Errorf("%s: not ASCII", name)
		}
	}
}

func TestColorOnlyEmphasises(t *testing.T) {
	for name, r := range recorded(t) {
		with, without := textOf(t, r, Options{Color: true}), textOf(t, r, Options{})
		if with == without {
			t.Errorf("%s: no colour", name)
		}
		if got := colored.ReplaceAllString(with, ""); got != without {
			t.Errorf("%s: colour changes the words", name)
		}
	}
}

func TestTextOfHostileStrings(t *testing.T) {
	r := recorded(t)["withheld"] // without tables of its own: drawing them takes most of the time
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		if err := Render(&b, Run(poisoned(t, r), server.Known()), "text", Options{Color: true, Verbose: rapid.Bool().Draw(t, "verbose")}); err != nil {
			t.Fatal(err)
		}
		fits(t, b.String(), 80)
	})
}

// The answer, or why there is none, is at the top: within the first lines of every report.
func TestTheAnswerComesFirst(t *testing.T) {
	for name, want := range map[string]string{
		"creeping":     "workers 2  threads 4  max-requests 33 000 (jitter 3 742)  worker memory 168 MB",
		"flat":         "workers 2   threads 4   max-requests off   worker memory 91 MB",
		"inconclusive": "workers 2   threads 4   max-requests unknown   worker memory 90 MB",
		"withheld":     "NO RECOMMENDATION: 1 103 of 4 418 requests failed, more than the 10 % that a",
		"nothing-fits": "NOTHING FITS: needs 102 MB, has 76.8 MB: 24.6 MB shared + 1 x 76.5 MB; the",
		"partial":      "PARTIAL RUN: cut short by: interrupted in phase soak: Ctrl-C.",
		"empty":        "PARTIAL RUN: cut short by: unknown (killed?). No phase was finished.",
	} {
		top := strings.Join(strings.SplitN(textOf(t, recorded(t)[name], Options{}), "\n", 4)[:2], "\n")
		if !strings.Contains(top, want) {
			t.Errorf("%s: %q isn't at the top:\n%s", name, want, top)
		}
	}
}

// Nothing that wasn't measured may read as 0.
func TestUnknownIsNeverZero(t *testing.T) {
	zero := regexp.MustCompile(`(^|[^0-9.])0(\.0+)? (MB|B|KB|s|ms|%|requests)|\b0/s`)
	for name, out := range map[string]string{
		"text": textOf(t, calibrate.Result{}, Options{}), "markdown": markdownOf(t, calibrate.Result{}),
	} {
		if hit := zero.FindString(out); hit != "" {
			t.Errorf("%s says %q of an empty result:\n%s", name, hit, out)
		}
	}
}

func TestPaste(t *testing.T) {
	sized := calibrate.Recommendation{Workers: 3, Threads: 2, MaxRequests: 14000, MaxRequestsJitter: 1600}
	for _, c := range []struct {
		server  string
		command []string
		rec     calibrate.Recommendation
		verdict calibrate.Verdict
		want    string
	}{
		{"gunicorn", nil, sized, "creeping", "--workers 3 --threads 2 --max-requests 14000 --max-requests-jitter 1600"},
		{"gunicorn", nil, calibrate.Recommendation{Workers: 3}, "flat", "--workers 3 --max-requests 0"},
		{"gunicorn", nil, calibrate.Recommendation{Workers: 3}, "warming", "--workers 3"},
		{"gunicorn", nil, calibrate.Recommendation{Workers: 3, Withheld: &calibrate.Withheld{}}, "flat", ""},
		{"gunicorn", nil, calibrate.Recommendation{NothingFits: true}, "flat", ""},
		{"command", []string{"app server", "-w{workers}", "-t={threads}", "-m", "{max_requests}"}, sized, "creeping",
			"'app server' -w3 -t=2 -m 14000"},
		{"command", []string{"app"}, sized, "creeping", ""},
	} {
		r := calibrate.Result{Recommendation: c.rec, Target: calibrate.TargetInfo{Server: c.server, Command: c.command, HasThreads: c.rec.Threads > 0}}
		r.Creep.Verdict = c.verdict
		if got, _, _ := typed(r, server.Known()); got != c.want {
			t.Errorf("%s %v %s: %q, want %q", c.server, c.command, c.verdict, got, c.want)
		}
	}
}

// A limit for two workers or more, and jitter only where the version is known to have it.
func TestPasteForUvicorn(t *testing.T) {
	for want, c := range map[string]struct {
		workers int
		jitter  bool
	}{
		"--workers 1":                            {1, true},
		"--workers 3 --limit-max-requests 14000": {3, false},
		"--workers 3 --limit-max-requests 14000 --limit-max-requests-jitter 1600": {3, true},
	} {
		r := calibrate.Result{
			Recommendation: calibrate.Recommendation{Workers: c.workers, MaxRequests: 14000, MaxRequestsJitter: 1600},
			Target:         calibrate.TargetInfo{Server: "uvicorn", HasJitter: c.jitter},
		}
		if got, _, _ := typed(r, server.Known()); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

// Both of PyPNM's numbers are said, and no limit where it would end the server.
func TestPasteForApps(t *testing.T) {
	for want, c := range map[string]struct {
		server      string
		workers     int
		maxRequests int
		flat        bool
		scales      bool
	}{
		"--workers 1 --limit-max-requests 0":    {"pypnm", 1, 14000, false, true},
		"--workers 3 --limit-max-requests 1400": {"pypnm", 3, 1400, false, true},
		"--workers 3 --limit-max-requests 0":    {"pypnm", 3, 0, true, true},
		"--workers 3":                           {"pypnm", 3, 0, false, true},
		"NOW_LMS_WORKERS=2 NOW_LMS_THREADS=4":   {"lmsctl", 2, 0, true, true},
		"NOW_LMS_WORKERS=1 NOW_LMS_THREADS=4":   {"lmsctl", 1, 0, true, false},
	} {
		r := calibrate.Result{
			Recommendation: calibrate.Recommendation{Workers: c.workers, Threads: 4, MaxRequests: c.maxRequests},
			Target:         calibrate.TargetInfo{Server: c.server, CanScale: c.scales, HasThreads: true},
		}
		if c.flat {
			r.Creep.Verdict = calibrate.Flat
		}
		if got, _, _ := typed(r, server.Known()); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

func TestTopKeepsWhatMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) calibrate.Candidate {
			return calibrate.Candidate{
				Workers: rapid.IntRange(1, 9).Draw(t, "workers"), Threads: rapid.SampledFrom([]int{1, 4, 8}).Draw(t, "threads"),
				Fits: rapid.Bool().Draw(t, "fits"),
			}
		}), 1, 40).Draw(t, "candidates")
		best := rapid.IntRange(0, len(all)-1).Draw(t, "best")
		all[best].Recommended = true
		chosen, leftOut := candidateTable(all, unlimitedWord, inResult).top(8)
		if want := max(len(all)-8, 0); len(chosen.Rows) != min(len(all), 8) || strings.HasPrefix(leftOut, strconv.Itoa(want)) == (want == 0) {
			t.Fatalf("%d chosen of %d: %q", len(chosen.Rows), len(all), leftOut)
		}
		for _, row := range chosen.Rows {
			if row.Mark == Good {
				return
			}
		}
		t.Fatal("the recommended one was left out")
	})
}

func FuzzText(f *testing.F) {
	for _, r := range recorded(f) {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, 80)
	}
	f.Add([]byte(`{"candidates":[{"workers":-9223372036854775808,"budget_ratio":1e308}],"truth":{},"duration_seconds":-1}`), -1)
	f.Fuzz(func(t *testing.T, text []byte, width int) {
		var r calibrate.Result
		if json.Unmarshal(text, &r) != nil {
			t.Skip()
		}
		out := textOf(t, r, Options{Width: width, Color: true})
		fits(t, out, newPage(width, true).width)
		wellFormed(t, markdownOf(t, r))
	})
}

// A table that is too wide loses its least columns whole; it isn't cut in the middle of them.
func TestNarrowTablesLoseWholeColumns(t *testing.T) {
	table := candidateTable(recorded(t)["creeping"].Candidates, "creeping", inResult)
	for width, heads := range map[int]string{
		78: "workers threads total of requests fits bound basis max-",
		70: "workers threads total of requests fits bound max-",
		40: "workers threads total fits",
	} {
		lines, _ := table.terminal(width)
		out := strings.Join(lines, "\n")
		if got := strings.Join(strings.Fields(lines[0]), " "); got != heads {
			t.Errorf("width %d: %q, want %q", width, got, heads)
		}
		if strings.Contains(out, "...") {
			t.Errorf("width %d: cut:\n%s", width, out)
		}
		for _, line := range strings.Split(out, "\n") {
			if len(line) > width {
				t.Errorf("width %d: %q", width, line)
			}
		}
	}
}
