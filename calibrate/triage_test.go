package calibrate

import (
	"context"
	"strings"
	"testing"
)

// seenAs is a run beside, whose creep was found to be so.
func seenAs(name, env string, slope, low, high float64) TriageRun {
	return TriageRun{Name: name, Env: env, Soaked: Soaked{Creep: &CreepSeen{"creeping", slope, low, high}}}
}

func TestTriageJudges(t *testing.T) {
	slope, low, high := 1000.0, 950.0, 1050.0
	main := Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high}
	failed := TriageRun{Name: "jemalloc", Env: "LD_PRELOAD=x", Soaked: Soaked{Failed: "not run: it isn't installed"}}
	for _, c := range []struct {
		name    string
		runs    []TriageRun
		verdict string
		says    string
	}{
		{"nothing goes away", []TriageRun{seenAs("MALLOC_ARENA_MAX=2", "M=2", 990, 950, 1030), failed, seenAs("one thread", "", 1010, 970, 1060)}, TriageApp, "keeps what it takes"},
		{"jemalloc", []TriageRun{seenAs("MALLOC_ARENA_MAX=2", "M=2", 990, 950, 1030), seenAs("jemalloc", "LD_PRELOAD=x", 20, -30, 70)}, TriageAllocator, "98 % of the creep [93, 100] go away with jemalloc"},
		{"one thread", []TriageRun{seenAs("MALLOC_ARENA_MAX=2", "M=2", 990, 950, 1030), seenAs("one thread", "", 0, -10, 10)}, TriageThreads, "one thread"},
		{"too wide to tell", []TriageRun{seenAs("jemalloc", "LD_PRELOAD=x", 500, 0, 1000)}, TriageUnclear, "too wide"},
		{"nothing was run", []TriageRun{failed}, TriageUnclear, "no run could be compared"},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := (&Triage{Runs: c.runs, Wanted: len(c.runs)}).told(main)
			if told.Verdict != c.verdict || !strings.Contains(told.Reason, c.says) {
				t.Errorf("%s: %s; want %s, with %q", told.Verdict, told.Reason, c.verdict, c.says)
			}
		})
	}
	cut := (&Triage{Runs: []TriageRun{seenAs("MALLOC_ARENA_MAX=2", "M=2", 990, 950, 1030)}, Wanted: 3}).told(main)
	if cut.Verdict != TriageUnclear {
		t.Errorf("%s of a triage that was cut short", cut.Verdict)
	}
}

// A triage runs what was asked for, one thread only where there are more, and nothing where there is no creep.
func TestTriageRunsItsVariations(t *testing.T) {
	variations := []Variation{{Name: "arenas", Env: "M=2"}, {Name: "jemalloc", Why: "not run: none here"}, {Name: "one thread", OneThread: true}}
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
			f := newFakeRig()
			f.keep, f.threads = c.keep, c.threads
			var setups []Setup
			f.scale = func(s Setup) (Target, error) { setups = append(setups, s); return f, nil }
			p := fakePlan()
			p.Triage, p.Quick = variations, true // quick: no short runs
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
			if r.Triage.Verdict != TriageApp {
				t.Errorf("%s: %s", r.Triage.Verdict, r.Triage.Reason)
			}
		})
	}
}

// A run that is interrupted beside the main app is whole all the same, and keeps the routes that were done.
func TestRoutesKeepWhatWasDone(t *testing.T) {
	f := newFakeRig()
	f.several = []Route{{"/a", 0.6}, {"/b", 0.4}}
	f.scale = func(Setup) (Target, error) { return f, nil }
	p := fakePlan()
	p.ByRoute, p.Quick = true, true
	ctx, cancel := context.WithCancelCause(context.Background())
	f.at = func(_ string, f *fakeRig) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.paces[len(f.paces)-1].Route == "/b" {
			cancel(context.Canceled)
		}
	}
	r, err := runFake(t, f, p, ctx)
	if kindOf(err) != KindInterrupted || !r.Complete {
		t.Fatalf("%v, complete %v", err, r.Complete)
	}
	if len(r.Routes.Runs) != 2 || r.Routes.Runs[0].Name != "/a" || r.Routes.Runs[0].Creep == nil || r.Routes.Runs[1].Creep != nil {
		t.Errorf("%+v", r.Routes)
	}
}
