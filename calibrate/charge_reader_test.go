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
	if err != nil || r.Tree.PeakSince != PeakSinceStart || r.Tree.PeakBytes != 1<<30 {
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

// A master and its worker, in MB: 24 and 29 resident, 14 and 22 of that anonymous, 7 of these shared by the two.
func TestTreeCountsFilesInFull(t *testing.T) {
	for _, c := range []struct {
		name       string
		all        []Detail
		pss, alone int64
	}{
		{"nobody else maps them", []Detail{
			{RSS: 24 * mib, Anon: 14 * mib, PSS: 17 * mib, PSSAnon: 11 * mib},
			{RSS: 29 * mib, Anon: 22 * mib, PSS: 22 * mib, PSSAnon: 18 * mib}}, 39 * mib, 39 * mib},
		{"others map them too", []Detail{
			{RSS: 24 * mib, Anon: 14 * mib, PSS: 13 * mib, PSSAnon: 11 * mib},
			{RSS: 29 * mib, Anon: 22 * mib, PSS: 19 * mib, PSSAnon: 18 * mib}}, 32 * mib, 39 * mib},
		{"two programs", []Detail{
			{RSS: 24 * mib, Anon: 14 * mib, PSS: 24 * mib, PSSAnon: 14 * mib},
			{RSS: 29 * mib, Anon: 22 * mib, PSS: 29 * mib, PSSAnon: 22 * mib}}, 53 * mib, 53 * mib},
		{"a kernel that doesn't tell", []Detail{
			{RSS: 24 * mib, Anon: 14 * mib, PSS: 13 * mib}, {RSS: 29 * mib, Anon: 22 * mib, PSS: 19 * mib}}, 32 * mib, 32 * mib},
		{"one has just ended", []Detail{{}, {RSS: 29 * mib, Anon: 22 * mib, PSS: 29 * mib, PSSAnon: 22 * mib}}, 29 * mib, 29 * mib},
	} {
		if pss, alone := treeBytes(c.all); pss != c.pss || alone != c.alone {
			t.Errorf("%s: %d and %d MB, want %d and %d", c.name, pss/mib, alone/mib, c.pss/mib, c.alone/mib)
		}
	}
}
