package creep

import "testing"

func TestVerdictByTheHalves(t *testing.T) {
	const quickening = "growth was quickening after 3 000 requests, as a heap's does between two full collections and a leak's doesn't: measure longer"
	const slowing = "growth was still slowing after 3 000 requests (50 % of the first half's rate in the second): warm up or measure longer"
	e := Estimate{Slope: 2000, Low: 1000, High: 3000, Requests: 3000}
	l := limits{creeping: 400, flat: 800}
	for _, test := range []struct {
		name          string
		first, second float64 // slopes, bytes over the series
		want          Verdict
		missing       string
	}{
		{"as fast", 4 * mb, 4 * mb, Creeping, ""},
		{"a little slower", 4 * mb, 3 * mb, Creeping, ""},
		{"half as fast", 4 * mb, 2 * mb, Warming, slowing},
		{"a little faster", 4 * mb, 5.5 * mb, Creeping, ""},
		{"twice as fast", 4 * mb, 8 * mb, Inconclusive, quickening},
		{"after a fall", -4 * mb, 8 * mb, Inconclusive, quickening},
	} {
		g := growth{first: test.first, second: test.second, rising: true}
		e.Verdict = verdictOf(e, g, l)
		if missing := byRequest.missing(e, g, l); e.Verdict != test.want || missing != test.missing {
			t.Errorf("%s: %s, missing %q; want %s, %q", test.name, e.Verdict, missing, test.want, test.missing)
		}
	}
}
