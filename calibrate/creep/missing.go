package creep

import (
	"math"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// narrowing is the power of the requests by which an interval narrows: twice the requests, 2.6 times narrower. A line
// alone, read at a fixed rate, has 1.5.
const narrowing = 1.4

// tooFew says why there is no fit.
func (a axis) tooFew(settled []Point) *calibrate.Missing {
	_, requests := span(settled)
	m := calibrate.Missing{Kind: calibrate.Uneven, Readings: len(settled)}
	switch needed := bucketsLeast * readingsEach; {
	case !a.clock && requests < bucketsLeast:
		m = calibrate.Missing{Kind: calibrate.FewRequests, Requests: int64(math.Round(requests)), NeededRequests: bucketsLeast}
	case a.clock || len(settled) < needed:
		m.Kind, m.NeededReadings = calibrate.FewReadings, needed
	}
	return &m
}

// missing says what keeps an estimate from a verdict; nil for flat and creeping.
func (a axis) missing(e Estimate, g growth, l limits) *calibrate.Missing {
	switch {
	case e.Verdict == calibrate.Warming:
		return &calibrate.Missing{Kind: calibrate.Slowing, HalvesRatio: max(g.second, 0) / g.first}
	case e.Verdict == calibrate.Inconclusive && e.Low > l.creeping:
		return &calibrate.Missing{Kind: calibrate.Quickening}
	case e.Verdict == calibrate.Inconclusive:
		m := calibrate.Missing{Kind: calibrate.Wide, FlatBelow: l.flat, CreepingAbove: l.creeping}
		if times := timesLonger(e, l); times > 1 && times <= 20 {
			m.TimesLonger = max(times, 1.2)
		}
		return &m
	}
	return nil
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
