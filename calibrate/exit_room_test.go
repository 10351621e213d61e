package calibrate

import "testing"

// Room for the ends of workers: for one with jitter, for all without, and none where nothing creeps.
func TestLeaving(t *testing.T) {
	kept := 10240.0
	creeping := Creep{Verdict: "creeping", BytesPerRequest: &kept, High: &kept}
	recycled := Setup{Shape: Shape{Workers: 3}, MaxRequests: 100}
	spread := recycled
	spread.Jitter = 10
	for name, c := range map[string]struct {
		creep          Creep
		jitter         bool
		shared, worker int64 // more, by the question
		setup          Setup
		leaving        int64
	}{
		"one after the other": {creeping, true, 30 * mib, 0, spread, 30 * mib},
		"all at once":         {creeping, false, 0, 30 * mib, recycled, 90 * mib},
		"flat":                {Creep{Verdict: "flat"}, true, 0, 0, Setup{Shape: recycled.Shape}, 0},
	} {
		r := measuredWorker()
		r.Worker.LeavingBytes, r.Creep = 30*mib, c.creep
		r.Target.CanRecycle, r.Target.HasJitter = true, c.jitter
		r.Law = law(r)
		q := question(r, 1<<30)
		if shared, worker := q.Law.SharedBytes-r.Law.SharedBytes, q.Law.WorkerBytes-r.Law.WorkerBytes; shared != c.shared || worker != c.worker {
			t.Errorf("%s: %d shared and %d a worker more", name, shared, worker)
		}
		if got := leaving(r, c.setup); got != c.leaving {
			t.Errorf("%s: %d, want %d", name, got, c.leaving)
		}
	}
}
