package report

import (
	"io"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// screen is the number of lines that a failure may take.
const screen = 24

// The most lines that each part may take, so that some of the log always fits.
const (
	mostWhat = 10
	mostWhy  = 5
	mostTry  = 5
)

// lastWords is the most lines that one line of the app's log may take: a cut line could lose the one thing that matters.
const lastWords = 3

// Failure writes what happened, why, the app's last log lines and what to try, on one screen.
func Failure(w io.Writer, f *calibrate.Failure, color bool) error {
	if f == nil {
		return nil
	}
	head, tail := newPage(0, color), newPage(0, color)
	writeWhat(head, f)
	writeMistakes(head, f.Mistakes)
	if f.Try != "" {
		writeLines(tail, "try:   ", f.Try, mostTry, bold)
	}
	p := newPage(0, color)
	room := screen - lines(head) - lines(tail) - 1
	if last := tailOf(redacted(f.Log), p.width-4, room); len(last) > 0 {
		p.line(plain, "the app's last words:")
		for _, l := range last {
			p.line(plain, "  | "+l)
		}
	}
	_, err := io.WriteString(w, head.buf.String()+p.buf.String()+tail.buf.String())
	return err
}

func writeWhat(p *page, f *calibrate.Failure) {
	what := f.What + when(f.Phase != "", " (phase: %s)", f.Phase)
	most := mostWhat
	if len(f.Log) == 0 {
		most = screen - mostWhy - mostTry
	}
	writeLines(p, "error: ", what, most, red)
	if why := calibrate.RedactText(f.Why); why != "" {
		writeLines(p, "why:   ", why, mostWhy, plain)
	}
}

// redacted hides what shows by its form to be a secret: these messages go to CI's logs, too.
func redacted(log []string) []string {
	out := make([]string, len(log))
	for i, line := range log {
		out[i] = calibrate.RedactText(line)
	}
	return out
}

// writeLines keeps the lines of s apart: a failure may hold several complaints, one a line.
func writeLines(p *page, label, s string, most int, st style) {
	var all []string
	if room := 4 * (most + 1) * p.width; len(s) > room { // four bytes a column at most; the rest would be wrapped for nothing
		s = strings.ToValidUTF8(s[:room], "")
	}
	for _, l := range strings.Split(strings.TrimSpace(s), "\n") {
		all = append(all, wrap(l, p.width-len(label))...)
	}
	if len(all) > most {
		all = append(all[:most-1], "...")
	}
	for _, l := range all {
		p.line(st, label+l)
		label = strings.Repeat(" ", len(label))
	}
}

func lines(p *page) int { return strings.Count(p.buf.String(), "\n") }

// tailOf is as much of the log's end as there is room for, wrapped.
func tailOf(log []string, width, room int) []string {
	var last []string
	for i := len(log) - 1; i >= 0; i-- {
		wrapped := wrapWords(log[i], width)
		if len(last)+len(wrapped) > room {
			break
		}
		last = append(wrapped, last...)
	}
	return last
}

// wrapWords parts a log line by its width alone, so that its indent stays, and leaves out its middle if it is long.
func wrapWords(s string, width int) []string {
	s = strings.TrimRight(say.Line(s), " ")
	var out []string
	for s != "" {
		var head string
		head, s = splitAt(s, width)
		out = append(out, head)
	}
	if len(out) > lastWords {
		out = append(append(out[:lastWords-2:lastWords-2], "..."), out[len(out)-1])
	}
	return out
}
