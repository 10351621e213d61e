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
func (g *chargedGroup) CPU() (float64, error) {
	charge, err := g.Charge()
	return float64(charge.ChargeBytes), err
}
func (g *chargedGroup) ResetPeak() error { return nil }
func (g *chargedGroup) Close() error     { return nil }

// A group is read into one buffer, so the one that samples and the one that drives the run must not meet there.
func TestOneReadsTheGroupAtATime(t *testing.T) {
	g := &chargedGroup{}
	h := &heldReader{group: g}
	var all sync.WaitGroup
	for _, read := range []func(){func() { h.read() }, func() { h.tree() }, func() { h.enter() }, func() { h.cpu() }} {
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

// What the kernel's peak says of spikes between two readings. One that was seen stays, if another reader of the group has the
// peak start again: in v1 there is but one. What 16 cores take in advance is none, nor are file pages that come and go.
func TestSpikes(t *testing.T) {
	const mb = 1 << 20
	for name, c := range map[string]struct {
		cores       int
		peaks       []int64 // MB, of 20 that are held
		files, want int64
	}{
		"a spike":                  {4, []int64{50}, 0, 50},
		"of which another is told": {4, []int64{50, 20}, 0, 50},
		"of 3 MB":                  {4, []int64{23}, 0, 23},
		"of 3 MB, on 16 cores":     {16, []int64{23}, 0, 20},
		"of 9 MB, on 16 cores":     {16, []int64{29}, 0, 29},
		"of files":                 {4, []int64{20, 50}, 30, 20},
	} {
		g := &chargedGroup{}
		h := &heldReader{group: g, cores: c.cores}
		h.enter()
		for i, peak := range c.peaks {
			files := c.files * int64(i) * mb
			g.charge = calibrate.Charge{ChargeBytes: 20 * mb, AnonBytes: 20 * mb, FileBytes: files, PeakBytes: peak * mb}
			h.read()
		}
		if most := h.most() / mb; most != c.want {
			t.Errorf("%s: at most %d MB, want %d", name, most, c.want)
		}
	}
}
