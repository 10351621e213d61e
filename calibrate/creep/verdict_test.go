package creep

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// A series of seconds must be steadier to be called a leak's.
func TestBriefVerdictWantsSteadiness(t *testing.T) {
	settling := func(tau float64) []Point { // exponentially, over so many requests
		return drawn(10, func(x float64) float64 { return 100*mb - 400*mb*math.Expm1(-x/tau) })
	}
	for tau, want := range map[float64]calibrate.Verdict{3000: calibrate.Warming, 5000: calibrate.Warming, 30_000: calibrate.Creeping} {
		if e := Brief(settling(tau), 300*mb); e.Verdict != want {
			t.Errorf("over %v of 1000 requests: %+v, want %s", tau, e, want)
		}
	}
	if e := Analyse(settling(5000), 300*mb); e.Verdict != calibrate.Creeping {
		t.Errorf("the rule is for brief series alone, but %+v", e)
	}
}

func TestVerdictByTheHalves(t *testing.T) {
	e := Estimate{Slope: 2000, Low: 1000, High: 3000, Requests: 3000}
	l := limits{creeping: 400, flat: 800, slowing: slowing}
	for _, test := range []struct {
		name          string
		first, second float64 // slopes, bytes over the series
		want          calibrate.Verdict
		missing       calibrate.Missing
	}{
		{"as fast", 4 * mb, 4 * mb, calibrate.Creeping, calibrate.Missing{}},
		{"a little slower", 4 * mb, 3 * mb, calibrate.Creeping, calibrate.Missing{}},
		{"half as fast", 4 * mb, 2 * mb, calibrate.Warming, calibrate.Missing{Kind: calibrate.Slowing, HalvesRatio: 0.5}},
		{"a little faster", 4 * mb, 5.5 * mb, calibrate.Creeping, calibrate.Missing{}},
		{"twice as fast", 4 * mb, 8 * mb, calibrate.Inconclusive, calibrate.Missing{Kind: calibrate.Quickening}},
		{"after a fall", -4 * mb, 8 * mb, calibrate.Inconclusive, calibrate.Missing{Kind: calibrate.Quickening}},
	} {
		g := growth{first: test.first, second: test.second, rising: true}
		e.Verdict = verdictOf(e, g, l)
		var missing calibrate.Missing
		if m := byRequest.missing(e, g, l); m != nil {
			missing = *m
		}
		if e.Verdict != test.want || missing != test.missing {
			t.Errorf("%s: %s, missing %+v; want %s, %+v", test.name, e.Verdict, missing, test.want, test.missing)
		}
	}
}
