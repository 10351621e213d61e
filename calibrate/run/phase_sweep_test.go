package run

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// sweepRig serves 400 requests a second by each worker, up to three; more workers take more memory and serve no more. Nobody can
// read its CPU time, so that the cores ask for as many workers as the field's rule has it.
func sweepRig() (f *fakeRig, started *[]calibrate.Setup) {
	f, started = newFakeRig(), &[]calibrate.Setup{}
	f.noGroup, f.p99, f.cpus, f.coresErr = "there is none", 0.01, 2, errUnread
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		*started = append(*started, s)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.others = nil
		for i := range s.Workers - 1 {
			f.others = append(f.others, 200+i)
		}
		f.capacity = 400 * float64(min(s.Workers, 3))
		return f, nil
	}
	return f, started
}

func TestRunSweepsTheCandidates(t *testing.T) {
	f, started := sweepRig()
	p := fakePlan()
	p.Sweep = true
	r, err := runFake(t, f, p, nil)
	if err != nil || r.Sweep == nil {
		t.Fatal(err)
	}
	var shapes []calibrate.Shape
	for _, run := range r.Sweep.Runs {
		shapes = append(shapes, calibrate.Shape{Workers: run.Workers, Threads: run.Threads})
		if want := 400 * float64(min(run.Workers, 3)); math.Abs(run.RatePerSecond-want) > 1 || len(run.Rates) != 2 || run.Failed != nil || run.MeasuredBytes == 0 || run.PredictedBytes == 0 {
			t.Errorf("%+v, want %.0f requests/s", run, want)
		}
		if timed := r.Load.RateAsked * sweepSteady.Seconds(); math.Abs(float64(run.LatencyRequests)-timed) > timed/10 {
			t.Errorf("latencies of %d requests, want about %.0f", run.LatencyRequests, timed)
		}
	}
	want := []calibrate.Shape{{Workers: 2, Threads: 2}, {Workers: 3, Threads: 2}, {Workers: 1, Threads: 2}, {Workers: 2, Threads: 4}, {Workers: 5, Threads: 1}}
	if !slices.Equal(shapes, want) || r.Sweep.Wanted != len(want) {
		t.Errorf("swept %v, want %v", shapes, want)
	}
	var last []calibrate.Shape // after the run's own short runs, both rounds
	for _, s := range (*started)[len(*started)-2*len(want):] {
		last = append(last, s.Shape)
		if s.MaxRequests != 0 || s.MemoryLimit != 0 {
			t.Errorf("set up as %+v", s)
		}
	}
	if !slices.Equal(last, append(slices.Clone(want), want...)) {
		t.Errorf("started %v, want each once a round", last)
	}
	if rec := r.Recommendation; rec.Workers != 3 || rec.Threads != 2 || rec.Computed == nil {
		t.Errorf("recommended %+v", rec)
	}
	// The last candidate: two loads with two clients a thread, and one at the soak's rate.
	if last := f.paces[len(f.paces)-3:]; last[0] != (calibrate.Pace{Clients: 10}) || last[1] != last[0] || last[2].Rate != r.Load.RateAsked || last[2].Clients != 128 {
		t.Errorf("paces %+v", last)
	}
	if f.stopped != len(*started)+1 {
		t.Errorf("%d started, %d stopped", len(*started)+1, f.stopped)
	}
	for _, s := range f.samples {
		if s.Phase == calibrate.PhaseSweep {
			t.Fatal("samples of another app are in the run's journal")
		}
	}
}

