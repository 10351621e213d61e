package analyse

import (
	"math"

	"workermem/calibrate"
)

// Judge says whether the law held.
func Judge(t calibrate.Trial, tolerance float64) (calibrate.ProofVerdict, calibrate.ProofReason) {
	switch {
	case t.OOMKills > 0:
		return calibrate.ProofKilled, calibrate.ProofKill
	case t.OverLimit:
		return calibrate.ProofOverLimit, calibrate.ProofTooMuch
	case t.Failed != nil:
		return calibrate.ProofInconclusive, calibrate.ProofFailed
	case t.MaxRequests == 0 && t.Recycles > 0:
		return calibrate.ProofInconclusive, calibrate.ProofUnbidden
	case float64(t.Requests) < LeastSuccess*float64(int64(t.Recycles)*t.MaxRequests):
		return calibrate.ProofInconclusive, calibrate.ProofEarly
	case float64(t.Succeeded) < LeastSuccess*float64(t.Requests):
		return calibrate.ProofInconclusive, calibrate.ProofErrors
	case t.ObservedBytes == 0:
		return calibrate.ProofInconclusive, calibrate.ProofUnreadable
	case float64(t.PeakBytes) > (1+tolerance)*float64(t.MostBytes):
		return calibrate.ProofOff, calibrate.ProofAboveMost
	case math.Abs(t.Off()) > tolerance:
		return calibrate.ProofOff, calibrate.ProofFar
	}
	return calibrate.ProofHolds, calibrate.ProofNear
}
