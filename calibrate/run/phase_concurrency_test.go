package run

import (
	"context"
	"testing"

	"workermem/calibrate"
)

func TestRunMeasuresCrowdsWhereNoThreadsBoundThem(t *testing.T) {
	f := newFakeRig()
	f.threads, f.crowd, f.keep = 0, 3<<20, 100
	r, err := runFake(t, f, fakePlan(), context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c := r.Concurrency
	if len(c.Steps) != 5 || c.Steps[0].Clients != 8 || c.Steps[4].Clients != 128 {
		t.Fatalf("steps %+v, want 8 to 128 clients", c.Steps)
	}
	if off := c.RequestBytes - 3<<20; off < -3<<20/100 || off > 3<<20/100 {
		t.Errorf("%d bytes a request at once, want 3 MiB within 1 %%", c.RequestBytes)
	}
	if largest := c.Steps[4].PeakRSSBytes; r.Worker.PeakRSSBytes >= largest || r.Worker.Requests >= c.Steps[4].Answered {
		t.Errorf("the crowd counts as the worker's: peak %d of %d, requests %d", r.Worker.PeakRSSBytes, largest, r.Worker.Requests)
	}
	left := r.Recommendation.BudgetBytes - r.Recommendation.TotalBytes
	if want := 8 + int(left/int64(r.Recommendation.Workers)/c.RequestBytes); c.Bound != want {
		t.Errorf("bound %d, want %d", c.Bound, want)
	}
}

// A last step is taken where the one before shows that memory may have stopped growing.
func TestRunSeesWhereCrowdsStopGrowing(t *testing.T) {
	f := newFakeRig()
	f.threads, f.crowd, f.pool = 0, 4<<20, 40
	r, err := runFake(t, f, fakePlan(), context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c := r.Concurrency
	if len(c.Steps) != 6 || c.Steps[5].Clients != 256 || c.Bend == nil || c.Bend.Below != 32 || c.Bend.Clients != 64 || c.Bend.Bytes>>20 != 128 {
		t.Fatalf("%+v, bend %+v; want 8 to 256 clients, and a bend between 32 and 64", c.Steps, c.Bend)
	}
	if r.Recommendation.Sum.CrowdBytes>>20 != 128 || c.Bound != 0 || hasWarning(r, "unbounded") {
		t.Errorf("sized for %d bytes more, bound %d, %+v", r.Recommendation.Sum.CrowdBytes, c.Bound, r.Warnings)
	}
}

func TestRunMeasuresNoCrowdsWhereSomethingBoundsThem(t *testing.T) {
	for name, change := range map[string]func(*fakeRig, *calibrate.Plan){
		"threads":       func(f *fakeRig, _ *calibrate.Plan) { f.threads = 4 },
		"--concurrency": func(f *fakeRig, p *calibrate.Plan) { f.threads, p.Clients = 0, 20 },
		"--quick":       func(f *fakeRig, p *calibrate.Plan) { f.threads, p.Quick = 0, true },
	} {
		t.Run(name, func(t *testing.T) {
			f, plan := newFakeRig(), fakePlan()
			change(f, &plan)
			r, err := runFake(t, f, plan, context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Concurrency.Steps) != 0 || r.Concurrency.Bound != 0 {
				t.Errorf("measured %+v", r.Concurrency)
			}
		})
	}
}

// A crowd that is too much costs its own figure only: the answer was there before.
func TestRunKeepsItsAnswerWhenTheCrowdGoesWrong(t *testing.T) {
	for name, harm := range map[string]func(*fakeRig){
		"most requests fail": func(f *fakeRig) { f.fails = true },
		"the worker ends":    func(f *fakeRig) { f.pid++ },
		"the app ends":       func(f *fakeRig) { close(f.exited) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeRig()
			f.threads = 0
			once := false
			f.at = func(_ string, f *fakeRig) {
				f.mu.Lock()
				defer f.mu.Unlock()
				if f.paces[len(f.paces)-1].Clients == 16 && !once {
					once = true
					harm(f)
				}
			}
			r, err := runFake(t, f, fakePlan(), context.Background())
			if err != nil || !r.Complete || r.Recommendation.Workers == 0 || r.Outcome() != 0 {
				t.Fatalf("error %v, complete %v, %+v", err, r.Complete, r.Recommendation)
			}
			if !once {
				t.Fatal("no crowd came")
			}
			if len(r.Concurrency.Steps) != 1 || r.Warnings[len(r.Warnings)-1].Code == "" || !hasWarning(r, "not-crowded") {
				t.Errorf("steps %+v, warnings %+v", r.Concurrency.Steps, r.Warnings)
			}
		})
	}
}

// A crowd whose first second could take the machine's memory is not tried.
func TestRunTriesNoCrowdThatMightNotFit(t *testing.T) {
	f := newFakeRig()
	f.threads, f.crowd = 0, 60<<20 // 64 at once take 3.8 GB, and 6 GB are free
	r, err := runFake(t, f, fakePlan(), context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Concurrency.Steps) != 3 || !hasWarning(r, "not-crowded") {
		t.Errorf("steps %+v, warnings %+v", r.Concurrency.Steps, r.Warnings)
	}
	for _, pace := range f.paces {
		if pace.Rate == 0 && pace.Clients > 32 {
			t.Errorf("load of %d clients", pace.Clients)
		}
	}
}

func TestRunKeepsWithinTheServersOwnBound(t *testing.T) {
	for _, c := range []struct{ limit, most, steps int }{
		{4, 4, 0},
		{40, 40, 0},
		{1_000_000, 128, 5}, // as good as none
	} {
		f := newFakeRig()
		f.threads, f.limit = 0, c.limit
		r, err := runFake(t, f, fakePlan(), context.Background())
		if err != nil {
			t.Fatal(err)
		}
		most := 0
		for _, pace := range f.paces {
			most = max(most, pace.Clients)
		}
		if most != c.most || len(r.Concurrency.Steps) != c.steps {
			t.Errorf("limit %d: %d clients at most, %d steps; want %d and %d", c.limit, most, len(r.Concurrency.Steps), c.most, c.steps)
		}
	}
}

// What children take, or files in memory, is seen coming, and ends a load in time: it is in no worker's RSS.
func TestGuardSeesTheWholeTree(t *testing.T) {
	const mb = 1 << 20
	r := run{result: calibrate.Result{
		Host: calibrate.Host{AvailableBytes: 1000 * mb}, Worker: calibrate.Worker{IdleRSSBytes: 30 * mb},
		Phases:      []calibrate.Phase{{Name: calibrate.PhaseIdle, PeakHeldBytes: 40 * mb}},
		Concurrency: calibrate.Concurrency{Steps: []calibrate.ConcurrencyStep{{Clients: 4, PeakRSSBytes: 32 * mb, PeakHeldBytes: 200 * mb}}},
	}}
	if got := r.crowdWouldTake(8) / mb; got != 360 {
		t.Errorf("8 at once would take %d MB, if 4 took 160 beside 40", got)
	}
	r.result.Phases, r.result.Concurrency.Steps[0].PeakHeldBytes = nil, 0 // without a control group
	if got := r.crowdWouldTake(8) * 2 / mb; got != 68 {
		t.Errorf("8 at once would take %d half MB", got)
	}
	for held, want := range map[int64]bool{490 * mb: false, 510 * mb: true} {
		if end, short := r.memoryShort([]calibrate.Sample{{RSS: 30 * mb, Workers: 1, Held: held}}); short != want || end.HeldBytes != held {
			t.Errorf("%d MB held of 1000: %v, %+v", held/mb, short, end)
		}
	}
}
