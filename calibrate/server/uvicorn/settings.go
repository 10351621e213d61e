package uvicorn

import (
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/known"
)

// Settings by their options' names. One worker has no limit, which would end the server; and jitter is for a version that
// is known to have it.
func (u Server) Settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	if known.TakesBack(u.Name(), w, t) {
		return append(all, known.Setting("limit-max-requests", known.NeverReached))
	}
	if w.MaxRequests == 0 || w.Workers < 2 {
		return all
	}
	all = append(all, known.Setting("limit-max-requests", w.MaxRequests))
	if t.Server == u.Name() && t.HasJitter && w.Jitter > 0 {
		all = append(all, known.Setting("limit-max-requests-jitter", w.Jitter))
	}
	return all
}

func (u Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(u.Settings(w, t))}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "uvicorn", Name: "options for uvicorn", Without: "the app, the address, timeouts, logs"}
}

func (u Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	if w.Threads > 0 {
		c.Note("uvicorn has no threads to set, and takes as many requests at once as come: this sum is for %s of them a worker. "+
			"--limit-concurrency bounds them.", say.Count(w.Threads))
	}
	u.noteLimit(&c, w, t)
	c.About(calibrate.NoteAtOnce, "")
	c.Set("%s", strings.Join(known.Options(u.Settings(w, t)), " "))
	return c
}

// noteLimit says which of Uvicorn's traps a request limit leads into here.
func (u Server) noteLimit(c *calibrate.Lines, w calibrate.Wanted, t calibrate.TargetInfo) {
	here := t.Server == u.Name()
	switch {
	case w.MaxRequests > 0 && w.Workers < 2:
		c.Note("No limit-max-requests: with one worker uvicorn ends at its limit, with status 0. Where something always starts it "+
			"again (Restart=always; on-failure isn't enough), set it to %d. Without it the worker outgrows this sum after %s.",
			w.MaxRequests, say.Plural(w.MaxRequests+w.Jitter, "request"))
		return
	case w.MaxRequests > 0 && !here:
		c.Note("The limit needs uvicorn 0.30, which is the first to replace a worker that ends. From 0.41 on add --limit-max-requests-jitter %d.",
			w.Jitter)
	case w.MaxRequests > 0 && !t.HasJitter:
		c.Note("No jitter: uvicorn has it from 0.41 on. Workers that started together restart together.")
	}
	c.About(calibrate.NoteLimit, "limit-max-requests")
	if known.TakesBack(u.Name(), w, t) {
		known.NoteNeverReached(c, "limit-max-requests")
	}
}

func (u Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note(known.OptionsWin)
	u.noteLimit(&notes, w, t)
	notes.About(calibrate.NoteAtOnce, "")
	return known.Variables(u.Settings(w, t), variable), notes
}
