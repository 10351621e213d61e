package creep

import "math"

const (
	creepShare  = 0.02            // of RSS per 10 000 requests: less isn't worth a recycle
	creepBytes  = 250             // a request: less may be a few rare steps of an allocator
	creepGrowth = 0.5 * (1 << 20) // bytes over the series: less is two arenas
	flatShare   = 0.05            // of RSS per 10 000 requests: a worker recycled there never needs 5 % more
	perRequests = 10000           // what the shares are of
)

// slowing is the ratio of the second half's slope to the first's below which growth may yet stop. Found by the bench at
// 100 requests a second over 60 s: without the rule 0.23 % false alarms, with 0.5 0.10 %, with 0.6 0.08 %, with 0.7
// 0.07 %; power at 5 KB falls from 86 through 85 and 84 to 81 %.
const slowing = 0.6

// limits are the slopes that decide, in bytes a request.
type limits struct {
	creeping float64 // low end above it: creeping
	flat     float64 // high end below it: flat
}

// limitsFor a worker of rss bytes, observed over so many requests. However small the worker, the limits leave no slope
// between them that would stay inconclusive for ever.
func limitsFor(rss, requests float64) limits {
	flat := flatShare * rss / perRequests
	return limits{
		creeping: max(min(creepBytes, flat), creepShare*rss/perRequests, creepGrowth/requests),
		flat:     flat,
	}
}

// largestOf is rss, or where that is no number the largest reading.
func largestOf(rss float64, series []Point) float64 {
	if plausible(rss) && rss > 0 {
		return rss
	}
	largest := 0.0
	for _, p := range series {
		largest = math.Max(largest, p.Bytes)
	}
	return largest
}

// verdictOf weighs an estimate. Creep is asked first: a slope known to matter is never called flat.
func verdictOf(e Estimate, g growth, l limits) Verdict {
	switch {
	case e.Low > l.creeping && !g.slows():
		return Creeping
	case e.High < l.flat:
		return Flat
	case g.slows() && (g.rising || e.Low > l.creeping):
		return Warming
	}
	return Inconclusive
}

// slows says whether the second half of the series grew clearly slower than the first.
func (g growth) slows() bool { return g.first > 0 && g.second < slowing*g.first }
