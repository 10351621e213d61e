package report

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// triageSection is the creep in other circumstances: with another allocator, with one thread.
func triageSection(r calibrate.Result) []Block {
	t := r.Triage
	if t == nil || len(t.Runs) == 0 {
		return nil
	}
	return section(Heading{Name: "Where the creep comes from"}, Facts{Rows: []Fact{fact(triageVerdict(*t), triageReason(*t))}}, triageTable(r))
}

func triageVerdict(t calibrate.Triage) string {
	return map[calibrate.TriageVerdict]string{
		calibrate.TriageApp: "the app", calibrate.TriageAllocator: "the allocator", calibrate.TriageThreads: "threads",
		calibrate.TriageUnclear: "unclear",
	}[t.Verdict]
}

// triageTable has the main run first, then one row a variation.
func triageTable(r calibrate.Result) Table {
	t := Table{Columns: []Column{
		{Head: "with", Left: true, Keep: 9}, {Head: "creep", Unit: "a request", Keep: 8}, {Head: "interval", Keep: 6}, {Head: "gone", Keep: 7},
		{Head: "peak", Unit: "MB", Keep: 5}, {Head: "requests", Keep: 1}, {Head: "end", Left: true, Keep: 4},
	}}
	if c := r.Creep; c.BytesPerRequest != nil && c.Low != nil && c.High != nil {
		all := c.Together()
		slope, interval := slopeCells(&all)
		t.Rows = append(t.Rows, Row{Cells: []string{"nothing changed", slope, interval, "-", mbCell(r.Worker.PeakRSSBytes), say.Count(r.Worker.Requests), string(all.Verdict)}})
	}
	for _, run := range r.Triage.Runs {
		gone := "-"
		if run.Tellable() {
			gone = say.PercentRange(max(*run.GoneLow, 0), min(max(*run.GoneHigh, 0), 1))
		}
		slope, interval := slopeCells(run.Creep)
		t.Rows = append(t.Rows, Row{Cells: []string{run.Name, slope, interval, gone, mbCell(run.PeakRSSBytes), say.Count(run.Requests), soakedEnd(run.Soaked)}})
	}
	return t
}

// triageReason is what a triage's verdict rests on, and what to do.
func triageReason(t calibrate.Triage) string {
	run := func(name string) (calibrate.TriageRun, bool) {
		i := slices.IndexFunc(t.Runs, func(run calibrate.TriageRun) bool { return run.Name == name })
		if i < 0 {
			return calibrate.TriageRun{}, false
		}
		return t.Runs[i], true
	}
	at, ok := run(t.Reason.Limited)
	limited := when(ok, "; %s ended at the limit of %s", at.Name, say.Seconds(at.Ended.LimitSeconds))
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
