package run

import "workermem/calibrate/say"

// warnPaused says for how long calibrate itself stood still in a load.
func (r *run) warnPaused(seconds float64) {
	if seconds <= 0 {
		return
	}
	r.warn("paused", "calibrate itself did not run for "+say.Seconds(seconds)+" in phase "+r.phase+": it was stopped, or the machine gave it no core. "+
		"Rates and times leave that out, and what a request costs in CPU time is left unknown where it was for long; the app had no load meanwhile",
		"nothing, if that was Ctrl-Z or a machine that slept; else measure where calibrate has a core")
}

// leastSleep is a second: two clocks are read one after the other.
const leastSleep = 1

// watchSleep warns, once the returned function is called, if the machine was suspended meanwhile. Go's clock stands still with it, so
// that nothing is to be left out; but what others go by doesn't.
func (r *run) watchSleep() (tell func()) {
	before, known := r.slept()
	return func() {
		after, still := r.slept()
		if slept := after - before; known && still && slept >= leastSleep {
			r.warn("slept", "the machine was suspended for "+say.Seconds(slept)+" in phase "+r.phase+": no rate and no time of calibrate's has that in it, but the app "+
				"may have ended connections or workers for it", "nothing, if the app went on as before; else measure on a machine that stays awake")
		}
	}
}

// slept is for how many seconds the machine has slept since its boot, if that is known.
func (r *run) slept() (seconds float64, known bool) {
	cores, err := r.rig.Memory.Cores(0)
	return cores.Slept, err == nil
}

func (w *watcher) pausedFor(seconds float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.still += seconds
}

// paused is for how long calibrate stood still in the loads so far.
func (w *watcher) paused() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.still
}
