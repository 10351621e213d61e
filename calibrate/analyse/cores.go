package analyse

import (
	"workermem/calibrate"
	"workermem/calibrate/gate"
	"workermem/calibrate/say"
)

// coresDoubts are about cores that the app and its load did not have.
func coresDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	const spoilt = ": times and rates are doubtful by that; memory, and what a request costs in CPU time, are not"
	for _, n := range gate.Noise(r) {
		switch n.Kind {
		case calibrate.NoiseSteal:
			add(true, "cpu-steal", "measure on a machine that shares its cores with nobody, if times and rates matter",
				"the host of this machine gave %s of its cores' time to other machines in phase %s"+spoilt, say.Percent(n.Share), n.Phase)
		case calibrate.NoiseMemory:
			add(true, "memory-pressure", "free some memory, and measure again, if times and rates matter",
				"somebody on this machine was held up for want of memory for %s of phase %s: times and rates are doubtful by that, and what a request costs in CPU time",
				say.Percent(n.Share), n.Phase)
		case calibrate.NoiseOthers:
			cores := max(float64(r.Host.CPUs), 1)
			add(true, "cpu-busy", "measure again while this machine does nothing else, if times and rates matter",
				"other programs kept %s of %s busy in phase %s"+spoilt, say.Number(n.Share*cores), say.Cores(cores), n.Phase)
		}
	}
}
