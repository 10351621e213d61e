package calibrate

import (
	"errors"
	"testing"
)

// What the app's control group says is read before the app is stopped, and a boot that took more is told apart.
func TestRunReadsTheTree(t *testing.T) {
	f := newFakeRig()
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Tree{
		Charge:    Charge{ChargeBytes: 50 << 20, PeakBytes: 55 << 20, Source: "fake"},
		PeakSince: PeakSinceAnswer, BootPeakBytes: 1 << 30,
	}
	if r.Tree != want {
		t.Errorf("tree %+v, want %+v", r.Tree, want)
	}
	if f.group.opened != 1 || f.group.closed != 1 {
		t.Errorf("opened %d times, closed %d times", f.group.opened, f.group.closed)
	}
	for _, saved := range f.saved[:len(f.saved)-1] {
		if len(saved.Phases) > 0 && saved.Tree.ChargeBytes == 0 && saved.Tree.Missing == "" {
			t.Error("a run that is cut short there would say nothing of its tree")
		}
	}
}

func TestRunWithoutAResetPeak(t *testing.T) {
	f := newFakeRig()
	f.group.resetErr = errors.New("an old kernel")
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || r.Tree.PeakSince != PeakSinceStart || r.Tree.PeakBytes != 1<<30 {
		t.Errorf("%+v, %v", r.Tree, err)
	}
}

// No group costs the run nothing but the group's own figures, and says why.
func TestRunWithoutAGroup(t *testing.T) {
	for name, rig := range map[string]func(*fakeRig){
		"none made":       func(f *fakeRig) { f.noGroup = "permission denied" },
		"none to be read": func(f *fakeRig) { f.group.err = errors.New("permission denied") },
	} {
		f := newFakeRig()
		rig(f)
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil || !r.Complete || r.Recommendation.Workers == 0 {
			t.Errorf("%s: complete %v, recommended %+v, %v", name, r.Complete, r.Recommendation, err)
		}
		if r.Tree.Missing != "permission denied" || r.Tree.Source != "" {
			t.Errorf("%s: tree %+v", name, r.Tree)
		}
	}
}

func TestRunCutShortReadsTheTree(t *testing.T) {
	f := newFakeRig()
	f.fails = true
	r, err := runFake(t, f, fakePlan(), nil)
	if err == nil || r.Tree.ChargeBytes == 0 {
		t.Errorf("%+v, %v", r.Tree, err)
	}
}

func TestScaleReadsTheCharge(t *testing.T) {
	f := newFakeRig()
	f.scale = func(Setup) (Target, error) {
		f.stopped = 0 // the fake app is the same one again
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || len(r.Law.Runs) == 0 {
		t.Fatal(err, r.Law.Runs)
	}
	for _, run := range r.Law.Runs {
		if run.ChargeBytes != 50<<20 || run.ChargePeakBytes != 55<<20 {
			t.Errorf("%+v", run)
		}
	}
}
