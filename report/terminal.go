package report

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"workermem/calibrate/say"
)

// The columns at which the texts of facts begin.
const (
	factColumn  = 15
	briefColumn = 7
	belowIndent = 6 // of what stands below a fact
)

// style is how a line is emphasised: an SGR sequence (ECMA-48, 8.3.117).
type style string

const (
	plain  style = ""
	bold   style = "\x1b[1m"
	green  style = "\x1b[1;32m"
	yellow style = "\x1b[1;33m"
	red    style = "\x1b[1;31m"
	reset        = "\x1b[0m"
)

var styles = map[Mark]style{Strong: bold, Good: green, Doubtful: yellow, Bad: red}

// page is terminal text of a fixed width. Every string is cleaned on its way in.
type page struct {
	buf   bytes.Buffer
	width int
	color bool
	said  []Answer // to be said again at the end
	more  string   // what else there is, and which command shows it; "" for nothing
}

// newPage keeps the width within what can be laid out and what can be read: 80 if it isn't known.
func newPage(width int, color bool) *page {
	if width <= 0 {
		width = 80
	}
	return &page{width: min(max(width, 40), 100), color: color}
}

func writeTerminal(w io.Writer, d Document, o Options) error {
	p := newPage(o.Width, o.Color)
	if !o.Verbose {
		d.Blocks, p.more = d.short()
	}
	return write(w, d, p)
}

func (p *page) reader() Reader { return AtTerminal }

// begin leaves the title out: whoever reads this has just typed the command.
func (p *page) begin(Document) {}

func (p *page) heading(h Heading) {
	p.blank()
	if h.Detail != "" {
		h.Name += ": " + h.Detail
	}
	p.text(bold, h.Name)
}

func (p *page) answer(a Answer) {
	p.said = append(p.said, a)
	p.rule()
	if a.Why != "" {
		p.text(styles[a.Mark], a.Verdict+": "+a.Why)
	} else {
		p.settings(a)
	}
	p.rule()
}

func (p *page) settings(a Answer) {
	var fields []string
	if a.Verdict != "" {
		fields = append(fields, a.Verdict)
	}
	for _, s := range a.Settings {
		fields = append(fields, say.Line(s.Name+" "+s.Text))
	}
	for _, l := range flow(fields, p.width) {
		p.line(styles[a.Mark], l)
	}
}

func (p *page) facts(f Facts) {
	for _, row := range f.Rows {
		if f.Brief {
			p.hang(briefColumn, row.Name+":", row.Text, styles[row.Mark])
			continue
		}
		p.hang(factColumn, "  "+row.Name, row.Text, styles[row.Mark])
		for _, below := range row.Below {
			p.hang(factColumn+belowIndent, strings.Repeat(" ", factColumn)+below.Name+":", below.Text, styles[below.Mark])
		}
	}
}

func (p *page) table(t Table) {
	t, leftOut := t.top(terminalRows)
	lines, heads := t.terminal(p.width)
	for i, l := range lines {
		st := plain
		if i >= heads && t.Rows[i-heads].Mark != Plain {
			st = bold
		}
		p.line(st, cut(l, p.width))
	}
	if leftOut != "" {
		p.text(plain, leftOut)
	}
}

// terminalRows keeps the report to about a screen.
const terminalRows = 8

// chart draws a main one below a sentence that has what it shows, so that nobody needs the drawing.
func (p *page) chart(c Chart) {
	if !c.Main {
		return
	}
	p.blank()
	p.text(plain, c.Title+". "+c.Shows)
	c, leftOut := c.sure()
	for _, l := range c.plot(p.width) {
		p.line(plain, l)
	}
	p.text(plain, c.legend()+leftOut)
}

func (p *page) bars(Bars) {}

func (p *page) list(l List) {
	for _, item := range l.Items {
		p.hang(2, "", item, plain)
	}
}

func (p *page) note(n Note) {
	if n.Lead != "" {
		n.Text = n.Lead + ": " + n.Text
	}
	p.text(styles[n.Mark], n.Text)
}

func (p *page) code(c Code) {
	if c.Label == "" {
		p.text(bold, c.Text)
		return
	}
	p.hang(briefColumn, c.Label+":", c.Text, bold)
}

func (p *page) warning(w Warning) {
	p.hang(4, "  !", w.Code+": "+w.Text, yellow)
	if w.Try != "" {
		p.hang(9, "    try:", w.Try, plain)
	}
}

// end says what else there is, and repeats the answer if the top of the page has left the screen.
func (p *page) end() []byte {
	if p.more != "" {
		p.blank()
		p.hang(briefColumn, "more:", p.more, plain)
	}
	if lines(p) >= 2*screen && len(p.said) > 0 {
		p.blank()
		if a := p.said[0]; a.Why != "" {
			p.line(styles[a.Mark], cut(say.Line(a.Verdict+": "+a.Why), p.width))
		} else {
			p.settings(a)
		}
	}
	return p.buf.Bytes()
}

// line writes one line that is already clean and cut.
func (p *page) line(st style, s string) {
	s = uncommanding(strings.TrimRight(s, " "))
	if p.color && st != plain && s != "" {
		s = string(st) + s + reset
	}
	p.buf.WriteString(s + "\n")
}

// What a CI's runner obeys where it stands in a job's log: GitHub's a line that begins with ::NAME, Azure's and GitHub's older ones
// ##[NAME] and ##vso[NAME] anywhere. Where a line of a long text begins, its writer can choose.
var (
	commandLine = regexp.MustCompile(`^( *):(:[A-Za-z])`)
	commandMark = regexp.MustCompile(`##((?:vso)?\[)`)
)

// uncommanding is a line that no CI obeys.
func uncommanding(line string) string {
	return commandMark.ReplaceAllString(commandLine.ReplaceAllString(line, "$1?$2"), "#?$1")
}

// blank parts what comes from what came.
func (p *page) blank() {
	if p.buf.Len() > 0 {
		p.line(plain, "")
	}
}

func (p *page) rule() { p.line(plain, strings.Repeat("-", p.width)) }

// text writes a paragraph from the left edge.
func (p *page) text(st style, s string) {
	for _, l := range wrap(s, p.width) {
		p.line(st, l)
	}
}

// hang writes a label and, from a column on, its text. A label too long for its room gets a line of its own.
func (p *page) hang(column int, label, s string, st style) {
	label = cut(say.Line(label), p.width)
	lines := wrap(s, p.width-column)
	if columns(label) >= column {
		p.line(st, label)
		label = ""
	}
	for _, l := range lines {
		p.line(st, label+strings.Repeat(" ", column-columns(label))+l)
		label = ""
	}
}
