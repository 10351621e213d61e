package analyse

import (
	"testing"

	"workermem/calibrate"
)

// Room for the ends of workers: for one with jitter, for all without, and none where nothing creeps.
func TestLeaving(t *testing.T) {
	kept := 10240.0
	creeping := calibrate.Creep{Verdict: "creeping", BytesPerRequest: &kept, High: &kept}
	recycled := calibrate.Setup{Shape: calibrate.Shape{Workers: 3}, MaxRequests: 100}
	spread := recycled
	spread.Jitter = 10
	for name, c := range map[string]struct {
		creep          calibrate.Creep
		jitter         bool
		shared, worker int64 // more, by the question
		setup          calibrate.Setup
		leaving        int64
	}{
		"one after the other": {creeping, true, 30 * calibrate.MiB, 0, spread, 30 * calibrate.MiB},
		"all at once":         {creeping, false, 0, 30 * calibrate.MiB, recycled, 90 * calibrate.MiB},
		"flat":                {calibrate.Creep{Verdict: "flat"}, true, 0, 0, calibrate.Setup{Shape: recycled.Shape}, 0},
	} {
		r := measuredWorker()
		r.Worker.LeavingBytes, r.Creep = 30*calibrate.MiB, c.creep
		r.Target.CanRecycle, r.Target.HasJitter = true, c.jitter
		r.Law = law(r)
		q := question(r, 1<<30)
		if shared, worker := q.Law.SharedBytes-r.Law.SharedBytes, q.Law.WorkerBytes-r.Law.WorkerBytes; shared != c.shared || worker != c.worker {
			t.Errorf("%s: %d shared and %d a worker more", name, shared, worker)
		}
		if got := Leaving(r, c.setup); got != c.leaving {
			t.Errorf("%s: %d, want %d", name, got, c.leaving)
		}
	}
}
