package report

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// booksSection is who has the memory that the kernel charges, in every shape whose page tables were read, beside what the
// formula has for it.
func booksSection(r calibrate.Result) []Block {
	t := Table{Columns: []Column{
		{Head: "after", Left: true, Keep: 7}, {Head: "workers", Keep: 9}, {Head: "threads", Keep: 9}, {Head: "in workers", Unit: "MB", Keep: 5}, {Head: "children", Unit: "MB", Keep: 6},
		{Head: "master, front", Unit: "MB", Keep: 3}, {Head: "in no process", Unit: "MB", Keep: 6}, {Head: "kernel", Unit: "MB", Keep: 2},
		{Head: "files", Unit: "MB", Keep: 1}, {Head: "left over", Unit: "MB", Keep: 7}, {Head: "charged at most", Unit: "MB", Keep: 8}, {Head: "formula", Unit: "MB", Keep: 8},
	}}
	for _, b := range r.Books {
		if b.ReadBytes == 0 { // a candidate of the sweep, which has a table of its own
			continue
		}
		row := Row{Cells: []string{momentOf(b.Moment), say.Count(b.Workers), orDash(b.Threads)}}
		for _, bytes := range []int64{b.WorkersBytes, b.ChildrenBytes, b.RestBytes, b.UnmappedBytes, b.KernelBytes, b.FileBytes} {
			row.Cells = append(row.Cells, mbCell(bytes))
		}
		row.Cells = append(row.Cells, leftCell(b.LeftBytes), mbCell(b.PeakBytes), mbCell(b.LawBytes))
		if b.Off() {
			row.Mark = Bad
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return section(Heading{"Where the memory is", "as the kernel charges it"}, t.filled())
}

// filled is the table without the columns that say nothing.
func (t Table) filled() Table {
	empty := map[string]bool{}
	for i, c := range t.Columns {
		empty[c.Head] = !slices.ContainsFunc(t.Rows, func(row Row) bool { return row.Cells[i] != "-" })
	}
	return t.without(func(c Column) bool { return empty[c.Head] })
}

// leftCell is a dash for what two readings one after the other may differ by.
func leftCell(bytes int64) string {
	if bytes > -mb && bytes < mb {
		return "-"
	}
	return say.InMB(bytes)
}

// momentOf is what came before a reading.
func momentOf(phase string) string {
	switch phase {
	case calibrate.PhaseIdle:
		return "boot"
	case calibrate.PhaseCapacity:
		return "first load"
	case calibrate.PhaseScale:
		return "short run"
	case calibrate.PhaseTrial:
		return "proof"
	}
	return "whole run"
}
