package loadgen

import (
	"context"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

// pacer is a vegeta.Pacer that does its waiting itself, so that the end of the context ends the wait:
// vegeta's own is a plain sleep.
//
// Request n (from 0) of an open loop is due at start + n/rate. A late one is sent at once.
type pacer struct {
	ctx     context.Context
	pace    calibrate.Pace
	sending *sending
	flights *flights
	refused atomic.Bool // the last answer was a refused connection
}

var _ vegeta.Pacer = (*pacer)(nil)

// refusedPause keeps a closed loop from spinning at an app that has gone: a refusal takes microseconds.
const refusedPause = 10 * time.Millisecond

// Pace returns when request n is due. vegeta then has no wait left.
func (p *pacer) Pace(_ time.Duration, n uint64) (time.Duration, bool) {
	defer calibrate.Caught() // a goroutine of vegeta's
	if !p.ready(n) {
		p.sending.stop()
		return 0, true
	}
	return 0, false
}

// Rate is for vegeta's interface; vegeta's attack doesn't ask.
func (p *pacer) Rate(time.Duration) float64 { return p.pace.Rate }

// ready waits until request n is due and tells whether it is still wanted.
func (p *pacer) ready(n uint64) bool {
	if p.pace.Requests > 0 && n >= uint64(p.pace.Requests) {
		return false
	}
	now := p.sending.elapsed()
	due := p.due(n, now)
	if end := p.pace.Duration; end > 0 && due >= end {
		p.sending.wait(p.ctx, end)
		return false
	}
	if !p.sending.wait(p.ctx, due) {
		return false
	}
	if p.pace.Rate > 0 {
		p.flights.due(n, p.dueAt(due, now))
	}
	return true
}

// due is measured from the start.
func (p *pacer) due(n uint64, now time.Duration) time.Duration {
	switch {
	case p.pace.Rate > 0:
		return time.Duration(float64(n) / p.pace.Rate * float64(time.Second))
	case p.refused.Load():
		return now + refusedPause
	}
	return now
}

// dueAt is the time from which latency counts. The lag of our own timer, up to a millisecond, isn't the app's; the
// wait for a free client, seen as a request already late when its turn came, is.
func (p *pacer) dueAt(due, now time.Duration) time.Time {
	if due < now {
		return p.sending.at(due)
	}
	return time.Now()
}
