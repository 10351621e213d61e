package loadgen

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"workermem/calibrate"
)

// In virtual time: when each request is released, and when the phase says that it is over.
func TestPacer(t *testing.T) {
	const ms = time.Millisecond
	for name, row := range map[string]struct {
		pace  calibrate.Pace
		sent  []time.Duration
		ended time.Duration
	}{
		"open, by number: it ends with the last":     {calibrate.Pace{Rate: 10, Requests: 3}, []time.Duration{0, 100 * ms, 200 * ms}, 200 * ms},
		"open, by time: it ends with the time":       {calibrate.Pace{Rate: 4, Duration: 600 * ms}, []time.Duration{0, 250 * ms, 500 * ms}, 600 * ms},
		"open, one due just at the end isn't sent":   {calibrate.Pace{Rate: 4, Duration: 500 * ms}, []time.Duration{0, 250 * ms}, 500 * ms},
		"open, less than one a phase":                {calibrate.Pace{Rate: 0.1, Duration: time.Second}, []time.Duration{0}, time.Second},
		"closed, by number: at once":                 {calibrate.Pace{Requests: 2}, []time.Duration{0, 0}, 0},
		"ended by its context in the middle of wait": {calibrate.Pace{Rate: 0.1}, []time.Duration{0}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				s := &sending{clock: clock{start: time.Now()}}
				p := &pacer{ctx: ctx, pace: row.pace, sending: s, flights: newFlights()}
				n := 0
				for ; ; n++ {
					wait, stop := p.Pace(0, uint64(n))
					if stop {
						break
					}
					if wait != 0 || n >= len(row.sent) || s.elapsed() != row.sent[n] {
						t.Fatalf("request %d at %v with a wait of %v", n, s.elapsed(), wait)
					}
				}
				if n != len(row.sent) || s.elapsed() != row.ended || time.Duration(s.stopped.Load()) != row.ended {
					t.Errorf("%d sent, ended at %v", n, s.elapsed())
				}
			})
		})
	}
}

// The wait for a client counts, the lag of our own timer doesn't.
func TestPacerKnowsWhoIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sending{clock: clock{start: time.Now()}}
		p := &pacer{ctx: t.Context(), pace: calibrate.Pace{Rate: 10}, sending: s, flights: newFlights()}
		p.Pace(0, 0)
		p.Pace(0, 1)
		time.Sleep(350 * time.Millisecond) // every client is busy until 0.45 s; request 2 was due at 0.2
		p.Pace(0, 2)
		for seq, want := range []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond} {
			if got := p.flights.take(uint64(seq)).due.Sub(s.start); got != want {
				t.Errorf("request %d counts from %v, want %v", seq, got, want)
			}
		}
		if s.elapsed() != 450*time.Millisecond {
			t.Errorf("a late request waited until %v", s.elapsed())
		}
	})
}

func TestRateHasNoFencepostError(t *testing.T) {
	for name, row := range map[string]struct {
		count         int64
		last, stopped time.Duration
		want          float64
	}{
		"ten on time":                          {10, 900 * time.Millisecond, 900 * time.Millisecond, 10},
		"cut between two":                      {5, 400 * time.Millisecond, 450 * time.Millisecond, 10},
		"blocked from 0.5 s to the end at 2 s": {5, 500 * time.Millisecond, 2 * time.Second, 2.5},
	} {
		var s sending
		s.count.Store(row.count)
		s.last.Store(int64(row.last))
		s.stopped.Store(int64(row.stopped))
		if got := s.rate(10); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}
