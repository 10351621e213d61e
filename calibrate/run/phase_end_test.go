package run

import (
	"errors"
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/creep"
)

// The end of a run has the worker's address space, and what runs beside it by program.
func TestReadsAddressesAtTheEnd(t *testing.T) {
	r, err := runFake(t, newFakeRig(), fakePlan(), nil)
	if err != nil || r.Worker.Virtual == nil || r.Worker.Virtual.Bytes != 100<<20+100 {
		t.Errorf("%+v %v", r.Worker.Virtual, err)
	}
	master := r.Worker.End.TreePSSBytes - r.Worker.End.PSSBytes
	if want := []calibrate.Beside{{Program: "fake", Processes: 1, Threads: 3, Bytes: master}}; !slices.Equal(r.Beside, want) {
		t.Errorf("%+v, want %+v", r.Beside, want)
	}
}

// What can't be read is left out, and costs the run nothing else.
func TestAddressesUnreadable(t *testing.T) {
	f := newFakeRig()
	f.detail = errors.New("no")
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || r.Worker.Virtual != nil || r.Beside != nil || r.Recommendation.Workers == 0 {
		t.Errorf("%+v %+v %v", r.Worker.Virtual, r.Beside, err)
	}
}

// The time left is never more than the limit leaves, whatever the estimate would need.
func TestTimeLeftIsWithinTheLimit(t *testing.T) {
	for _, c := range []struct {
		fixed         string
		seconds, want float64
	}{{"", 1, 4}, {"", 4.5, 0.5}, {"", 6, 0}, {"5s were asked for", 2, 3}} {
		j := judge{goal: creep.DefaultGoal(), limit: 5 * time.Second, fixed: c.fixed}
		if got := j.look(seen{seconds: c.seconds}).left; got != c.want {
			t.Errorf("%q, %v s into 5 s: %v s left, want %v", c.fixed, c.seconds, got, c.want)
		}
	}
}
