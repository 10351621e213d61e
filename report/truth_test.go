package report

import (
	"strings"
	"testing"

	"workermem/calibrate"
)

// What the demo app says of itself stands beside what was measured, and what its own law says beside what is predicted.
func TestTruthStandsBesideWhatWasMeasured(t *testing.T) {
	r := calibrate.Result{
		Truth: &calibrate.Truth{KeptBytesPerRequest: 8192, PeakRSSBytes: 100 << 20, DemandSeconds: 0.002, WaitingSeconds: 0.008},
		Speed: &calibrate.Speed{Demand: calibrate.Span{Value: 0.0019}, Rest: 0.0002, Waiting: calibrate.Span{Value: 0.0078}},
		Candidates: []calibrate.Candidate{{Workers: 1, Threads: 4, Served: calibrate.Served{Rate: 390}},
			{Workers: 2, Threads: 4, Recommended: true, Served: calibrate.Served{Rate: 784}}},
	}
	r.Worker.PeakRSSBytes, r.Recommendation.Sum.CPUs = 99<<20, 2
	said := func() string {
		text := drawn(t, Document{Blocks: truthSection(r)}, "text", Options{})
		return strings.Join(strings.Fields(text), " ")
	}
	for _, words := range []string{
		"CPU a request computes for 2 ms; measured 2.1 ms (error +5 %)", "waiting a request waits for 8 ms; measured 7.8 ms (error -2.5 %)",
		"serves 2 workers with 4 threads each serve 800 requests/s by its own law; predicted 784 requests/s (error -2 %)",
	} {
		if !strings.Contains(said(), words) {
			t.Errorf("no %q in: %s", words, said())
		}
	}
	r.Truth.DemandSeconds, r.Truth.WaitingSeconds = 0, 0 // of an older run
	if text := said(); strings.Contains(text, "CPU") || strings.Contains(text, "law") {
		t.Error(text)
	}
}
