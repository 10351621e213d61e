package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// served is a trial's seconds: rate and recycles by the end of each.
func served(seconds ...[2]int) []Second {
	all := make([]Second, len(seconds))
	for i, s := range seconds {
		all[i] = Second{calibrate.Bucket{Requests: int64(s[0]), Succeeded: int64(s[0])}, s[1]}
		if s[0] > 0 {
			all[i].P99 = 1 / float64(s[0])
		}
	}
	return all
}

func TestRecyclingTellsTheSecondsApart(t *testing.T) {
	seconds := served([2]int{10, 0}, [2]int{10, 0}, // warming up
		[2]int{100, 0}, [2]int{100, 0}, [2]int{100, 0},
		[2]int{50, 0}, [2]int{50, 1}, [2]int{0, 1}, [2]int{80, 1}, // seen a second late, a boot of 1.4 s
		[2]int{100, 1}, [2]int{100, 1}, [2]int{3, 1})
	r := Recycling(seconds, calibrate.Trial{Workers: 2, MaxRequests: 90, Jitter: 20, Recycles: 1}, 1.4)
	if quiet := r.Quiet; quiet.Seconds != 5 || quiet.RatePerSecond != 100 || *quiet.P99 != 0.01 {
		t.Errorf("quiet: %+v, want 5 seconds of 100/s with a p99 of 0.01", quiet)
	}
	if meeting := r.Meeting; meeting.Seconds != 4 || meeting.RatePerSecond != 45 || *meeting.P99 != 0.02 {
		t.Errorf("meeting a replacement: %+v, want 4 seconds of 45/s, one of which answered nothing and has no p99", meeting)
	}
	if want := 1 - (5*100+4*45)/9.0/100; math.Abs(*r.LostRatio-want) > 1e-9 || *r.LostError <= 0 {
		t.Errorf("lost %.4f of throughput, want %.4f", *r.LostRatio, want)
	}
	if want := 1.4 / (1.4 + 2); math.Abs(*r.PredictedRatio-want) > 1e-9 { // a life of 100 requests at 50/s each
		t.Errorf("predicted %.4f, want %.4f", *r.PredictedRatio, want)
	}
}

func TestRecyclingWithoutAnythingToCompare(t *testing.T) {
	unknown := Recycling(served([2]int{9, 0}, [2]int{9, 0}, [2]int{9, 0}, [2]int{9, 0}, [2]int{9, 0}, [2]int{9, 0}, [2]int{9, 0}, [2]int{9, 0}, [2]int{9, 1},
		[2]int{9, 1}), calibrate.Trial{MaxRequests: 10, Recycles: 1, Workers: 1}, 0)
	if unknown.LostRatio == nil || unknown.PredictedRatio != nil {
		t.Errorf("%+v where the boot isn't known; want what was lost, and nothing computed", unknown)
	}
	if r := Recycling(served([2]int{100, 0}), calibrate.Trial{MaxRequests: 100}, 1); r != nil {
		t.Errorf("%+v without a replacement", r)
	}
	always := served([2]int{10, 0}, [2]int{10, 1}, [2]int{10, 2}, [2]int{10, 3}, [2]int{10, 4})
	if r := Recycling(always, calibrate.Trial{MaxRequests: 10, Recycles: 4, Workers: 1}, 1); r == nil || r.LostRatio != nil {
		t.Errorf("%+v where a worker was replaced in every second; want no ratio", r)
	}
}
