package creep

import "slices"

// Quantile returns the q-quantile of values that rise, 0 of none. Between two order statistics it interpolates (Hyndman & Fan
// 1996, type 7).
func Quantile(rising []float64, q float64) float64 {
	if len(rising) == 0 {
		return 0
	}
	place := q * float64(len(rising)-1)
	k := int(place)
	next := rising[min(k+1, len(rising)-1)]
	return rising[k] + (place-float64(k))*(next-rising[k])
}

// quantile is the same of values in any order, which it sorts.
func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return Quantile(values, q)
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
