package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// mostMistakes is how many of a file's mistakes are shown: more are seldom read, and a hostile file has any number.
const mostMistakes = 25

// writeMistakes shows where each is: its place, what is wrong, the line, and a caret below.
func writeMistakes(p *page, all []calibrate.Mistake) {
	for _, m := range all[:min(len(all), mostMistakes)] {
		place := m.File
		if m.Line > 0 {
			place += fmt.Sprintf(":%d:%d", m.Line, m.Column)
		}
		said := wrap(place+": "+m.What+when(m.Try != "", " (%s)", m.Try), p.width-2)
		if len(said) > mostWhat {
			said = append(said[:mostWhat-1], "...")
		}
		for i, line := range said {
			p.line(plain, when(i > 0, "  ")+line)
		}
		writeCaret(p, m)
	}
	if more := len(all) - mostMistakes; more > 0 {
		p.line(plain, "and "+say.Count(more)+" more")
	}
}

// writeCaret shows the part of the line that is around the place.
func writeCaret(p *page, m calibrate.Mistake) {
	const indent = "    "
	line := []rune(say.Line(m.Source))
	if m.Line == 0 || strings.TrimSpace(string(line)) == "" {
		return
	}
	at, room := min(max(m.Column-1, 0), len(line)), p.width-len(indent)-2*len("...")
	from := 0
	if columns(string(line)) > room && at > room/2 {
		from = at - room/2
	}
	head := when(from > 0, "...")
	shown := cut(string(line[from:]), room)
	p.line(plain, indent+head+shown)
	p.line(bold, indent+strings.Repeat(" ", len(head)+columns(string(line[from:at])))+"^")
}
