package creep

import (
	"math"

	"workermem/calibrate"
)

// slowing is the ratio of the second half's slope to the first's below which growth may yet stop. Found by the bench at
// 100 requests a second over 60 s: without the rule 0.23 % false alarms, with 0.5 0.10 %, with 0.6 0.08 %, with 0.7
// 0.07 %; power at 5 KB falls from 86 through 85 and 84 to 81 %.
const slowing = 0.6

// steady is the same ratio for a quick run, which has 8 to 15 s. Found by the rows "settles over 80 s" and "linear" of
// TestSoakBench: of workers that settle over 80 s 82 % are called creeping with 0.6, 27 % with 0.9, 12 % with 0.93 and 11 % with
// 0.97 (those whose growth is little more than noise); of leaks of 20 KB a request 93, 84, 80 and 69 % are found, of 100 KB 98,
// 98, 98 and 89 %.
const steady = 0.93

// quickening is the same ratio above which growth isn't a leak's, which is as steady as its load. A heap between two full
// collections grows so, and so does one that stood still and then jumps. TestTraces found it: without the rule six of its
// windows are false alarms. In the bench it brings the false alarms over 30 s from 0.17 to 0.08 %, and the power at 5 KB
// over 60 s from 80.5 to 80.3 %.
const quickening = 1.5

// largestOf is rss, or the largest reading if rss is no number.
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
func verdictOf(e Estimate, g growth, l limits) calibrate.Verdict {
	switch {
	case e.Low > l.creeping && !g.slows(l.slowing) && !g.quickens():
		return calibrate.Creeping
	case e.High < l.flat:
		return calibrate.Flat
	case g.slows(l.slowing) && (g.rising || e.Low > l.creeping):
		return calibrate.Warming
	}
	return calibrate.Inconclusive
}

// slows says whether the second half of the series grew clearly slower than the first: by less than such a share of it.
func (g growth) slows(share float64) bool { return g.first > 0 && g.second < share*g.first }

// quickens says whether it grew clearly faster.
func (g growth) quickens() bool { return g.second > quickening*max(g.first, 0) }
