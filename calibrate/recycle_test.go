package calibrate

import (
	"math"
	"testing"
)

// served is a trial's seconds: rate and recycles by the end of each.
func served(seconds ...[2]int) []second {
	all := make([]second, len(seconds))
	for i, s := range seconds {
		all[i] = second{Bucket{Requests: int64(s[0]), Succeeded: int64(s[0]), P99: 1 / float64(s[0])}, s[1]}
	}
	return all
}

func TestRecyclingTellsTheSecondsApart(t *testing.T) {
	seconds := served([2]int{10, 0}, [2]int{10, 0}, // warming up
		[2]int{100, 0}, [2]int{100, 0}, [2]int{100, 0},
		[2]int{50, 0}, [2]int{50, 1}, [2]int{80, 1}, // seen a second late, a boot of 0.4 s
		[2]int{100, 1}, [2]int{3, 1})
	quiet, meeting := recycling(seconds, 0.4)
	if quiet.Seconds != 4 || quiet.RatePerSecond != 100 || quiet.P99 != 0.01 {
		t.Errorf("quiet: %+v, want 4 seconds of 100/s with a p99 of 0.01", quiet)
	}
	if meeting.Seconds != 3 || meeting.RatePerSecond != 60 || meeting.P99 != 0.02 {
		t.Errorf("meeting a replacement: %+v, want 3 seconds of 60/s with a p99 of 0.02", meeting)
	}

	r := recyclingOf(seconds, Trial{Workers: 2, MaxRequests: 90, Jitter: 20, Recycles: 1}, 0.4)
	if want := 1 - (4*100+3*60)/7.0/100; math.Abs(*r.LostRatio-want) > 1e-9 {
		t.Errorf("lost %.4f of throughput, want %.4f", *r.LostRatio, want)
	}
	if want := 0.4 / (0.4 + 2); math.Abs(*r.PredictedRatio-want) > 1e-9 { // a life of 100 requests at 50/s each
		t.Errorf("predicted %.4f, want %.4f", *r.PredictedRatio, want)
	}
}

func TestRecyclingWithoutAnythingToCompare(t *testing.T) {
	if r := recyclingOf(served([2]int{100, 0}), Trial{MaxRequests: 100}, 1); r != nil {
		t.Errorf("%+v without a replacement", r)
	}
	always := served([2]int{10, 0}, [2]int{10, 1}, [2]int{10, 2}, [2]int{10, 3}, [2]int{10, 4})
	if r := recyclingOf(always, Trial{MaxRequests: 10, Recycles: 4, Workers: 1}, 1); r == nil || r.LostRatio != nil {
		t.Errorf("%+v where a worker was replaced in every second; want no ratio", r)
	}
}
