package loadgen

import (
	"context"
	"sync"
	"time"

	"workermem/calibrate"
)

// clock is the time of a phase: what passes while calibrate itself runs. Where it stands still, because it was stopped (Ctrl-Z), the
// machine was, or others have the cores, requests are sent late and answers are read late, and none of that is the app's.
//
// A beat that is late by leastPause is such a pause. Whoever reads the clock first after one finds it: the goroutine that beats may
// be the last to run again.
type clock struct {
	start time.Time

	mu    sync.Mutex
	runs  bool          // it beats
	beat  time.Time     // the last one
	still time.Duration // all pauses together
	from  time.Time     // the last pause
	to    time.Time
}

// A pause is longer than a Go program waits for a core on a busy machine: 20 ms, and seldom 100. A beat costs about 15 us of CPU time,
// since it wakes a thread: at 20 a second the measuring took 1.1 % of a core, at 8 a second 0.7, and without any 0.6. What ran after the
// last beat counts as pause, too: an eighth of a second at most.
const (
	beatEvery  = 125 * time.Millisecond
	leastPause = 500 * time.Millisecond
)

// begin starts the phase's time, until the returned function is called.
func (c *clock) begin() (end func()) {
	c.start = time.Now()
	c.beat, c.runs = c.start, true
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer calibrate.Caught()
		defer close(ended)
		tick := time.NewTicker(beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.elapsed()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// elapsed is the time since the start, less the pauses.
func (c *clock) elapsed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if late := now.Sub(c.beat); c.runs && late >= leastPause {
		c.still += late
		c.from, c.to = c.beat, now
	}
	c.beat = now
	return now.Sub(c.start) - c.still
}

// wait waits until so much of the phase's time has passed, more than once only after a pause. It returns false if ctx ended first.
func (c *clock) wait(ctx context.Context, until time.Duration) bool {
	for left := until - c.elapsed(); left > 0; left = until - c.elapsed() {
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
	return ctx.Err() == nil
}

// paused is how long calibrate stood still since the start.
func (c *clock) paused() time.Duration {
	c.elapsed()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.still
}

// at is when so much of the phase's time had passed, if no pause has come since.
func (c *clock) at(elapsed time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.start.Add(elapsed + c.still)
}

// stillFor is how long calibrate stood still between two moments. Of the pauses it knows the last: requests that wait for longer than
// from one to the next are wrong by the one before.
func (c *clock) stillFor(from, to time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from.After(from) {
		from = c.from
	}
	if c.to.Before(to) {
		to = c.to
	}
	return max(to.Sub(from), 0)
}
