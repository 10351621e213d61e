package creep

import "math"

// quantile returns the q-quantile of values, reordering them. Between two order statistics it interpolates
// (Hyndman & Fan 1996, type 7). It takes linear time, which is what lets a million readings be analysed at once.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	place := q * float64(len(values)-1)
	k := int(place)
	low := selectKth(values, k)
	if k+1 >= len(values) || place == float64(k) {
		return low
	}
	next := math.Inf(1) // everything after k is at least values[k]
	for _, v := range values[k+1:] {
		next = min(next, v)
	}
	return low + (place-float64(k))*(next-low)
}

// selectKth returns the k-th smallest of values (from 0), reordering them so that nothing before k is larger and
// nothing after k smaller (Hoare 1961, with the median of three as pivot).
func selectKth(values []float64, k int) float64 {
	left, right := 0, len(values)-1
	for left < right {
		pivot := medianOf3(values[left], values[(left+right)/2], values[right])
		i, j := left, right
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for pivot < values[j] {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			right = j
		case k >= i:
			left = i
		default:
			return values[k]
		}
	}
	return values[k]
}

func medianOf3(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}

func median(values []float64) float64 { return quantile(values, 0.5) }
