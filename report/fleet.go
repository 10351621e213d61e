package report

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// mostBeside is how many runs stand side by side. Of more there is the fleet's table alone.
const mostBeside = 6

// abreast is how many of them are in one table, so that it fits a terminal.
const abreast = 3

// Fleet is the page of several runs: what each service has, and what is proposed instead; and if they are few, their figures side
// by side.
func Fleet(all []SavedRun) Document {
	d := Document{Title: "Fleet of " + say.Plural(len(all), "run"), Saved: all}
	d.Blocks = slices.Concat(section(Heading{Name: "Fleet"}, fleetTable(all), Note{Text: fleetNote(all)}), nothingToSet(all))
	if len(all) <= mostBeside {
		var tables []Block
		for few := range slices.Chunk(all, abreast) {
			tables = append(tables, besideTable(abreast*len(tables), few))
		}
		d.Blocks = slices.Concat(d.Blocks, section(Heading{Name: "Side by side"}, tables...), []Block{Note{Text: "calibrate compare says whether a difference between two of them is real."}})
	}
	data := slices.Clone(all)
	for i := range data {
		data[i].Metrics = calibrate.BaselineOf(all[i].result).Metrics
	}
	d.Data = fleet{fleetSchema, data}
	return d
}

// fleet is several runs for programs. Keys may join freely.
type fleet struct {
	Schema string     `json:"schema"`
	Runs   []SavedRun `json:"runs"`
}

const fleetSchema = "calibrate.fleet/1"

func fleetTable(all []SavedRun) Table {
	run := Column{Head: "run", Left: true, Keep: 1}
	if apart := map[string]bool{}; slices.ContainsFunc(all, func(s SavedRun) bool { was := apart[s.Service]; apart[s.Service] = true; return was }) {
		run.Keep = 9 // else nobody could tell them apart
	}
	t := Table{Columns: []Column{
		{Head: "service", Left: true, Keep: 9}, run, {Head: "now", Unit: shapeUnit, Keep: 8}, {Head: "now takes", Unit: "MB", Keep: 6},
		{Head: "peak", Unit: "MB", Keep: 8}, {Head: "creep", Unit: "a request", Keep: 3}, {Head: "verdict", Left: true, Keep: 7},
		{Head: "proposed", Unit: shapeUnit, Keep: 9}, {Head: "max-requests", Keep: 4}, {Head: "would take", Unit: "MB", Keep: 5}, {Head: "saved", Unit: "MB", Keep: 8},
	}}
	for _, s := range all {
		creep := "-"
		if v := s.result.Creep.BytesPerRequest; v != nil && s.Verdict == calibrate.Creeping {
			creep = say.Bytes(*v)
		}
		requests := "-"
		if s.Proposed != nil {
			requests = orElse(when(s.Proposed.MaxRequests > 0, "%s", say.Count(s.Proposed.MaxRequests)), maxRequests(s.result))
		}
		t.Rows = append(t.Rows, Row{Cells: []string{
			orElse(s.Service, "-"), s.ID, shapeCell(s.Now), totalCell(s.Now), mbCell(s.PeakRSSBytes), creep, orElse(string(s.Verdict), "-"),
			shapeCell(s.Proposed), requests, totalCell(s.Proposed), savedCell(s.SavedBytes),
		}})
	}
	return t
}

func totalCell(s *RunSetup) string {
	switch {
	case s != nil && s.Grows:
		return "grows"
	case s == nil || s.TotalBytes == nil:
		return "-"
	}
	return mbCell(*s.TotalBytes)
}

func savedCell(bytes *int64) string {
	if bytes == nil {
		return "-"
	}
	return say.InMB(*bytes)
}

// fleetNote sums up what the services together would save, as far as that is known of them.
func fleetNote(all []SavedRun) string {
	var now, saved int64
	known := 0
	for _, s := range all {
		if s.SavedBytes != nil {
			known, now, saved = known+1, now+*s.Now.TotalBytes, saved+*s.SavedBytes
		}
	}
	var parts []string
	if known > 0 {
		parts = append(parts, say.Count(known)+" of "+say.Plural(len(all), "run")+": "+say.MB(now)+" now, "+say.MB(now-saved)+" as proposed, "+
			orElse(when(saved < 0, "%s more", say.MB(-saved)), say.MB(saved)+" saved")+".")
	} else {
		parts = append(parts, "What would be saved is not known: none of the commands that were measured says how many workers run now.")
	}
	if slices.ContainsFunc(all, func(s SavedRun) bool { return s.Now != nil && s.Now.Grows }) {
		parts = append(parts, "What grows fills its memory: its workers creep, and nothing replaces them.")
	}
	return strings.Join(parts, " ")
}

// nothingToSet is why, of each run that recommends nothing.
func nothingToSet(all []SavedRun) []Block {
	var why []Fact
	for _, s := range all {
		if s.Proposed == nil {
			why = append(why, fact(orElse(s.Service, s.ID), s.Why))
		}
	}
	if len(why) == 0 {
		return nil
	}
	return section(Heading{Name: "Nothing to set"}, Facts{Rows: why})
}

// besideTable has a row a figure, and a column a run, numbered from those before.
func besideTable(before int, all []SavedRun) Table {
	t := Table{Columns: []Column{{Head: "figure", Left: true, Keep: len(all) + 1}}}
	for i := range all {
		t.Columns = append(t.Columns, Column{Head: say.Count(before + i + 1), Keep: len(all) - i}) // a head is no place for a foreign name
	}
	row := func(name string, cell func(SavedRun) string) {
		cells := []string{name}
		for _, s := range all {
			cells = append(cells, orElse(cell(s), "-"))
		}
		if slices.ContainsFunc(cells[1:], func(s string) bool { return s != "-" }) {
			t.Rows = append(t.Rows, Row{Cells: cells})
		}
	}
	row("service", func(s SavedRun) string { return cut(say.Line(s.Service), besideWidth) })
	row("run", func(s SavedRun) string { return s.ID })
	row("server", func(s SavedRun) string {
		return cut(say.Line(strings.TrimSpace(s.Server+" "+s.ServerVersion)), besideWidth)
	})
	row("cores", func(s SavedRun) string { return say.CoreCount(s.result.Cores()) })
	row("budget", func(s SavedRun) string {
		return orElse(when(s.result.Recommendation.BudgetBytes > 0, "%s", say.MB(s.result.Recommendation.BudgetBytes)), "")
	})
	row("verdict", func(s SavedRun) string { return string(s.Verdict) })
	for _, m := range exported() {
		row(m.Name, func(s SavedRun) string {
			if reading := m.Read(s.result); reading.Known() {
				return m.Unit.Say(*reading.Value)
			}
			return ""
		})
	}
	return t
}

// besideWidth leaves room for three runs in the narrowest terminal.
const besideWidth = 20
