package nowlms

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Settings are variables, of whole numbers without a unit: 187.5 or 250MB would silently become 200. There is no limit of
// requests. With waitress it is one process, whatever they say.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting(variableWorkers, w.Workers)}
	if w.Threads > 0 {
		all = append(all, known.Setting(variableThreads, w.Threads))
	}
	if w.WorkerMemoryMB > 0 {
		memory := known.Setting("NOW_LMS_WORKER_MEMORY_MB", w.WorkerMemoryMB)
		memory.IsMemory = true
		all = append(all, memory)
	}
	return all
}

// Typed has no memory, from which NOW LMS would work out the number of workers if that weren't said.
func (n Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	w.WorkerMemoryMB = 0
	return calibrate.Typed{Words: known.Pairs(n.Settings(w, t)), Place: calibrate.BeforeCommand}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "now-lms", Name: "environment of NOW LMS", Without: "the port, the database"}
}

func (n Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	c.Note("Start it by lmsctl serve --wsgi-server gunicorn: lmsctl serve alone is one process, whatever these say.")
	c.About(calibrate.NoteThreads, variableThreads)
	c.NoLimit("lmsctl serve", "gunicorn wsgi:app, with --for gunicorn")
	known.SetAll(&c, n.Settings(w, t), "=")
	return c
}

func (n Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	return n.Settings(w, t), nil
}
