package uwsgi

import (
	"path/filepath"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Settings by their names in an ini file. uWSGI's delta is no random jitter: worker i of N lives for
// max-requests + (i-1) x delta (core/utils.c, uwsgi_close_request), so that the last one lives as long as jitter allows. A
// build without the option refuses it. Without a lifetime of 0 no young worker is replaced.
func (u Server) Settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{{Name: "master", Value: "true"}, known.Setting("processes", w.Workers)}
	if w.Threads > 0 {
		all = append(all, known.Setting("threads", w.Threads))
	}
	if w.MaxRequests > 0 {
		all = append(all, known.Setting("max-requests", w.MaxRequests))
		if jitters := t.Server != u.Name() || t.HasJitter; jitters && w.Jitter > 0 && w.Workers > 1 {
			all = append(all, known.Setting("max-requests-delta", w.Jitter/int64(w.Workers-1)))
		}
		all = append(all, known.Setting("min-worker-lifetime", 0))
	} else if known.TakesBack(u.Name(), w, t) {
		all = append(all, known.Setting("max-requests", 0))
	}
	return append(all, calibrate.Setting{Name: "die-on-term", Value: "true"}, calibrate.Setting{Name: "need-app", Value: "true"})
}

// Typed is nothing if the command names a file without an option: what that sets counts, and the options don't.
func (u Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	if file := bareFile(cli.SeeThrough(t.Command).Args()); file != "" {
		return calibrate.Typed{Why: "uwsgi reads " + file + " after its options, so it wins over them; calibrate emit writes what to put there"}
	}
	return calibrate.Typed{Words: known.Options(u.Settings(w, t))}
}

// bareFile is the first file of settings that stands there without an option, "" for none.
func bareFile(words []string) string {
	for i, word := range words {
		value := i > 0 && strings.HasPrefix(words[i-1], "-") && !strings.Contains(words[i-1], "=")
		if !value && !strings.HasPrefix(word, "-") && slices.Contains(fileTypes, filepath.Ext(word)) {
			return word
		}
	}
	return ""
}

// fileTypes are those that uWSGI reads as files of settings (core/uwsgi.c, main).
var fileTypes = []string{".ini", ".xml", ".yml", ".yaml", ".json", ".js"}

func (Server) File() calibrate.File {
	return calibrate.File{For: "uwsgi", Name: "uwsgi.ini", Without: "the socket, the plugin, the app, harakiri, logs"}
}

func (u Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	c.About(calibrate.NoteThreads, "threads")
	c.About(calibrate.NoteLimit, "max-requests")
	if w.MaxRequests > 0 {
		c.Note("max-requests-delta is what each worker lives longer than the one before it; some builds don't know it. " +
			"min-worker-lifetime 0, because else no worker is recycled in its first " + youngest + ".")
	}
	c.Note("die-on-term, because else TERM reloads it. need-app, because else it answers 500 for ever where the app can't be imported.")
	c.Set("[uwsgi]")
	known.SetAll(&c, u.Settings(w, t), " = ")
	return c
}

func (u Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note(known.OptionsWin)
	notes.About(calibrate.NoteThreads, "threads")
	notes.About(calibrate.NoteLimit, "max-requests")
	return known.Variables(u.Settings(w, t), variable), notes
}

func variable(option string) string {
	return "UWSGI_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}
