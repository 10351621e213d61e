package loadgen

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"workermem/calibrate"
)

// stoodStill is a clock of a process that was stopped for ten of its thirteen seconds, and has just gone on.
func stoodStill() *sending {
	s := &sending{clock: clock{start: time.Now().Add(-13 * time.Second), runs: true}}
	s.beat = s.start.Add(3 * time.Second)
	return s
}

// Whoever reads first finds the pause, and nobody finds it twice.
func TestClockLeavesPausesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, read := range map[string]func(*sending) time.Duration{
			"by the time":  func(s *sending) time.Duration { return s.elapsed() },
			"by the pause": func(s *sending) time.Duration { s.paused(); return s.elapsed() },
			"by a bucket": func(s *sending) time.Duration {
				b := (&tally{}).bucket(s)
				return time.Duration((b.Seconds + b.Paused - 10) * float64(time.Second))
			},
		} {
			if got := read(stoodStill()); got != 3*time.Second {
				t.Errorf("%s: %v", name, got)
			}
		}
		s := stoodStill()
		for range 20 {
			s.elapsed()
			time.Sleep(leastPause / 2)
		}
		if s.paused() != 10*time.Second || s.elapsed() != 8*time.Second {
			t.Errorf("%v of pauses, %v went by", s.paused(), s.elapsed())
		}
		now := time.Now()
		for from, want := range map[time.Time]time.Duration{now.Add(-time.Second): 0, s.start: 10 * time.Second, s.to.Add(-time.Second): time.Second} {
			if got := s.stillFor(from, now); got != want {
				t.Errorf("from %v on it stood still for %v, want %v", from.Sub(s.start), got, want)
			}
		}
		if due := s.at(4 * time.Second); due != s.start.Add(14*time.Second) {
			t.Errorf("what is due after 4 s is due at %v", due.Sub(s.start))
		}
	})
}

// A clock that beats finds no pause while time passes.
func TestClockBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		end := c.begin()
		time.Sleep(time.Minute)
		if c.paused() != 0 || c.elapsed() != time.Minute {
			t.Errorf("%v of pauses, %v went by", c.paused(), c.elapsed())
		}
		end()
	})
}

// What ran before a pause counts as standing still from the last beat on: a quarter of the shortest pause at most.
func TestClockBeatsOftenEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock
		end := c.begin()
		defer end()
		time.Sleep(time.Minute + leastPause/4 - 1) // until just before the process stops
		c.mu.Lock()
		defer c.mu.Unlock()
		if ran := time.Since(c.beat); ran > leastPause/4 {
			t.Errorf("the last beat was %v before the pause", ran)
		}
	})
}

// Requests of an open loop that were due while calibrate stood still are due later: none is late, and none is sent in a burst.
func TestPacerGoesOnAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stoodStill()
		p := &pacer{ctx: t.Context(), pace: calibrate.Pace{Rate: 10}, sending: s, flights: newFlights()}
		began := time.Now()
		for n := uint64(31); n < 34; n++ {
			p.Pace(0, n)
			if want := time.Duration(n-30) * 100 * time.Millisecond; time.Since(began) != want || p.flights.take(n).due.Sub(began) != want {
				t.Errorf("request %d after %v, want %v", n, time.Since(began), want)
			}
		}
	})
}

// What took so long because calibrate stood still counts as an answer, and not as a time.
func TestTallyTimesNothingThatStoodStill(t *testing.T) {
	tally := tally{timed: true, examples: map[string]string{}}
	tally.add(&vegeta.Result{Code: 200, Latency: 10 * time.Second}, flight{still: true}, 0)
	tally.add(&vegeta.Result{Code: 200, Latency: time.Millisecond}, flight{}, 0)
	if got := tally.result(calibrate.Pace{}, &sending{}); got.Succeeded != 2 || *got.Latency.Max != 0.001 || len(got.Times) != 1 {
		t.Errorf("%+v", got)
	}
}

// A timeout is the pause's where it would not have come without it, and the app's else; and what broke otherwise is always the app's.
func TestTimedOutByAPause(t *testing.T) {
	l := Loader{opt: Options{Timeout: 30 * time.Second}}
	for _, c := range []struct {
		still, took time.Duration
		err         error
		want        bool
	}{
		{10 * time.Second, 31 * time.Second, context.DeadlineExceeded, true},
		{time.Second, 40 * time.Second, context.DeadlineExceeded, false},
		{10 * time.Second, 11 * time.Second, io.ErrUnexpectedEOF, false},
		{10 * time.Second, 11 * time.Second, nil, false},
	} {
		if got := l.timedOutBy(c.still, &vegeta.Result{Latency: c.took}, c.err); got != c.want {
			t.Errorf("%v of %v, %v: %v", c.still, c.took, c.err, got)
		}
	}
}
