package calibrate

import (
	"workermem/calibrate/creep"
)

// creepSeen is nil where nothing could be fitted.
func creepSeen(samples []Sample) *CreepSeen {
	e := creep.Analyse(Points(samples), lastRSS(samples))
	if !e.Known {
		return nil
	}
	return &CreepSeen{Verdict: e.Verdict, BytesPerRequest: e.Slope, Low: e.Low, High: e.High}
}
