package anycommand

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Settings are what placeholders stand for.
func (Server) Settings(w calibrate.Wanted, _ calibrate.TargetInfo) []calibrate.Setting {
	return known.PlaceholderSettings(w)
}

// Typed is the whole command, if it says how many workers or threads there are.
func (a Server) Typed(w calibrate.Wanted, t calibrate.TargetInfo) calibrate.Typed {
	holds := func(name string) bool {
		return slices.ContainsFunc(t.Command, func(word string) bool { return slices.Contains(cli.Placeholders(word), name) })
	}
	if t.MaxWorkers == 1 {
		return calibrate.Typed{Why: "it is one process: more of it are as many services, each at an address of its own, behind a proxy"}
	}
	if t.CanScale && !holds("workers") && !holds("threads") {
		return calibrate.Typed{Why: "variables set it: those that --env gave {workers} to"}
	}
	if !holds("workers") && !holds("threads") {
		why := "nobody can set it: write {workers} where the command says how many"
		if w.Workers > 1 {
			why += "; without that, they are as many copies of the command behind a proxy"
		}
		return calibrate.Typed{Why: why}
	}
	if w := a.unplaced(w, t); len(w) > 0 {
		return calibrate.Typed{Why: "write " + strings.Join(w, " and ") + " in the command"}
	}
	values := map[string]string{}
	for _, s := range a.Settings(w, t) {
		values[s.Name] = s.Value
	}
	return calibrate.Typed{Words: cli.ExpandAll(t.Command, values), Place: calibrate.WholeCommand}
}

// unplaced says what to write for which placeholder, where the command has others too, an address or a port, that only the
// user knows: a line to paste must have none.
func (a Server) unplaced(w calibrate.Wanted, t calibrate.TargetInfo) (say []string) {
	settings, others := a.Settings(w, t), false
	for _, word := range t.Command {
		for _, name := range cli.Placeholders(word) {
			i := slices.IndexFunc(settings, func(s calibrate.Setting) bool { return s.Name == name })
			if i < 0 {
				others = true
			} else if text := settings[i].Value + " for {" + name + "}"; !slices.Contains(say, text) {
				say = append(say, text)
			}
		}
	}
	if !others {
		return nil
	}
	return say
}

// File is none: where such a server reads its settings isn't known.
func (Server) File() calibrate.File { return calibrate.File{} }

func (Server) Configuration(calibrate.Wanted, calibrate.TargetInfo) calibrate.Lines { return nil }

func (Server) Environment(w calibrate.Wanted, _ calibrate.TargetInfo) (env []calibrate.Setting, notes calibrate.Lines) {
	return known.ForScript(w), known.AboutScript()
}
