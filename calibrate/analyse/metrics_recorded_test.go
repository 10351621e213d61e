package analyse

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"workermem/calibrate"
)

func recordedResults(t *testing.T) map[string]calibrate.Result {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("..", "..", "fixtures", "runs", "*/"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no recorded runs: %v", err)
	}
	all := map[string]calibrate.Result{}
	for _, folder := range folders {
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			all[filepath.Base(folder)] = Recorded(t, filepath.Base(folder))
		}
	}
	return all
}

// Every metric is whole, has a name of its own that can be typed, and is readable from a run that was recorded.
func TestMetrics(t *testing.T) {
	sentence := regexp.MustCompile(`^[A-Z].*\.$`)
	recorded := recordedResults(t)
	var words []string
	for _, m := range calibrate.Metrics() {
		if m.Unit == "" || m.Better == "" || !sentence.MatchString(m.Meaning) || !sentence.MatchString(m.Got) {
			t.Errorf("%s lacks a part: %+v", m.Name, m)
		}
		if slices.Contains(words, m.Word()) {
			t.Errorf("%s twice", m.Name)
		}
		words = append(words, m.Word())
		typed, err := calibrate.ParseMetric(m.Example)
		if err != nil || typed.Name != m.Example {
			t.Errorf("%s can't be typed: %+v, %v", m.Example, typed, err)
			continue
		}
		known := 0
		for name, r := range recorded {
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
		if typed.Read(calibrate.Result{}).Known() {
			t.Errorf("%s of nothing is known", typed.Name)
		}
	}
}

// A figure of which zero says "could not be read" is unknown; one of which it says "none" is zero.
func TestMetricsUnknownIsNotZero(t *testing.T) {
	kept := 2000.0
	r := Given{SharedBytes: 0, WorkerBytes: 100 << 20, Threads: []int{1}, Creep: &kept}.Result(calibrate.Host{CPUs: 2, MemoryBytes: 2 << 30}, calibrate.PlanInfo{})
	for name, want := range map[string]*float64{
		"shared": new(float64), "creep": &kept, "peak": calibrate.Figure(100 << 20), "workers": calibrate.Figure(float64(r.Recommendation.Workers)),
		"idle": nil, "boot": nil, "errors": nil, "capacity": nil, "thread": nil, "p99": nil, "growth": nil,
	} {
		m, err := calibrate.ParseMetric(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Read(r).Value; (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
