package creep

import (
	"math"
	"slices"
)

const (
	likelihoodCut = 3.84             // chi-squared(1) at 95 %: fits this close to the best can't be told from it (Wilks 1938)
	grainBytes    = 0.26 * (1 << 20) // an allocator's helping (a Python arena is 0.25 MB): the ends of a run are no surer
	ownShare      = 0.01             // of the slope: a reading and its request count are taken at slightly different moments
	riseSpread    = 3                // residual standard deviations between the first and the last quarter are no accident
)

// growth is how memory grew over the series: bytes per u, that is over all its requests.
type growth struct {
	slope, low, high float64
	rising           bool    // the readings rose at all, be it creep or warm-up
	first, second    float64 // slopes of the two halves
}

// hold widens the interval to hold v.
func (g *growth) hold(v float64) { g.low, g.high = min(g.low, v), max(g.high, v) }

// widen moves both ends out by d.
func (g *growth) widen(d float64) { g.low, g.high = g.low-d, g.high+d }

// growthOf takes the slope from the best explanation, and an interval that covers every explanation nearly as good.
func growthOf(b buckets) growth {
	all := fits(b.u, b.y)
	line, best := all[0], all[0]
	for _, f := range all[1:] {
		if f.squares < best.squares {
			best = f
		}
	}
	rounding := roundingOf(b.y)
	worse := func(f fit) float64 { // than the best: twice the log likelihood ratio
		return best.independent * math.Log((f.squares+rounding)/(best.squares+rounding))
	}
	chosen := line
	if worse(line) > 2*math.Log(best.independent+1) { // Schwarz 1978, for the curve's two parameters
		chosen = best
	}
	g := growth{slope: chosen.slope, low: chosen.slope, high: chosen.slope}
	for _, f := range all {
		if worse(f) < likelihoodCut {
			g.hold(f.slope - f.half)
			g.hold(f.slope + f.half)
		}
	}
	half := len(b.u) / 2
	g.first, g.second = theilSen(b.u[:half], b.y[:half]), theilSen(b.u[half:], b.y[half:])
	g.rising = rise(b.y) > grainBytes+riseSpread*math.Sqrt(best.squares/float64(len(b.y)-best.terms))
	g.hold(g.second)
	g.widen(grainBytes + ownShare*math.Abs(g.slope))
	return g
}

// rise is by how much the last quarter stands above the first.
func rise(y []float64) float64 {
	quarter := len(y) / 4
	return median(slices.Clone(y[len(y)-quarter:])) - median(slices.Clone(y[:quarter]))
}

// roundingOf is a sum of squares that arithmetic alone may leave, so that exact fits can be compared.
func roundingOf(y []float64) float64 {
	largest := 1.0
	for _, v := range y {
		largest = max(largest, math.Abs(v))
	}
	const digits = 1e-10
	return float64(len(y)) * digits * digits * largest * largest
}
