package report

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// triageReason is what a triage's verdict rests on, and what to do.
func triageReason(t calibrate.Triage) string {
	run := func(name string) (calibrate.TriageRun, bool) {
		i := slices.IndexFunc(t.Runs, func(run calibrate.TriageRun) bool { return run.Name == name })
		if i < 0 {
			return calibrate.TriageRun{}, false
		}
		return t.Runs[i], true
	}
	limited := ""
	if at, ok := run(t.Reason.Limited); ok {
		limited = "; " + at.Name + " ended at the limit of " + say.Seconds(at.Ended.LimitSeconds)
	}
	switch t.Reason.Kind {
	case calibrate.TriageGoes:
		with, _ := run(t.Reason.Run)
		share := "most of the creep goes away with " + t.Reason.Run
		if with.GoneLow != nil && with.GoneHigh != nil {
			share = say.PercentRange(*with.GoneLow, min(*with.GoneHigh, 1)) + " of the creep go away with " + with.Name
		}
		if t.Verdict == calibrate.TriageThreads {
			return share + ": it takes several threads. Look for what they share, or keep each for itself"
		}
		return share + ": it is the allocator's, and the app frees what it took. Set " + with.Env + " in production"
	case calibrate.TriageStays:
		return "hardly any of it goes away: the app keeps what it takes. Look for a list, a cache or a registry that every request adds to"
	case calibrate.TriageNoAllocator:
		return "hardly any of it goes away, but no other allocator could be tried: install jemalloc"
	case calibrate.TriageWide:
		return "part of it may go away, but the intervals are too wide to tell" + limited
	case calibrate.TriageIncomparable:
		return "no run could be compared" + limited
	case calibrate.TriageCut:
		return "it was cut short"
	case calibrate.TriageNoCreep:
		return "the main run's memory was not found to creep"
	}
	return string(t.Reason.Kind)
}
