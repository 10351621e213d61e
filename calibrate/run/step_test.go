package run

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

// Whenever a run is killed, what it has saved says which parts are missing: they are those that had not ended by then, and only the
// last that it saves is as planned.
func TestEachSaveSaysWhatIsMissing(t *testing.T) {
	f, _ := sweepRig()
	f.keep = 16384
	f.several = []calibrate.Route{{Name: "/a", Share: 0.6}, {Name: "/b", Share: 0.4}}
	p := fakePlan()
	p.Sweep, p.ByRoute, p.Variations = true, true, []calibrate.Variation{{Name: "arenas", Env: "M=2"}}
	r, err := runFake(t, f, p, nil)
	if err != nil || !r.AsPlanned() || r.Sweep == nil || r.Routes == nil || r.Triage == nil {
		t.Fatalf("%v, missing %q, %+v %+v %+v", err, r.Undone(), r.Sweep, r.Routes, r.Triage)
	}
	all := strings.Fields("boot idle before alone capacity warm-up soak rest peak concurrency scale routes triage sweep")
	left := all
	seen := map[string]bool{}
	for i, saved := range f.saved {
		undone := saved.Undone()
		if len(undone) > len(left) || !slices.Equal(undone, all[len(all)-len(undone):]) || len(left)-len(undone) > 2 { // boot and idle are saved at once
			t.Errorf("save %d has %q missing, after %q", i, undone, left)
		}
		left = undone
		if saved.AsPlanned() != (len(undone) == 0) {
			t.Errorf("save %d: as planned %v, missing %q", i, saved.AsPlanned(), undone)
		}
		seen[strings.Join(undone, " ")] = true
		if part := saved.Sweep; part != nil && len(part.Runs) < part.Wanted && !slices.Contains(undone, calibrate.PhaseSweep) {
			t.Errorf("save %d: the sweep is done with %d of %d", i, len(part.Runs), part.Wanted)
		}
	}
	for _, beside := range []string{"scale routes triage sweep", "routes triage sweep", "triage sweep", "sweep", ""} {
		if !seen[beside] {
			t.Errorf("none says that %q is missing", beside)
		}
	}
}

// What isn't asked for is no part of the plan.
func TestStepsAreWhatIsAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeRig, *calibrate.Plan)
		want   string
	}{
		"nothing beside": {func(f *fakeRig, _ *calibrate.Plan) { f.scale = nil }, "boot idle before alone capacity warm-up soak rest peak"},
		"a given load":   {func(_ *fakeRig, p *calibrate.Plan) { p.Rate = 50 }, "boot idle before alone warm-up soak rest peak scale"},
		"a quick run":    {func(_ *fakeRig, p *calibrate.Plan) { p.Quick = true }, "boot idle before alone capacity warm-up soak rest peak"},
		"a single route": {func(_ *fakeRig, p *calibrate.Plan) { p.ByRoute = true }, "boot idle before alone capacity warm-up soak rest peak scale"},
		"a sweep":        {func(_ *fakeRig, p *calibrate.Plan) { p.Sweep = true }, "boot idle before alone capacity warm-up soak rest peak scale sweep"},
		"a compared run": {func(_ *fakeRig, p *calibrate.Plan) { p.Portions = &calibrate.Portions{} }, "boot idle before alone capacity soak peak"},
	} {
		f, _ := sweepRig()
		p := fakePlan()
		c.change(f, &p)
		r := newRun(p, f.rig(), calibrate.Result{Target: calibrate.TargetInfo{Threads: 2}}, calibrate.ModeRun)
		if got := strings.Join(r.result.Undone(), " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
