package analyse

import (
	"workermem/calibrate"
	"workermem/calibrate/creep"
)

// CreepSeen is nil where nothing could be fitted.
func CreepSeen(samples []calibrate.Sample) *calibrate.CreepSeen {
	e := creep.Analyse(Points(samples), LastRSS(samples))
	if !e.Known {
		return nil
	}
	return &calibrate.CreepSeen{Verdict: e.Verdict, BytesPerRequest: e.Slope, Low: e.Low, High: e.High}
}
