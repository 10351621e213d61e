package creep

import "math"

// How memory settles, as shares of the run: the time constant of an exponential (a pool fills), and the bend of a
// logarithm (a cache meets ever fewer new keys). Found by the bench: without the logarithms, coverage on logarithmic
// settling falls from 96 to 43 %; without the slowest exponential, on soaks that stop themselves from 96 to 92 %.
var (
	settlingTimes = []float64{.02, .05, .1, .2, .4, .8}
	settlingBends = []float64{.003, .03}
)

// fit is one least-squares explanation of the buckets: y = a + s*u, or y = a + s*u + A*curve(u).
type fit struct {
	slope   float64 // s, bytes over the whole run
	spread  float64 // the sum of squares of u, as far as the other terms don't explain it: var(s) = sigma^2/spread
	squares float64 // sum of squared residuals
	curve   float64 // A, bytes; 0 for the line
	terms   int     // coefficients fitted: 2, or 3 with the curve, whose own shape is given

	independent float64 // effective sample size under autocorrelated residuals
	half        float64 // half-width of the 95 % interval of the slope
}

// fits returns the line first, then every settling curve that rises (A > 0): memory that falls while it settles is left
// to the line, whose residuals then widen its interval.
func fits(u, y []float64) []fit {
	all := []fit{fitLine(u, y)}
	try := func(curve func(u float64) float64) {
		g := make([]float64, len(u))
		for i := range u {
			g[i] = curve(u[i])
		}
		if f := fitCurve(u, y, g); f.curve > 0 {
			all = append(all, f)
		}
	}
	for _, tau := range settlingTimes {
		try(func(u float64) float64 { return -math.Expm1(-u / tau) })
	}
	for _, bend := range settlingBends {
		try(func(u float64) float64 { return math.Log1p(u / bend) })
	}
	return all
}

// fitLine fits y = a + s*u.
func fitLine(u, y []float64) fit {
	residual, slope, spread := project(centred(y), centred(u))
	f := fit{slope: slope, spread: spread, terms: 2}
	f.judge(residual)
	return f
}

// fitCurve fits y = a + s*u + A*g, by taking g out of both y and u first (Frisch & Waugh 1933): what is left of u is
// what tells the slope from the curve.
func fitCurve(u, y, g []float64) fit {
	gc := centred(g)
	uRest, ug, _ := project(centred(u), gc)
	yRest, yg, _ := project(centred(y), gc)
	residual, slope, spread := project(yRest, uRest)
	f := fit{slope: slope, spread: spread, curve: yg - slope*ug, terms: 3}
	f.judge(residual)
	return f
}

// judge fills in what the residuals say: their sum of squares, how much they repeat themselves, and the interval.
//
// Residuals that follow each other carry less news than their number: with lag-1 correlation r, m of them count as
// n = m(1-r)/(1+r) (Bartlett 1935), and the variance of the slope grows by (1+r)/(1-r). Residuals of p fitted terms
// show too small an r; it is raised to (r*m+p)/(m-2p).
func (f *fit) judge(residual []float64) {
	m, p := float64(len(residual)), float64(f.terms)
	var lagged float64
	for i, e := range residual {
		f.squares += e * e
		if i > 0 {
			lagged += e * residual[i-1]
		}
	}
	r := 0.0
	if f.squares > 0 {
		r = lagged / f.squares
	}
	r = min(max((r*m+p)/(m-2*p), 0), mostCorrelation)
	f.independent = m * (1 - r) / (1 + r)
	df := max(f.independent-p, leastFreedom)
	sigma2 := f.squares / (m - p) * (1 + r) / (1 - r)
	f.half = studentQuantile((1+confidence)/2, df) * math.Sqrt(sigma2/f.spread)
}

// Beyond these, the correction itself is guesswork.
const (
	mostCorrelation = 0.9
	leastFreedom    = 1.5
)

// centred returns values less their mean.
func centred(values []float64) []float64 {
	mean := 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v - mean
	}
	return out
}

// project regresses y on x, both centred: what is left of y, the coefficient, and the sum of squares of x.
func project(y, x []float64) (rest []float64, coefficient, spread float64) {
	var xy float64
	for i := range x {
		xy += x[i] * y[i]
		spread += x[i] * x[i]
	}
	if spread > 0 {
		coefficient = xy / spread
	}
	rest = make([]float64, len(y))
	for i := range y {
		rest[i] = y[i] - coefficient*x[i]
	}
	return rest, coefficient, spread
}
