package main

import (
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// The candidates are really run, their memory is about what the law has for them, and the recommendation is the one that
// the sweep chose; or, where other work on this machine shook the rates, the computed one and a warning. A read-back
// says the same.
func TestE2ESweep(t *testing.T) {
	skipShort(t)
	s := flask(t, nil, "--sweep", "--duration", "2s", "--min-workers", "2", "--max-workers", "2", "--threads", "4,1")
	code := s.end(t, 3*time.Minute)
	if code != 0 && code != 4 { // 4: two seconds are too few for a verdict about creep
		t.Fatalf("exit code %d\n%s%s", code, s.stdout.String(), s.stderr.String())
	}
	r := s.report(t)
	if r.Sweep == nil || len(r.Sweep.Runs) != r.Sweep.Wanted || r.Sweep.Wanted < 2 { // a third where the app's waiting asks for another count of threads
		t.Fatalf("swept %+v", r.Sweep)
	}
	var chosen calibrate.SweepRun
	for _, run := range r.Sweep.Runs {
		t.Logf("%d x %d: %.0f requests/s, %.1f MB", run.Workers, run.Threads, run.RatePerSecond, mb(run.MeasuredBytes))
		if run.Failed != nil || run.RatePerSecond < r.Sweep.RateAsked/2 || len(run.Rates) != 2 || run.Latency.P99 == nil || run.Succeeded != run.Requests {
			t.Errorf("%+v", run)
		}
		within(t, "memory", float64(run.MeasuredBytes), float64(run.PredictedBytes), 0.15)
		if w := run.Work; run.PredictedRate > 0 && w != nil && w.Others < 0.1*w.Seconds*r.Host.SizingCPUs() { // by make throughput within 8 % on average, 38 % at worst
			within(t, "requests/s", run.RatePerSecond, run.PredictedRate, 0.4)
		}
		if run.Chosen {
			chosen = run
		}
	}
	rec := r.Recommendation
	switch {
	case rec.Computed == nil:
		if !strings.Contains(s.stdout.String(), "sweep-undecided") {
			t.Errorf("nothing says why the sweep decided nothing:\n%s", s.stdout.String())
		}
	case rec.Workers != chosen.Workers || rec.Threads != chosen.Threads:
		t.Errorf("%d x %d is recommended, %d x %d was chosen", rec.Workers, rec.Threads, chosen.Workers, chosen.Threads)
	}
	if !strings.Contains(s.stdout.String(), "Really run") || !strings.Contains(s.stderr.String(), " sweep ") {
		t.Errorf("the sweep isn't shown:\n%s%s", s.stdout.String(), s.stderr.String())
	}
	s.nothingLeft(t)
}
