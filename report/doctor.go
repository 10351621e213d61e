package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Where a finding's text begins, and that of the lines below it.
const (
	findingColumn = 11
	tryColumn     = 17
)

// Checkup writes what this machine lets calibrate measure: a line a finding, by area, and the sum of it last.
func Checkup(w io.Writer, c calibrate.Checkup, o TextOptions) error {
	p := newPage(o.Width, o.Color)
	area := ""
	for _, f := range c.Findings {
		if f.Area != area {
			area = f.Area
			p.text(bold, area)
		}
		writeFinding(p, f.State, f.Text)
		if f.State != calibrate.StateOK {
			writeBelow(p, "try", f.Try)
		}
	}
	if area != calibrate.AreaServers {
		p.text(bold, calibrate.AreaServers)
	}
	writeServers(p, c)
	p.text(bold, conclusion(c))
	_, err := w.Write(p.buf.Bytes())
	return err
}

// CheckupJSON writes the same as data.
func CheckupJSON(w io.Writer, c calibrate.Checkup) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(c)
}

func writeFinding(p *page, state calibrate.State, text string) {
	st := map[calibrate.State]style{calibrate.StateLimited: yellow, calibrate.StateMissing: red}[state]
	p.hang(findingColumn, "  "+string(state), text, st)
}

func writeBelow(p *page, label, text string) {
	if text != "" {
		p.hang(tryColumn, strings.Repeat(" ", findingColumn)+label+":", text, plain)
	}
}

func writeServers(p *page, c calibrate.Checkup) {
	for _, s := range c.Servers {
		writeFinding(p, s.State, serverLine(s))
		if s.Doubt != "" {
			writeBelow(p, "try", "run "+s.Path+" by hand, and see")
		}
		if !s.Known {
			writeBelow(p, "as", s.Command)
		}
		for _, t := range s.Traps {
			writeBelow(p, "trap", t.Text+"; try "+t.Try)
		}
	}
	if len(c.ServersMissing) > 0 {
		p.hang(findingColumn, "", "not found: "+strings.Join(c.ServersMissing, ", "), plain)
	}
}

// serverLine says which server it is, and how calibrate takes it.
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
	switch c.Limits {
	case 0:
		return "calibrate run works here; nothing limits it"
	default:
		return fmt.Sprintf("calibrate run works here; %s, see above", say.Plural(c.Limits, "limit"))
	}
}
