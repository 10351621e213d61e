package server

import (
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
)

// wanted is what this measurement or proof runs the server with.
func (l *Launch) wanted() calibrate.Wanted { return l.spec.wanted() }

func (s Spec) wanted() calibrate.Wanted {
	return calibrate.Wanted{Workers: s.Workers, Threads: s.Threads, MaxRequests: s.MaxRequests, Jitter: s.Jitter, NoLimit: s.MaxRequests == 0}
}

func setting(name string, value int) calibrate.Setting { return setting64(name, int64(value)) }

func setting64(name string, value int64) calibrate.Setting {
	return calibrate.Setting{Name: name, Value: strconv.FormatInt(value, 10)}
}

// options are settings as words of a command line: max_requests is --max-requests. What is true has no value there.
func options(all []calibrate.Setting) []string {
	var words []string
	for _, s := range all {
		words = append(words, "--"+strings.ReplaceAll(s.Name, "_", "-"))
		if s.Value != "true" {
			words = append(words, s.Value)
		}
	}
	return words
}

// pairs are settings as NAME=value.
func pairs(all []calibrate.Setting) []string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = s.Name + "=" + s.Value
	}
	return words
}

// variables are settings as variables of the environment, by the server's own names for these.
func variables(all []calibrate.Setting, variable func(option string) string) []calibrate.Setting {
	named := make([]calibrate.Setting, len(all))
	for i, s := range all {
		named[i] = calibrate.Setting{Name: variable(s.Name), Value: s.Value}
	}
	return named
}

func withoutSetting(all []calibrate.Setting, name string) []calibrate.Setting {
	return slices.DeleteFunc(all, func(s calibrate.Setting) bool { return s.Name == name })
}

// setAll adds lines such as "workers = 3".
func setAll(c *calibrate.Lines, all []calibrate.Setting, between string) {
	for _, s := range all {
		c.Set("%s%s%s", s.Name, between, s.Value)
	}
}

// forScript are variables for a start script that reads them.
func forScript(w calibrate.Wanted) []calibrate.Setting {
	env := []calibrate.Setting{setting("WEB_CONCURRENCY", w.Workers)}
	if w.Threads > 0 {
		env = append(env, setting("THREADS", w.Threads))
	}
	if w.MaxRequests > 0 {
		env = append(env, setting64("MAX_REQUESTS", w.MaxRequests), setting64("MAX_REQUESTS_JITTER", w.Jitter))
	}
	return env
}

// aboutScript are the notes on such variables, if nobody knows who reads them.
func aboutScript() (notes calibrate.Lines) {
	notes.Note("The start command has to read these variables: which server that is, or whether it does, is not known.")
	notes.About(calibrate.NoteLimit, "max-requests")
	return notes
}

// optionsWin is a note of servers whose options win over their variables.
const optionsWin = "Options in the command line win over the environment: take them out there."
