package report

import (
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Checkup is the page of what this machine lets calibrate measure: a line a finding, by area, and the sum of it last.
func Checkup(c calibrate.Checkup) Document {
	return Document{Title: "What calibrate can measure here", Data: c,
		Blocks: append(findingsSections(c), Note{Text: conclusion(c), Mark: Strong})}
}

func findingsSections(c calibrate.Checkup) []Block {
	var areas []string
	rows := map[string][]Fact{}
	for _, f := range c.Findings {
		row := stated(f.State, f.Text)
		if f.State != calibrate.StateOK {
			row.Below = factsOf(fact("try", f.Try))
		}
		if f.Area != calibrate.AreaServers && rows[f.Area] == nil {
			areas = append(areas, f.Area)
		}
		rows[f.Area] = append(rows[f.Area], row)
	}
	if all := append(rows[calibrate.AreaServers], servers(c)...); len(all) > 0 {
		areas, rows[calibrate.AreaServers] = append(areas, calibrate.AreaServers), all
	}
	var blocks []Block
	for _, area := range areas {
		blocks = append(blocks, Heading{Name: area}, Facts{Rows: rows[area]})
	}
	return blocks
}

func stated(state calibrate.State, text string) Fact {
	return Fact{Name: string(state), Text: text,
		Mark: map[calibrate.State]Mark{calibrate.StateLimited: Doubtful, calibrate.StateMissing: Bad}[state]}
}

// servers are each server, and those that weren't found.
func servers(c calibrate.Checkup) []Fact {
	var facts []Fact
	for _, s := range c.Servers {
		row := stated(s.State, serverLine(s))
		if s.Doubt != "" {
			row.Below = append(row.Below, fact("try", "run "+s.Path+" by hand, and see"))
		}
		if !s.Known {
			row.Below = append(row.Below, factsOf(fact("as", s.Command))...)
		}
		for _, t := range s.Traps {
			row.Below = append(row.Below, fact("trap", t.Text+"; try "+t.Try))
		}
		facts = append(facts, row)
	}
	if len(c.ServersMissing) > 0 {
		facts = append(facts, fact("not found", strings.Join(c.ServersMissing, ", ")))
	}
	return facts
}

// serverLine says which server it is, and how calibrate can start it.
func serverLine(s calibrate.Server) string {
	text := strings.TrimSpace(s.Name+" "+orElse(s.Version, "of unknown version")) + when(s.With != "", " with %s", s.With) + " (" + s.Path + "): "
	switch {
	case s.Doubt != "":
		return text + "it doesn't say its version: " + s.Doubt
	case s.Known:
		return text + "your own command works as it is"
	case s.Command == "":
		return text + "not by itself"
	}
	return text + "with placeholders"
}

// conclusion is the last line: whether it works here, and how many limits there are.
func conclusion(c calibrate.Checkup) string {
	for _, f := range c.Findings {
		if f.Stops {
			return "calibrate run can't work here: " + f.Text
		}
	}
	return "calibrate run works here; " + orElse(when(c.Limits > 0, "%s, see above", say.Plural(c.Limits, "limit")), "nothing limits it")
}
