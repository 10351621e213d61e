package calibrate

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func recordedResults(t *testing.T) map[string]Result {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("..", "fixtures", "runs", "*/"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no recorded runs: %v", err)
	}
	all := map[string]Result{}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			all[filepath.Base(folder)] = recorded(t, filepath.Base(folder))
		}
	}
	return all
}

// Every metric is whole, has a name of its own that can be typed, and is readable from a run that was recorded.
func TestMetrics(t *testing.T) {
	sentence := regexp.MustCompile(`^[A-Z].*\.$`)
	var words []string
	for _, m := range Metrics() {
		if m.Unit == "" || m.Better == "" || !sentence.MatchString(m.Meaning) || !sentence.MatchString(m.Got) {
			t.Errorf("%s lacks a part: %+v", m.Name, m)
		}
		if slices.Contains(words, m.word()) {
			t.Errorf("%s twice", m.Name)
		}
		words = append(words, m.word())
		typed, err := ParseMetric(m.Example)
		if err != nil || typed.Name != m.Example {
			t.Errorf("%s can't be typed: %+v, %v", m.Example, typed, err)
			continue
		}
		known := 0
		for name, r := range recordedResults(t) {
			reading := typed.Read(r)
			if !reading.Known() {
				if reading.Low != nil || reading.High != nil {
					t.Errorf("%s of %s: an interval without a value", typed.Name, name)
				}
				continue
			}
			known++
			if v := *reading.Value; math.IsNaN(v) || math.IsInf(v, 0) || reading.Low != nil && *reading.Low > v || reading.High != nil && *reading.High < v {
				t.Errorf("%s of %s: %v, from %v to %v", typed.Name, name, v, *reading.Low, *reading.High)
			}
		}
		if known == 0 {
			t.Errorf("%s is unknown in every recorded run", typed.Name)
		}
		if typed.Read(Result{}).Known() {
			t.Errorf("%s of nothing is known", typed.Name)
		}
	}
}

// A figure of which zero says "could not be read" is unknown; one of which it says "none" is zero.
func TestMetricsUnknownIsNotZero(t *testing.T) {
	kept := 2000.0
	r := Given{SharedBytes: 0, WorkerBytes: 100 << 20, Threads: []int{1}, Creep: &kept}.Result(Host{CPUs: 2, MemoryBytes: 2 << 30}, PlanInfo{})
	for name, want := range map[string]*float64{
		"shared": new(float64), "creep": &kept, "peak": number(100 << 20), "workers": number(float64(r.Recommendation.Workers)),
		"idle": nil, "boot": nil, "errors": nil, "capacity": nil, "thread": nil, "p99": nil, "growth": nil,
	} {
		m, err := ParseMetric(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Read(r).Value; (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// 100 MB at 1000 requests and 2 KB a request [1, 3] are 118 MB at 10 000: 100 MB + 9000 x 2 KB.
func TestAfter(t *testing.T) {
	low, by, high := 1024.0, 2048.0, 3072.0
	r := Result{Mode: ModeRun, Worker: Worker{PeakRSSBytes: 100 << 20, Requests: 1000}, Creep: Creep{Verdict: "creeping", By: ByRequest, BytesPerRequest: &by, Low: &low, High: &high}}
	peak := float64(100 << 20)
	for _, tc := range []struct {
		verdict          Verdict
		requests         string
		value, low, high float64
	}{
		{"creeping", "10k", peak + 9000*by, peak + 9000*low, peak + 9000*high},
		{"creeping", "500", peak - 500*by, peak - 500*high, peak - 500*low},
		{"inconclusive", "10000", peak + 9000*by, peak + 9000*low, peak + 9000*high},
		{"flat", "10k", peak, peak, peak + 9000*high},
	} {
		r.Creep.Verdict = tc.verdict
		m, err := ParseMetric("after(" + tc.requests + ")")
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Read(r); *got.Value != tc.value || *got.Low != tc.low || *got.High != tc.high {
			t.Errorf("%s, %s: %.0f [%.0f, %.0f], want %+v", tc.verdict, m.Name, *got.Value, *got.Low, *got.High, tc)
		}
	}
	m, _ := ParseMetric("after(10k)")
	for _, unknown := range []func(*Result){
		func(r *Result) { r.Creep.Verdict = "warming" }, func(r *Result) { r.Mode = ModeAttach },
		func(r *Result) { r.Creep.High = nil }, func(r *Result) { r.Worker.PeakRSSBytes = 0 },
	} {
		other := r
		if unknown(&other); m.Read(other).Known() {
			t.Errorf("%+v: known", other)
		}
	}
}

func TestSayReading(t *testing.T) {
	m := Metric{Unit: UnitBytes}
	for want, r := range map[string]Reading{
		"unknown": {}, "162 MB": {Value: number(162 << 20)},
		"162 MB (160 MB to 164 MB)": {number(162 << 20), number(160 << 20), number(164 << 20)},
		"217 MB":                    {number(217 << 20), number(217<<20 - 1000), number(217<<20 + 1000)},
	} {
		if got := m.Say(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTotal(t *testing.T) {
	r := Result{Target: TargetInfo{Threads: 4}, Law: Law{SharedBytes: 20, WorkerBytes: 10, ThreadBytes: 2, ResidualBytes: 5, Basis: "measured"}}
	m, err := ParseMetric("total(3X4)")
	if err != nil || m.Name != "total(3x4)" {
		t.Fatal(m, err)
	}
	if got := m.Read(r); *got.Value != 20+3*(10+4*2) || *got.Low != 69 || *got.High != 79 {
		t.Errorf("%v [%v, %v]", *got.Value, *got.Low, *got.High)
	}
	if m, _ := ParseMetric("total(3x8)"); m.Read(r).Known() {
		t.Error("the law says nothing of 8 threads here")
	}
}

func TestParseMetricRefuses(t *testing.T) {
	for text, try := range map[string]string{
		"wroker": "worker", "maxrequests": "max-requests", "": "", "rss": "rps", "Peak": "peak", "afer(10k)": "after(10k)",
		"peak(3)": "peak", "after": "after(10k)", "after(10k": "after(10k)", "after()": "after(10k)", "after(ten)": "after(10k)",
		"after(0)": "after(10k)", "after(1e99)": "after(10k)", "after(NaN)": "after(10k)", "total(4)": "total(4x4)", "total(4x0)": "total(4x4)", "total(4x4x4)": "total(4x4)",
	} {
		_, err := ParseMetric(text)
		failure := (*Failure)(nil)
		if !errors.As(err, &failure) || failure.Kind != KindUsage || !strings.Contains(failure.Try, try) {
			t.Errorf("%q: %v, want %q to try", text, failure, try)
		}
	}
}
