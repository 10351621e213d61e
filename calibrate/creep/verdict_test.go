package creep

import "testing"

func TestVerdictByTheHalves(t *testing.T) {
	e := Estimate{Slope: 2000, Low: 1000, High: 3000, Requests: 3000}
	l := limits{creeping: 400, flat: 800}
	for _, test := range []struct {
		name          string
		first, second float64 // slopes, bytes over the series
		want          Verdict
		missing       Missing
	}{
		{"as fast", 4 * mb, 4 * mb, Creeping, Missing{}},
		{"a little slower", 4 * mb, 3 * mb, Creeping, Missing{}},
		{"half as fast", 4 * mb, 2 * mb, Warming, Missing{Kind: Slowing, HalvesRatio: 0.5}},
		{"a little faster", 4 * mb, 5.5 * mb, Creeping, Missing{}},
		{"twice as fast", 4 * mb, 8 * mb, Inconclusive, Missing{Kind: Quickening}},
		{"after a fall", -4 * mb, 8 * mb, Inconclusive, Missing{Kind: Quickening}},
	} {
		g := growth{first: test.first, second: test.second, rising: true}
		e.Verdict = verdictOf(e, g, l)
		var missing Missing
		if m := byRequest.missing(e, g, l); m != nil {
			missing = *m
		}
		if e.Verdict != test.want || missing != test.missing {
			t.Errorf("%s: %s, missing %+v; want %s, %+v", test.name, e.Verdict, missing, test.want, test.missing)
		}
	}
}
