package gunicorn

import (
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Settings by their names in gunicorn.conf.py.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	if w.Threads > 0 {
		all = append(all, known.Setting("threads", w.Threads))
	}
	switch {
	case w.MaxRequests > 0:
		all = append(all, known.Setting("max_requests", w.MaxRequests), known.Setting("max_requests_jitter", w.Jitter))
	case w.NoLimit:
		all = append(all, known.Setting("max_requests", 0))
	}
	return all
}

func (g Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(g.Settings(w, t))}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "gunicorn", Name: "gunicorn.conf.py", Without: "the address, timeouts, logs"}
}

func (g Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	c.Note("Options in the command line and in GUNICORN_CMD_ARGS win over this file: take these out there, and keep the others.")
	c.About(calibrate.NoteThreads, "threads")
	c.About(calibrate.NoteLimit, "max_requests")
	all := g.Settings(w, t)
	if t.Server == "uvicorn" {
		c.Note("This worker class looks at its limit about ten times a second: it overshoots it, and may reset connections then. " +
			"uvicorn deprecates it for uvicorn_worker.UvicornWorker, of the package uvicorn-worker.")
		all = append(all, calibrate.Setting{Name: "worker_class", Value: `"uvicorn.workers.UvicornWorker"`})
	}
	if t.Preload {
		c.Note("preload_app as it was measured: the sum rests on memory that the workers share.")
		all = append(all, calibrate.Setting{Name: "preload_app", Value: "True"})
	}
	known.SetAll(&c, all, " = ")
	return c
}

// Environment has the workers in both, so that a gunicorn.conf.py of the image can't win.
func (g Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note(known.OptionsWin)
	notes.About(calibrate.NoteThreads, "threads")
	notes.About(calibrate.NoteLimit, "max-requests")
	return []calibrate.Setting{known.Setting("WEB_CONCURRENCY", w.Workers),
		{Name: "GUNICORN_CMD_ARGS", Value: strings.Join(known.Options(g.Settings(w, t)), " ")}}, notes
}
