package calibrate

import (
	"math"
	"slices"
)

// Recycling is what replacing workers did to the service in a trial: the seconds in which one was replaced beside those in
// which none was, under the same load and on the same machine.
type Recycling struct {
	Quiet   Service `json:"quiet"`
	Meeting Service `json:"meeting"`
	// LostRatio is the share of throughput that the trial lost to replacing workers; null where no quiet second was seen.
	LostRatio *float64 `json:"lost_ratio"`
	// PredictedRatio is what the recommendation's formula has for it, at the rate of the quiet seconds: boot over boot and life.
	PredictedRatio *float64 `json:"predicted_ratio"`
	BootSeconds    float64  `json:"boot_seconds"` // of a worker, as the run measured it
}

// Service is what so many seconds of a trial were like.
type Service struct {
	Seconds       int     `json:"seconds"`
	RatePerSecond float64 `json:"rate_per_second"`
	P99           float64 `json:"p99_seconds"` // the median of the seconds' own
	Failed        int64   `json:"failed"`
}

// second is one second of a trial's load, and how many workers had been replaced by its end.
type second struct {
	Bucket
	recycles int
}

// warmingUp are the first seconds of a trial, in which connections and caches are made.
const warmingUp = 2

// recycling compares the seconds that a replacement falls into with the others. A replacement is seen up to a second late,
// and lasts until its boot is over.
func recycling(seconds []second, boot float64) (quiet, meeting Service) {
	meets := make([]bool, len(seconds))
	for i := 1; i < len(seconds); i++ {
		if seconds[i].recycles == seconds[i-1].recycles {
			continue
		}
		for j := i - 1; j <= i+int(math.Ceil(boot)) && j < len(seconds); j++ {
			meets[j] = true
		}
	}
	var some [2][]Bucket
	for i, s := range seconds {
		if i < warmingUp || i == len(seconds)-1 { // the last one is not whole
			continue
		}
		at := 0
		if meets[i] {
			at = 1
		}
		some[at] = append(some[at], s.Bucket)
	}
	return serviceOf(some[0]), serviceOf(some[1])
}

func serviceOf(seconds []Bucket) Service {
	s := Service{Seconds: len(seconds)}
	if len(seconds) == 0 {
		return s
	}
	var requests int64
	p99s := make([]float64, len(seconds))
	for i, b := range seconds {
		requests += b.Succeeded
		s.Failed += b.Requests - b.Succeeded
		p99s[i] = b.P99
	}
	slices.Sort(p99s)
	s.RatePerSecond, s.P99 = float64(requests)/float64(len(seconds)), p99s[len(p99s)/2]
	return s
}

const leastQuiet = 3 // seconds

// recyclingOf is nil where no worker was to be replaced, or none was.
func recyclingOf(seconds []second, t Trial, boot float64) *Recycling {
	if t.MaxRequests == 0 || t.Recycles == 0 {
		return nil
	}
	r := Recycling{BootSeconds: boot}
	r.Quiet, r.Meeting = recycling(seconds, boot)
	if all := r.Quiet.Seconds + r.Meeting.Seconds; r.Quiet.Seconds >= leastQuiet && r.Quiet.RatePerSecond > 0 {
		mean := (r.Quiet.RatePerSecond*float64(r.Quiet.Seconds) + r.Meeting.RatePerSecond*float64(r.Meeting.Seconds)) / float64(all)
		r.LostRatio = number(1 - mean/r.Quiet.RatePerSecond)
		life := (float64(t.MaxRequests) + float64(t.Jitter)/2) * float64(t.Workers) / r.Quiet.RatePerSecond
		r.PredictedRatio = number(boot / (boot + life))
	}
	return &r
}
