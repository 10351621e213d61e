package waitress

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/known"
)

// recycling is what it has instead of a limit of requests.
const recycling = "a memory limit of the supervisor"

// Settings by their options' names: threads alone. It is one process, without a limit of requests.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	if w.Threads == 0 {
		return nil
	}
	return []calibrate.Setting{known.Setting("threads", w.Threads)}
}

// Typed begins with the program: behind the app waitress takes no options.
func (s Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	options := known.Options(s.Settings(w, t))
	if len(options) == 0 {
		return calibrate.Typed{Why: "waitress is one process, and its threads stay as they are"}
	}
	return calibrate.Typed{Words: slices.Concat([]string{"waitress-serve"}, options)}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "waitress", Name: "options for waitress-serve, before the app", Without: "the app, the address, timeouts"}
}

func (s Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	s.notes(&c, w)
	if options := known.Options(s.Settings(w, t)); len(options) > 0 {
		c.Set("%s", strings.Join(options, " "))
	}
	return c
}

// notes say what it has no setting for.
func (Server) notes(c *calibrate.Lines, w calibrate.Wanted) {
	if w.Workers > 1 {
		c.Note("waitress is one process: %s are as many of it, each at an address of its own, behind a proxy.", say.Plural(w.Workers, "worker"))
	}
	c.About(calibrate.NoteThreads, "threads")
	c.NoLimit("waitress", recycling)
}

// Environment is for the start command alone.
func (s Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	if options := known.Options(s.Settings(w, t)); len(options) > 0 {
		notes.Note("Waitress reads no environment: its start command has to, or give it %s before the app.", strings.Join(options, " "))
	}
	s.notes(&notes, w)
	w.MaxRequests = 0
	return known.ForScript(w), notes
}
