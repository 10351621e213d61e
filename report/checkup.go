package report

import (
	"slices"
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
	var blocks []Block
	rest := c.Findings
	for len(rest) > 0 {
		area := rest[0].Area
		n := slices.IndexFunc(rest, func(f calibrate.Finding) bool { return f.Area != area })
		if n < 0 {
			n = len(rest)
		}
		if area != calibrate.AreaServers {
			blocks = append(blocks, Heading{Name: area}, Facts{Rows: findings(rest[:n])})
		}
		rest = rest[n:]
	}
	return append(blocks, Heading{Name: calibrate.AreaServers}, Facts{Rows: servers(c)})
}

func findings(all []calibrate.Finding) []Fact {
	var facts []Fact
	for _, f := range all {
		row := stated(f.State, f.Text)
		if f.State != calibrate.StateOK {
			row.Below = factsOf(fact("try", f.Try))
		}
		facts = append(facts, row)
	}
	return facts
}

func stated(state calibrate.State, text string) Fact {
	return Fact{Name: string(state), Text: text,
		Mark: map[calibrate.State]Mark{calibrate.StateLimited: Doubtful, calibrate.StateMissing: Bad}[state]}
}

// servers are the findings on servers, each server, and those that weren't found.
func servers(c calibrate.Checkup) []Fact {
	facts := findings(slices.DeleteFunc(slices.Clone(c.Findings), func(f calibrate.Finding) bool { return f.Area != calibrate.AreaServers }))
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
	text := strings.TrimSpace(s.Name + " " + orElse(s.Version, "of unknown version"))
	if s.With != "" {
		text += " with " + s.With
	}
	text += " (" + s.Path + "): "
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
	if c.Limits == 0 {
		return "calibrate run works here; nothing limits it"
	}
	return "calibrate run works here; " + say.Plural(c.Limits, "limit") + ", see above"
}
