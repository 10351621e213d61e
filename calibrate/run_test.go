package calibrate

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestRunGoesThroughItsPhasesInOrder(t *testing.T) {
	f := newFakeRig()
	f.keep = 16384
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{PhaseBoot, PhaseIdle, PhaseCapacity, PhaseWarmup, PhaseSoak, PhaseRest, PhasePeak}
	if got := phaseNames(r); !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
	if got := f.paces[1].Rate; math.Abs(got-CapacityShare*500) > 5 {
		t.Errorf("warm-up at %.0f requests/s, want 70 %% of 500", got)
	}
	if got := f.paces[2].Clients; got != mostWaiting*2*2 {
		t.Errorf("the soak may have %d requests under way, want %d times the peak's", got, mostWaiting)
	}
	if got := f.paces[3].Clients; got != 2*2 || f.paces[3].Rate != 0 {
		t.Errorf("peak with %d clients at rate %.0f, want a closed loop of two a thread", got, f.paces[3].Rate)
	}
	if f.stopped != 1 {
		t.Errorf("stopped %d times", f.stopped)
	}
	if !r.Complete || r.Recommendation.Withheld != nil || r.Outcome() != 0 {
		t.Errorf("complete %v, withheld %+v, outcome %d", r.Complete, r.Recommendation.Withheld, r.Outcome())
	}
	if r.Creep.Verdict != "creeping" || *r.Creep.Low > 16384 || *r.Creep.High < 16384 {
		t.Errorf("creep %s [%v, %v], want creeping around 16384", r.Creep.Verdict, r.Creep.Low, r.Creep.High)
	}
	if r.Recommendation.MaxRequests == 0 || r.Recommendation.Workers < 2 {
		t.Errorf("recommended %+v", r.Recommendation)
	}
	if last := f.saved[len(f.saved)-1]; !reflect.DeepEqual(last.Recommendation, r.Recommendation) {
		t.Error("what was saved last is not what was returned")
	}
}

func TestRunFlatApp(t *testing.T) {
	f := newFakeRig()
	f.warm = 10 << 20
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Creep.Verdict != "flat" || r.Recommendation.MaxRequests != 0 {
		t.Errorf("verdict %s, max-requests %d; want flat and none", r.Creep.Verdict, r.Recommendation.MaxRequests)
	}
}

func TestRunGivenLoadSkipsTheSearch(t *testing.T) {
	f := newFakeRig()
	p := fakePlan()
	p.Rate, p.DurationSeconds = 50, 20
	r, err := runFake(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(phaseNames(r), PhaseCapacity) {
		t.Error("capacity was sought though the load was given")
	}
	if f.paces[0].Rate != 50 || f.paces[1].Duration != 20*time.Second {
		t.Errorf("paces %+v", f.paces)
	}
}

// What goes wrong in the middle ends the run, keeps what was measured, and never recommends.
func TestRunThatGoesWrong(t *testing.T) {
	after := func(seconds int, do func(*fakeRig)) func(string, *fakeRig) {
		return func(_ string, f *fakeRig) {
			if seconds--; seconds == 0 {
				do(f)
			}
		}
	}
	for _, c := range []struct {
		name string
		rig  func(*fakeRig)
		kind Kind
	}{
		{"the worker is replaced", func(f *fakeRig) {
			f.at = after(12, func(f *fakeRig) { f.mu.Lock(); f.pid++; f.mu.Unlock() })
		}, KindInconclusive},
		{"the app ends", func(f *fakeRig) { f.at = after(12, func(f *fakeRig) { close(f.exited) }) }, KindApp},
		{"most requests fail", func(f *fakeRig) { f.fails = true }, KindInconclusive},
		{"the disk is full", func(f *fakeRig) { f.saveErr = errors.New("no space left on device") }, KindTool},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeRig()
			c.rig(f)
			r, err := runFake(t, f, fakePlan(), nil)
			if kindOf(err) != c.kind {
				t.Errorf("error %v of kind %d, want kind %d", err, kindOf(err), c.kind)
			}
			if r.Complete || r.Recommendation.Withheld == nil || r.Recommendation.Workers != 0 {
				t.Errorf("complete %v, withheld %+v, workers %d", r.Complete, r.Recommendation.Withheld, r.Recommendation.Workers)
			}
			if f.stopped != 1 {
				t.Errorf("the app was stopped %d times", f.stopped)
			}
			if len(f.saved) == 0 || f.saved[len(f.saved)-1].Interrupted == nil {
				t.Error("the partial run was not saved as such")
			}
		})
	}
}

func TestRunInterrupted(t *testing.T) {
	f := newFakeRig()
	ctx, cancel := context.WithCancelCause(context.Background())
	seconds := 0
	f.at = func(string, *fakeRig) {
		if seconds++; seconds == 15 {
			cancel(errors.New("Ctrl-C"))
		}
	}
	r, err := runFake(t, f, fakePlan(), ctx)
	if kindOf(err) != KindInterrupted || r.Complete || f.stopped != 1 {
		t.Errorf("error %v, complete %v, stopped %d times", err, r.Complete, f.stopped)
	}
	if r.Worker.PeakRSSBytes == 0 || len(f.samples) == 0 {
		t.Error("what was measured is lost")
	}
	if last := r.Phases[len(r.Phases)-1]; last.Ended.By != EndCut {
		t.Errorf("the last phase was ended by %q", last.Ended.By)
	}
}

// What has to be killed is said, unless there was no time to wait for it.
func TestRunOfAStubbornApp(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		f := newFakeRig()
		f.stubborn = 2
		ctx, cancel := context.WithCancel(context.Background())
		f.at = func(string, *fakeRig) {
			if interrupted {
				cancel()
			}
		}
		r, _ := runFake(t, f, fakePlan(), ctx)
		if r.Target.Killed != 2 || slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "killed-at-stop" }) == interrupted {
			t.Errorf("interrupted %v: killed %d, %+v", interrupted, r.Target.Killed, r.Warnings)
		}
	}
}

func TestRunStopsBeforeMemoryRunsOut(t *testing.T) {
	f := newFakeRig()
	f.keep = 1 << 20
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "memory-guard" }) {
		t.Errorf("no memory guard in %v", r.Warnings)
	}
	if limit := int64(5 << 30); r.Worker.PeakRSSBytes > limit {
		t.Errorf("the app was let grow to %d of 6 GB free", r.Worker.PeakRSSBytes)
	}
}

func TestRunWithoutAHighWaterMark(t *testing.T) {
	f := newFakeRig()
	f.keep, f.markErr = 16384, errors.New("permission denied")
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Worker.PeakSource != "samples" || !slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == "peak-from-samples" }) {
		t.Errorf("peak from %q, warnings %v", r.Worker.PeakSource, r.Warnings)
	}
}
