package pypnm

import (
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
)

// Settings by their options' names. A limit that is left out is PyPNM's own, and one worker with a limit ends the server:
// so it is told that there is none. PyPNM passes no jitter on.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	all := []calibrate.Setting{known.Setting("workers", w.Workers)}
	switch {
	case w.MaxRequests > 0 && w.Workers > 1:
		all = append(all, known.Setting("limit-max-requests", w.MaxRequests))
	case w.Workers == 1 || w.NoLimit:
		all = append(all, known.Setting("limit-max-requests", 0))
	}
	return all
}

func (y Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	return calibrate.Typed{Words: known.Options(y.Settings(w, t))}
}

func (Server) File() calibrate.File {
	return calibrate.File{For: "pypnm", Name: "pypnm-serve.env", Without: "the address"}
}

func (y Server) Configuration(w calibrate.Wanted, t calibrate.TargetInfo) (c calibrate.Lines) {
	env, notes := y.Environment(w, t)
	c = notes
	known.SetAll(&c, env, "=")
	return c
}

// Environment has all four keys: PyPNM's start script stops if one is missing. So what Settings leave as it is, is 0 here,
// which is no limit (pypnm/cli.py, main).
func (y Server) Environment(w calibrate.Wanted, t calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	if w.Workers < 2 && w.MaxRequests > 0 {
		notes.Note("No limit: with one worker pypnm serve ends at its limit, with status 0. If something always starts it again (Restart=always; "+
			"on-failure isn't enough), set it to %d. Without it the worker outgrows this sum after so many.", w.MaxRequests)
	}
	notes.About(calibrate.NoteLimit, variable("limit-max-requests"))
	w.NoLimit = w.MaxRequests == 0
	gib := strconv.FormatFloat(float64(w.MemoryBytes)/(1<<30), 'f', 2, 64)
	env = []calibrate.Setting{known.Setting(variable("cpu-count"), w.CPUs), {Name: variable("total-memory-gib"), Value: gib}}
	return append(env, known.Variables(y.Settings(w, t), variable)...), notes
}

func variable(option string) string {
	return "PYPNM_SERVE_" + strings.ToUpper(strings.ReplaceAll(option, "-", "_"))
}
