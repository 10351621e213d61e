package known

import (
	"strconv"
	"strings"

	"workermem/calibrate"
)

// Setting is one whose value is a number.
func Setting[N int | int64](name string, value N) calibrate.Setting {
	return calibrate.Setting{Name: name, Value: strconv.FormatInt(int64(value), 10)}
}

// NeverReached is a limit of requests that no worker reaches. It is for a server on which no option takes a limit back: 0 is
// one too there, reached by the first request.
const NeverReached = 1_000_000_000_000

// TakesBack says whether a limit of requests is to be taken back, which what the user wrote for that server sets.
func TakesBack(server string, w calibrate.Wanted, t calibrate.TargetInfo) bool {
	return w.NoLimit && w.MaxRequests == 0 && t.Server == server && t.SetsLimit
}

// NoteNeverReached says why such a limit is there.
func NoteNeverReached(c *calibrate.Lines, option string) {
	c.Note("%s is a number that no worker reaches: a limit is set elsewhere, and no option takes that back. 0 would be reached at once.", option)
}

// Options are settings as words of a command line: max_requests is --max-requests. One that is true has no value there.
func Options(all []calibrate.Setting) []string {
	var words []string
	for _, s := range all {
		words = append(words, "--"+strings.ReplaceAll(s.Name, "_", "-"))
		if s.Value != "true" {
			words = append(words, s.Value)
		}
	}
	return words
}

// Pairs are settings as NAME=value.
func Pairs(all []calibrate.Setting) []string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = s.Name + "=" + s.Value
	}
	return words
}

// Variables are settings as variables of the environment, by the server's own names for these.
func Variables(all []calibrate.Setting, variable func(option string) string) []calibrate.Setting {
	named := make([]calibrate.Setting, len(all))
	for i, s := range all {
		named[i] = s
		named[i].Name = variable(s.Name)
	}
	return named
}

// SetAll adds the settings to a configuration, in lines such as "workers = 3"; between is " = " there.
func SetAll(c *calibrate.Lines, all []calibrate.Setting, between string) {
	for _, s := range all {
		c.Set("%s%s%s", s.Name, between, s.Value)
	}
}

// ForScript are variables for a start script that reads them, of a server that reads none.
func ForScript(w calibrate.Wanted) []calibrate.Setting {
	env := []calibrate.Setting{Setting("WEB_CONCURRENCY", w.Workers)}
	if w.Threads > 0 {
		env = append(env, Setting("THREADS", w.Threads))
	}
	if w.MaxRequests > 0 {
		env = append(env, Setting("MAX_REQUESTS", w.MaxRequests), Setting("MAX_REQUESTS_JITTER", w.Jitter))
	}
	return env
}

// AboutScript are the notes on such variables, if nobody knows who reads them.
func AboutScript() (notes calibrate.Lines) {
	notes.Note("The start command has to read these variables: which server that is, or whether it does, is not known.")
	notes.About(calibrate.NoteLimit, "max-requests")
	return notes
}

// OptionsWin is a note for servers whose options win over their variables.
const OptionsWin = "Options in the command line win over the environment: take them out there."
