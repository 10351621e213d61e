package run

import (
	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/say"
)

// The few sentences that are needed while a run is under way. What is reported afterwards is the report's business.

// sayCreep is the interval so far, which narrows as the run goes on.
func sayCreep(e creep.Estimate, byTime bool) string {
	switch {
	case !e.Known:
		return ""
	case byTime:
		return "growth " + say.Range(e.Low*calibrate.Hour, e.High*calibrate.Hour) + " an hour"
	}
	return "creep " + say.Range(e.Low, e.High) + " a request"
}
