package creep

import (
	"fmt"
	"math"

	"workermem/calibrate/say"
)

// narrowing is the power of the requests by which an interval narrows: twice the requests, 2.6 times narrower. A line
// alone, read at a fixed rate, has 1.5.
const narrowing = 1.4

// tooFew says why there is no fit.
func (a axis) tooFew(settled []Point) string {
	const needed = bucketsLeast * readingsEach
	switch _, requests := span(settled); {
	case a.clock:
		return fmt.Sprintf("only %d readings after the first fifth of the time, where at least %d are needed: measure longer", len(settled), needed)
	case requests < bucketsLeast:
		return fmt.Sprintf("only %s requests were completed after the first fifth, where at least %d are needed: check that the load reaches this worker, or measure longer",
			count(requests), bucketsLeast)
	case len(settled) < needed:
		return fmt.Sprintf("only %d readings under load after the first fifth of the requests, where at least %d are needed: measure longer",
			len(settled), needed)
	}
	return fmt.Sprintf("the %d readings under load came at too few different request counts: keep the load steady", len(settled))
}

// missing says what keeps an estimate from a verdict; it is empty for flat and creeping.
func (a axis) missing(e Estimate, g growth, l limits) string {
	switch e.Verdict {
	case Warming:
		return fmt.Sprintf("growth was still slowing after %s (%s of the first half's rate in the second): warm up or measure longer",
			a.evidence(e), share(max(g.second, 0)/g.first))
	case Inconclusive:
		if e.Low > l.creeping {
			return fmt.Sprintf("growth was quickening after %s, as a heap's does between two full collections and a leak's doesn't: measure longer",
				a.evidence(e))
		}
		return fmt.Sprintf("creep lies between %s and %s after %s, where flat means below %s and creeping above %s%s",
			bytes(e.Low*a.unit), a.rate(e.High), a.evidence(e), bytes(l.flat*a.unit), bytes(l.creeping*a.unit), more(e, l))
	}
	return ""
}

// more says how much longer would tell, if that can be foreseen.
func more(e Estimate, l limits) string {
	if times := timesLonger(e, l); times > 1 && times <= 20 {
		return fmt.Sprintf(": measure about %s times as long", say.Fixed(max(times, 1.2), 1))
	}
	return ": measure longer"
}

// timesLonger is by how much the series would have to grow for its interval, narrowing about the slope it has, to
// clear one of the limits.
func timesLonger(e Estimate, l limits) float64 {
	creeping := (e.Slope - e.Low) / (e.Slope - l.creeping)
	flat := (e.High - e.Slope) / (l.flat - e.Slope)
	times := math.Inf(1)
	for _, ratio := range []float64{creeping, flat} {
		if ratio > 0 {
			times = min(times, math.Pow(ratio, 1/narrowing))
		}
	}
	return times
}

// What the sentences of this room are made of.

func bytes(v float64) string { return say.Bytes(v) }
func share(v float64) string { return say.Percent(v) }
func count(v float64) string { return say.Count(int64(math.Round(v))) }
