package run

import (
	"math"
	"testing"
	"time"
)

// A machine that sleeps is named, and changes no figure: its clock stands still with it.
func TestRunOfAMachineThatSlept(t *testing.T) {
	for _, slept := range []float64{0, 3600} {
		f := newFakeRig()
		f.slept = 5000 // before
		f.at = func(string, *fakeRig) {
			if f.answered.Load() > 5000 {
				f.slept = 5000 + slept
			}
		}
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if warningCodes(r)["slept"] != (slept > 0) {
			t.Errorf("slept for %g s: %v", slept, warningCodes(r))
		}
		if math.Abs(r.Load.Capacity-f.capacity) > 0.01*f.capacity || r.DurationSeconds > 300 {
			t.Errorf("slept for %g s: a capacity of %g, and %g s", slept, r.Load.Capacity, r.DurationSeconds)
		}
	}
}

// Where calibrate itself stood still, rates leave that out, phases and journal have one clock, and what a request costs is not known.
func TestRunThatStoodStill(t *testing.T) {
	f := newFakeRig()
	f.still = 5 * time.Second
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !warningCodes(r)["paused"] || math.Abs(r.Load.Capacity-f.capacity) > 0.01*f.capacity {
		t.Errorf("warnings %v, a capacity of %g", warningCodes(r), r.Load.Capacity)
	}
	for i, p := range r.Phases {
		if i > 0 && p.StartSeconds < r.Phases[i-1].StartSeconds+r.Phases[i-1].Seconds-0.001 {
			t.Errorf("%s begins at %g, before %s has ended", p.Name, p.StartSeconds, r.Phases[i-1].Name)
		}
		if short := p.Seconds < f.still.Seconds()/mostStill; p.Requests > 0 && short != (p.Work == nil) {
			t.Errorf("%s, of %g s: %+v", p.Name, p.Seconds, p.Work)
		}
		for _, b := range f.buckets {
			if b.Phase == p.Name && (b.Seconds < p.StartSeconds || b.Seconds > p.StartSeconds+p.Seconds+0.001) {
				t.Errorf("%s, from %g for %g s, has a second that ends at %g", p.Name, p.StartSeconds, p.Seconds, b.Seconds)
			}
		}
	}
}
