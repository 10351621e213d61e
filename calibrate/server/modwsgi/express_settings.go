package modwsgi

import (
	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Settings by their options' names, which are those of WSGIDaemonProcess. A limit of 0 is none.
func (Express) Settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting {
	all := Server{}.Settings(w, t)
	if w.NoLimit && w.MaxRequests == 0 {
		all = append(all, known.Setting("maximum-requests", 0))
	}
	return all
}

func (e Express) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(e.Settings(w, t))}
}

// File and Configuration: it writes Apache's configuration itself, and that has a place for options of its own.
func (Express) File() calibrate.File { return Server{}.File() }

func (Express) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Lines {
	return Server{}.Configuration(w, t)
}

func (Express) Environment(w calibrate.Wanted, _ calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	return known.ForScript(w), known.AboutScript()
}
