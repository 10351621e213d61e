package run

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"

	"github.com/google/go-cmp/cmp"
)

func TestRunGoesThroughItsPhasesInOrder(t *testing.T) {
	f := newFakeRig()
	f.keep = 16384
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{calibrate.PhaseBoot, calibrate.PhaseIdle, calibrate.PhaseAlone, calibrate.PhaseCapacity, calibrate.PhaseWarmup, calibrate.PhaseSoak, calibrate.PhaseRest, calibrate.PhasePeak}
	if got := phaseNames(r); !slices.Equal(got, want) {
		t.Errorf("phases %v, want %v", got, want)
	}
	if got := f.paces[3].Rate; math.Abs(got-calibrate.CapacityShare*500) > 5 {
		t.Errorf("warm-up at %.0f requests/s, want 70 %% of 500", got)
	}
	if got := f.paces[4].Clients; got != mostWaiting*2*2 {
		t.Errorf("the soak may have %d requests under way, want %d times the peak's", got, mostWaiting)
	}
	if got := f.paces[5].Clients; got != 2*2 || f.paces[5].Rate != 0 {
		t.Errorf("peak with %d clients at rate %.0f, want a closed loop of two a thread", got, f.paces[5].Rate)
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
	if slices.Contains(phaseNames(r), calibrate.PhaseCapacity) {
		t.Error("capacity was sought though the load was given")
	}
	if f.paces[2].Rate != 50 || f.paces[3].Duration != 20*time.Second {
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
		kind calibrate.Kind
	}{
		{"the worker is replaced", func(f *fakeRig) {
			f.at = after(12, func(f *fakeRig) { f.mu.Lock(); f.pid++; f.mu.Unlock() })
		}, calibrate.KindInconclusive},
		{"the app ends", func(f *fakeRig) { f.at = after(12, func(f *fakeRig) { close(f.exited) }) }, calibrate.KindApp},
		{"most requests fail", func(f *fakeRig) { f.fails = true }, calibrate.KindInconclusive},
		{"the disk is full", func(f *fakeRig) { f.saveErr = errors.New("no space left on device") }, calibrate.KindTool},
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
	if kindOf(err) != calibrate.KindInterrupted || r.Complete || f.stopped != 1 {
		t.Errorf("error %v, complete %v, stopped %d times", err, r.Complete, f.stopped)
	}
	if r.Worker.PeakRSSBytes == 0 || len(f.samples) == 0 {
		t.Error("what was measured is lost")
	}
	if last := r.Phases[len(r.Phases)-1]; last.Ended.By != calibrate.EndCut {
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
		if r.Target.Killed != 2 || slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "killed-at-stop" }) == interrupted {
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
	if !slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "memory-guard" }) {
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
	if r.Worker.PeakSource != "samples" || !slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "peak-from-samples" }) {
		t.Errorf("peak from %q, warnings %v", r.Worker.PeakSource, r.Warnings)
	}
}

