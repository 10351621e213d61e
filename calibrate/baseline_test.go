package calibrate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func measuredRun() Result {
	figure := Figure
	return Result{
		ID: "run", Complete: true, Plan: PlanInfo{Targets: "these"},
		Host:    Host{CPUs: 2, CPUModel: "one", Arch: "amd64", PageBytes: 4096, HugePages: "madvise"},
		Target:  TargetInfo{Server: "gunicorn", ServerVersion: "27.0.1", BootSeconds: 1.5},
		Runtime: &Runtime{Interpreter: "Python 3.11.2", Libc: "glibc 2.36", Allocator: "libc"},
		Worker:  Worker{PeakRSSBytes: 100 * MiB, Requests: 1000},
		Creep:   Creep{Verdict: Creeping, BytesPerRequest: figure(-0.5), Low: figure(-67), High: figure(65)},
	}
}

// A baseline has every figure of its run, and is read as it was written.
func TestBaseline(t *testing.T) {
	after, err := ParseMetric("after(20k)")
	if err != nil {
		t.Fatal(err)
	}
	b := BaselineOf(measuredRun(), after)
	var names []string
	for name := range b.Metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	if diff := cmp.Diff([]string{"after(10k)", "after(20k)", "boot", "creep", "peak"}, names); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseBaseline(text)
	if diff := cmp.Diff(b, again); err != nil || diff != "" {
		t.Errorf("%v (-written +read):\n%s", err, diff)
	}
}

// A figure is in it once, under the name by which it is limited.
func TestBaselineHasAFigureOnce(t *testing.T) {
	after, err := ParseMetric("after(10000)")
	if err != nil {
		t.Fatal(err)
	}
	b := BaselineOf(measuredRun(), after)
	_, named := b.Metrics["after(10000)"]
	if _, usual := b.Metrics["after(10k)"]; !named || usual {
		t.Errorf("after(10000) is in it: %v; after(10k): %v", named, usual)
	}
}

