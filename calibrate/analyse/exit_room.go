package analyse

import (
	"workermem/calibrate"
	"workermem/calibrate/sizing"
)

// Leaving is what a setup takes more while workers of it are replaced: with jitter one at a time, else perhaps all.
func Leaving(r calibrate.Result, s calibrate.Setup) int64 {
	switch {
	case s.MaxRequests == 0:
		return 0
	case s.Jitter > 0:
		return r.Worker.LeavingBytes
	}
	return int64(s.Workers) * r.Worker.LeavingBytes
}

// withLeaving keeps room for that where workers are to be replaced.
func withLeaving(q sizing.Question, r calibrate.Result) sizing.Question {
	switch {
	case !replaced(r):
	case q.NoJitter:
		q.Law.WorkerBytes += r.Worker.LeavingBytes
	default:
		q.Law.SharedBytes += r.Worker.LeavingBytes
	}
	return q
}

// roomForLeaving is how much of a law's shared part, or without jitter of each worker's, is that room.
func roomForLeaving(r calibrate.Result) int64 {
	if !replaced(r) {
		return 0
	}
	return r.Worker.LeavingBytes
}

// replaced says that workers are to be replaced, as far as that is a matter of their creep.
func replaced(r calibrate.Result) bool {
	return Slope(r) > 0 && !r.Creep.Harmless() && r.Creep.Together().High > r.Creep.Staying()
}