func TestFolderGivesBackWhatWasMeasured(t *testing.T) {
	f := newFakeRig()
	f.keep = 4096
	want, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run")
	folder, err := calibrate.CreateFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range f.samples {
		if err := folder.Sample(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range f.buckets {
		if err := folder.Bucket(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.Save(want); err != nil {
		t.Fatal(err)
	}
	if _, err := calibrate.CreateFolder(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a folder with a run in it was taken for a new one: %v", err)
	}
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Running {
		t.Error("a run under way is not seen as running")
	}
	folder.Close()
	if m, err = calibrate.LoadFolder(path); err != nil || m.Running {
		t.Errorf("error %v, running %v after the end", err, m.Running)
	}
	want.StartedAt = want.StartedAt.Round(0)
	if diff := cmp.Diff(want.Whole(), analyse.Analyse(m).Whole()); diff != "" {
		t.Errorf("analysed again, the run is another (-measured +read back):\n%s", diff)
	}
}

// A run that is interrupted beside the main app has its answer all the same, and keeps the routes that were done. It isn't as planned.
func TestRoutesKeepWhatWasDone(t *testing.T) {
	f := newFakeRig()
	f.several = []calibrate.Route{{Name: "/a", Share: 0.6}, {Name: "/b", Share: 0.4}}
	f.scale = func(calibrate.Setup) (calibrate.Target, error) { return f, nil }
	p := fakePlan()
	p.ByRoute, p.Quick = true, true
	ctx, cancel := context.WithCancelCause(context.Background())
	looks := 0
	f.at = func(_ string, f *fakeRig) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.paces[len(f.paces)-1].Route != "/b" {
			return
		}
		if looks++; looks == 8 { // well after its warm-up
			cancel(context.Canceled)
		}
	}
	r, err := runFake(t, f, p, ctx)
	if kindOf(err) != calibrate.KindInterrupted || !r.Complete || r.AsPlanned() || !slices.Equal(r.Undone(), []string{calibrate.PhaseRoutes}) {
		t.Fatalf("%v, complete %v, missing %q", err, r.Complete, r.Undone())
	}
	if len(r.Routes.Runs) != 2 || r.Routes.Runs[0].Name != "/a" || r.Routes.Runs[0].Creep == nil {
		t.Fatalf("%+v", r.Routes)
	}
	if b := r.Routes.Runs[1]; b.Failed == nil || b.Failed.Kind != calibrate.MissCut || b.PeakRSSBytes == 0 || b.Requests == 0 {
		t.Errorf("%+v, want what was measured of it by then", b)
	}
}

// A gate runs routes alone only to find out which of them leaks.
func TestRoutesOfCreep(t *testing.T) {
	for keep, want := range map[float64]bool{0: false, 4096: true} {
		f := unsaidRig()
		f.keep = keep
		f.several = []calibrate.Route{{Name: "/a", Share: 0.6}, {Name: "/b", Share: 0.4}}
		f.scale = func(calibrate.Setup) (calibrate.Target, error) { return f, nil }
		p := fakePlan()
		p.ByRoute, p.RoutesOfCreep = true, true
		r, err := runFake(t, f, p, context.Background())
		if err != nil || (r.Routes != nil) != want {
			t.Errorf("%.0f bytes kept a request (%s): routes %+v, %v", keep, r.Creep.Verdict, r.Routes, err)
		}
	}
}

// A triage runs what was asked for, one thread only where there are more, and nothing where there is no creep.
func TestTriageRunsItsVariations(t *testing.T) {
	variations := []calibrate.Variation{{Name: "arenas", Env: "M=2"}, {Name: "jemalloc", Why: "not run: none here"}, {Name: "one thread", OneThread: true}}
	for _, c := range []struct {
		name    string
		keep    float64
		threads int
		want    []string
	}{
		{"two threads", 16384, 2, []string{"arenas", "jemalloc", "one thread"}},
		{"one thread", 16384, 1, []string{"arenas", "jemalloc"}},
		{"no creep", 0, 2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := unsaidRig()
			f.keep, f.threads = c.keep, c.threads
			var setups []calibrate.Setup
			f.scale = func(s calibrate.Setup) (calibrate.Target, error) { setups = append(setups, s); return f, nil }
			p := fakePlan()
			p.Variations, p.Quick = variations, true // quick: no short runs
			r, err := runFake(t, f, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				if r.Triage != nil || len(r.Warnings) == 0 || !strings.Contains(r.Warnings[0].Code, "not-triaged") {
					t.Errorf("%+v, %+v; want a warning alone", r.Triage, r.Warnings)
				}
				return
			}
			var names []string
			for _, run := range r.Triage.Runs {
				names = append(names, run.Name)
			}
			if strings.Join(names, ", ") != strings.Join(c.want, ", ") {
				t.Errorf("ran %q, want %q", names, c.want)
			}
			if setups[0].Env != "M=2" || len(setups) != len(c.want)-1 {
				t.Errorf("started %+v: want M=2 first, and nothing for what can't be had", setups)
			}
			if r.Triage.Verdict != calibrate.TriageUnclear || r.Triage.Reason.Kind != calibrate.TriageNoAllocator {
				t.Errorf("%s: %+v", r.Triage.Verdict, r.Triage.Reason)
			}
		})
	}
}

// A run sized again for its own box comes to what it came to.
func TestResizedIsTheSame(t *testing.T) {
	for _, keep := range []float64{0, 20_000} {
		f := newFakeRig()
		f.keep = keep
		r, err := runFake(t, f, fakePlan(), context.Background())
		if err != nil || r.Recommendation.Workers == 0 {
			t.Fatalf("%v, %+v", err, r.Recommendation)
		}
		got := analyse.Resized(r)
		if !reflect.DeepEqual(got, r) {
			t.Errorf("keeps %g: %+v, was %+v", keep, got, r)
		}
	}
	for _, name := range []string{"withheld", "partial"} {
		if rec := analyse.Resized(recorded(t, name)).Recommendation; rec.Workers != 0 || rec.Withheld == nil {
			t.Errorf("%s: %+v", name, rec)
		}
	}
}

// A run keeps to the bounds that it is given, and its saved plan has them.
func TestRunKeepsToBounds(t *testing.T) {
	plan := fakePlan()
	plan.MaxWorkers = 1
	r, err := runFake(t, newFakeRig(), plan, context.Background())
	if err != nil || r.Recommendation.Workers != 1 || r.Plan.MaxWorkers != 1 {
		t.Errorf("%v, plan %+v, %+v", err, r.Plan, r.Recommendation)
	}
	plan.MaxWorkers, plan.MinWorkers, plan.MemoryBytes = 0, 20, 512*calibrate.MiB
	r, err = runFake(t, newFakeRig(), plan, context.Background())
	if err != nil || !r.Recommendation.NothingFits || r.Outcome() != calibrate.KindNothingFits || r.Recommendation.SmallestMemoryBytes == 0 {
		t.Errorf("%v, %+v", err, r.Recommendation)
	}
}

// recorded is a run of the fixtures, as today's rules have it.
func recorded(t *testing.T, name string) calibrate.Result {
	t.Helper()
	r, err := analyse.Load(filepath.Join("..", "..", "fixtures", "runs", name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
