package calibrate

import "testing"

func TestRateByTruth(t *testing.T) {
	app := Truth{DemandSeconds: 0.002, WaitingSeconds: 0.008}
	for _, c := range []struct {
		workers, threads int
		cores, want      float64
	}{
		{1, 1, 2, 100}, {1, 4, 2, 400}, // its threads wait
		{1, 16, 2, 500},                                   // one computes at a time
		{2, 4, 2, 800}, {4, 4, 2, 1000}, {4, 4, 0.5, 250}, // the cores
	} {
		if got := app.Rate(c.workers, c.threads, c.cores); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	if got := (Truth{}).Rate(2, 4, 2); got != 0 {
		t.Errorf("an app that doesn't say serves %v", got)
	}
}
