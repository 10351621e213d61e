package modwsgi

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Settings are options of WSGIDaemonProcess. mod_wsgi has no jitter.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("processes", w.Workers)}
	if w.Threads > 0 {
		all = append(all, known.Setting("threads", w.Threads))
	}
	if w.MaxRequests > 0 {
		all = append(all, known.Setting("maximum-requests", w.MaxRequests))
	}
	return all
}

func (Server) Typed(calibrate.Wanted, calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Why: "Apache reads it from its configuration, which calibrate emit writes"}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "mod_wsgi", Name: "for Apache's configuration", Without: "the script, python-home, user and group"}
}

func (m Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	if w.Threads == 0 {
		c.Note("threads are not known from this run: mod_wsgi's default is 15, each of which holds its request's memory.")
	}
	c.About(calibrate.NoteLimit, "maximum-requests")
	all, express := m.Settings(w, t), Express{}.Settings(w, t)
	if w.MaxRequests > 0 {
		c.Note("mod_wsgi has no jitter: processes that started together restart together. graceful-timeout, in seconds, is how " +
			"long a restart waits for requests that are under way; 15 is what mod_wsgi itself has, too.")
		all, express = append(all, known.Setting("graceful-timeout", 15)), append(express, known.Setting("graceful-timeout", 15))
	}
	express = append(express, expressFront...)
	c.Note("NAME is the name of your daemon group. The same for mod_wsgi-express start-server, which has a front for 10 + 1.5 x processes x threads " +
		"requests; with the last two options its children don't come and go:")
	c.Example("%s", strings.Join(known.Options(express), " "))
	c.Set("WSGIDaemonProcess NAME %s display-name=%%{GROUP}", strings.Join(known.Pairs(all), " "))
	c.Set("WSGIProcessGroup NAME")
	frontFor(w).write(&c)
	return c
}

// expressFront has it start all of the front's children, and end none for being idle (mod_wsgi/express/server.py, 6.1.1). It
// also takes --max-clients, and for all else --include-file.
var expressFront = []calibrate.Setting{{Name: "initial-workers", Value: "1"}, {Name: "maximum-spare-workers", Value: "1"}}

// Environment is for a start script: Apache takes none of these settings from it.
func (Server) Environment(w calibrate.Wanted, _ calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	return known.ForScript(w), known.AboutScript()
}

func withoutSetting(all []calibrate.Setting, name string) []calibrate.Setting {
	return slices.DeleteFunc(all, func(s calibrate.Setting) bool { return s.Name == name })
}
