package report

import (
	"bytes"
	"regexp"
	"strings"
)

// fact is one thing the report says: a short name, and a sentence or a number.
type fact struct{ name, text string }

// style is how a line is emphasised; it never carries meaning that the words don't.
type style string

// The styles, as SGR sequences (ECMA-48, 8.3.117).
const (
	plain  style = ""
	bold   style = "\x1b[1m"
	green  style = "\x1b[1;32m"
	yellow style = "\x1b[1;33m"
	red    style = "\x1b[1;31m"
	reset        = "\x1b[0m"
)

// labelWidth is the room of a fact's name, its indent included.
const labelWidth = 15

// page is terminal text of a fixed width. Every string is cleaned on its way in.
type page struct {
	buf   bytes.Buffer
	width int
	color bool
}

// newPage keeps the width within what can be laid out and what can be read: 80 where it isn't known.
func newPage(width int, color bool) *page {
	if width <= 0 {
		width = 80
	}
	return &page{width: min(max(width, 40), 100), color: color}
}

// line writes one line that is already clean and cut.
func (p *page) line(st style, s string) {
	s = strings.TrimRight(s, " ")
	if p.color && st != plain && s != "" {
		s = string(st) + s + reset
	}
	p.buf.WriteString(s + "\n")
}

func (p *page) blank() { p.line(plain, "") }

func (p *page) rule() { p.line(plain, strings.Repeat("-", p.width)) }

// heading opens a section.
func (p *page) heading(s string) {
	p.blank()
	p.text(bold, s)
}

// text writes a paragraph from the left edge.
func (p *page) text(st style, s string) {
	for _, l := range wrap(s, p.width) {
		p.line(st, l)
	}
}

// facts writes names in one column and their sentences in another.
func (p *page) facts(facts []fact) {
	for _, f := range facts {
		p.hang(labelWidth, "  "+f.name, f.text, plain)
	}
}

// hang writes a label and, from a column on, its text. A label too long for its room gets a line of its own.
func (p *page) hang(column int, label, s string, st style) {
	label = cut(clean(label), p.width)
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

// block writes lines made elsewhere (a table), those that begin with the mark emphasised.
func (p *page) block(s, mark string) {
	for _, l := range strings.Split(strings.TrimRight(s, "\n"), "\n") {
		st := plain
		if mark != "" && strings.HasPrefix(strings.TrimLeft(l, " "), mark) {
			st = bold
		}
		p.line(st, cut(l, p.width))
	}
}

// hold stands for a space that doesn't break: between the groups of a number, and between a number and its unit.
// No clean string has it.
const hold = "\x00"

var (
	numberGroups = regexp.MustCompile(`(\d) (\d{3})\b`)
	numberUnit   = regexp.MustCompile(`(\d) (%|(?:B|KB|MB|GB|ms|s|min|h|days)\b)`)
)

// wrap cleans s and parts it into lines of a width. It returns at least one line.
func wrap(s string, width int) []string {
	s = clean(s)
	s = numberGroups.ReplaceAllString(s, "$1"+hold+"$2")
	s = numberGroups.ReplaceAllString(s, "$1"+hold+"$2") // again: the groups of "1 234 567" overlap
	s = numberUnit.ReplaceAllString(s, "$1"+hold+"$2")
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && columns(line)+1+columns(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
		for columns(line) > width {
			head, tail := splitAt(line, width)
			lines, line = append(lines, head), tail
			if tail == "" {
				break
			}
		}
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], hold, " ")
	}
	return lines
}
