package run

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

func TestRunScalesToOtherShapes(t *testing.T) {
	f := unsaidRig()
	var shapes []calibrate.Shape
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		shapes = append(shapes, s.Shape)
		if s.Workers == 2 {
			return nil, errors.New("no second worker today")
		}
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []calibrate.Shape{{Workers: 1, Threads: 16}, {Workers: 2, Threads: 2}}; !slices.Equal(shapes, want) {
		t.Errorf("shapes %v, want %v", shapes, want)
	}
	if r.Worker.Early == nil || r.Worker.Early.Requests != (1+2+3)*500 {
		t.Fatalf("the reading after 1 and 2 s of one client, and 3 s of 500 requests/s: %+v", r.Worker.Early)
	}
	if len(r.Law.Runs) != 1 || r.Law.Runs[0].Requests < r.Worker.Early.Requests || r.Law.Runs[0].MeasuredBytes == 0 {
		t.Errorf("runs %+v, less warm than the worker's after its first load", r.Law.Runs)
	}
	if !slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "not-scaled" }) {
		t.Errorf("the shape that failed is passed over: %v", r.Warnings)
	}
	if f.stopped != 2 || !r.Complete {
		t.Errorf("stopped %d times, complete %v", f.stopped, r.Complete)
	}
}

// An app that waits for most of its time is run with as many threads as keep the cores busy meanwhile; and if so many hardly serve,
// with as many as any app.
func TestRunScalesToWhatWaitingAsksFor(t *testing.T) {
	for _, c := range []struct {
		name  string
		stuck int // so many threads, or more
		want  []calibrate.Shape
		most  int // threads of any candidate
	}{
		{"it serves", 100, []calibrate.Shape{{Workers: 1, Threads: 40}, {Workers: 2, Threads: 2}}, 40},
		{"it stalls", 40, []calibrate.Shape{{Workers: 1, Threads: 40}, {Workers: 1, Threads: 16}, {Workers: 2, Threads: 2}}, 16},
		{"it stalls with any", 16, []calibrate.Shape{{Workers: 1, Threads: 40}, {Workers: 1, Threads: 16}, {Workers: 2, Threads: 2}}, 2},
	} {
		f := newFakeRig()
		f.computes = demand / 4 // and the master takes as much: 1 ms of 22
		var shapes []calibrate.Shape
		f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
			shapes = append(shapes, s.Shape)
			if f.capacity = 500; s.Threads >= c.stuck {
				f.capacity = 0
			}
			return f, nil
		}
		r, err := runFake(t, f, fakePlan(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(shapes, c.want) {
			t.Errorf("%s: %v, want %v", c.name, shapes, c.want)
		}
		most := 0
		for _, one := range r.Candidates {
			most = max(most, one.Threads)
		}
		if most != c.most {
			t.Errorf("%s: candidates of %d threads, want %d", c.name, most, c.most)
		}
	}
}

// A shape that serves next to nothing is told, with what one worker served. It is neither measured nor a candidate.
func TestRunWarnsOfAShapeThatStalls(t *testing.T) {
	for name, c := range map[string]struct {
		capacity, alone float64 // of the shape, and of the measured worker
		stalled         bool
		text            string
	}{
		"nothing":          {0, 500, true, "with 1 worker of 16 threads no request was answered in 10 s, with 1 worker of 2 threads 500/s"},
		"hardly anything":  {40, 500, true, "with 1 worker of 16 threads only 400 requests were answered in 10 s, with 1 worker of 2 threads 500/s"},
		"a busy machine":   {60, 500, false, ""},
		"the same as ever": {500, 500, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := unsaidRig()
			f.capacity = c.alone
			f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
				f.capacity = c.alone
				if s.Threads == 16 {
					f.capacity = c.capacity
				}
				return f, nil
			}
			p := fakePlan()
			p.Prefer = "threads"
			r, err := runFake(t, f, p, nil)
			if err != nil {
				t.Fatal(err)
			}
			if hasWarning(r, "stalled") != c.stalled {
				t.Errorf("warnings %v", r.Warnings)
			}
			if got := slices.ContainsFunc(r.Law.Runs, func(run calibrate.LawRun) bool { return run.Threads == 16 }); got == c.stalled {
				t.Errorf("measured %v: %v", got, r.Law.Runs)
			}
			if most := r.Recommendation.Threads; (most > r.Target.Threads) == c.stalled {
				t.Errorf("%d threads are recommended", most)
			}
			for _, w := range r.Warnings {
				if w.Code == "stalled" && !strings.HasPrefix(w.Text, c.text+": ") {
					t.Error(w.Text)
				}
			}
		})
	}
}

// Of requests that take seconds each, none may be answered in a short run.
func TestServedSlowly(t *testing.T) {
	r := &run{}
	r.result.Target.Threads, r.result.Load.Capacity = 2, 0.6
	if err := r.served(calibrate.Shape{Workers: 1, Threads: 40}, calibrate.Tally{Seconds: 10}); err != nil || len(r.result.Warnings) > 0 {
		t.Errorf("%v %v", err, r.result.Warnings)
	}
	r.result.Load.Capacity = 60
	if err := r.served(calibrate.Shape{Workers: 1, Threads: 40}, calibrate.Tally{Seconds: 10, Requests: 64, Errors: []calibrate.ErrorCount{{Class: calibrate.ClassTimeout, Count: 64}}}); !errors.Is(err, errStalled) {
		t.Errorf("all ended at the timeout: %v", err)
	}
	if err := r.served(calibrate.Shape{Workers: 1, Threads: 40}, calibrate.Tally{Seconds: 10, Requests: 900, Errors: []calibrate.ErrorCount{{Class: "status 500", Count: 900}}}); err == nil || errors.Is(err, errStalled) {
		t.Errorf("all failed: %v", err)
	}
}

// The thread counts that the user names are measured, and weighed.
func TestRunScalesToTheThreadsAskedFor(t *testing.T) {
	f := newFakeRig()
	var shapes []calibrate.Shape
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		shapes = append(shapes, s.Shape)
		return f, nil
	}
	p := fakePlan()
	p.OtherThreads = []int{5, 1}
	r, err := runFake(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := []calibrate.Shape{{Workers: 1, Threads: 5}, {Workers: 1, Threads: 1}, {Workers: 2, Threads: 2}}; !slices.Equal(shapes, want) {
		t.Errorf("shapes %v, want %v", shapes, want)
	}
	for _, threads := range []int{1, 2, 5} {
		if !slices.ContainsFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Threads == threads }) {
			t.Errorf("no candidate of %d threads", threads)
		}
	}
}

// What is interrupted while it is only checked is whole, and says that it was interrupted.
func TestRunInterruptedWhileItScales(t *testing.T) {
	f := newFakeRig()
	ctx, cancel := context.WithCancelCause(context.Background())
	f.scale = func(calibrate.Setup) (calibrate.Target, error) {
		cancel(errors.New("Ctrl-C"))
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), ctx)
	if kindOf(err) != calibrate.KindInterrupted || !r.Complete || r.Recommendation.Workers == 0 {
		t.Errorf("error %v, complete %v, recommended %+v", err, r.Complete, r.Recommendation)
	}
	var saved calibrate.Result
	for _, s := range f.saved {
		if s.Complete {
			saved = s
			break
		}
	}
	if saved.Recommendation.Workers == 0 {
		t.Error("nothing whole was saved before the check began")
	}
}
