package report

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// booksSection is who has the memory that the kernel charges, at every moment whose page tables were read, beside what the
// formula has for it. A moment is a column, so that what a narrow terminal leaves out is a moment, never a part of a sum.
func booksSection(r calibrate.Result) []Block {
	t := Table{Columns: []Column{{Head: "after", Left: true, Keep: 1000}}}
	for _, name := range []string{"workers", "their children", "master, front", "in no process", "kernel", "files", "left over", "together", "at most", "formula"} {
		t.Rows = append(t.Rows, Row{Cells: []string{name}})
	}
	for i, b := range r.Books {
		if b.ReadBytes == 0 { // a candidate of the sweep, which has a table of its own
			continue
		}
		shape := say.Count(b.Workers) + when(threaded(r) && b.Threads > 0, " x %s", say.Count(b.Threads))
		t.Columns = append(t.Columns, Column{Head: momentOf(b.Moment), Unit: shape, Keep: keepOf(b.Moment, i)})
		cells := []string{mbCell(b.WorkersBytes), mbCell(b.ChildrenBytes), mbCell(b.RestBytes), mbCell(b.UnmappedBytes), mbCell(b.KernelBytes), mbCell(b.FileBytes),
			leftCell(b.LeftBytes), mbCell(b.ReadBytes), mbCell(b.PeakBytes), mbCell(b.LawBytes)}
		for row, cell := range cells {
			t.Rows[row].Cells = append(t.Rows[row].Cells, cell)
		}
	}
	if len(t.Columns) == 1 {
		return nil
	}
	return section(Heading{"Where the memory is", "in MB, creep included" + orElse(when(threaded(r), "; 2 x 4 are 2 workers of 4 threads"), "; the number is that of the workers")}, t.filled())
}

// keepOf is which moments a narrow terminal shows: the last reading of the measured shape first, then the short runs.
func keepOf(moment string, i int) int {
	switch moment {
	case calibrate.PhasePeak:
		return 100
	case calibrate.PhaseIdle, calibrate.PhaseCapacity:
		return -i
	}
	return 99 - i
}

// filled is the table without the rows that say nothing.
func (t Table) filled() Table {
	t.Rows = slices.DeleteFunc(t.Rows, func(row Row) bool {
		return !slices.ContainsFunc(row.Cells[1:], func(cell string) bool { return cell != "-" })
	})
	return t
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
