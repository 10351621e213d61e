package server

import "workermem/calibrate"

// settings by their options' names, which are those of WSGIDaemonProcess. A limit of 0 is none.
func (express) settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting {
	all := modWSGI{}.settings(w, t)
	if w.NoLimit && w.MaxRequests == 0 {
		all = append(all, setting("maximum-requests", 0))
	}
	return all
}

func (e express) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: options(e.settings(w, t))}
}

// File and Configuration: it writes Apache's configuration itself, and that has a place for options of its own.
func (express) File() calibrate.File { return modWSGI{}.File() }

func (express) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Lines {
	return modWSGI{}.Configuration(w, t)
}

func (express) Environment(w calibrate.Wanted, _ calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	return forScript(w), aboutScript()
}
