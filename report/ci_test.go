package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/gate"
	"workermem/calibrate/server"
)

// exportNamed is a run with every kind of case, each with such a name.
func exportNamed(t testing.TB, name string) Document {
	d := Run(recorded(t)["creeping"], server.Known())
	d.Export.App = name
	d.Export.Setup = append(d.Export.Setup, fact("server", name))
	d.Export.Cases = []Case{{name, CaseHeld, name}, {name, CaseExceeded, name}, {name, CaseRegressed, name}, {name, CaseUnclear, name}, {name, CaseFailed, name}}
	return d
}

func TestExportGolden(t *testing.T) {
	d := Run(recorded(t)["creeping"], server.Known())
	d.Export.App = "shop"
	d.Export.Cases = []Case{
		{"worker <= 200MB", CaseHeld, "limited to 200 MB, and measured 168 MB"},
		{"peak <= 100MB", CaseExceeded, "limited to 100 MB but measured 105 MB"},
		{"cpu <= 12ms", CaseUnclear, "limited to 12 ms a request: not measured by this run"},
	}
	for _, f := range slices.Concat(Exports(), []Format{annotating}) {
		golden(t, "creeping."+f.Name, drawn(t, d, f.Name, Options{}))
	}
}

// Every unit of the register has its place in every dialect.
func TestDialectsKnowEveryUnit(t *testing.T) {
	for _, m := range calibrate.Metrics() {
		if m.Unit == calibrate.UnitNumber {
			continue
		}
		for name, units := range map[string]map[calibrate.Unit]string{"benchfmt": benchUnits, "bmf": metricUnits, "openmetrics": metricUnits} {
			if units[m.Unit] == "" {
				t.Errorf("%s knows no %s, the unit of %s", name, m.Unit, m.Name)
			}
		}
	}
	for _, name := range slices.Concat(gabMetrics, exportedAlso) {
		if m, err := calibrate.ParseMetric(name); err != nil || m.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range gabMetrics {
		if m, _ := calibrate.ParseMetric(name); gabUnits[m.Unit].size == 0 || m.Better != calibrate.LessIsBetter {
			t.Errorf("%s would not be written", name)
		}
	}
}

// What is not known is left out: a figure of 0, or NaN, would be compared.
func TestUnknownIsLeftOut(t *testing.T) {
	for name, r := range recorded(t) {
		e := exportOf(r)
		for _, f := range e.Figures {
			if !f.Known() {
				t.Errorf("%s: %s is unknown", name, f.Name)
			}
		}
		for _, f := range Exports() {
			text := drawn(t, Document{Export: e}, f.Name, Options{})
			for _, bad := range []string{"NaN", "Inf", "null", "unknown B"} {
				if strings.Contains(text, bad) {
					t.Errorf("%s, %s: %s in\n%s", name, f.Name, bad, text)
				}
			}
		}
	}
	if e := exportOf(recorded(t)["empty"]); len(e.Figures) != 0 {
		t.Errorf("nothing was measured, and there is %s", e.Figures[0].Name)
	}
}

func TestBenchfmtIsOneLineARun(t *testing.T) {
	config := regexp.MustCompile(`^[a-z][a-z-]*: \S.*$`)
	for _, name := range hostile {
		results := 0
		for line := range strings.Lines(drawn(t, exportNamed(t, name), "benchfmt", Options{})) {
			line = strings.TrimSuffix(line, "\n")
			fields := strings.Fields(line)
			switch {
			case strings.HasPrefix(line, "Unit "):
				if len(fields) != 3 || !strings.HasPrefix(fields[2], "better=") {
					t.Errorf("%.40q: %q", name, line)
				}
			case strings.HasPrefix(line, "Benchmark"):
				results++
				if len(fields)%2 != 0 || strings.Count(fields[0], "/") != 2 || strings.Count(fields[0], "=") != 2 || len(line) > 2000 {
					t.Errorf("%.40q: %q", name, line)
				}
			case !config.MatchString(line):
				t.Errorf("%.40q: %q", name, line)
			}
		}
		if results != 1 {
			t.Errorf("%.40q: %d results", name, results)
		}
	}
}

// github-action-benchmark reads with zod's coercion, by which null is 0 and a missing name "undefined": so each key has its
// own type. It takes no more.
func TestGABKeepsToItsReader(t *testing.T) {
	rules := map[string]func(any) bool{
		"name": isText, "unit": isText, "extra": isText, "range": isText, "value": func(v any) bool { n, ok := v.(float64); return ok && n > 0 },
	}
	for _, name := range hostile {
		var entries []map[string]any
		if err := json.Unmarshal([]byte(drawn(t, exportNamed(t, name), "gab", Options{})), &entries); err != nil || len(entries) < 4 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		names := map[string]bool{}
		for _, entry := range entries {
			for key, v := range entry {
				if rule := rules[key]; rule == nil || !rule(v) {
					t.Errorf("%.40q: %s: %v", name, key, v)
				}
			}
			if entry["name"] == nil || entry["unit"] == nil || entry["value"] == nil || strings.Contains(entry["name"].(string), "creep") {
				t.Errorf("%v", entry)
			}
			names[entry["name"].(string)] = true
		}
		if len(names) != len(entries) {
			t.Errorf("a name stands twice: %v", names)
		}
	}
	if got := drawn(t, Document{Export: &Export{}}, "gab", Options{}); got != "[]\n" {
		t.Errorf("of nothing: %q", got)
	}
}

// What costs little has its digits: github-action-benchmark divides by it.
func TestGABOfALightApp(t *testing.T) {
	cpu, err := calibrate.ParseMetric("cpu")
	if err != nil {
		t.Fatal(err)
	}
	for seconds, want := range map[float64]float64{4e-6: 0.004, 14.26e-6: 0.0143, 15.1e-6: 0.0151, 0.0015699: 1.57, 0.0123456: 12.35, 0.5: 500} {
		e := &Export{App: "shop", Figures: []Figure{{cpu, calibrate.Reading{Value: &seconds, Low: calibrate.Figure(seconds / 2), High: &seconds}}}}
		var entries []gabEntry
		if err := json.Unmarshal([]byte(drawn(t, Document{Export: e}, "gab", Options{})), &entries); err != nil || len(entries) != 1 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		if got := entries[0]; got.Value != want || !strings.HasSuffix(got.Range, " to "+exact(want)) || strings.HasPrefix(got.Range, "0 ") {
			t.Errorf("%v s: %v, %s; want %v", seconds, got.Value, got.Range, want)
		}
	}
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }

func TestBMFHasThreeLevels(t *testing.T) {
	for _, name := range hostile {
		d := json.NewDecoder(strings.NewReader(drawn(t, exportNamed(t, name), "bmf", Options{})))
		d.DisallowUnknownFields()
		var all map[string]map[string]bmfMeasure
		if err := d.Decode(&all); err != nil || len(all) != 1 {
			t.Fatalf("%.40q: %v, %v", name, all, err)
		}
		for app, measures := range all {
			if app == "" || len([]rune(app)) > longestName || len(measures) < 10 {
				t.Errorf("%q: %d measures", app, len(measures))
			}
			for measure, v := range measures {
				if len(measure) > 64 || v.Lower != nil && (*v.Lower > v.Value || *v.Upper < v.Value) {
					t.Errorf("%s: %+v", measure, v)
				}
			}
		}
	}
}

func TestOpenMetricsLines(t *testing.T) {
	lines := regexp.MustCompile(`^(# (TYPE|UNIT|HELP) calibrate_[a-z0-9_]+ .+|calibrate_[a-z0-9_]+\{app="([^"\\]|\\.)+"\} -?[0-9.e+-]+)$`)
	for _, name := range hostile {
		text := drawn(t, exportNamed(t, name), "openmetrics", Options{})
		body, ended := strings.CutSuffix(text, "\n# EOF\n")
		if !ended {
			t.Fatalf("%.40q: it ends with %q", name, text[max(0, len(text)-40):])
		}
		for line := range strings.SplitSeq(body, "\n") {
			if !lines.MatchString(line) {
				t.Errorf("%.40q: %q", name, line)
			}
		}
	}
}

// In steps of the noise, two runs of one app read the same.
func TestToNoise(t *testing.T) {
	for _, tc := range []struct {
		value, low, high float64
		want             string
	}{
		{162 << 20, 0, 0, "170000000"},                           // 5 % are 8.5 MB: steps of 10
		{162<<20 + 500_000, 0, 0, "170000000"},                   //
		{2110, 2026, 2196, "2200"},                               // 170 wide: steps of 200
		{3548, 720, 6210, "4000"}, {-3548, -6210, -720, "-4000"}, // wider than itself, and not 0: steps of 2 000
		{2110, 1000, 3000, "2000"},                // 2 000 wide
		{12, -90, 110, "0"}, {-12, -110, 90, "0"}, // never -0
		{-1.01, -1.1, -0.9, "-1.0"}, {0, 0, 0, "0"}, //
		{0.001569916, 0, 0, "0.0016"}, {2.1, 0, 0, "2.2"}, {1000, 0, 0, "1000"},
	} {
		r := calibrate.Reading{Value: &tc.value}
		if tc.low != tc.high {
			r.Low, r.High = &tc.low, &tc.high
		}
		if got := toNoise(r, 0.05); got != tc.want {
			t.Errorf("%v (%v to %v): %s, want %s", tc.value, tc.low, tc.high, got, tc.want)
		}
	}
}

// Times and rates are rounded more than what the machine has less to do with, however they are got.
func TestNoiseShares(t *testing.T) {
	for _, m := range calibrate.Metrics() {
		want := 0.05
		if m.Unit == calibrate.UnitSeconds || m.Unit == calibrate.UnitRate {
			want = 0.2
		}
		if got := noiseShare(m); got != want {
			t.Errorf("%s: %v, want %v", m.Name, got, want)
		}
	}
}

// However a name is, the XML has the same cases, and a failure's sentence stands in its message and its body.
func TestJUnitHoldsItsCases(t *testing.T) {
	kinds := []string{"error", "", "failure", "failure", "skipped", "error"}
	for _, name := range hostile {
		d := exportNamed(t, name)
		d.Export.Cases = append([]Case{{wholeRun, CaseFailed, name}}, d.Export.Cases...)
		var suites junitSuites
		if err := xml.Unmarshal([]byte(drawn(t, d, "junit", Options{})), &suites); err != nil {
			t.Fatalf("%.40q: %v", name, err)
		}
		s := suites.Suite
		if len(s.Cases) != len(kinds) || s.Tests != len(kinds) || s.Errors != 2 || s.Failures != 2 || s.Skipped != 1 || suites.Failures != 2 {
			t.Fatalf("%.40q: %d cases, %+v", name, len(s.Cases), s.junitCounts)
		}
		for i, c := range s.Cases {
			if i > 0 && c.Name != plainName(name) || c.Class != "calibrate."+plainName(name) || c.Name == "" {
				t.Errorf("%.40q: %q of %q", name, c.Name, c.Class)
			}
			for kind, r := range map[string]*junitResult{"error": c.Error, "failure": c.Failure, "skipped": c.Skipped} {
				if (r != nil) != (kind == kinds[i]) || r != nil && (r.Message != plainText(name) || r.Body != r.Message) {
					t.Errorf("%.40q: case %d: %s %+v", name, i, kind, r)
				}
			}
		}
	}
}

// unescaped is what GitHub's runner makes of an escaped text.
var unescaped = strings.NewReplacer("%3A", ":", "%2C", ",", "%0D", "\r", "%0A", "\n", "%25", "%")

func TestAnnotationsDontBreakOut(t *testing.T) {
	command := regexp.MustCompile(`^::(error|warning) title=([^:,\r\n]*)::([^\r\n]*)$`)
	for _, name := range hostile {
		lines := strings.Split(strings.TrimSuffix(drawn(t, exportNamed(t, name), Annotations, Options{}), "\n"), "\n")
		if len(lines) != 4 {
			t.Fatalf("%.40q: %q", name, lines)
		}
		for _, line := range lines {
			parts := command.FindStringSubmatch(line)
			if parts == nil || unescaped.Replace(parts[3]) != plainText(name) || len(line) > 20_000 {
				t.Errorf("%.40q: %.200q", name, line)
			}
		}
	}
}

// GitHub shows ten of a kind and drops the others without a word, so the tenth says how many there are.
func TestTenAnnotations(t *testing.T) {
	for n, want := range map[int]string{10: "limit 9", 11: "2 more", 30: "21 more"} {
		e := &Export{App: "shop"}
		for i := range n {
			e.Cases = append(e.Cases, Case{"limit " + strconv.Itoa(i), CaseExceeded, "too much"}, Case{"doubt", CaseUnclear, "?"}, Case{"well", CaseHeld, ""})
		}
		lines := strings.Split(strings.TrimSpace(drawn(t, Document{Export: e}, Annotations, Options{})), "\n")
		kinds := map[string]int{}
		for _, line := range lines {
			kinds[line[:7]]++
		}
		if !maps.Equal(kinds, map[string]int{"::error": 10, "::warni": 10}) || !strings.Contains(lines[9], want) {
			t.Errorf("%d: %v, %s", n, kinds, lines[9])
		}
	}
}

// A step's summary above 1 MiB would be dropped whole.
func TestSummaryIsCut(t *testing.T) {
	d := Run(recorded(t)["creeping"], server.Known())
	whole, err := Summary(d, 0)
	if err != nil || string(whole) != drawn(t, d, "markdown", Options{}) {
		t.Fatalf("%d bytes, %v", len(whole), err)
	}
	for range 12_000 {
		d.Blocks = append(d.Blocks, Note{Text: strings.Repeat("many words ", 9)})
	}
	for _, there := range []int64{0, 1000, summaryBytes - 5000, summaryBytes - 10, summaryBytes, 5 << 20} {
		page, err := Summary(d, there)
		if err != nil || there <= summaryBytes && int64(len(page))+there > summaryBytes || there < 2000 && len(page) < summaryBytes-3000 {
			t.Errorf("%d after %d, %v", len(page), there, err)
		}
		if len(page) > 0 && (!bytes.HasPrefix(page, []byte("# Workers")) || !bytes.Contains(page, []byte("The rest is cut"))) {
			t.Errorf("after %d: %q", there, page[len(page)-100:])
		}
	}
}

// A run without limits is one case itself: red where it failed, neither red nor green where it says nothing.
func TestCaseOfRun(t *testing.T) {
	for name, want := range map[string]CaseResult{
		"creeping": CaseHeld, "flat": CaseHeld, "partial": CaseFailed, "nothing-fits": CaseExceeded, "inconclusive": CaseUnclear, "empty": CaseFailed,
	} {
		if c := caseOfRun(recorded(t)[name]); c.Result != want || c.Says == "" {
			t.Errorf("%s: %+v, want %s", name, c, want)
		}
	}
}

// A check is red, or doubtful, where one of its cases is; a run that can't be relied on is a case of its own.
func TestCasesOfCheck(t *testing.T) {
	limits := []calibrate.Limits{nil}
	for _, text := range []string{"peak <= 1MB", "peak <= 10GB", "cpu <= 1ms", "total(2x4) <= 1MB", "peak <= +5%"} {
		l, err := calibrate.ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		limits = append(limits, calibrate.Limits{l})
	}
	worst := map[CaseResult]bool{}
	for name, r := range recorded(t) {
		baseline := calibrate.BaselineOf(r)
		for _, held := range limits {
			c := gate.Check(r, gate.Against{Limits: held, Baseline: &baseline})
			e := Check(c, r, false).Export
			bad := slices.ContainsFunc(e.Cases, func(c Case) bool { worst[c.Result] = true; return c.Result != CaseHeld })
			red := slices.ContainsFunc(e.Cases, func(c Case) bool { return c.Result.red() })
			if len(e.Cases) == 0 || bad != (c.ExitCode != 0) || c.ExitCode != 0 && c.ExitCode != calibrate.KindInconclusive && !red {
				t.Errorf("%s, %v: exit code %d, %+v", name, held, c.ExitCode, e.Cases)
			}
			if r.Complete && strings.HasPrefix(fmt.Sprint(held), "[total") && c.Limits[0].Known() != slices.ContainsFunc(e.Figures, func(f Figure) bool { return f.Name == "total(2x4)" }) {
				t.Errorf("%s: a limited figure isn't exported, or one that isn't known", name)
			}
		}
	}
	for _, want := range []CaseResult{CaseHeld, CaseExceeded, CaseUnclear, CaseFailed} {
		if !worst[want] {
			t.Errorf("no run has a case that is %s", want)
		}
	}
	relative, err := calibrate.ParseLimit("peak <= +5%")
	if err != nil {
		t.Fatal(err)
	}
	r := recorded(t)["creeping"]
	baseline := calibrate.BaselineOf(r)
	half := *baseline.Metrics["peak"].Value / 2
	baseline.Metrics["peak"] = calibrate.Recorded{Unit: calibrate.UnitBytes, Reading: calibrate.Reading{Value: &half}}
	e := Check(gate.Check(r, gate.Against{Limits: calibrate.Limits{relative}, Baseline: &baseline}), r, false).Export
	if len(e.Cases) != 1 || e.Cases[0].Result != CaseRegressed || !strings.HasPrefix(e.Cases[0].Says, "limited to ") || e.Cases[0].Name != "peak <= +5%" {
		t.Errorf("%+v", e.Cases)
	}
}

// What failed before there was a result is told without what may be secret.
func TestFailedPage(t *testing.T) {
	d := Failed(&calibrate.Failure{Kind: calibrate.KindApp, What: "the app did not start", Why: "password=hunter2", Try: "look at its log"})
	for _, format := range []string{"text", "markdown", "junit", Annotations} {
		text := drawn(t, d, format, Options{})
		if !strings.Contains(text, "the app did not start") || strings.Contains(text, "hunter2") {
			t.Errorf("%s:\n%s", format, text)
		}
	}
	if c := Failed(&calibrate.Failure{Kind: calibrate.KindInconclusive}).Export.Cases[0]; c.Result != CaseUnclear {
		t.Error(c)
	}
}

func TestNoExportOfOtherPages(t *testing.T) {
	for _, f := range Exports() {
		if err := Render(&bytes.Buffer{}, Metrics(), f.Name, Options{}); err == nil || !strings.Contains(fmt.Sprint(err), "of no run") {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}
