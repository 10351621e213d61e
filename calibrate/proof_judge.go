package calibrate

import (
	"math"
)

// judgeTrial says whether the law held.
func judgeTrial(t Trial, tolerance float64) (ProofVerdict, ProofReason) {
	switch {
	case t.OOMKills > 0:
		return ProofKilled, ProofKill
	case t.OverLimit:
		return ProofOverLimit, ProofTooMuch
	case t.Failed != nil:
		return ProofInconclusive, ProofFailed
	case t.MaxRequests == 0 && t.Recycles > 0:
		return ProofInconclusive, ProofUnbidden
	case float64(t.Requests) < leastSuccess*float64(int64(t.Recycles)*t.MaxRequests):
		return ProofInconclusive, ProofEarly
	case float64(t.Succeeded) < leastSuccess*float64(t.Requests):
		return ProofInconclusive, ProofErrors
	case t.ObservedBytes == 0:
		return ProofInconclusive, ProofUnreadable
	case float64(t.PeakBytes) > (1+tolerance)*float64(t.MostBytes):
		return ProofOff, ProofAboveMost
	case math.Abs(t.Off()) > tolerance:
		return ProofOff, ProofFar
	}
	return ProofHolds, ProofNear
}
