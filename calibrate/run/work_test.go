package run

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// A master 1 with a worker 10, whose children come and go, beside a helper 20.
func TestSpentBetween(t *testing.T) {
	type tree = map[int]calibrate.CPUTime
	master, helper := calibrate.CPUTime{Start: 1, Own: 1, Reaped: 5}, calibrate.CPUTime{Start: 3, Parent: 1, Own: 4, Reaped: 1}
	worker := calibrate.CPUTime{Start: 2, Parent: 1, Own: 10, Reaped: 2, System: 1}
	used := func(c calibrate.CPUTime, own, reaped float64) calibrate.CPUTime {
		c.Own, c.Reaped = c.Own+own, c.Reaped+reaped
		return c
	}
	child := func(start int64, parent int, own float64) calibrate.CPUTime {
		return calibrate.CPUTime{Start: start, Parent: parent, Own: own}
	}
	for _, c := range []struct {
		name          string
		from, to      tree
		workers, rest float64
	}{
		{"nothing happens", tree{1: master, 10: worker}, tree{1: master, 10: worker}, 0, 0},
		{"each for itself", tree{1: master, 10: worker, 20: helper}, tree{1: used(master, 1, 0), 10: used(worker, 2, 0), 20: used(helper, 4, 0)}, 2, 5},
		{"a child that stays", tree{1: master, 10: worker}, tree{1: master, 10: worker, 11: child(9, 10, 3)}, 3, 0},
		{"a child's child that stays", tree{1: master, 10: worker, 11: child(9, 10, 1)}, tree{1: master, 10: worker, 11: child(9, 10, 1), 12: child(9, 11, 3)}, 3, 0},
		{"a child that came and went", tree{1: master, 10: worker}, tree{1: master, 10: used(worker, 1, 3)}, 4, 0},
		{"a child that was there, and went", tree{1: master, 10: worker, 11: child(9, 10, 2)}, tree{1: master, 10: used(worker, 0, 3)}, 1, 0},
		{"a child and its child, that went", tree{1: master, 10: worker, 11: child(9, 10, 2), 12: child(9, 11, 1)}, tree{1: master, 10: used(worker, 0, 4)}, 1, 0},
		{"a child that nobody waited for", tree{1: master, 10: worker, 11: child(9, 10, 2)}, tree{1: master, 10: used(worker, 1, 0)}, 1, 0},
		{"another with its number", tree{1: master, 10: worker, 11: child(9, 10, 2)}, tree{1: master, 10: used(worker, 0, 2), 11: child(99, 10, 1)}, 1, 0},
		{"the master's child that went", tree{1: master, 10: worker, 20: helper}, tree{1: used(master, 0, 5.5), 10: worker}, 0, 0.5},
		{"a ring of parents", tree{1: master, 10: worker}, tree{1: master, 10: worker, 30: child(9, 31, 1), 31: child(9, 30, 1)}, 0, 2},
	} {
		all, rest := spentBetween(c.from, c.to, []int{10})
		if math.Abs(all.cpu-rest.cpu-c.workers) > 1e-9 || math.Abs(rest.cpu-c.rest) > 1e-9 {
			t.Errorf("%s: workers %g, rest %g; want %g and %g", c.name, all.cpu-rest.cpu, rest.cpu, c.workers, c.rest)
		}
	}
}

// The busiest thread of those that are no workers', by its own clock.
func TestBusiestThreadOfTheRest(t *testing.T) {
	threads := func(ran ...float64) map[int]calibrate.ThreadTime {
		all := map[int]calibrate.ThreadTime{}
		for i, seconds := range ran {
			all[100+i] = calibrate.ThreadTime{Ran: seconds, Waited: 0.5 * seconds}
		}
		return all
	}
	from := map[int]calibrate.CPUTime{1: {Start: 1, Own: 9, Threads: threads(5, 4)}, 10: {Start: 2, Parent: 1, Threads: threads(0)}}
	to := map[int]calibrate.CPUTime{1: {Start: 1, Own: 13, Threads: threads(6, 6, 1)}, 10: {Start: 2, Parent: 1, Own: 7, Threads: threads(7)}}
	all, rest := spentBetween(from, to, []int{10})
	if rest.cpu != 4 || rest.thread != 2 || rest.waited != 2 || all.thread != 7 || all.waited != 5.5 {
		t.Errorf("all %+v, the rest %+v", all, rest)
	}
}

