package analyse

import (
	"math"

	"workermem/calibrate"
)

const (
	// mostGone of the creep must go away, at the least, for what makes it go away to be the cause. hardlyGone may go away,
	// at the most, where it isn't.
	mostGone   = 0.5
	hardlyGone = 0.25
)

// withShares says of each run what share of the creep went away, and what follows from it.
func withShares(t *calibrate.Triage, c calibrate.Creep) *calibrate.Triage {
	if t == nil || c.BytesPerRequest == nil || c.Low == nil || c.High == nil {
		return t
	}
	told := *t
	told.Runs = make([]calibrate.TriageRun, len(t.Runs))
	for i, run := range t.Runs {
		told.Runs[i] = shareGone(run, c)
	}
	told.Verdict, told.Reason = judgeTriage(told, c)
	return &told
}

// shareGone compares a run's creep with the main one's. What grows by the clock is taken out of it: it says nothing of a
// request, and the runs had other rates. The errors of the two slopes are independent, so their relative half-widths are
// added as the sides of a right angle.
func shareGone(run calibrate.TriageRun, c calibrate.Creep) calibrate.TriageRun {
	run.Gone, run.GoneLow, run.GoneHigh = nil, nil, nil
	main, off := *c.BytesPerRequest, (*c.High-*c.Low)/2
	if run.Creep == nil || run.Failed != nil || run.Requests == 0 || main <= 0 || *c.Low <= 0 {
		return run
	}
	here, spread := run.Creep.BytesPerRequest, (run.Creep.High-run.Creep.Low)/2
	if c.By == calibrate.ByBoth {
		here -= *c.BytesPerSecond * run.Seconds / float64(run.Requests)
	}
	here = max(here, 0)
	half := math.Hypot(spread/main, here/main*off/main) // of here / main
	run.Gone, run.GoneLow, run.GoneHigh = calibrate.Figure(1-here/main), calibrate.Figure(1-here/main-half), calibrate.Figure(1-here/main+half)
	return run
}

// judgeTriage takes the first run that makes most of the creep go away for the cause.
func judgeTriage(t calibrate.Triage, c calibrate.Creep) (calibrate.TriageVerdict, calibrate.TriageReason) {
	known, stays, allocator, limited := 0, true, false, ""
	for _, run := range t.Runs {
		if run.Ended.By == calibrate.EndLimit {
			limited = run.Name
		}
		if !run.Tellable() {
			stays = stays && run.Creep == nil // one that could not be had says nothing for or against
			continue
		}
		known++
		allocator = allocator || run.Allocator
		stays = stays && *run.GoneHigh < hardlyGone
		if *run.GoneLow <= mostGone {
			continue
		}
		verdict := calibrate.TriageAllocator
		if run.Env == "" {
			verdict = calibrate.TriageThreads
		}
		return verdict, calibrate.TriageReason{Kind: calibrate.TriageGoes, Run: run.Name}
	}
	switch {
	case len(t.Runs) < t.Wanted:
		return calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageCut}
	case c.Verdict != calibrate.Creeping:
		return calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageNoCreep}
	case known == 0:
		return calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageIncomparable, Limited: limited}
	case stays && allocator:
		return calibrate.TriageApp, calibrate.TriageReason{Kind: calibrate.TriageStays}
	case stays:
		return calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageNoAllocator}
	}
	return calibrate.TriageUnclear, calibrate.TriageReason{Kind: calibrate.TriageWide, Limited: limited}
}
