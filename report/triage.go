package report

import (
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
