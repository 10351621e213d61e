package analyse

import (
	"testing"

	"workermem/calibrate"
)

// restedAs is the creep of 8 KB a request for 30 s, then of a rest in which memory goes as it is told, above what the worker
// holds without load. held is what requests under way hold meanwhile, in the soak alone.
func restedAs(held int64, rest func(seconds float64) int64) calibrate.Creep {
	var samples []calibrate.Sample
	for i := range 300 {
		samples = append(samples, calibrate.Sample{Seconds: float64(i) / 10, Phase: calibrate.PhaseSoak, Workers: 1, Requests: int64(i * 20), Anon: int64(100<<20+i*20*8192) + held, RSS: 200 << 20})
	}
	top := samples[len(samples)-1].Anon - held
	for i := range 80 {
		s := float64(i) / 10
		samples = append(samples, calibrate.Sample{Seconds: 30 + s, Phase: calibrate.PhaseRest, Workers: 1, Requests: 6000, Anon: top + rest(s), RSS: 200 << 20})
	}
	r := calibrate.Result{Load: calibrate.LoadInfo{RateSent: 200}}
	return Creep(calibrate.Measured{Result: r, Samples: samples})
}

func TestRestIsReadForWhatItIs(t *testing.T) {
	for _, c := range []struct {
		name    string
		held    int64
		rest    func(float64) int64
		verdict calibrate.Verdict
		by      calibrate.CreepBy
	}{
		{"nothing moves", 0, func(float64) int64 { return 0 }, "creeping", calibrate.ByRequest},
		{"requests under way held 24 MB", 24 << 20, func(float64) int64 { return 0 }, "creeping", calibrate.ByRequest},
		{"garbage of the last requests goes in the first second", 0, func(s float64) int64 { return -int64(min(s, 0.9) * (30 << 20)) }, "creeping", calibrate.ByRequest},
		{"a cache that expires", 0, func(s float64) int64 { return -int64(s * (5 << 20)) }, "inconclusive", calibrate.ByRequest},
		{"a ramp", 0, func(s float64) int64 { return int64(s * 400_000) }, "creeping", calibrate.ByBoth},
	} {
		got := restedAs(c.held, c.rest)
		if got.Verdict != c.verdict || got.By != c.by {
			t.Errorf("%s: %s by %s (%+v), want %s by %s", c.name, got.Verdict, got.By, got.Missing, c.verdict, c.by)
		}
		if c.verdict == calibrate.Inconclusive && (got.Missing == nil || got.Missing.Kind != calibrate.Returned) {
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
		if c.By != calibrate.ByRequest {
			t.Errorf("a step at %.1f s: creep by %s, %.0f B a second [%.0f, %.0f]", at, c.By, c.Rest.BytesPerSecond, c.Rest.Low, c.Rest.High)
		}
	}
}
