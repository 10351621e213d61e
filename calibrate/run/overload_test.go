package run

import (
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
)

// A rate that the worker can't keep up is lowered to a share of what it can, in the warm-up or at the beginning of the soak,
// which then begins again: the verdict is of the lower rate.
func TestALoadThatIsTooMuchIsLowered(t *testing.T) {
	for name, from := range map[string]int{"from the start": 1, "in the soak": 2} {
		f := newFakeRig()
		f.keep = 2048
		f.at = func(_ string, f *fakeRig) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if len(f.paces) >= from {
				f.slows = 200
			}
		}
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil {
			t.Fatal(name, err)
		}
		l := r.Load.Lowered
		if l == nil || l.FromRate != 350 || l.ToRate != 140 || r.Load.RateAsked != 140 || r.Load.Capacity != 200 || l.P50Seconds <= l.BusyP50Seconds {
			t.Fatalf("%s: %+v, %+v", name, l, r.Load)
		}
		if !hasWarning(r, "load-lowered") || hasWarning(r, "rate-not-reached") {
			t.Errorf("%s: %+v", name, r.Warnings)
		}
		queued := slices.IndexFunc(r.Phases, func(p calibrate.Phase) bool { return p.Ended.By == calibrate.EndQueue })
		if queued < 0 || r.Phases[queued].Name != l.Phase || r.Phases[queued+1].Name != l.Phase || r.Phases[queued].Seconds > queueWatch.Seconds()+1 {
			t.Errorf("%s: %+v", name, r.Phases)
		}
		if c := r.Creep; c.Verdict != calibrate.Creeping || *c.Low > 2048 || *c.High < 2048 {
			t.Errorf("%s: %+v", name, c)
		}
		if total := time.Duration(r.DurationSeconds * float64(time.Second)); total > 4*time.Minute {
			t.Errorf("%s: took %s", name, total)
		}
	}
}

// What was asked for is sent, whatever becomes of it.
func TestAGivenRateIsKept(t *testing.T) {
	f := newFakeRig()
	f.slows = 10
	p := fakePlan()
	p.Rate = 20
	r, err := runFake(t, f, p, nil)
	if err != nil || r.Load.Lowered != nil || r.Load.RateAsked != 20 {
		t.Errorf("%+v, %v", r.Load, err)
	}
}

// What makes a queue, and what doesn't.
func TestQueues(t *testing.T) {
	seconds := func(rate int64, p50, p99 float64) (all []calibrate.Bucket) {
		for i := range 6 {
			all = append(all, calibrate.Bucket{Seconds: float64(i + 1), Requests: rate, P50: p50, P99: p99})
		}
		return all
	}
	r := run{unhurried: pacing{rate: 20, p50: 0.12, p99: 0.2}}
	for name, c := range map[string]struct {
		buckets []calibrate.Bucket
		want    bool
	}{
		"as it should be":        {seconds(14, 0.07, 0.15), false},
		"a little slower":        {seconds(14, 0.2, 0.3), false},
		"a second a request":     {seconds(14, 1.1, 1.3), true},
		"the slowest only":       {seconds(14, 0.1, 1.1), true},
		"behind, and slower":     {seconds(12, 0.13, 0.2), true},
		"behind, for the sender": {seconds(12, 0.05, 0.1), false},
		"too early to tell":      {seconds(14, 1.1, 1.3)[:4], false},
		"nothing is answered":    {seconds(0, 0, 0), false},
	} {
		if _, got := r.queues(c.buckets, 14); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	r.unhurried = pacing{rate: 2000, p50: 0.001, p99: 0.004}
	if _, are := r.queues(seconds(1400, 0.003, 0.03), 1400); are {
		t.Error("milliseconds of a fast app are taken for a queue")
	}
}
