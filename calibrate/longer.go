package calibrate

import (
	"slices"
	"strconv"
)

// longestTry is the longest soak or watch that is advised, in minutes.
const longestTry = 240

// LongerTry is the one advice on how long the next soak, or watch, should be: three times as long as this one, or as many
// times as the interval needs to narrow where that is more, at least five minutes. Three times, because the interval narrows
// faster than the square root of the requests, as the drift of the baseline averages out too.
func (r Result) LongerTry() string {
	times := 3.0
	if m := r.Creep.Missing; m != nil {
		times = max(times, m.TimesLonger)
	}
	minutes := 5
	for float64(minutes)*60 < times*r.SteadySeconds() && minutes < longestTry {
		minutes *= 2
	}
	return "--duration " + strconv.Itoa(min(minutes, longestTry)) + "m"
}

// SteadySeconds is how long the creep was looked for: the soak, or the watch. 0 where neither was.
func (r Result) SteadySeconds() float64 {
	if r.Mode == ModeAttach && r.Watch != nil {
		return r.Watch.Seconds
	}
	for _, p := range slices.Backward(r.Phases) { // the last, if it began again
		if p.Name == PhaseSoak {
			return p.Seconds
		}
	}
	return 0
}
