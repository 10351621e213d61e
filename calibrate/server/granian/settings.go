package granian

import (
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Settings by their options' names. Granian has no limit of requests.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	if w.Threads > 0 {
		all = append(all, known.Setting("blocking-threads", w.Threads))
	}
	return all
}

func (g Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(g.Settings(w, t))}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "granian", Name: "options for granian", Without: "the interface, the app, the address, timeouts, logs"}
}

// recycling is what Granian has instead of a limit of requests.
const recycling = "--workers-max-rss, or --workers-lifetime"

func (g Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	c.About(calibrate.NoteThreads, "blocking-threads")
	if w.Threads > 1 {
		c.Note("blocking-threads above 1 are for --interface wsgi alone.")
	}
	c.NoLimit("granian", recycling)
	c.Set("%s", strings.Join(known.Options(g.Settings(w, t)), " "))
	return c
}

func (g Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note(known.OptionsWin)
	notes.About(calibrate.NoteThreads, "blocking-threads")
	notes.NoLimit("granian", recycling)
	return known.Variables(g.Settings(w, t), variable), notes
}
