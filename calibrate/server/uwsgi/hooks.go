package uwsgi

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

var (
	// What uWSGI runs as soon as it has read its configuration, before it shows that. An option may be cut short.
	hookWord = regexp.MustCompile(`^(--|UWSGI_)((?i:exec|hook)[-_](?i:asap?))(=|$)`)
	hookLine = regexp.MustCompile(`(?m)^[^;#\n]*\b((?:exec|hook)-asap)\b`)

	// A file that a file names, in any of their languages.
	fileLine = regexp.MustCompile(`(?m)\b(?:ini|include|inherit|config|ya?ml|json|js|xml)"?\s*[=:>]\s*"?([^\s"<]+)`)
)

// refuseToAsk is for commands that can't be asked what they come to: asking would run a command of theirs, or the answer
// could not be read, which has a setting a line.
func refuseToAsk(l *known.Launch, p cli.Program) error {
	variables := slices.DeleteFunc(slices.Concat(l.Env, p.Set), func(v string) bool { return !strings.HasPrefix(v, "UWSGI_") })
	words := slices.Concat(p.Args(), variables)
	for _, word := range words {
		if m := hookWord.FindStringSubmatch(word); m != nil {
			return hookRefused(m[2])
		}
		if strings.Contains(word, "\n") {
			return calibrate.Usage("put it into the app's environment: --env", "a setting of several lines can't be read back from uwsgi")
		}
	}
	read := map[string]bool{}
	for _, word := range words {
		_, value, _ := strings.Cut(word, "=")
		for _, file := range []string{word, value} {
			if name := hookIn(file, read); name != "" {
				return hookRefused(name)
			}
		}
	}
	return nil
}

func hookRefused(name string) error {
	return calibrate.Usage("take it out for the measurement", "%s would be run by asking uwsgi for its configuration", name)
}

// hookIn is the hook that a configuration or a file that it names has, "" for none. A section may follow the file's name.
func hookIn(file string, read map[string]bool) string {
	if at := strings.LastIndex(file, ":"); at > 0 && !known.FileExists(file) {
		file = file[:at]
	}
	if read[file] {
		return ""
	}
	read[file] = true
	text, err := known.ReadRegular(file)
	if err != nil {
		return ""
	}
	if m := hookLine.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	for _, m := range fileLine.FindAllSubmatch(text, -1) {
		named := strings.ReplaceAll(string(m[1]), "%d", filepath.Dir(file)+"/") // the only magic variable that is usual here
		if name := hookIn(named, read); name != "" {
			return name
		}
	}
	return ""
}
