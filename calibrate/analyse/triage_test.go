package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// seenAs is a run beside, whose creep was found to be so.
func seenAs(name, env string, slope, low, high float64) calibrate.TriageRun {
	return calibrate.TriageRun{Name: name, Env: env, Allocator: name == "jemalloc", Soaked: calibrate.Soaked{Requests: 10_000, Seconds: 20, Creep: &calibrate.CreepSeen{Verdict: "creeping", BytesPerRequest: slope, Low: low, High: high}}}
}

func TestTriageJudges(t *testing.T) {
	slope, low, high := 1000.0, 950.0, 1050.0
	main := calibrate.Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high}
	warming := main
	warming.Verdict = "warming"
	failed := calibrate.TriageRun{Name: "jemalloc", Env: "LD_PRELOAD=x", Allocator: true, Soaked: calibrate.Soaked{Failed: &calibrate.Miss{Kind: calibrate.MissNotHad, Words: "not run: it isn't installed"}}}
	arenas := seenAs("MALLOC_ARENA_MAX=2", "M=2", 990, 950, 1030)
	atLimit := seenAs("jemalloc", "LD_PRELOAD=x", 500, 0, 1000)
	atLimit.Ended = calibrate.End{By: calibrate.EndLimit, LimitSeconds: 45}
	for _, c := range []struct {
		name    string
		of      calibrate.Creep
		runs    []calibrate.TriageRun
		wanted  int
		verdict calibrate.TriageVerdict
		reason  calibrate.TriageReason
	}{
		{"nothing goes away", main, []calibrate.TriageRun{arenas, seenAs("jemalloc", "LD_PRELOAD=x", 1005, 960, 1050), seenAs("one thread", "", 1010, 970, 1060)}, 3, calibrate.TriageApp, calibrate.TriageReason{Kind: calibrate.TriageStays}},
		{"jemalloc", main, []calibrate.TriageRun{arenas, seenAs("jemalloc", "LD_PRELOAD=x", 20, -30, 70)}, 2, calibrate.TriageAllocator, calibrate.TriageReason{Kind: calibrate.TriageGoes, Run: "jemalloc"}},
		{"one thread", main, []calibrate.TriageRun{arenas, seenAs("one thread", "", 0, -10, 10)}, 2, calibrate.TriageThreads, calibrate.TriageReason{Kind: calibrate.TriageGoes, Run: "one thread"}},
		{"no other allocator", main, []calibrate.TriageRun{arenas, failed}, 2, calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageNoAllocator}},
		{"one thread alone is known", main, []calibrate.TriageRun{failed, seenAs("one thread", "", 1010, 970, 1060)}, 2, calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageNoAllocator}},
		{"the main run may settle yet", warming, []calibrate.TriageRun{seenAs("jemalloc", "LD_PRELOAD=x", 1005, 960, 1050)}, 1, calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageNoCreep}},
		{"too wide to tell, at the limit", main, []calibrate.TriageRun{atLimit}, 1, calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageIncomparable, Limited: "jemalloc"}},
		{"nothing was run", main, []calibrate.TriageRun{failed}, 1, calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageIncomparable}},
		{"cut short", main, []calibrate.TriageRun{arenas}, 3, calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageCut}},
	} {
		t.Run(c.name, func(t *testing.T) {
			told := withShares(&calibrate.Triage{Runs: c.runs, Wanted: c.wanted}, c.of)
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
	if told := withShares(&calibrate.Triage{Runs: []calibrate.TriageRun{run}, Wanted: 1}, calibrate.Creep{Verdict: "creeping", BytesPerRequest: &slope, Low: &low, High: &high}); told.Verdict != calibrate.TriageUnclear {
		t.Errorf("%s: %+v", told.Verdict, told.Reason)
	}
}

// Growth by the clock says nothing of a request, at whatever rate a run had.
func TestTriageTakesTheClocksPartOut(t *testing.T) {
	part, clock := 1000.0, 50_000.0 // bytes a request, and a second
	main := calibrate.Creep{Verdict: "creeping", By: calibrate.ByBoth, BytesPerRequest: &part, Low: &part, High: &part, BytesPerSecond: &clock}
	run := seenAs("one thread", "", 1100, 1090, 1110) // at 500 a second, where the main run had another rate
	if against := shareGone(run, main); math.Abs(*against.Gone) > 1e-9 {
		t.Errorf("%.2f went away, want nothing: 50 000 a second are 100 of the run's 1100 a request", *against.Gone)
	}
}
