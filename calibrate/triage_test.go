package calibrate

import (
	"context"
	"math"
	"strings"
	"testing"
)

// seenAs is a run beside, whose creep was found to be so.
func seenAs(name, env string, slope, low, high float64) TriageRun {
	return TriageRun{Name: name, Env: env, Allocator: name == "jemalloc", Soaked: Soaked{Requests: 10_000, Seconds: 20, Creep: &CreepSeen{"creeping", slope, low, high}}}
}

func TestTriageJudges(t *testing.T) {
	slope, low, high := 1000.0, 950.0, 1050.0
	main := Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high}
	warming := main
	warming.Verdict = "warming"
	failed := TriageRun{Name: "jemalloc", Env: "LD_PRELOAD=x", Allocator: true, Soaked: Soaked{Failed: &Miss{Kind: MissNotHad, Words: "not run: it isn't installed"}}}
	arenas := seenAs("MALLOC_ARENA_MAX=2", "M=2", 990, 950, 1030)
	atLimit := seenAs("jemalloc", "LD_PRELOAD=x", 500, 0, 1000)
	atLimit.Ended = End{By: EndLimit, LimitSeconds: 45}
	for _, c := range []struct {
		name    string
		of      Creep
		runs    []TriageRun
		wanted  int
		verdict TriageVerdict
		reason  TriageReason
	}{
		{"nothing goes away", main, []TriageRun{arenas, seenAs("jemalloc", "LD_PRELOAD=x", 1005, 960, 1050), seenAs("one thread", "", 1010, 970, 1060)}, 3, TriageApp, TriageReason{Kind: TriageStays}},
		{"jemalloc", main, []TriageRun{arenas, seenAs("jemalloc", "LD_PRELOAD=x", 20, -30, 70)}, 2, TriageAllocator, TriageReason{Kind: TriageGoes, Run: "jemalloc"}},
		{"one thread", main, []TriageRun{arenas, seenAs("one thread", "", 0, -10, 10)}, 2, TriageThreads, TriageReason{Kind: TriageGoes, Run: "one thread"}},
		{"no other allocator", main, []TriageRun{arenas, failed}, 2, TriageUnclear, TriageReason{Kind: TriageNoAllocator}},
		{"one thread alone is known", main, []TriageRun{failed, seenAs("one thread", "", 1010, 970, 1060)}, 2, TriageUnclear, TriageReason{Kind: TriageNoAllocator}},
		{"the main run may settle yet", warming, []TriageRun{seenAs("jemalloc", "LD_PRELOAD=x", 1005, 960, 1050)}, 1, TriageUnclear, TriageReason{Kind: TriageNoCreep}},
		{"too wide to tell, at the limit", main, []TriageRun{atLimit}, 1, TriageUnclear, TriageReason{Kind: TriageIncomparable, Limited: "jemalloc"}},
		{"nothing was run", main, []TriageRun{failed}, 1, TriageUnclear, TriageReason{Kind: TriageIncomparable}},
		{"cut short", main, []TriageRun{arenas}, 3, TriageUnclear, TriageReason{Kind: TriageCut}},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := told(&Triage{Runs: c.runs, Wanted: c.wanted}, c.of)
			if told.Verdict != c.verdict || told.Reason != c.reason {
				t.Errorf("%s: %+v; want %s, %+v", told.Verdict, told.Reason, c.verdict, c.reason)
			}
		})
	}
}

// What a broken file makes of a share is no share.
func TestTriageOfOddNumbers(t *testing.T) {
	slope, low, high := 1.0, 1e-200, 2.0
	run := seenAs("jemalloc", "LD_PRELOAD=x", 1e200, -1e200, 1e308)
	if told := told(&Triage{Runs: []TriageRun{run}, Wanted: 1}, Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high}); told.Verdict != TriageUnclear {
		t.Errorf("%s: %+v", told.Verdict, told.Reason)
	}
}

// Growth by the clock says nothing of a request, at whatever rate a run had.
func TestTriageTakesTheClocksPartOut(t *testing.T) {
	part, clock := 1000.0, 50_000.0 // bytes a request, and a second
	main := Creep{Verdict: "creeping", By: ByBoth, BytesPerRequest: &part, Low: &part, High: &part, BytesPerSecond: &clock}
	run := seenAs("one thread", "", 1100, 1090, 1110) // at 500 a second, where the main run had another rate
	if against := against(run, main); math.Abs(*against.Gone) > 1e-9 {
		t.Errorf("%.2f went away, want nothing: 50 000 a second are 100 of the run's 1100 a request", *against.Gone)
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
			if r.Triage.Verdict != TriageUnclear || r.Triage.Reason.Kind != TriageNoAllocator {
				t.Errorf("%s: %+v", r.Triage.Verdict, r.Triage.Reason)
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
	if kindOf(err) != KindInterrupted || !r.Complete {
		t.Fatalf("%v, complete %v", err, r.Complete)
	}
	if len(r.Routes.Runs) != 2 || r.Routes.Runs[0].Name != "/a" || r.Routes.Runs[0].Creep == nil {
		t.Fatalf("%+v", r.Routes)
	}
	if b := r.Routes.Runs[1]; b.Failed == nil || b.Failed.Kind != MissCut || b.PeakRSSBytes == 0 || b.Requests == 0 {
		t.Errorf("%+v, want what was measured of it by then", b)
	}
}
