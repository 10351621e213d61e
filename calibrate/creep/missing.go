package creep

import (
	"math"

	"workermem/calibrate/say"
)

// Missing is what keeps a series from a verdict. Slopes are in bytes a request, or by time a second; a figure is there
// where the kind has one.
type Missing struct {
	Kind           MissingKind `json:"kind"`
	Requests       int64       `json:"requests,omitempty"` // after the first fifth
	NeededRequests int         `json:"needed_requests,omitempty"`
	Readings       int         `json:"readings,omitempty"` // after the first fifth
	NeededReadings int         `json:"needed_readings,omitempty"`
	HalvesRatio    float64     `json:"halves_ratio,omitempty"`   // the growth of the second half over that of the first
	FlatBelow      float64     `json:"flat_below,omitempty"`     // a slope that counts as flat
	CreepingAbove  float64     `json:"creeping_above,omitempty"` // and one that counts as creeping
	TimesLonger    float64     `json:"times_longer,omitempty"`   // the series would have to be, to tell; 0: can't be foreseen
}

// MissingKind sorts what may be missing.
type MissingKind string

// What may be missing.
const (
	FewRequests MissingKind = "few-requests"
	FewReadings MissingKind = "few-readings"
	Uneven      MissingKind = "uneven-load" // readings enough, at too few different counts of requests
	Slowing     MissingKind = "slowing"     // growth may yet stop
	Quickening  MissingKind = "quickening"  // growth isn't a leak's, which is steady
	Wide        MissingKind = "wide"        // the interval lies across a limit
	Returned    MissingKind = "returned"    // much of what had grown came back without load (not found here)
)

// narrowing is the power of the requests by which an interval narrows: twice the requests, 2.6 times narrower. A line
// alone, read at a fixed rate, has 1.5.
const narrowing = 1.4

// tooFew says why there is no fit.
func (a axis) tooFew(settled []Point) *Missing {
	_, requests := span(settled)
	m := Missing{Kind: Uneven, Readings: len(settled)}
	switch needed := bucketsLeast * readingsEach; {
	case !a.clock && requests < bucketsLeast:
		m = Missing{Kind: FewRequests, Requests: int64(math.Round(requests)), NeededRequests: bucketsLeast}
	case a.clock || len(settled) < needed:
		m.Kind, m.NeededReadings = FewReadings, needed
	}
	return &m
}

// missing says what keeps an estimate from a verdict; nil for flat and creeping.
func (a axis) missing(e Estimate, g growth, l limits) *Missing {
	switch {
	case e.Verdict == Warming:
		return &Missing{Kind: Slowing, HalvesRatio: max(g.second, 0) / g.first}
	case e.Verdict == Inconclusive && e.Low > l.creeping:
		return &Missing{Kind: Quickening}
	case e.Verdict == Inconclusive:
		m := Missing{Kind: Wide, FlatBelow: l.flat, CreepingAbove: l.creeping}
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
