package puma

import (
	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Settings by their names in puma.rb. Puma has as many threads from the start as it may have. It has no limit of requests but
// for that of fork_worker, after which it forks all workers but the first anew: 0 is never.
func (s Server) Settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	if w.Threads > 0 {
		all = append(all, known.Setting("threads", w.Threads))
	}
	if known.TakesBack(s.Name(), w, t) {
		all = append(all, known.Setting("fork_worker", 0))
	}
	return all
}

// words are the settings as options, which have other names.
func (s Server) words(w calibrate.Wanted, t calibrate.TargetInfo) []string {
	var words []string
	for _, setting := range s.Settings(w, t) {
		switch setting.Name {
		case "workers":
			words = append(words, "-w", setting.Value)
		case "threads":
			words = append(words, "-t", setting.Value+":"+setting.Value)
		case "fork_worker":
			words = append(words, "--fork-worker="+setting.Value)
		}
	}
	return words
}

func (s Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	if p := cli.SeeThrough(t.Command); (Rack{}).Recognises(p) {
		return calibrate.Typed{Why: p.Name + " takes no number of workers; config/puma.rb does, which calibrate emit writes"}
	}
	return calibrate.Typed{Words: s.words(w, t)}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "puma", Name: "puma.rb", Without: "the address, hooks"}
}

const recycling = "puma_worker_killer, or a memory limit of the supervisor"

func (s Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	c.About(calibrate.NoteThreads, "threads")
	c.NoLimit("puma", recycling)
	if w.Workers == 1 {
		c.Note("One worker alone needs no cluster: workers 0 saves the master, which is in this sum.")
	}
	for _, setting := range s.Settings(w, t) {
		if setting.Name == "threads" {
			setting.Value += ", " + setting.Value
		}
		c.Set("%s %s", setting.Name, setting.Value)
	}
	if t.Preload {
		c.Note("preload_app! as it was measured: the sum rests on memory that the workers share.")
		c.Set("preload_app!")
	}
	return c
}

func (s Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	notes.Note(known.OptionsWin)
	notes.About(calibrate.NoteThreads, "threads")
	notes.NoLimit("puma", recycling)
	for _, setting := range s.Settings(w, t) {
		switch setting.Name {
		case "workers":
			env = append(env, calibrate.Setting{Name: "WEB_CONCURRENCY", Value: setting.Value})
		case "threads":
			env = append(env, calibrate.Setting{Name: "PUMA_MIN_THREADS", Value: setting.Value},
				calibrate.Setting{Name: "PUMA_MAX_THREADS", Value: setting.Value})
		case "fork_worker":
			notes.Note("No variable says how often workers are forked anew: fork_worker %s in puma.rb, as it was measured.", setting.Value)
		}
	}
	return env, notes
}
