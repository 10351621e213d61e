package run

import (
	"testing"
)

// The end of a worker is watched from before the app is told to end until it is gone.
func TestRunWatchesTheWorkersEnd(t *testing.T) {
	for _, want := range []int64{0, 20 << 20} {
		f := newFakeRig()
		f.leaving = want
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil || r.Worker.LeavingBytes != want {
			t.Errorf("%d bytes more at its end, want %d (%v)", r.Worker.LeavingBytes, want, err)
		}
	}
}
