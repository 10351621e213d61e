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

// slowerTogether is from which factor on a worker counts as one that answers more requests a second one by one than at once: CPU
// time of one app was seen to differ by 1.3 from one phase to the next for the machine's sake.
const slowerTogether = 1.4

// togetherDoubt is about requests that take a lock, or the interpreter, from each other when a worker has several at once: PyPNM
// answered 412/s to one client, and 220/s to eight, which took it 2.0 and 5.3 ms of CPU time a request.
func togetherDoubt(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	one, many := workOf(r, calibrate.PhaseAlone), workOf(r, calibrate.PhasePeak)
	if one == nil || many == nil {
		return
	}
	for _, w := range []*calibrate.Work{one, many} {
		if !(w.Seconds > 0) || othersHad(r.Host, *w, mostBeside) || stolen(r.Host, *w) {
			return
		}
	}
	rate := func(w *calibrate.Work) float64 { return float64(w.Requests) / w.Seconds }
	try := "bound how many requests a worker works on at once, in the app or its server, and measure again"
	if r.Target.Threads > 1 {
		try = "fewer threads and more workers: measure again with --threads 1"
	}
	add(rate(one) >= slowerTogether*rate(many), "slower-together", try,
		"a worker answered %s one at a time, and %s with %s at once: they hold each other up, by a lock or the interpreter's, so less is "+
			"served than the same workers could", say.RequestRate(rate(one)), say.Rate(rate(many)), say.Count(phaseOf(r, calibrate.PhasePeak).Clients))
}
