package propose

import (
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

var (
	// $PORT, ${PORT}, ${PORT:-8000}, and $$PORT, as Compose writes it.
	portVariable = regexp.MustCompile(`\$?\$(?:PORT\b|\{PORT(?::?[-=][^}]*)?\})`)
	variable     = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
	several      = regexp.MustCompile("&&|;|\n|\\||`|\\$\\(")
)

// line is a shell's line, as a measurement wants it: calibrate gives the port.
func (f *Found) line(text string) {
	text = strings.TrimSpace(text)
	f.Command = strings.TrimSpace(strings.TrimPrefix(portVariable.ReplaceAllString(text, "{port}"), "exec "))
	var notes []string
	if portVariable.MatchString(text) {
		notes = append(notes, "calibrate gives the port")
	}
	var names []string
	for _, m := range variable.FindAllStringSubmatch(f.Command, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	if len(names) > 0 {
		f.Env = append(f.Env, names...)
		notes = append(notes, "it reads "+listed(names)+" from the environment")
	}
	if several.MatchString(f.Command) {
		notes = append(notes, "it is more than the server: take out what shouldn't run with each measurement, such as migrations")
	}
	f.Note = strings.Join(notes, "; ")
}

// words are a command that no shell sees.
func (f *Found) words(words []string) {
	f.Words = make([]string, len(words))
	changed := false
	for i, word := range words {
		f.Words[i] = portVariable.ReplaceAllString(word, "{port}")
		changed = changed || f.Words[i] != word
	}
	if changed {
		f.Note = "calibrate gives the port"
	}
}

// listed names the first few.
func listed(names []string) string {
	const few = 5
	if len(names) > few {
		return strings.Join(names[:few], ", ") + " and " + say.Count(len(names)-few) + " more"
	}
	return strings.Join(names, ", ")
}
