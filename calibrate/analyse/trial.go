package analyse

import (
	"math"
	"slices"

	"workermem/calibrate"
)

// Second is one second of a trial's load, and how many workers had been replaced by its end.
type Second struct {
	calibrate.Bucket
	Recycles int
}

// warmingUp are the first seconds of a trial, in which connections and caches are made.
const warmingUp = 2

// recycling compares the seconds that a replacement falls into with the others. A replacement is seen up to a second late,
// and lasts until its boot is over.
func recycling(seconds []Second, boot float64) (quiet, meeting []calibrate.Bucket) {
	meets := make([]bool, len(seconds))
	for i := 1; i < len(seconds); i++ {
		if seconds[i].Recycles == seconds[i-1].Recycles {
			continue
		}
		for j := i - 1; j <= i+int(math.Ceil(boot)) && j < len(seconds); j++ {
			meets[j] = true
		}
	}
	for i, s := range seconds {
		if i < warmingUp || i == len(seconds)-1 { // the last one is not whole
			continue
		}
		if meets[i] {
			meeting = append(meeting, s.Bucket)
		} else {
			quiet = append(quiet, s.Bucket)
		}
	}
	return quiet, meeting
}

func serviceOf(seconds []calibrate.Bucket) calibrate.Service {
	s := calibrate.Service{Seconds: len(seconds)}
	if len(seconds) == 0 {
		return s
	}
	var requests int64
	var p99s []float64
	for _, b := range seconds {
		requests += b.Succeeded
		s.Failed += b.Requests - b.Succeeded
		if b.P99 > 0 {
			p99s = append(p99s, b.P99)
		}
	}
	s.RatePerSecond = float64(requests) / float64(len(seconds))
	if len(p99s) > 0 {
		slices.Sort(p99s)
		s.P99 = &p99s[len(p99s)/2]
	}
	return s
}

// spread is the standard error of the mean rate of some seconds.
func spread(seconds []calibrate.Bucket, mean float64) float64 {
	var squares float64
	for _, b := range seconds {
		squares += (float64(b.Succeeded) - mean) * (float64(b.Succeeded) - mean)
	}
	n := float64(len(seconds))
	return math.Sqrt(squares / max(n-1, 1) / max(n, 1))
}

const leastQuiet = 5 // seconds

// Recycling is what replacing workers cost, nil where no worker was to be replaced, or none was.
func Recycling(seconds []Second, t calibrate.Trial, boot float64) *calibrate.Recycling {
	if t.MaxRequests == 0 || t.Recycles == 0 {
		return nil
	}
	r := calibrate.Recycling{BootSeconds: boot}
	quiet, meeting := recycling(seconds, boot)
	r.Quiet, r.Meeting = serviceOf(quiet), serviceOf(meeting)
	if r.Quiet.Seconds < leastQuiet || r.Meeting.Seconds == 0 || r.Quiet.RatePerSecond <= 0 {
		return &r
	}
	share := float64(r.Meeting.Seconds) / float64(r.Quiet.Seconds+r.Meeting.Seconds)
	r.LostRatio = calibrate.Figure(share * (1 - r.Meeting.RatePerSecond/r.Quiet.RatePerSecond))
	r.LostError = calibrate.Figure(2 * share * math.Hypot(spread(quiet, r.Quiet.RatePerSecond), spread(meeting, r.Meeting.RatePerSecond)) / r.Quiet.RatePerSecond)
	if boot > 0 {
		life := (float64(t.MaxRequests) + float64(t.Jitter)/2) * float64(t.Workers) / r.Quiet.RatePerSecond
		r.PredictedRatio = calibrate.Figure(boot / (boot + life))
	}
	return &r
}

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
