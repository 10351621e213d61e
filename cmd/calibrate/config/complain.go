package config

import (
	"fmt"
	"regexp"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Beyond these, reading on is of no use to anybody: so many mistakes, and so long a line.
const (
	mostWrong = 1000
	mostLine  = 2000
)

func (r *reader) complain(at Place, try, format string, args ...any) {
	if len(r.wrong) < mostWrong {
		r.wrong = append(r.wrong, calibrate.Mistake{
			File: r.name, Line: at.Line, Column: at.Column, Source: r.source(at.Line), What: fmt.Sprintf(format, args...), Try: try,
		})
	}
}

// refuse complains in the words of another.
func (r *reader) refuse(at Place, f *calibrate.Failure) {
	r.complain(at, f.Try, "%s", strings.TrimPrefix(f.What, "--"))
}

var (
	secretKey = regexp.MustCompile(`(?:^|[\s{,"'])(?:env|header)["']?\s*:`)
	lineKey   = regexp.MustCompile(`^\s*(?:- +)?["']?[A-Za-z$_][\w.$-]*["']?\s*:`)
)

// source is a line, without what may be secret: the values of env and header. What belongs to them is told by the indent, for
// a file with a mistake may have no other form.
func (r *reader) source(number int) string {
	if number < 1 || number > len(r.lines) {
		return ""
	}
	line := r.lines[number-1]
	if len(line) > mostLine {
		return ""
	}
	if !r.secret(number) {
		return calibrate.RedactText(line)
	}
	if key := lineKey.FindString(line); key != "" {
		return key + " " + calibrate.Redacted
	}
	return line[:len(line)-len(strings.TrimLeft(line, " \t-"))] + calibrate.Redacted
}

// secret says that a line is, or may be, below env or header: one of the lines above it, back to one without an indent, names
// them. A line that has no key may go on from any.
func (r *reader) secret(number int) bool {
	if r.hidden == nil {
		r.hidden = make([]bool, len(r.lines))
		within := false
		for i, line := range r.lines {
			if indentOf(line) == 0 && lineKey.MatchString(line) {
				within = false
			}
			within = within || secretKey.MatchString(line)
			r.hidden[i] = within
		}
	}
	return r.hidden[number-1]
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// short is a foreign word, cut to what a message has room for.
func short(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}

// nearest is the name that is meant.
func nearest(word string, names []string) string {
	return say.Nearest(strings.ToLower(short(word)), names)
}
