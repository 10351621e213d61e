package calibrate

import (
	"math"
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
