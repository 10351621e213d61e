package sizing

import "testing"

// What NOW LMS 2.x makes of its settings, odd values included, on 2 cores with 1000 MB available: min(5, 1000 / 200) = 5
// where nothing is set.
func TestNowLMS(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		workerMB, threads, want int
	}{
		{"nothing set", NowLMSWorkerMB, 1, 5},
		{"250 MB", 250, 1, 4},
		{"0 MB leaves CPU alone", 0, 2, 2},
		{"-5 MB ends at the minimum", -5, 1, 1},
	} {
		if got := NowLMS(2, 1000, tc.workerMB, tc.threads); got != tc.want {
			t.Errorf("%s: %d workers, want %d", tc.name, got, tc.want)
		}
	}
}
