package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"workermem/calibrate"
)

// A share of what a worker served in its first seconds may be more than it can serve: its first seconds were its best, or the
// machine has others. Then requests wait for each other, and what is measured is the queue: 1.1 s a request were seen where
// one alone takes 60 ms. So the rate that was sought is held against what the steady load shows, and lowered.
const (
	queueWindow = 4                // seconds that are looked at, the last ones
	queueWatch  = 20 * time.Second // of a soak's beginning in which it may begin again: what comes later is told only

	// With every thread busy and one request waiting behind each, half of the requests take longer than p50. Below 70 % of
	// capacity fewer wait, so that twice as long says that more do. The slowest hundredth is less steady: four times.
	queueP50, queueP99 = 2.0, 4.0
	// What nobody would feel is no queue, whatever the ratio: a fast app's milliseconds are this machine's.
	queueFelt50, queueFelt99 = 0.02, 0.1 // seconds
)

// errQueues ends a load that is more than the worker can serve.
var errQueues = errors.New("requests wait for each other")

// pacing is what a stretch of load took a second, and how long its requests took: medians of its seconds.
type pacing struct{ rate, p50, p99 float64 }

func pacingOf(buckets []calibrate.Bucket) pacing {
	var p pacing
	var requests int64
	var p50, p99 []float64
	for i, b := range buckets {
		if i > 0 {
			requests += b.Requests
		}
		if b.Requests > 0 {
			p50, p99 = append(p50, b.P50), append(p99, b.P99)
		}
	}
	if len(p50) == 0 {
		return p
	}
	if last := len(buckets) - 1; last > 0 {
		p.rate = float64(requests) / (buckets[last].Seconds - buckets[0].Seconds)
	}
	slices.Sort(p50)
	slices.Sort(p99)
	p.p50, p.p99 = p50[len(p50)/2], p99[len(p99)/2]
	return p
}

// queues says whether steady load is more than the worker can serve, by its last seconds, beside those of the search for
// capacity.
func (r *run) queues(buckets []calibrate.Bucket, asked float64) (now pacing, are bool) {
	if r.plan.FixesLoad() || r.full || r.unhurried.p50 == 0 || len(buckets) <= queueWindow {
		return now, false
	}
	now = pacingOf(buckets[len(buckets)-queueWindow-1:])
	longer := func(now, before, times, felt float64) bool { return now > times*before && now-before > felt }
	behind := now.rate < calibrate.RateReached*asked
	slow := longer(now.p50, r.unhurried.p50, queueP50, queueFelt50)
	return now, slow || longer(now.p99, r.unhurried.p99, queueP99, queueFelt99) || behind && now.p50 > r.unhurried.p50
}

// withinCapacity runs a phase of steady load; if requests wait for each other in its first seconds, it lowers the rate and
// runs it again, once.
func (r *run) withinCapacity(ctx context.Context, name string, pace calibrate.Pace, look func() func(seen) state) (calibrate.Tally, error) {
	asked := r.steady().Rate
	var now pacing
	see := look()
	tally, err := r.load(ctx, name, pace, func(s seen) state {
		state := see(s)
		if p, are := r.queues(s.buckets, asked); are && s.seconds <= queueWatch.Seconds() {
			now = p
			state.done, state.ended, state.err = true, calibrate.End{By: calibrate.EndQueue}, errQueues
		}
		return state
	})
	if !errors.Is(err, errQueues) {
		return tally, err
	}
	r.lower(name, asked, now)
	pace.Rate = r.steady().Rate
	return r.load(ctx, name, pace, look())
}

// lower takes what the worker served while requests waited for what it can serve.
func (r *run) lower(phase string, asked float64, now pacing) {
	r.result.Load.Capacity = now.rate
	l := calibrate.Lowered{Phase: phase, FromRate: asked, P50Seconds: now.p50, P99Seconds: now.p99, BusyP50Seconds: r.unhurried.p50}
	if before := r.result.Load.Lowered; before != nil {
		l = *before
	}
	l.ToRate = r.steady().Rate
	r.result.Load.Lowered = &l
}

// unqueued keeps a warm-up going for as long as its last seconds are slower than they should be: a queue that grows slowly is
// to be seen before the soak.
func (r *run) unqueued(s state, seen seen) state {
	last := len(seen.buckets) - 1
	if !s.done || s.ended.By != calibrate.EndSeen || last >= queueWindow || last < 0 || r.full || r.unhurried.p50 == 0 {
		return s
	}
	if b := seen.buckets[last]; b.P50 > r.unhurried.p50 && b.P50-r.unhurried.p50 > queueFelt50 {
		return state{waiting: "looking whether requests wait for each other"}
	}
	return s
}
