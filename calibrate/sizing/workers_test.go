package sizing

import (
	"math"
	"testing"

	"workermem/calibrate"
)

const MiB = calibrate.MiB

// The guide of NOW LMS (seeds/now-lms-ram-optimization.txt) by the names of its examples.
func TestWorkersSeedExamples(t *testing.T) {
	for _, tc := range []struct {
		name     string
		cpus     int
		ram      float64
		worker   float64
		threads  int
		workers  int
		capacity int // workers x threads
	}{
		// min(9, 10): CPU binds
		{"Example 1: Balanced System", 4, 2048, 200, 1, 9, 9},
		// min(9, 5): memory binds
		{"Example 2: Low RAM System", 4, 1024, 200, 1, 5, 5},
		// min(9, 5) / 4 = 1.25
		{"Example 3: Using Threads to Save RAM", 4, 1024, 200, 4, 1, 4},
		// min(5, 2) / 4 = 0.5, the minimum of 1 enforced
		{"Example 4: Very Low RAM (512 MB)", 2, 512, 200, 4, 1, 4},
		// min(9, 40): "no configuration needed"
		{"Scenario 1: Production Server (8 GB RAM, 4 cores)", 4, 8192, 200, 1, 9, 9},
		// min(5, 5) / 4 = 1.25
		{"Scenario 2: Small VPS (1 GB RAM, 2 cores)", 2, 1024, 200, 4, 1, 4},
		// the formula agrees with what the scenario sets by hand: min(5, 3) / 4 = 0.75
		{"Scenario 3: Container with Limited RAM (512 MB, 2 cores)", 2, 512, 150, 4, 1, 4},
		// min(17, 54)
		{"Scenario 4: High-Traffic Server (16 GB RAM, 8 cores)", 8, 16384, 300, 1, 17, 17},
		// 17 / 2 = 8.5; "total thread capacity: 16"
		{"Scenario 4, with threads for even more concurrency", 8, 16384, 300, 2, 8, 16},
	} {
		got := Workers(tc.cpus, tc.ram, tc.worker, tc.threads)
		if got != tc.workers || got*tc.threads != tc.capacity {
			t.Errorf("%s: Workers(%d, %g, %g, %d) = %d, want %d", tc.name, tc.cpus, tc.ram, tc.worker, tc.threads, got, tc.workers)
		}
	}
}

// The scenarios' "Estimated RAM": workers x worker memory, in the guide's round GB.
func TestSeedScenarioEstimates(t *testing.T) {
	for _, tc := range []struct {
		name            string
		workers, worker int
		estimate        float64 // MB
	}{
		{"Scenario 1: ~1.8 GB", 9, 200, 1800},
		{"Scenario 2: ~200 MB", 1, 200, 200},
		{"Scenario 3: ~150 MB", 1, 150, 150},
		{"Scenario 4: ~5.1 GB", 17, 300, 5100},
		{"Scenario 4 with threads: ~2.4 GB", 8, 300, 2400},
	} {
		law := calibrate.Law{WorkerBytes: int64(tc.worker) * MiB}
		if got := megabytes(law.Total(tc.workers, 4)); got != tc.estimate {
			t.Errorf("%s: %g MB", tc.name, got)
		}
	}
}

func TestWorkersOddInput(t *testing.T) {
	for _, tc := range []struct {
		name        string
		cpus        int
		ram, worker float64
		threads     int
		want        int
	}{
		{"no CPU counts as one", 0, 2048, 200, 1, 3},
		{"negative CPUs count as one", -8, 2048, 200, 1, 3},
		{"no memory leaves the minimum", 4, 0, 200, 1, 1},
		{"negative memory leaves the minimum", 4, -1, 200, 1, 1},
		{"memory NaN leaves the minimum", 4, math.NaN(), 200, 1, 1},
		{"endless memory leaves CPU to decide", 4, math.Inf(1), 200, 1, 9},
		{"worker 0: CPU alone, as now-lms", 4, 1024, 0, 1, 9},
		{"worker negative: unknown", 4, 1024, -200, 1, 9},
		{"worker NaN: unknown", 4, 1024, math.NaN(), 1, 9},
		{"worker endless: none fits, minimum", 4, 1024, math.Inf(1), 1, 1},
		{"Inf / Inf: minimum", 4, math.Inf(1), math.Inf(1), 1, 1},
		{"no threads count as one", 4, 2048, 200, 0, 9},
		{"negative threads count as one", 4, 2048, 200, -4, 9},
		{"a vast CPU count stays in range", math.MaxInt, math.Inf(1), 200, 1, 2*mostCPUs + 1},
	} {
		if got := Workers(tc.cpus, tc.ram, tc.worker, tc.threads); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}
