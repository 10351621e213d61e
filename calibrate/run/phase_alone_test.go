package run

import (
	"math"
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
)

func TestAlone(t *testing.T) {
	f := newFakeRig()
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	a := r.Alone
	if a == nil || len(a.Times) != 51 || a.Times[0] != 0.020 || math.Abs(a.Times[25]-0.0225) > 1e-4 || a.Times[50] != 0.025 || math.Abs(a.Mean-0.0225) > 1e-4 {
		t.Fatalf("%+v, want times of 20 to 25 ms", a)
	}
	if a.Work.Requests != 1000 || math.Abs(a.Work.PerRequest(a.Work.Workers)-demand) > 1e-6 {
		t.Errorf("work %+v, want that of two seconds, the first requests apart", a.Work)
	}
	alone := r.Phases[slices.IndexFunc(r.Phases, func(p calibrate.Phase) bool { return p.Name == calibrate.PhaseAlone })]
	if alone.Requests != 1500 || alone.Succeeded != 1500 || math.Abs(alone.Seconds-3) > 0.1 || alone.Clients != 1 {
		t.Errorf("%+v, want one phase of both loads", alone)
	}
	if first, then := f.paces[0], f.paces[1]; first.Clients != 1 || first.Timed || then.Clients != 1 || !then.Timed || then.Rate != 0 {
		t.Errorf("%+v, %+v", first, then)
	}
}

// One client is sent no faster than the user allows, and a quick run has it for a second.
func TestAloneKeepsToAGivenRate(t *testing.T) {
	f := newFakeRig()
	p := fakePlan()
	p.Rate, p.Quick = 20, true
	r, err := runFake(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.paces[0].Rate != 20 || f.paces[1].Rate != 20 {
		t.Errorf("%+v", f.paces[:2])
	}
	if r.Alone == nil || r.Alone.Work.Seconds > 1.5 {
		t.Errorf("%+v", r.Alone)
	}
}

// A slow app gets time for twenty requests, ten seconds at most.
func TestAloneOfASlowApp(t *testing.T) {
	for capacity, want := range map[float64]time.Duration{100: 2 * time.Second, 10: 2 * time.Second, 1e-9: 9 * time.Second} {
		f := newFakeRig()
		f.capacity = capacity
		r, err := runFake(t, f, fakePlan(), nil)
		if capacity < 1 {
			if r.Alone != nil {
				t.Errorf("%+v of no request", r.Alone)
			}
			for _, p := range r.Phases {
				if p.Name == calibrate.PhaseAlone && math.Abs(p.Seconds-10) > 1.1 {
					t.Errorf("%+v", p)
				}
			}
			continue
		}
		if err != nil || r.Alone == nil || math.Abs(r.Alone.Work.Seconds-want.Seconds()) > 0.1 {
			t.Errorf("%g requests/s: %v, %+v", capacity, err, r.Alone)
		}
	}
}

func TestAloneOfFew(t *testing.T) {
	if a := aloneOf([]float64{9, 1, 1, 1, 1}, calibrate.Work{}); a != nil {
		t.Errorf("%+v", a)
	}
	if a := aloneOf([]float64{9, 5, 4, 3, 2, 1}, calibrate.Work{}); a == nil || a.Mean != 3 || a.Times[0] != 1 || a.Times[25] != 3 || a.Times[50] != 5 || math.Abs(a.Times[1]-1.08) > 1e-9 {
		t.Errorf("%+v", a)
	}
}
