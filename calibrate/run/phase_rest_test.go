package run

import (
	"math"
	"slices"
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

// A quick run calls growth creep if it is of many requests, as steady as a leak, and stands still without load; else it says
// what it could not see.
func TestQuickRunDoubtsWhatItSaw(t *testing.T) {
	for _, c := range []struct {
		name              string
		keep, drift, warm float64
		capacity          float64
		verdict           calibrate.Verdict
		missing           calibrate.MissingKind
	}{
		{name: "a leak", keep: 16384, capacity: 1000, verdict: calibrate.Creeping},
		{name: "a leak of few requests", keep: 150_000, capacity: 50, verdict: calibrate.Inconclusive, missing: calibrate.TooBrief},
		{name: "growth by the clock", drift: 4_000_000, capacity: 1000, verdict: calibrate.Inconclusive, missing: calibrate.GrowsAlone},
		{name: "growth by both", keep: 16384, drift: 4_000_000, capacity: 1000, verdict: calibrate.Inconclusive, missing: calibrate.GrowsAlone},
		{name: "settling with requests", warm: 300 << 20, capacity: 1000, verdict: calibrate.Warming, missing: calibrate.Slowing},
		{name: "nothing", capacity: 1000, verdict: calibrate.Flat},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRig()
			f.keep, f.drift, f.warm, f.warmOver, f.capacity = c.keep, c.drift, c.warm, 17_000, c.capacity // 95 % after 73 s
			p := fakePlan()
			p.Quick, p.SoakSeconds = true, QuickSoak.Seconds()
			r, err := runFake(t, f, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			var missing calibrate.MissingKind
			if r.Creep.Missing != nil {
				missing = r.Creep.Missing.Kind
			}
			if r.Creep.Verdict != c.verdict || missing != c.missing {
				t.Errorf("%s, missing %+v; want %s, %s", r.Creep.Verdict, r.Creep.Missing, c.verdict, c.missing)
			}
			if creeps := c.verdict == calibrate.Creeping; creeps != (r.Recommendation.MaxRequests > 0) || creeps && r.Creep.Rest == nil {
				t.Errorf("max-requests %d by rest %+v", r.Recommendation.MaxRequests, r.Creep.Rest)
			}
			if doubted := r.Outcome() == calibrate.KindInconclusive; doubted != (c.missing != "") {
				t.Errorf("outcome %v", r.Outcome())
			}
			if want := []calibrate.LeftOut{calibrate.LeftSecondWorker, calibrate.LeftThreads}; !slices.Equal(r.LeftOut, want) {
				t.Errorf("left out %q, want %q", r.LeftOut, want)
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
