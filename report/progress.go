package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// plainEvery is how often a plain line is written if there is no terminal to redraw one on.
const plainEvery = 5 * time.Second

// eraseLine goes to the line's start and clears it (ECMA-48: CR, then EL 2).
const eraseLine = "\r\x1b[2K"

// Progress shows how a run goes on: on a terminal one line, redrawn; elsewhere a line every five seconds of the run
// and at each change of phase. Its clock is the run's own, [calibrate.Status.Elapsed]. Safe for several goroutines.
type Progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	width    func() int

	drawn string // the live line on the screen, "" for none
	phase string
	next  time.Duration // when the next plain line is due
}

// NewProgress draws on w. width is asked each time, as terminals change; nil or a width of 0 stands for 80.
func NewProgress(w io.Writer, terminal bool, width func() int) *Progress {
	return &Progress{w: w, terminal: terminal, width: width}
}

// Show draws the status, or leaves it if the time hasn't come. A progress line that can't be written is no
// reason to fail a measurement, so errors are dropped.
func (p *Progress) Show(s calibrate.Status) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		p.draw(s)
		return
	}
	if s.Phase == p.phase && s.Elapsed < p.next {
		return
	}
	p.phase, p.next = s.Phase, s.Elapsed+plainEvery
	fmt.Fprintln(p.w, say.Line(plainStatus(s)))
}

func (p *Progress) draw(s calibrate.Status) {
	line := liveStatus(s, p.columns()-1) // some terminals wrap as soon as the last column is filled
	if line == p.drawn {
		return
	}
	p.drawn = line
	_, _ = io.WriteString(p.w, eraseLine+line)
}

func (p *Progress) columns() int {
	if p.width != nil {
		if n := p.width(); n > 0 {
			return n
		}
	}
	return 80
}

// Done clears the live line, so that what comes next begins at an empty one.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn != "" {
		_, _ = io.WriteString(p.w, eraseLine)
	}
	p.drawn = ""
}

// liveStatus begins with what matters most, and leaves out what has no room.
func liveStatus(s calibrate.Status, width int) string {
	line := cut(say.Line(moment(s)), width)
	for _, part := range known(s, "%s left", func(n int64) string { return say.Count(n) + " req" }) {
		if longer := line + "  " + say.Line(part); columns(longer) <= width {
			line = longer
		}
	}
	return line
}

func plainStatus(s calibrate.Status) string {
	parts := known(s, "about %s left", func(n int64) string { return say.Plural(n, "request") })
	return moment(s) + when(len(parts) > 0, ": %s", strings.Join(parts, ", "))
}

// moment is when it is, in which phase, and which of how many that is.
func moment(s calibrate.Status) string {
	return say.Clock(s.Elapsed.Seconds()) + " " + orElse(s.Phase, "starting") + when(s.Steps > 1, " %s/%s", say.Count(s.Step), say.Count(s.Steps))
}

// known is what is still to come, and what was seen so far.
func known(s calibrate.Status, left string, requests func(int64) string) []string {
	return slices.DeleteFunc([]string{
		when(s.Left >= time.Second, left, say.Clock(s.Left.Seconds())), s.Estimate,
		when(s.Requests > 0, "%s", requests(s.Requests)), when(s.RSS > 0, "RSS %s", knownMB(s.RSS)), when(s.Peak > 0, "peak %s", knownMB(s.Peak)), s.Waiting,
	}, func(part string) bool { return part == "" })
}
