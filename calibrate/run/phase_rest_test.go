package run

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// Memory that grows by the clock is no creep of the requests, whatever the soak makes of both together.
func TestRestTellsTimeFromRequests(t *testing.T) {
	for _, c := range []struct {
		name        string
		keep, drift float64
		by          calibrate.CreepBy
	}{
		{"by request alone", 16384, 0, calibrate.ByRequest},
		{"by both", 8192, 500_000, calibrate.ByBoth},
		{"by time alone", 0, 2_000_000, calibrate.ByBoth},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRig()
			f.keep, f.drift = c.keep, c.drift
			r, err := runFake(t, f, fakePlan(), nil)
			if err != nil {
				t.Fatal(err)
			}
			got := r.Creep
			if got.Verdict != "creeping" || got.By != c.by || got.Rest == nil {
				t.Fatalf("%+v, want creeping by %s, and a rest", got, c.by)
			}
			if *got.Low > c.keep || *got.High < c.keep || math.Abs(*got.BytesPerRequest-c.keep) > 0.02*c.keep+100 {
				t.Errorf("%.0f B a request [%.0f, %.0f], truth %.0f", *got.BytesPerRequest, *got.Low, *got.High, c.keep)
			}
			if got.Rest.Low > c.drift || got.Rest.High < c.drift {
				t.Errorf("%.0f B a second [%.0f, %.0f], truth %.0f", got.Rest.BytesPerSecond, got.Rest.Low, got.Rest.High, c.drift)
			}
			warned := false
			for _, w := range r.Warnings {
				warned = warned || w.Code == "creeps-with-time"
			}
			if warned != (c.by == calibrate.ByBoth) {
				t.Errorf("warning creeps-with-time: %v, by %s", warned, c.by)
			}
		})
	}
}

// A worker that is asked for less than in the soak grows by the clock meanwhile, and so lives for fewer requests.
func TestGrowthByTimeShortensALifeAtALowRate(t *testing.T) {
	life := func(rate float64) int {
		f := newFakeRig()
		f.keep, f.drift = 4096, 400_000
		p := fakePlan()
		p.ProductionRate = rate
		r, err := runFake(t, f, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Recommendation.MaxRequests
	}
	if busy, quiet := life(700), life(20); busy == 0 || quiet == 0 || quiet > busy/2 {
		t.Errorf("max-requests %d at 700 requests/s and %d at 20, where most of the growth is the clock's", busy, quiet)
	}
}
