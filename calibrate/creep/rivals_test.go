package creep

import (
	"math"
	"slices"

	"workermem/calibrate"
)

// rival is an estimator as the field uses it: a slope, an interval, and whether it would cry creep.
type rival struct {
	name   string
	answer func(s simulated) answer
}

type answer struct {
	slope, low, high float64
	creeping         bool
	none             bool // no fit could be made
	verdict          calibrate.Verdict
}

func answerOf(e Estimate) answer {
	return answer{e.Slope, e.Low, e.High, e.Verdict == calibrate.Creeping, !e.Known, e.Verdict}
}

func clocked(s simulated) answer { return answerOf(ByTime(s.points, s.rss)) }

func scarce(s simulated) answer { return answerOf(Scarce(s.points, s.rss)) }

func rivals() []rival {
	return []rival{
		{"calibrate", func(s simulated) answer { return answerOf(Analyse(s.points, s.rss)) }},
		{"OLS", func(s simulated) answer { return ols(s.points) }},
		{"OLS, half dropped", func(s simulated) answer { return ols(s.points[len(s.points)/2:]) }},
		{"Theil-Sen + MK", func(s simulated) answer { return mannKendall(s.points, false) }},
		{"Theil-Sen + H-R", func(s simulated) answer { return mannKendall(s.points, true) }},
	}
}

// ols is the textbook's regression line with its t test; creeping is a slope significantly above zero.
func ols(points []Point) answer {
	x, y := columns(points)
	f := fit{terms: 2}
	residual, slope, spread := project(centred(y), centred(x))
	for _, e := range residual {
		f.squares += e * e
	}
	df := float64(len(x) - 2)
	half := studentQuantile(0.975, df) * math.Sqrt(f.squares/df/spread)
	return answer{slope: slope, low: slope - half, high: slope + half, creeping: slope-half > 0}
}

// mannKendall is Theil-Sen's slope with Sen's interval; creeping is a trend significantly upwards by Mann and Kendall's
// test, its variance corrected for autocorrelation as Hamed & Rao (1998) do if asked.
func mannKendall(points []Point, hamedRao bool) answer {
	x, y := columns(points)
	n := len(x)
	slopes := make([]float64, 0, n*(n-1)/2)
	s := 0.0
	for i := range x {
		for j := i + 1; j < n; j++ {
			if x[j] > x[i] {
				slopes = append(slopes, (y[j]-y[i])/(x[j]-x[i]))
			}
			s += sign(y[j] - y[i])
		}
	}
	nf := float64(n)
	variance := nf * (nf - 1) * (2*nf + 5) / 18
	slope := median(slopes)
	if hamedRao {
		variance *= inflation(x, y, slope)
	}
	margin := 1.959964 * math.Sqrt(variance)
	pairs := float64(len(slopes))
	at := func(place float64) float64 { return slopes[int(min(max(place, 0), pairs-1))] } // median has sorted them
	a := answer{slope: slope, low: at((pairs - margin) / 2), high: at((pairs+margin)/2 + 1)}
	a.creeping = s-1 > margin
	return a
}

// inflation is Hamed and Rao's factor for the variance: 1 + 2/(n(n-1)(n-2)) * sum (n-k)(n-k-1)(n-k-2) rho_k, over the
// significant autocorrelations of the ranks of the detrended series.
func inflation(x, y []float64, slope float64) float64 {
	n := len(x)
	rest := make([]float64, n)
	for i := range x {
		rest[i] = y[i] - slope*x[i]
	}
	ranks := centred(ranksOf(rest))
	var power float64
	for _, r := range ranks {
		power += r * r
	}
	if power == 0 {
		return 1
	}
	nf, sum := float64(n), 0.0
	for k := 1; k < n-2; k++ {
		rho := 0.0
		for i := k; i < n; i++ {
			rho += ranks[i] * ranks[i-k]
		}
		rho /= power
		if math.Abs(rho) > 1.96/math.Sqrt(nf) {
			kf := float64(k)
			sum += (nf - kf) * (nf - kf - 1) * (nf - kf - 2) * rho
		}
	}
	return max(1+2*sum/(nf*(nf-1)*(nf-2)), 0.01)
}

func ranksOf(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(sign(values[a] - values[b])) })
	ranks := make([]float64, len(values))
	for rank, i := range order {
		ranks[i] = float64(rank)
	}
	return ranks
}

func columns(points []Point) (x, y []float64) {
	for _, p := range points {
		x, y = append(x, p.Requests), append(y, p.Bytes)
	}
	return x, y
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}
