package sizing

import "testing"

// The guide's table (seeds/pypnm-worker-sizing.txt, "Hardware Scenarios") row by row. Where the code answers
// something else, guide is what the table says.
func TestPyPNMTable(t *testing.T) {
	for _, tc := range []struct {
		profile        string
		cpus           int
		gib            float64
		workers, limit int
		guide          string
	}{
		{"Small lab VM", 2, 4, 1, 1000, ""},
		{"Small production node", 2, 8, 2, 1000, ""},
		{"Balanced node", 4, 8, 2, 1000, "2 workers, 2000"}, // the code's limit goes by memory alone below 12 GiB
		{"Standard production node", 4, 16, 4, 2000, ""},
		{"Larger analysis node", 8, 16, 4, 2000, ""},
		{"Larger production node", 8, 32, 4, 2000, ""},
		{"High-capacity node", 16, 64, 4, 4000, "4-8 workers, 2000-4000"}, // min(4, cpus) never lets the band's 8 through
	} {
		workers, limit := PyPNM(tc.cpus, tc.gib)
		if workers != tc.workers || limit != tc.limit {
			t.Errorf("%s: %d workers, limit %d, want %d, %d (guide: %q)", tc.profile, workers, limit, tc.workers, tc.limit, tc.guide)
		}
	}
}

// The bands' edges, from the code: below 6, 12 and 24 GiB.
func TestPyPNMEdges(t *testing.T) {
	for _, tc := range []struct {
		cpus           int
		gib            float64
		workers, limit int
	}{
		{0, 5.99, 1, 1000},
		{-1, 64, 1, 2000}, // no CPU counts as one; 4000 asks for 8 of them
		{8, 5.99, 1, 1000},
		{8, 6, 2, 1000},
		{8, 11.99, 2, 1000},
		{8, 12, 4, 2000},
		{8, 63.99, 4, 2000},
		{8, 64, 4, 4000},
		{7, 64, 4, 2000},
	} {
		workers, limit := PyPNM(tc.cpus, tc.gib)
		if workers != tc.workers || limit != tc.limit {
			t.Errorf("PyPNM(%d, %g) = %d, %d, want %d, %d", tc.cpus, tc.gib, workers, limit, tc.workers, tc.limit)
		}
	}
}
