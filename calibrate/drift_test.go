package calibrate

import (
	"math"
	"testing"
)

// Memory that grows by the clock is no creep of the requests, whatever the soak makes of both together.
func TestRestTellsTimeFromRequests(t *testing.T) {
	for _, c := range []struct {
		name        string
		keep, drift float64
		by          string
	}{
		{"by request alone", 16384, 0, ByRequest},
		{"by both", 8192, 500_000, ByBoth},
		{"by time alone", 0, 2_000_000, ByBoth},
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
			if warned != (c.by == ByBoth) {
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

// restedAs is the creep of 8 KB a request for 30 s, then of a rest in which memory goes as it is told, above what the worker
// holds without load. held is what requests under way hold meanwhile, in the soak alone.
func restedAs(held int64, rest func(seconds float64) int64) Creep {
	var samples []Sample
	for i := range 300 {
		samples = append(samples, Sample{Seconds: float64(i) / 10, Phase: PhaseSoak, Workers: 1, Requests: int64(i * 20), Anon: int64(100<<20+i*20*8192) + held, RSS: 200 << 20})
	}
	top := samples[len(samples)-1].Anon - held
	for i := range 80 {
		s := float64(i) / 10
		samples = append(samples, Sample{Seconds: 30 + s, Phase: PhaseRest, Workers: 1, Requests: 6000, Anon: top + rest(s), RSS: 200 << 20})
	}
	r := Result{Load: LoadInfo{RateSent: 200}}
	return creepOf(Measured{Result: r, Samples: samples})
}

func TestRestIsReadForWhatItIs(t *testing.T) {
	for _, c := range []struct {
		name    string
		held    int64
		rest    func(float64) int64
		verdict Verdict
		by      string
	}{
		{"nothing moves", 0, func(float64) int64 { return 0 }, "creeping", ByRequest},
		{"requests under way held 24 MB", 24 << 20, func(float64) int64 { return 0 }, "creeping", ByRequest},
		{"garbage of the last requests goes in the first second", 0, func(s float64) int64 { return -int64(min(s, 0.9) * (30 << 20)) }, "creeping", ByRequest},
		{"a cache that expires", 0, func(s float64) int64 { return -int64(s * (5 << 20)) }, "inconclusive", ByRequest},
		{"a ramp", 0, func(s float64) int64 { return int64(s * 400_000) }, "creeping", ByBoth},
	} {
		got := restedAs(c.held, c.rest)
		if got.Verdict != c.verdict || got.By != c.by {
			t.Errorf("%s: %s by %s (%+v), want %s by %s", c.name, got.Verdict, got.By, got.Missing, c.verdict, c.by)
		}
		if c.verdict == Inconclusive && (got.Missing == nil || got.Missing.Kind != Returned) {
			t.Errorf("%s: %+v", c.name, got.Missing)
		}
	}
}

// One step is no growth that goes on, wherever in the rest it falls.
func TestRestWithASingleStep(t *testing.T) {
	for at := 0.5; at < 8; at += 0.5 {
		c := restedAs(0, func(s float64) int64 {
			if s < at {
				return 0
			}
			return 1 << 20
		})
		if c.By != ByRequest {
			t.Errorf("a step at %.1f s: creep by %s, %.0f B a second [%.0f, %.0f]", at, c.By, c.Rest.BytesPerSecond, c.Rest.Low, c.Rest.High)
		}
	}
}
