package hypercorn

import (
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/known"
)

// Settings by their options' names. Jitter is left out: by the command line it is the limit itself (0.18).
func (h Server) Settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	switch {
	case !h.limits(t):
	case w.MaxRequests > 0:
		all = append(all, known.Setting("max-requests", w.MaxRequests))
	case known.TakesBack(h.Name(), w, t):
		all = append(all, known.Setting("max-requests", known.NeverReached))
	}
	return all
}

// limits is false if a version was measured that is known to have no limit: before 0.16.
func (h Server) limits(t calibrate.TargetInfo) bool { return t.Server != h.Name() || t.CanRecycle }

func (h Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(h.Settings(w, t))}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "hypercorn", Name: "options for hypercorn", Without: "the app, the address, timeouts, logs"}
}

func (h Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	if w.Threads > 0 {
		c.Note("hypercorn has no threads to set, and takes as many requests at once as come: this sum is for %s of them a worker.", say.Count(w.Threads))
	}
	h.noteLimit(&c, w, t)
	c.About(calibrate.NoteAtOnce, "")
	c.Set("%s", strings.Join(known.Options(h.Settings(w, t)), " "))
	return c
}

// noteLimit says what a request limit does there, or that this version has none.
func (h Server) noteLimit(c *calibrate.Lines, w calibrate.Wanted, t calibrate.TargetInfo) {
	if !h.limits(t) {
		c.NoLimit("this hypercorn", "hypercorn 0.16 or newer")
		return
	}
	if w.MaxRequests > 0 {
		c.Note("The limit needs hypercorn 0.16. A worker that reaches it cuts off requests that are under way. No jitter: " +
			"as an option it is the limit itself (0.18), so workers that started together restart together.")
	}
	c.About(calibrate.NoteLimit, "max-requests")
	if known.TakesBack(h.Name(), w, t) {
		known.NoteNeverReached(c, "max-requests")
	}
}

// Environment is for the start command alone.
func (h Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note("Hypercorn reads no environment: its start command has to, or give it %s.", strings.Join(known.Options(h.Settings(w, t)), " "))
	h.noteLimit(&notes, w, t)
	return known.ForScript(w), notes
}
