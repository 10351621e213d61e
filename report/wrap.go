package report

import (
	"regexp"
	"strings"

	"workermem/calibrate/say"
)

// hold stands for a space that doesn't break: between the groups of a number, and between a number and its unit.
// No clean string has it.
const hold = "\x00"

var (
	numberGroups = regexp.MustCompile(`(\d) (\d{3})\b`)
	numberUnit   = regexp.MustCompile(`(\d) (%|(?:B|KB|MB|GB|ms|s|min|h|days)\b)`)
)

// unbroken holds the groups of a clean string's numbers together, and each number and its unit.
func unbroken(s string) string {
	s = numberGroups.ReplaceAllString(s, "$1"+hold+"$2")
	s = numberGroups.ReplaceAllString(s, "$1"+hold+"$2") // again: the groups of "1 234 567" overlap
	return numberUnit.ReplaceAllString(s, "$1"+hold+"$2")
}

// wrap cleans s and parts it into lines of a width. It returns at least one line.
func wrap(s string, width int) []string {
	s = unbroken(say.Line(s))
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
		for head, tail := splitAt(line, width); tail != ""; head, tail = splitAt(line, width) { // and never the columns of all that is left
			lines, line = append(lines, head), tail
		}
	}
	lines = append(lines, line)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], hold, " ")
	}
	return lines
}

// flow joins fields by three spaces if they fit one line so, by two if they only fit so, else over several lines.
func flow(fields []string, width int) []string {
	for _, gap := range []string{"   ", "  "} {
		if s := strings.Join(fields, gap); columns(s) <= width {
			return []string{s}
		}
	}
	var lines []string
	for _, f := range fields {
		if n := len(lines); n > 0 && columns(lines[n-1])+3+columns(f) <= width {
			lines[n-1] += "   " + f
			continue
		}
		lines = append(lines, cut(f, width))
	}
	return lines
}
