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
