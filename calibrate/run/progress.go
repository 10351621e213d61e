package run

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/say"
)

// The few sentences that are needed while a run is under way. What is reported afterwards is the report's business.

func sayCreep(e creep.Estimate, byTime bool) string {
	switch {
	case !e.Known:
		return ""
	case byTime:
		return fmt.Sprintf("%s, growth %s an hour [%s, %s]", e.Verdict, say.Bytes(e.Slope*calibrate.Hour), say.Bytes(e.Low*calibrate.Hour), say.Bytes(e.High*calibrate.Hour))
	}
	return fmt.Sprintf("%s, creep %s a request [%s, %s]", e.Verdict, say.Bytes(e.Slope), say.Bytes(e.Low), say.Bytes(e.High))
}
