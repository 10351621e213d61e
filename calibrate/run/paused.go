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
