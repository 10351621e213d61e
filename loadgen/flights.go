package loadgen

import (
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// flights holds what vegeta's results leave out of requests under way. It is as large as there are clients.
type flights struct {
	mu sync.Mutex
	m  map[uint64]flight // by vegeta's sequence number
}

type flight struct {
	due   time.Time // when it was to be sent; zero in a closed loop
	err   error     // vegeta keeps the text only
	still bool      // calibrate stood still meanwhile: how long it took is not known
}

// begun is when its time begins.
func (f flight) begun(r *vegeta.Result) time.Time {
	if f.due.IsZero() || r.Timestamp.Before(f.due) {
		return r.Timestamp
	}
	return f.due
}

func newFlights() *flights { return &flights{m: map[uint64]flight{}} }

func (f *flights) due(seq uint64, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.m[seq] = flight{due: at}
}

func (f *flights) failed(seq uint64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.m[seq] = flight{due: f.m[seq].due, err: err}
}

func (f *flights) take(seq uint64) flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.m[seq]
	delete(f.m, seq)
	return one
}

// sending is the phase's clock and its count of requests sent. Its times are the clock's.
type sending struct {
	clock
	count   atomic.Int64
	last    atomic.Int64 // nanoseconds from start to the last send
	stopped atomic.Int64 // nanoseconds from start to the end of sending, 0 before it
}

func (s *sending) hit() {
	s.count.Add(1)
	s.last.Store(int64(s.elapsed()))
}

// stop marks the end of sending; the first call counts.
func (s *sending) stop() { s.stopped.CompareAndSwap(0, int64(s.elapsed())) }

// rate is the requests sent a second, in an open loop at the rate asked. Each request owns the interval after it:
// ten requests at ten a second take one second, not 0.9.
func (s *sending) rate(asked float64) float64 {
	end := max(s.stopped.Load(), s.last.Load()+int64(float64(time.Second)/asked))
	return float64(s.count.Load()) / time.Duration(end).Seconds()
}
