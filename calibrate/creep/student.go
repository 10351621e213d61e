package creep

import "math"

// studentQuantile returns the p-quantile of Student's t with df degrees of freedom (any positive number, whole or not).
//
// The distribution function is 1 - I(df/(df+t^2); df/2, 1/2)/2 for t >= 0, with I the regularised incomplete beta
// function (Abramowitz & Stegun 26.7.1); it is inverted by bisection, which can't run away however small df is.
func studentQuantile(p, df float64) float64 {
	if !(p > 0 && p < 1) || !(df > 0) {
		return math.NaN()
	}
	if p < 0.5 {
		return -studentQuantile(1-p, df)
	}
	low, high := 0.0, 1.0
	for studentCDF(high, df) < p && high < 1e12 {
		low, high = high, 2*high
	}
	for range 200 {
		mid := (low + high) / 2
		if mid == low || mid == high {
			break
		}
		if studentCDF(mid, df) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// studentCDF is the probability that Student's t with df degrees of freedom is below t, for t >= 0.
func studentCDF(t, df float64) float64 {
	return 1 - incompleteBeta(df/2, 0.5, df/(df+t*t))/2
}

// incompleteBeta is the regularised incomplete beta function I(x; a, b).
func incompleteBeta(a, b, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if x >= 1 {
		return 1
	}
	ab, _ := math.Lgamma(a + b)
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	front := math.Exp(ab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(a, b, x) / a
	}
	return 1 - front*betaFraction(b, a, 1-x)/b
}

// betaFraction is the continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8), evaluated from
// the front by Lentz's method (1976). It converges fast for x < (a+1)/(a+b+2).
func betaFraction(a, b, x float64) float64 {
	const tiny, precision, terms = 1e-300, 1e-15, 500
	nonzero := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/nonzero(1-(a+b)*x/(a+1))
	h := d
	for i := 1; i <= terms; i++ {
		m := float64(i)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / nonzero(1+even*d)
		c = nonzero(1 + even/c)
		h *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / nonzero(1+odd*d)
		c = nonzero(1 + odd/c)
		h *= d * c
		if math.Abs(d*c-1) < precision {
			break
		}
	}
	return h
}