func TestBaselineRefused(t *testing.T) {
	const whole = `{"schema": "calibrate.baseline/1", "fingerprint": {"server": "gunicorn"}, "metrics": {"peak": {"unit": "bytes", "value": 1}}}`
	twice := func(one, other int) string { // a figure under two names, as a merge leaves it
		return strings.Replace(whole, `"peak": {"unit": "bytes", "value": 1}`, fmt.Sprintf(`"after(10k)": {"unit": "bytes", "value": %d}, "after(10000)": {"unit": "bytes", "value": %d}`, one, other), 1)
	}
	for _, text := range []string{whole, twice(1, 1)} {
		if _, err := ParseBaseline([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for text, why := range map[string]string{
		`[]`: "cannot unmarshal",
		strings.Replace(whole, "calibrate.baseline/1", "calibrate.result/2", 1):                                                    `its schema is "calibrate.result/2"`,
		strings.Replace(whole, `{"server": "gunicorn"}`, `null`, 1):                                                                "lacks its metrics, or the fingerprint",
		strings.Replace(whole, "gunicorn", strings.Repeat("g", 1000), 1):                                                           "fingerprint",
		strings.Replace(whole, `{"peak": {"unit": "bytes", "value": 1}}`, `{}`, 1):                                                 "lacks its metrics",
		strings.Replace(whole, "peak", "wroker", 1):                                                                                "no metric",
		strings.Replace(whole, "bytes", "seconds", 1):                                                                              "figure of peak",
		strings.Replace(whole, `, "value": 1`, ``, 1):                                                                              "figure of peak",
		strings.Replace(whole, `"value": 1`, `"value": 1e300`, 1):                                                                  "figure of peak",
		strings.Replace(whole, `"value": 1`, `"value": -5`, 1):                                                                     "figure of peak",
		strings.Replace(whole, `"value": 1`, `"value": "NaN"`, 1):                                                                  "cannot unmarshal",
		strings.Replace(whole, `"peak": {"unit": "bytes"`, `"errors": {"unit": "share", "value": 7}, "peak": {"unit": "bytes"`, 1): "figure of errors",
		strings.Replace(whole, `"value": 1`, `"value": 5, "low": 6, "high": 7`, 1):                                                 "figure of peak",
		strings.Replace(whole, `"value": 1`, `"value": 5, "low": 4`, 1):                                                            "figure of peak",
		twice(1, 2): "its figures of after(10000) and after(10k) differ",
	} {
		if _, err := ParseBaseline([]byte(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.200s: %v, want %s", text, err, why)
		}
	}
}

// Of what one of two doesn't know nothing is said: an older baseline doesn't fail for what its calibrate didn't record.
func TestDifferences(t *testing.T) {
	now := measuredRun().Fingerprint()
	if all := now.Differences(now); len(all) > 0 {
		t.Errorf("the same differs by %+v", all)
	}
	older := measuredRun()
	older.Runtime, older.Host.Arch, older.Host.PageBytes, older.Plan.Targets = nil, "", 0, ""
	if all := older.Fingerprint().Differences(now); len(all) > 0 {
		t.Errorf("what isn't known differs by %+v", all)
	}
	// Every field is looked at, and spoils something.
	other := Fingerprint{"a", "b", "c", "d", "e", "f", 1, "g", "h", 1, 1, 1, "i", 1, 1, true, "2x4", Rules - 1, ModeRun}
	all := other.Differences(Fingerprint{"A", "B", "C", "D", "E", "F", 2, "G", "H", 2, 2, 2, "I", 2, 2, false, "2x16", Rules, ModeAttach})
	fields, _ := json.Marshal(other)
	for _, d := range all {
		if len(d.Spoils) == 0 || !strings.Contains(string(fields), `"`+d.Field+`"`) {
			t.Errorf("%+v", d)
		}
	}
	if want := strings.Count(string(fields), `":`); len(all) != want {
		t.Errorf("%d of %d fields differ", len(all), want)
	}
}

// Who watches an app as others use it doesn't send it a run's requests, so nothing of the two is compared. A baseline without its mode
// tells by its requests that it is of a run; if it knows neither, nothing is said.
func TestDifferencesOfWatched(t *testing.T) {
	started, watched := measuredRun(), measuredRun()
	started.Mode, watched.Mode, watched.Plan.Targets = ModeRun, ModeAttach, ""
	of := func(r Result, mode Mode, targets string) Fingerprint {
		f := r.Fingerprint()
		f.Mode, f.Targets = mode, targets
		return f
	}
	for _, tc := range []struct {
		name          string
		baseline, run Fingerprint
		differs       bool
	}{
		{"a run, then a watch", started.Fingerprint(), watched.Fingerprint(), true},
		{"a watch, then a run", watched.Fingerprint(), started.Fingerprint(), true},
		{"a run of before, then a watch", of(started, "", "these"), watched.Fingerprint(), true},
		{"a run of before, then a run", of(started, "", "these"), started.Fingerprint(), false},
		{"nobody knows what, then a watch", of(started, "", ""), watched.Fingerprint(), false},
		{"nobody knows what, then a run", of(watched, "", ""), started.Fingerprint(), false},
		{"two watches", watched.Fingerprint(), watched.Fingerprint(), false},
	} {
		all := tc.baseline.Differences(tc.run)
		if (len(all) == 1) != tc.differs || len(all) > 1 || tc.differs && (all[0].Field != "mode" || len(all[0].Spoils) != len(grounds)) {
			t.Errorf("%s: %+v", tc.name, all)
		}
	}
}

// A baseline outlasts a calibrate that gets other figures in another way, and no calibrate that is newer than this one.
func TestDifferencesOfRules(t *testing.T) {
	now := measuredRun().Fingerprint()
	now.Rules = Rules
	for _, g := range grounds {
		metric := Metric{rests: g.Ground}
		for rules, spoiled := range map[int]bool{max(g.since-1, 0): g.since > 1, max(g.since, 1): false, Rules + 1: true} {
			older := now
			older.Rules = rules
			differs := slices.ContainsFunc(older.Differences(now), func(d Difference) bool { return d.Spoiled(metric) })
			if differs != spoiled {
				t.Errorf("%s by rules %d against %d: spoiled is %v", g.Ground, rules, now.Rules, differs)
			}
		}
	}
}

// What is of the recommended workers isn't compared if rules recommend otherwise, though it rests on what they get alike. Other cores
// are no such reason.
func TestDifferencesOfRulesThatRecommend(t *testing.T) {
	worker, err := ParseMetric("worker")
	if err != nil || worker.Rests() != GroundMemory {
		t.Fatalf("%v, worker rests on %s", err, worker.Rests())
	}
	now := measuredRun().Fingerprint()
	now.Rules, now.Cores = Rules, 2
	for rules, spoiled := range map[int]bool{RulesOf(GroundAnswers) - 1: true, max(RulesOf(GroundAnswers), RulesOf(GroundMemory)): false} {
		older := now
		older.Rules, older.Cores = rules, 4
		if slices.ContainsFunc(older.Differences(now), func(d Difference) bool { return d.Spoiled(worker) }) != spoiled {
			t.Errorf("by rules %d: spoiled is %v", rules, !spoiled)
		}
	}
}

// What a shape serves is compared if both runs measured it in a sweep that made the choice, or neither did; what one request takes always
// is. A shape that couldn't be compared with others wasn't measured.
func TestDifferencesOfASweep(t *testing.T) {
	swept := func(shapes ...Shape) Fingerprint {
		r := measuredRun()
		r.Recommendation.Computed, r.Sweep = &Shape{Workers: 2, Threads: 4}, &Sweep{BudgetBytes: 1 << 30}
		for _, s := range append(shapes, Shape{Workers: 9, Threads: 9}) {
			r.Sweep.Runs = append(r.Sweep.Runs, SweepRun{Workers: s.Workers, Threads: s.Threads, RatePerSecond: 100, MeasuredBytes: MiB, Latency: Latency{P99: Figure(0.1)}})
		}
		r.Sweep.Runs[len(shapes)].Failed = &Miss{}
		return r.Fingerprint()
	}
	plain, small, large := measuredRun().Fingerprint(), swept(Shape{Workers: 2}, Shape{Workers: 2, Threads: 4}), swept(Shape{Workers: 12, Threads: 4}, Shape{Workers: 2, Threads: 4})
	before := plain // of a version without the field, which said of no shape what it measured
	before.Swept = ""
	for _, tc := range []struct {
		name    string
		of, run Fingerprint
		spoiled []string
	}{
		{"a sweep in one alone", plain, small, []string{"serves", "rate(2x4)", "rate(2x1)"}},
		{"in the other alone", large, before, []string{"serves", "rate(2x4)", "rate(12x4)"}},
		{"in both, of other shapes", small, large, []string{"rate(2x1)", "rate(12x4)"}},
		{"of the same", small, small, nil},
		{"in none", before, plain, nil},
	} {
		differs := tc.of.Differences(tc.run)
		for _, name := range []string{"serves", "rate(2x4)", "rate(2x1)", "rate(12x4)", "rate(9x9)", "alone", "waiting", "cpu", "worker", "total(2x4)"} {
			m, err := ParseMetric(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.ContainsFunc(differs, func(d Difference) bool { return d.Spoiled(m) }); got != slices.Contains(tc.spoiled, name) {
				t.Errorf("%s, %s: spoiled is %v by %+v", tc.name, name, got, differs)
			}
		}
	}
}

func FuzzParseBaseline(f *testing.F) {
	f.Add([]byte(`{"schema": "calibrate.baseline/1", "fingerprint": {"server": "gunicorn"}, "metrics": {"peak": {"unit": "bytes", "value": 1, "low": null, "high": null}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ParseBaseline(text)
		if err != nil {
			return
		}
		for name, recorded := range b.Metrics {
			if m, err := ParseMetric(name); err != nil || recorded.Value == nil || math.IsNaN(*recorded.Value) || m.Unit != recorded.Unit {
				t.Errorf("%s: %+v was read", name, recorded)
			}
		}
	})
}
