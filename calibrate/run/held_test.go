package run

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"workermem/calibrate"
)

// chargedGroup is charged what it is told to be.
type chargedGroup struct {
	charge  calibrate.Charge
	readers atomic.Int32
	met     atomic.Bool
}

func (g *chargedGroup) Charge() (calibrate.Charge, error) {
	if g.readers.Add(1) > 1 {
		g.met.Store(true)
	}
	time.Sleep(time.Millisecond)
	g.readers.Add(-1)
	return g.charge, nil
}
func (g *chargedGroup) ResetPeak() error { return nil }
func (g *chargedGroup) Close() error     { return nil }

// A group is read into one buffer, so the one that samples and the one that drives the run must not meet there.
func TestOneReadsTheGroupAtATime(t *testing.T) {
	g := &chargedGroup{}
	h := &heldReader{group: g}
	var all sync.WaitGroup
	for _, read := range []func(){func() { h.read() }, func() { h.tree() }, func() { h.enter() }} {
		all.Go(func() {
			for range 10 {
				read()
			}
		})
	}
	all.Wait()
	if g.met.Load() {
		t.Error("two read it at once")
	}
}

// A spike that was seen stays, if another reader of the group has the kernel's peak start again: in v1 there is but one.
func TestSpikeOutlivesAnotherReader(t *testing.T) {
	g := &chargedGroup{}
	h := &heldReader{group: g}
	h.enter()
	for _, peak := range []int64{50, 20} {
		g.charge = calibrate.Charge{ChargeBytes: 20, AnonBytes: 20, PeakBytes: peak}
		h.read()
	}
	if most := h.most(); most != 50 {
		t.Errorf("at most %d, want 50", most)
	}
}