// Every phase of load has what it took, whose it was, and for how many requests.
func TestRunNotesTheWorkOfEachLoad(t *testing.T) {
	f := newFakeRig()
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	loads := 0
	for _, p := range r.Phases {
		if p.Requests == 0 {
			if (p.Work != nil) != (p.Name == calibrate.PhaseRest) { // others are busy in this rig, so a moment without load is looked at
				t.Errorf("%s has work without load: %+v", p.Name, p.Work)
			}
			continue
		}
		loads++
		w := p.Work
		if w == nil {
			t.Errorf("%s: none", p.Name)
			continue
		}
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 0.001*want {
				t.Errorf("%s: %s %g, want %g", p.Name, what, got, want)
			}
		}
		near("workers a request", w.PerRequest(w.Workers), demand)
		near("rest a request", w.PerRequest(w.Rest), atRest)
		near("own a request", w.PerRequest(w.Own), 0.1*(demand+atRest))
		near("waited a request", w.PerRequest(w.Waited), 0.001)
		near("others", w.Others, 0.5*w.Seconds)
		near("steal", w.Steal, 0.01*w.Seconds)
		if p.Name != calibrate.PhaseAlone && (w.Requests != p.Requests || math.Abs(w.Seconds-p.Seconds) > 0.1) || w.Source != calibrate.WorkClocks {
			t.Errorf("%s of %d requests in %g s: %+v", p.Name, p.Requests, p.Seconds, w)
		}
	}
	if loads != 5 {
		t.Errorf("%d loads, want alone, capacity, warm-up, soak and peak", loads)
	}
}

// A group that counts has what nobody waited for; it is the workers'.
func TestWorkOfAGroupThatCounts(t *testing.T) {
	f := newFakeRig()
	f.group.counts = true
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := r.Phases[len(r.Phases)-1].Work
	if want := 1.2*(demand+atRest) - atRest; w == nil || w.Source != calibrate.WorkGroup || math.Abs(w.PerRequest(w.Workers)-want) > 0.001*want || math.Abs(w.PerRequest(w.Rest)-atRest) > 0.001*atRest {
		t.Errorf("%+v, want %g a request of the workers", w, want)
	}
}

// Figures that nobody can know are left out.
func TestWorkThatIsNotKnown(t *testing.T) {
	f := newFakeRig()
	f.coresErr = errUnread
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range r.Phases {
		if p.Work != nil {
			t.Errorf("%s: %+v", p.Name, p.Work)
		}
	}
	if r.Alone != nil {
		t.Errorf("alone %+v", r.Alone)
	}
	known := workReading{known: true, tree: map[int]calibrate.CPUTime{10: {Start: 2, Own: 1}}, cores: calibrate.CoreTime{Cores: 2}}
	for name, change := range map[string]func(*workReading){
		"a worker was replaced":      func(w *workReading) { w.tree = map[int]calibrate.CPUTime{10: {Start: 3}} },
		"a worker has gone":          func(w *workReading) { w.tree = map[int]calibrate.CPUTime{} },
		"one was seen to end":        func(w *workReading) { w.restarts = 1 },
		"more than the cores can do": func(w *workReading) { w.tree = map[int]calibrate.CPUTime{10: {Start: 2, Own: 1 + 2*1.2}} },
	} {
		w := watcher{probes: []workerProbe{{pid: 10}}}
		later := known
		later.at = known.at.Add(1e9)
		if w.workBetween(known, later) == nil {
			t.Fatal("nothing of what is known")
		}
		if change(&later); w.workBetween(known, later) != nil {
			t.Errorf("%s: %+v", name, w.workBetween(known, later))
		}
	}
}

// Short runs, sweeps and trials have theirs. A short run's first second is left out, and the rate is that of the rest.
func TestWorkOfWhatRunsBeside(t *testing.T) {
	f := newFakeRig()
	f.scale = func(calibrate.Setup) (calibrate.Target, error) { return f, nil }
	p := fakePlan()
	p.Sweep = true
	r, err := runFake(t, f, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Law.Runs) != 1 || len(r.Sweep.Runs) == 0 { // the fake has one worker
		t.Fatalf("%d short runs, sweep %+v", len(r.Law.Runs), r.Sweep)
	}
	for _, run := range r.Law.Runs {
		if run.Work == nil || math.Abs(run.RatePerSecond-500) > 1 || math.Abs(run.Work.PerRequest(run.Work.Workers)-demand) > 1e-5 || run.Work.Requests+500 > run.Requests {
			t.Errorf("%+v, %+v", run, run.Work)
		}
	}
	for _, run := range r.Sweep.Runs {
		if run.Failed == nil && (run.Work == nil || math.Abs(run.Work.PerRequest(run.Work.Workers)-demand) > 1e-5) {
			t.Errorf("%+v, %+v", run, run.Work)
		}
	}
}
