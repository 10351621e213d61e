package run

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
)

// fakeTurns starts a fake app for each run.
type fakeTurns struct {
	ready  func(pair int, side calibrate.Side, f *fakeRig) // makes it what it is
	sides  []calibrate.Side
	rigs   []*fakeRig
	closed int
	saved  []calibrate.Comparison
}

func (t *fakeTurns) Open(_ context.Context, side calibrate.Side) (Turn, error) {
	pair := 1 + len(t.sides)/2
	f := newFakeRig()
	f.exited, f.began = make(chan struct{}), time.Now()
	if t.ready != nil {
		t.ready(pair, side, f)
	}
	t.sides, t.rigs = append(t.sides, side), append(t.rigs, f)
	return Turn{Plan: fakePlan(), Rig: f.rig(), Folder: string(side), Close: func() { t.closed++ },
		Head: calibrate.Result{ID: string(side), Host: calibrate.Host{MemoryBytes: 8 << 30, AvailableBytes: 6 << 30, CPUs: 4}}}, nil
}

func (t *fakeTurns) Save(c calibrate.Comparison) error { t.saved = append(t.saved, c); return nil }

func compareFake(t *testing.T, turns *fakeTurns, pairs int, limits ...string) (c calibrate.Comparison, err error) {
	t.Helper()
	for _, text := range limits {
		if c.Limits, err = c.Limits.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	c.Way = calibrate.CompareGate
	synctest.Test(t, func(t *testing.T) { c, err = Compare(t.Context(), c, pairs, turns) })
	return c, err
}

// Two that are the same take one pair of short runs, each with the requests of the first.
func TestCompareTakesOnePair(t *testing.T) {
	turns := &fakeTurns{}
	c, err := compareFake(t, turns, 0, "peak <= +5% or +4MB", "plateau <= +5%", "marginal <= +5%", "creep <= +1KB", "cpu <= +10%")
	if err != nil || c.Verdict != calibrate.ComparePassed || !c.Complete || len(c.Pairs) != 1 || turns.closed != 2 {
		t.Fatalf("%v, %s, %d pairs, %d closed: %+v", err, c.Verdict, len(c.Pairs), turns.closed, c.Compared)
	}
	for i, rig := range turns.rigs {
		if rig.answered.Load() != turns.rigs[0].answered.Load() || rig.stopped != 1 {
			t.Errorf("run %d: %d requests, the first had %d; stopped %d times", i, rig.answered.Load(), turns.rigs[0].answered.Load(), rig.stopped)
		}
		for j, pace := range rig.paces {
			if first := turns.rigs[0].paces[j]; pace.Rate != first.Rate || pace.Clients != first.Clients {
				t.Errorf("run %d, load %d: %+v, the first had %+v", i, j, pace, first)
			}
		}
	}
	if want := comparedShare * 500; math.Abs(c.Portions.Rate-want) > 5 {
		t.Errorf("at %.0f/s, want %.0f", c.Portions.Rate, want)
	}
	if c.DurationSeconds > 60 {
		t.Errorf("%.0f s for a pair", c.DurationSeconds)
	}
	if curve := c.Pairs[0].Head.Curve; len(curve) < 20 || !slices.IsSortedFunc(curve, func(a, b calibrate.CurvePoint) int { return int(a.Requests - b.Requests) }) {
		t.Errorf("%d points: %v", len(curve), curve)
	}
	if last := turns.saved[len(turns.saved)-1]; last.Verdict != c.Verdict || !last.Complete {
		t.Error("what was saved last is not what was returned")
	}
}

// A leak is confirmed by fresh pairs, every second one the other way round, and told from a level.
func TestCompareConfirmsALeak(t *testing.T) {
	turns := &fakeTurns{ready: func(_ int, side calibrate.Side, f *fakeRig) {
		if side == calibrate.SideHead {
			f.keep = 4096
		}
	}}
	c, err := compareFake(t, turns, 0, "creep <= +1KB", "peak <= +50%")
	if err != nil || c.Verdict != calibrate.CompareRegressed || c.ExitCode != calibrate.KindRegression || c.Compared[0].Failed != 3 {
		t.Fatalf("%v, %s, %+v", err, c.Verdict, c.Compared)
	}
	b, h := calibrate.SideBase, calibrate.SideHead
	if want := []calibrate.Side{b, h, h, b, b, h}; !slices.Equal(turns.sides, want) {
		t.Errorf("in the order %v, want %v", turns.sides, want)
	}
	if d := c.Compared[0].Difference; math.Abs(*d.Value-4096) > 50 {
		t.Errorf("creep differs by %.0f, want 4096", *d.Value)
	}
	for _, p := range c.Parts {
		if p.Name != calibrate.PartShared && p.Moved != (p.Name == calibrate.PartCreep) { // the fake's master has the worker's memory
			t.Errorf("%s moved: %v, by %.0f", p.Name, p.Moved, p.Difference)
		}
	}
}

// What happens to one run of the first pair is no alarm.
func TestCompareForgivesAFlicker(t *testing.T) {
	turns := &fakeTurns{ready: func(pair int, side calibrate.Side, f *fakeRig) {
		if pair == 1 && side == calibrate.SideHead {
			f.warm = 20 << 20
		}
	}}
	c, err := compareFake(t, turns, 0, "peak <= +5% or +4MB")
	if err != nil || c.Verdict != calibrate.ComparePassed || len(c.Pairs) != 4 || c.Compared[0].Failed != 1 {
		t.Errorf("%v, %s after %d pairs: %+v", err, c.Verdict, len(c.Pairs), c.Compared)
	}
}

// A head that serves much less gets both a rate that it can serve.
func TestCompareTakesTheSlowersRate(t *testing.T) {
	turns := &fakeTurns{ready: func(_ int, side calibrate.Side, f *fakeRig) {
		if side == calibrate.SideHead {
			f.capacity = 100
		}
	}}
	c, err := compareFake(t, turns, 0, "peak <= +5% or +4MB")
	if err != nil || c.Verdict != calibrate.ComparePassed || len(c.Discarded) != 1 || math.Abs(c.Portions.Rate-comparedShare*100) > 5 {
		t.Errorf("%v, %s, %d discarded, %.0f/s", err, c.Verdict, len(c.Discarded), c.Portions.Rate)
	}
	if b, h := calibrate.SideBase, calibrate.SideHead; !slices.Equal(turns.sides, []calibrate.Side{b, h, b, h}) {
		t.Errorf("runs: %v", turns.sides)
	}
}

// An app that takes 2 s a request is compared by the few that a run has time for.
func TestCompareOfASlowApp(t *testing.T) {
	turns := &fakeTurns{ready: func(_ int, _ calibrate.Side, f *fakeRig) { f.capacity = 0.5 }}
	c, err := compareFake(t, turns, 0, "peak <= +5% or +4MB")
	if err != nil || c.Verdict != calibrate.ComparePassed {
		t.Errorf("%v, %s, %+v, base %+v", err, c.Verdict, c.Compared[0], c.Pairs[0].Base.Withheld)
	}
	if n := turns.rigs[0].answered.Load(); n >= analyse.LeastRequests {
		t.Errorf("%d requests are as many as any run needs", n)
	}
}

// A machine that is slow for a while doesn't change the load that the pairs before had.
func TestCompareKeepsItsLoad(t *testing.T) {
	turns := &fakeTurns{ready: func(pair int, side calibrate.Side, f *fakeRig) {
		if pair == 2 && side == calibrate.SideHead {
			f.capacity = 100
		}
	}}
	c, err := compareFake(t, turns, 3, "peak <= +5% or +4MB")
	if err != nil || len(c.Discarded) != 0 || len(c.Pairs) != 3 || math.Abs(c.Portions.Rate-comparedShare*500) > 5 {
		t.Errorf("%v, %d discarded of %d pairs, %.0f/s", err, len(c.Discarded), len(c.Pairs), c.Portions.Rate)
	}
}

// A run that doesn't answer its requests in time is no pass, and says what is to be done.
func TestCompareUnserved(t *testing.T) {
	turns := &fakeTurns{ready: func(pair int, side calibrate.Side, f *fakeRig) {
		if pair == 2 && side == calibrate.SideHead {
			f.capacity = 1
		}
	}}
	c, err := compareFake(t, turns, 2, "peak <= +5% or +4MB")
	if err != nil || c.Verdict != calibrate.CompareInconclusive || c.Compared[0].Reason != calibrate.LimitUnserved || c.Pairs[1].Head.Unserved == "" {
		t.Errorf("%v, %s, %+v", err, c.Verdict, c.Compared[0])
	}
	if len(c.Warnings) != 1 || c.Warnings[0].Code != "portion-unserved" {
		t.Errorf("%+v", c.Warnings)
	}
}

// A limit that no run of a comparison has a figure for is known before one is started; all others may have one.
func TestComparesMetrics(t *testing.T) {
	c, err := compareFake(t, &fakeTurns{}, 1, "peak <= +5%")
	if err != nil {
		t.Fatal(err)
	}
	have := c.Pairs[0].Base.Figures
	for _, m := range calibrate.Metrics() {
		if _, is := have[m.Name]; is && !Compares(m, calibrate.Plan{}) {
			t.Errorf("%s has a figure", m.Name)
		}
	}
	given := calibrate.Plan{PlanInfo: calibrate.PlanInfo{Load: knob.Load{Rate: 5}}}
	for name, want := range map[string][2]bool{"growth": {}, "thread": {}, "capacity": {true, false}, "peak": {true, true}, "total": {true, true}} {
		m, err := calibrate.FindMetric(name)
		if got := [2]bool{Compares(m, calibrate.Plan{}), Compares(m, given)}; err != nil || got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestCompareSoManyPairs(t *testing.T) {
	turns := &fakeTurns{}
	c, err := compareFake(t, turns, 2, "peak <= +5% or +4MB")
	if err != nil || len(c.Pairs) != 2 || len(turns.sides) != 4 {
		t.Errorf("%v, %d pairs, runs %v", err, len(c.Pairs), turns.sides)
	}
}

// An app that can't be compared is no pass: it answers errors, or ends, or the user has had enough. What was measured is kept.
func TestCompareEndsEarly(t *testing.T) {
	interrupt := errors.New("Ctrl-C")
	for _, tc := range []struct {
		name  string
		ready func(f *fakeRig)
		kind  calibrate.Kind
		by    calibrate.InterruptionKind
	}{
		{"errors", func(f *fakeRig) { f.fails = true }, calibrate.KindInconclusive, calibrate.InterruptedByLoad},
		{"its end", func(f *fakeRig) { close(f.exited) }, calibrate.KindApp, calibrate.InterruptedByApp},
		{"the user", func(f *fakeRig) { f.interrupt(interrupt) }, calibrate.KindInterrupted, calibrate.InterruptedByUser},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var c calibrate.Comparison
			var err error
			turns := &fakeTurns{}
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				turns.ready = func(_ int, side calibrate.Side, f *fakeRig) {
					if f.interrupt = cancel; side == calibrate.SideHead {
						tc.ready(f)
					}
				}
				c, err = Compare(ctx, calibrate.Comparison{Way: calibrate.CompareGate}, 0, turns)
			})
			var f *calibrate.Failure
			if !errors.As(err, &f) || f.Kind != tc.kind || tc.kind != calibrate.KindInterrupted && !strings.HasPrefix(f.What, "head: ") {
				t.Errorf("%v, kind %d, want %d", err, kindOf(err), tc.kind)
			}
			if c.Complete || c.Interrupted == nil || c.Interrupted.Kind != tc.by || c.Verdict == calibrate.ComparePassed {
				t.Errorf("complete %v, interrupted %+v, %s", c.Complete, c.Interrupted, c.Verdict)
			}
			if turns.closed != len(turns.rigs) || turns.rigs[len(turns.rigs)-1].stopped != 1 {
				t.Errorf("%d of %d runs were closed", turns.closed, len(turns.rigs))
			}
			if last := turns.saved[len(turns.saved)-1]; last.Interrupted == nil {
				t.Error("what was saved doesn't say that it was interrupted")
			}
		})
	}
}
