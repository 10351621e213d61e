package server

import (
	"strings"

	"workermem/calibrate"
)

// settings by their options' names. Granian has no limit of requests.
func (granian) settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{setting("workers", w.Workers)}
	if w.Threads > 0 {
		all = append(all, setting("blocking-threads", w.Threads))
	}
	return all
}

func (g granian) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: options(g.settings(w, t))}
}

func (granian) File() calibrate.File {
	return calibrate.File{For: "granian", Name: "options for granian", Without: "the interface, the app, the address, timeouts, logs"}
}

// granianRecycling is what Granian has instead of a limit of requests.
const granianRecycling = "--workers-max-rss, or --workers-lifetime"

func (g granian) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	c.About(calibrate.NoteThreads, "blocking-threads")
	if w.Threads > 1 {
		c.Note("blocking-threads above 1 are for --interface wsgi alone.")
	}
	c.NoLimit("granian", granianRecycling)
	c.Set("%s", strings.Join(options(g.settings(w, t)), " "))
	return c
}

func (g granian) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note(optionsWin)
	notes.About(calibrate.NoteThreads, "blocking-threads")
	notes.NoLimit("granian", granianRecycling)
	return variables(g.settings(w, t), granianVariable), notes
}
