package run

import (
	"errors"
	"testing"

	"workermem/calibrate"
)

// What the app's control group says is read before the app is stopped, and a boot that took more is told apart.
func TestRunReadsTheTree(t *testing.T) {
	f := newFakeRig()
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := calibrate.Tree{
		Charge:    calibrate.Charge{ChargeBytes: 50 << 20, PeakBytes: 55 << 20, Source: "fake"},
		PeakSince: calibrate.PeakSinceAnswer, BootPeakBytes: 1 << 30,
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

func TestRunCutShortReadsTheTree(t *testing.T) {
	f := newFakeRig()
	f.fails = true
	r, err := runFake(t, f, fakePlan(), nil)
	if err == nil || r.Tree.ChargeBytes == 0 {
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

func TestRunWithoutAResetPeak(t *testing.T) {
	f := newFakeRig()
	f.group.resetErr = errors.New("an old kernel")
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || r.Tree.PeakSince != calibrate.PeakSinceStart || r.Tree.PeakBytes != 1<<30 {
		t.Errorf("%+v, %v", r.Tree, err)
	}
}

func TestScaleReadsTheCharge(t *testing.T) {
	f := unsaidRig()
	f.scale = func(calibrate.Setup) (calibrate.Target, error) {
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

// A master and its worker, in MB: 24 and 29 resident, 14 and 22 of that anonymous, 7 of these shared by the two.
func TestTreeCountsFilesInFull(t *testing.T) {
	for _, c := range []struct {
		name       string
		all        []calibrate.Detail
		pss, alone int64
	}{
		{"nobody else maps them", []calibrate.Detail{
			{RSS: 24 * calibrate.MiB, Anon: 14 * calibrate.MiB, PSS: 17 * calibrate.MiB, PSSAnon: 11 * calibrate.MiB},
			{RSS: 29 * calibrate.MiB, Anon: 22 * calibrate.MiB, PSS: 22 * calibrate.MiB, PSSAnon: 18 * calibrate.MiB}}, 39 * calibrate.MiB, 39 * calibrate.MiB},
		{"others map them too", []calibrate.Detail{
			{RSS: 24 * calibrate.MiB, Anon: 14 * calibrate.MiB, PSS: 13 * calibrate.MiB, PSSAnon: 11 * calibrate.MiB},
			{RSS: 29 * calibrate.MiB, Anon: 22 * calibrate.MiB, PSS: 19 * calibrate.MiB, PSSAnon: 18 * calibrate.MiB}}, 32 * calibrate.MiB, 39 * calibrate.MiB},
		{"two programs", []calibrate.Detail{
			{RSS: 24 * calibrate.MiB, Anon: 14 * calibrate.MiB, PSS: 24 * calibrate.MiB, PSSAnon: 14 * calibrate.MiB},
			{RSS: 29 * calibrate.MiB, Anon: 22 * calibrate.MiB, PSS: 29 * calibrate.MiB, PSSAnon: 22 * calibrate.MiB}}, 53 * calibrate.MiB, 53 * calibrate.MiB},
		{"a kernel that doesn't tell", []calibrate.Detail{
			{RSS: 24 * calibrate.MiB, Anon: 14 * calibrate.MiB, PSS: 13 * calibrate.MiB}, {RSS: 29 * calibrate.MiB, Anon: 22 * calibrate.MiB, PSS: 19 * calibrate.MiB}}, 32 * calibrate.MiB, 32 * calibrate.MiB},
		{"one has just ended", []calibrate.Detail{{}, {RSS: 29 * calibrate.MiB, Anon: 22 * calibrate.MiB, PSS: 29 * calibrate.MiB, PSSAnon: 22 * calibrate.MiB}}, 29 * calibrate.MiB, 29 * calibrate.MiB},
	} {
		sums := tables{read: map[int]bool{}}
		for pid, d := range c.all {
			sums.add(&sums.books.Rest, pid, fleetProbe{f: &fleet{}, pid: fleetMaster}, d)
		}
		if pss, alone, _ := sums.sum(); pss != c.pss || alone != c.alone {
			t.Errorf("%s: %d and %d MB, want %d and %d", c.name, pss/calibrate.MiB, alone/calibrate.MiB, c.pss/calibrate.MiB, c.alone/calibrate.MiB)
		}
	}
}
