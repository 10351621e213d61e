package report

import (
	"fmt"
	"io"
	"strings"

	"workermem/calibrate"
)

// TextOptions is how the terminal report looks.
type TextOptions struct {
	Color bool
	Width int // columns of the terminal, 0 for 80
}

// candidateRows keeps the report to about a screen; the Markdown has more.
const candidateRows = 8

// Text writes the terminal report: the answer first, then what it rests on.
func Text(w io.Writer, r calibrate.Result, o TextOptions) error {
	p := newPage(o.Width, o.Color)
	writeAnswer(p, r)
	p.heading(measuredTitle(r))
	p.facts(measured(r))
	p.heading(creepTitle(r))
	p.facts(creep(r))
	writeApart(p, r)
	p.heading("The sum")
	p.facts(sum(r))
	writeCandidates(p, r, inResult)
	writeSweep(p, r)
	writeFormulas(p, r.Formulas, r.Recommendation.BudgetBytes)
	writeProof(p, r)
	if r.Truth != nil {
		p.heading("Truth: what the demo app says of itself")
		p.facts(truth(r))
	}
	writeChanges(p, r.Target.Changes)
	writeWarnings(p, r.Warnings, r.Plan.Silenced)
	writeAgain(p, r)
	_, err := w.Write(p.buf.Bytes())
	return err
}

// writeAnswer is the part to be read at one glance.
func writeAnswer(p *page, r calibrate.Result) {
	if s := partial(r); s != "" {
		p.text(yellow, "PARTIAL RUN: "+s)
	}
	a := answerOf(r)
	p.rule()
	if a.refuse != "" {
		p.text(a.style, a.refuse+": "+a.why)
		p.rule()
		writeRefusal(p, r)
		return
	}
	for _, l := range flow(a.fields, p.width) {
		p.line(a.style, l)
	}
	p.rule()
	if s := paste(r); s != "" {
		p.hang(7, "type:", s, bold)
	}
	for _, f := range []fact{{"why:", a.why}, {"price:", price(r)}, {"bound:", bound(r)}, {"but:", doubt(r)}} {
		if f.text != "" {
			p.hang(7, f.name, f.text, plain)
		}
	}
}

// writeAgain repeats the answer where the top of the report has left the screen.
func writeAgain(p *page, r calibrate.Result) {
	if lines(p) < 2*screen {
		return
	}
	a := answerOf(r)
	p.blank()
	if a.refuse != "" {
		p.line(a.style, cut(clean(a.refuse+": "+a.why), p.width))
		return
	}
	for _, l := range flow(a.fields, p.width) {
		p.line(a.style, l)
	}
}

// writeRefusal says what is known all the same, and what to do.
func writeRefusal(p *page, r calibrate.Result) {
	if rec := r.Recommendation; rec.NothingFits {
		p.hang(7, "try:", refusalTry(r), plain)
	} else if shown, _ := split(r.Warnings, r.Plan.Silenced); len(shown) == 1 {
		p.hang(7, "try:", shown[0].Try, plain)
	} else if len(shown) > 1 {
		p.hang(7, "try:", "what the warnings at the end say", plain)
	}
}

// refusalTry is every way to make something fit.
func refusalTry(r calibrate.Result) string {
	memory := "more memory"
	if least := r.Recommendation.SmallestMemoryBytes; least > 0 {
		memory = atLeastMB(least) + " of memory or more"
	}
	fewer := ""
	if r.Plan.MinWorkers > 1 {
		fewer = "fewer --min-workers, "
	}
	return memory + " (--memory), less kept back (--reserve), " + fewer + "fewer threads, or a smaller app"
}

// flow joins fields by three spaces where they fit one line, by two where only that fits, else over several lines.
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

func writeCandidates(p *page, r calibrate.Result, whole string) {
	if len(r.Candidates) == 0 {
		return
	}
	p.heading("Candidates")
	chosen, leftOut := choose(r.Candidates, candidateRows)
	p.block(candidateGrid(chosen, verdictByRequest(r)).text(p.width), ">")
	if note := leftOutNote(leftOut, whole); note != "" {
		p.text(plain, " "+note)
	}
}

func writeFormulas(p *page, formulas []calibrate.Formula, budget int64) {
	if len(formulas) == 0 {
		return
	}
	p.heading("What the field's rules would choose here")
	p.block(rulesGrid(formulas, budget).text(p.width), "")
}

func writeChanges(p *page, changes []string) {
	if len(changes) == 0 {
		return
	}
	p.blank()
	p.text(plain, "Changed for the measurement: "+strings.Join(changes, "; ")+".")
}

func writeWarnings(p *page, warnings []calibrate.Warning, silenced []string) {
	shown, hidden := split(warnings, silenced)
	if len(shown)+hidden == 0 {
		return
	}
	p.heading("Warnings")
	for _, warning := range shown {
		p.hang(4, "  !", fmt.Sprintf("%s: %s", orElse(warning.Code, "unnamed"), warning.Text), yellow)
		if warning.Try != "" {
			p.hang(9, "    try:", warning.Try, plain)
		}
	}
	if hidden > 0 {
		p.text(plain, "  "+hiddenNote(hidden))
	}
}
