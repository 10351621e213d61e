package creep

import "slices"

// quantile returns the q-quantile of values, sorting them. Between two order statistics it interpolates (Hyndman & Fan
// 1996, type 7).
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	place := q * float64(len(values)-1)
	k := int(place)
	next := values[min(k+1, len(values)-1)]
	return values[k] + (place-float64(k))*(next-values[k])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// theilSen is the median of the slopes between all pairs of points (Theil 1950, Sen 1968): up to 29 % of the points may
// be wild without carrying it away. Pairs with the same x have no slope and are left out; without any pair it is 0.
func theilSen(x, y []float64) float64 {
	slopes := make([]float64, 0, len(x)*(len(x)-1)/2)
	for i := range x {
		for j := i + 1; j < len(x); j++ {
			if x[j] != x[i] {
				slopes = append(slopes, (y[j]-y[i])/(x[j]-x[i]))
			}
		}
	}
	return median(slopes)
}
