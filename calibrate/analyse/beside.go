package analyse

import (
	"math"

	"workermem/calibrate"
)

// When what others take is the app's doing.
const (
	leastLoads  = 5    // readings at different rates
	besideSure  = 4.0  // times its standard error, that a slope must be
	leastBeside = 0.05 // of the app's own demand
)

// WantsQuiet says that others were busy while the app was loaded, so that a moment without load tells whose doing that is.
func WantsQuiet(r calibrate.Result) bool {
	w := workOf(r, r.SteadyPhase())
	return w != nil && othersHad(r.Host, *w, mostBeside)
}

// besideOf is what programs that are none of the app's take of the cores for each of its requests: a database that it asks, on this
// machine. They must be the busier the more the app serves, by all loads one after the other, and the rest without any:
//
//	cores of others = something + drift x which load + beside x rate
//
// Neighbours that come and go fit no rate, and those that grow busier while rates rise are the drift. Under a quota of cores nobody
// takes any of them. 0: none was seen.
func besideOf(r calibrate.Result, demand float64) float64 {
	var rates, cores []float64
	add := func(w *calibrate.Work) {
		if tells(w) && w.Seconds > 0 {
			rates, cores = append(rates, float64(w.Requests)/w.Seconds), append(cores, r.Host.OthersOf(*w)/w.Seconds)
		}
	}
	add(&r.Alone.Work)
	for _, name := range []string{calibrate.PhaseCapacity, calibrate.PhaseWarmup, calibrate.PhaseSoak} {
		add(workOf(r, name))
	}
	if w := phaseOf(r, calibrate.PhaseRest).Work; w != nil && w.Seconds > 0 {
		rates, cores = append(rates, 0), append(cores, r.Host.OthersOf(*w)/w.Seconds)
	}
	add(workOf(r, calibrate.PhasePeak))
	for _, run := range r.Law.Runs {
		add(run.Work)
	}
	if len(rates) < leastLoads {
		return 0
	}
	slope, err := slopeOf(withoutDrift(rates), withoutDrift(cores), float64(len(rates)-3))
	if !(slope >= besideSure*err) || slope < leastBeside*demand {
		return 0
	}
	return slope
}

// withoutDrift is what figures are above the line through them, one after the other. The slope through what is left of two of
// them is the one beside which the drift is fitted, too (Frisch & Waugh 1933).
func withoutDrift(y []float64) []float64 {
	order, mean, left := make([]float64, len(y)), 0.0, make([]float64, len(y))
	for i, v := range y {
		order[i], mean = float64(i)-float64(len(y)-1)/2, mean+v/float64(len(y))
	}
	for i, v := range y {
		left[i] = v - mean
	}
	drift, _ := slopeOf(order, left, 1)
	for i := range left {
		left[i] -= drift * order[i]
	}
	return left
}

// slopeOf is the slope of a line by least squares through points whose means are zero, and its standard error by so many degrees of
// freedom.
func slopeOf(x, y []float64, free float64) (slope, err float64) {
	var xx, xy, rest float64
	for i := range x {
		xx, xy = xx+x[i]*x[i], xy+x[i]*y[i]
	}
	if xx <= 0 {
		return 0, math.Inf(1)
	}
	slope = xy / xx
	for i := range x {
		off := y[i] - slope*x[i]
		rest += off * off
	}
	return slope, math.Sqrt(rest / free / xx)
}
