package run

import (
	"testing"
	"testing/synctest"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// A helper of 200 MB is taken for the worker until 2 000 requests are answered, in the capacity phase: nothing of it is in any
// figure, whether the run was just measured or is read back from its journal.
func TestRunDropsWhatWasReadOfAnEarlierPick(t *testing.T) {
	f := newFakeRig()
	f.keep, f.helper, f.shows = 16384, 77, 700
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	again := analyse.Analyse(calibrate.Measured{Result: r, Samples: f.samples, Buckets: f.buckets})
	for name, r := range map[string]calibrate.Result{"measured": r, "read back": again} {
		if r.Worker.Generation != 2 || r.Worker.IdleRSSBytes != 0 || r.Worker.PID != f.pid {
			t.Errorf("%s: %+v", name, r.Worker)
		}
		if c := r.Creep; c.Verdict != calibrate.Creeping || *c.Low > 16384 || *c.High < 16384 {
			t.Errorf("%s: creep %s [%v, %v], want creeping around 16384", name, c.Verdict, c.Low, c.High)
		}
		if mb := r.Worker.PeakRSSBytes >> 20; mb >= 200 && r.Worker.PeakRSSBytes < 211<<20 {
			t.Errorf("%s: the peak is the helper's, %d MB", name, mb)
		}
		if r.Recommendation.Withheld != nil || r.Outcome() != 0 {
			t.Errorf("%s: withheld %+v", name, r.Recommendation.Withheld)
		}
	}
	for _, p := range r.Phases[:2] {
		if p.PeakRSSBytes != 0 {
			t.Errorf("%s: a peak of %d MB", p.Name, p.PeakRSSBytes>>20)
		}
	}
	if e := r.Worker.Early; e == nil || e.RSSBytes >= 200<<20 {
		t.Errorf("early reading %+v", e)
	}
	if codes := warningCodes(r); !codes["worker-changed"] || codes["worker-guessed"] {
		t.Errorf("%v", codes)
	}
}

// A guess that ends was no worker that ended: a launcher starts one process to have another (PM2).
func TestRunGoesOnWhereAGuessHasEnded(t *testing.T) {
	f := newFakeRig()
	f.keep, f.helper, f.shows, f.passing = 16384, 77, 700, true
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Worker.PID != f.pid || r.Worker.Restarts != 0 || r.Phases[1].PeakRSSBytes != 0 || r.Recommendation.Withheld != nil {
		t.Errorf("%+v, withheld %+v", r.Worker, r.Recommendation.Withheld)
	}
	if !warningCodes(r)["worker-changed"] {
		t.Error("nothing says that another process was taken for the worker")
	}
}

// If the load never shows who serves, there is no recommendation.
func TestRunWithAGuessedWorkerRecommendsNothing(t *testing.T) {
	f := newFakeRig()
	f.helper, f.shows = 77, 1<<40
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := r.Recommendation.Withheld; w == nil || w.Kind != calibrate.WithheldGuess || r.Outcome() != calibrate.KindInconclusive {
		t.Errorf("withheld %+v, outcome %d", w, r.Outcome())
	}
	if codes := warningCodes(r); !codes["worker-guessed"] {
		t.Errorf("%v", codes)
	}
}

func warningCodes(r calibrate.Result) map[string]bool {
	codes := map[string]bool{}
	for _, w := range r.Warnings {
		codes[w.Code] = true
	}
	return codes
}

// slowTree takes so long to be looked at. Its worker has a child.
type slowTree struct {
	*fakeRig
	takes time.Duration
	looks int
}

func (s *slowTree) Workers() ([]int, error) {
	s.looks++
	time.Sleep(s.takes)
	return s.fakeRig.Workers()
}
func (s *slowTree) Below() map[int][]int { return map[int][]int{s.pid: {s.pid}} }

// Children that come and go are looked for at every tick, as long as that is cheap; else once a second, and as often as pays.
func TestLooksForChildrenAreBounded(t *testing.T) {
	for _, c := range []struct {
		takes       time.Duration
		least, most int
	}{{0, 98, 102}, {50 * time.Millisecond, 9, 20}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFakeRig()
			tree := &slowTree{fakeRig: f, takes: c.takes}
			w := &watcher{rig: calibrate.Rig{Load: f, Journal: f, Memory: f}, app: tree, started: time.Now()}
			stop := w.follow(t.Context(), nil)
			time.Sleep(10 * time.Second)
			stop()
			if tree.looks < c.least || tree.looks > c.most {
				t.Errorf("a look of %s was taken %d times in 10 s, want %d to %d", c.takes, tree.looks, c.least, c.most)
			}
		})
	}
}