// What goes wrong with one candidate costs its row.
func TestRunSweepsOnWhereOneFails(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *fakeRig, s calibrate.Setup) error
		says   string
	}{
		"it can't be started":    {func(*fakeRig, calibrate.Setup) error { return errors.New("no third worker today") }, "no third worker today"},
		"a worker doesn't come":  {func(f *fakeRig, _ calibrate.Setup) error { f.others = f.others[1:]; return nil }, "2 of 3 workers were found"},
		"most requests fail":     {func(f *fakeRig, _ calibrate.Setup) error { f.fails = true; return nil }, "requests failed"},
		"no latency is known":    {func(f *fakeRig, _ calibrate.Setup) error { f.p99 = 0; return nil }, "was answered"},
		"it takes far too much":  {func(f *fakeRig, _ calibrate.Setup) error { f.warm = 3 << 30; return nil }, "more than half of the memory"},
		"its memory is not read": {func(f *fakeRig, _ calibrate.Setup) error { f.detail = errors.New("denied"); return nil }, "could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := sweepRig()
			scale := f.scale
			f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
				f.fails, f.p99, f.warm, f.detail = false, 0.01, 0, nil
				app, err := scale(s)
				if s.Workers == 3 && err == nil {
					err = c.change(f, s)
				}
				return app, err
			}
			p := fakePlan()
			p.Sweep = true
			r, err := runFake(t, f, p, nil)
			if err != nil || len(r.Sweep.Runs) != r.Sweep.Wanted {
				t.Fatalf("%v, %+v", err, r.Sweep)
			}
			for _, run := range r.Sweep.Runs {
				if (run.Workers == 3) != (run.Failed != nil) || run.Workers == 3 && !strings.Contains(run.Failed.Error(), c.says) {
					t.Errorf("%d workers: %+v", run.Workers, run.Failed)
				}
			}
			if rec := r.Recommendation; rec.Workers == 3 || rec.Computed == nil {
				t.Errorf("recommended %+v", rec)
			}
		})
	}
}

// A sweep that is interrupted keeps what it has, and the run is whole; what it has decides nothing.
func TestRunInterruptedWhileItSweeps(t *testing.T) {
	f, _ := sweepRig()
	ctx, cancel := context.WithCancelCause(context.Background())
	scale := f.scale
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		if s.Workers == 1 && s.Threads == 2 {
			cancel(errors.New("Ctrl-C"))
		}
		return scale(s)
	}
	p := fakePlan()
	p.Sweep = true
	r, err := runFake(t, f, p, ctx)
	if kindOf(err) != calibrate.KindInterrupted || !r.Complete || len(r.Sweep.Runs) != 2 || r.Recommendation.Workers != 2 || r.Recommendation.Computed != nil {
		t.Errorf("error %v, complete %v, swept %+v, recommended %+v", err, r.Complete, r.Sweep, r.Recommendation)
	}
	if last := f.saved[len(f.saved)-1]; len(last.Sweep.Runs) != 2 {
		t.Errorf("saved: %+v", last.Sweep)
	}
}

// A box of other cores than this machine's is sized by the law, and the report says so.
func TestRunSweepsForAnotherBox(t *testing.T) {
	f, _ := sweepRig()
	p := fakePlan()
	p.Sweep, p.CPUs = true, 1
	r, err := runFake(t, f, p, nil)
	if err != nil || len(r.Sweep.Runs) < 2 || r.Recommendation.Computed != nil {
		t.Fatalf("%v, %+v, %+v", err, r.Sweep, r.Recommendation)
	}
	warned := func(r calibrate.Result) bool {
		return slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == analyse.SweepUndecided })
	}
	if !warned(r) {
		t.Errorf("nothing says that the sweep decides nothing: %v", r.Warnings)
	}
	r.Plan.CPUs = 2
	if here := analyse.Resized(r); warned(here) || here.Recommendation.Computed == nil {
		t.Errorf("sized for this machine: %+v", here.Recommendation)
	}
}

func TestRunSweepsNothingOfOneCandidate(t *testing.T) {
	f, _ := sweepRig()
	p := fakePlan()
	p.Sweep, p.MinWorkers, p.MaxWorkers, p.MemoryBytes, p.OtherThreads = true, 2, 2, 140<<20, []int{2}
	r, err := runFake(t, f, p, nil)
	if err != nil || r.Sweep != nil || !slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "not-swept" }) {
		t.Errorf("%v, %+v, %v", err, r.Sweep, r.Warnings)
	}
}
