package server

import (
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
)

// hypercornSettings is what the user's command would run with: the command line, then the file of --config. Hypercorn
// reads no environment.
type hypercornSettings struct {
	args argparseArgs
	file string            // as the command names it, "" for none
	read map[string]string // the file's settings that are written down plainly
}

// settingsOfHypercorn reads the command, and the file that it names. A Python configuration is a program, which isn't
// run: of it, as of TOML, the lines that give a setting a plain value are read. A module's file isn't looked for.
func settingsOfHypercorn(words []string) hypercornSettings {
	s := hypercornSettings{args: scanHypercorn(words)}
	s.file, _ = s.given("config")
	if strings.HasPrefix(s.file, "python:") {
		return s
	}
	text, err := readRegular(strings.TrimPrefix(s.file, "file:"))
	if err == nil { // else Hypercorn will say so
		s.read = plainSettings(string(text))
	}
	return s
}

var (
	plainSetting = regexp.MustCompile(`(?m)^(\w+)[ \t]*=[ \t]*([^#\n]*)`)
	tomlTable    = regexp.MustCompile(`(?m)^\[`)
)

// plainSettings are the settings before the first table, for Hypercorn takes no other.
func plainSettings(text string) map[string]string {
	if table := tomlTable.FindStringIndex(text); table != nil {
		text = text[:table[0]]
	}
	read := map[string]string{}
	for _, m := range plainSetting.FindAllStringSubmatch(text, -1) {
		read[m[1]] = strings.Trim(m[2], `"'[](), `+"\t\r")
	}
	return read
}

// unread says whether there is a file, and nothing known of it.
func (s hypercornSettings) unread() bool { return s.file != "" && s.read == nil }

// given is a setting of the command line, of which the last counts.
func (s hypercornSettings) given(setting string) (value, from string) {
	for _, arg := range slices.Backward(s.args) {
		if arg.setting == setting {
			return arg.value, arg.written
		}
	}
	return "", ""
}

// text is a setting, and how to name to the user where it comes from; "" for none.
func (s hypercornSettings) text(setting string) (value, from string) {
	if value, from = s.given(setting); from != "" {
		return value, from
	}
	if value, ok := s.read[setting]; ok && value != "None" {
		return value, setting + " in " + s.file
	}
	return "", ""
}

// number is 0 where there is none.
func (s hypercornSettings) number(setting string) (n int, from string) {
	value, from := s.text(setting)
	return pythonInt(value), from
}

// on says whether a flag is set.
func (s hypercornSettings) on(setting string) (on bool, from string) {
	value, from := s.text(setting)
	return strings.EqualFold(value, "true"), from
}

// address is where the command would listen: at all of --bind, which replace those of the file.
func (s hypercornSettings) address() string {
	var all []string
	for _, arg := range s.args {
		if arg.setting == "bind" {
			all = append(all, arg.value)
		}
	}
	if len(all) > 0 {
		return strings.Join(all, ", ")
	}
	return s.read["bind"]
}

// workers is how many the command would start. With 0 the server has no parent and serves by itself.
func (s hypercornSettings) workers() int {
	if n, from := s.number("workers"); from != "" {
		return n
	}
	return 1
}

// refuse says which settings can't be measured.
func (s hypercornSettings) refuse() error {
	if on, from := s.given("help"); on != "" {
		return calibrate.Usage("take "+from+" out", "the command only prints, it serves nothing")
	}
	for _, setting := range []string{"certfile", "keyfile"} {
		if _, from := s.text(setting); from != "" {
			return calibrate.Usage("take it out for the measurement", "%s makes hypercorn serve TLS, and calibrate measures plain HTTP", from)
		}
	}
	if _, given := s.given("use_reloader"); given == "" {
		if on, from := s.on("use_reloader"); on {
			return calibrate.Usage("take it out for the measurement: no option of hypercorn's turns it off again",
				"with %s hypercorn loads the app in its parent too, and restarts when a file changes", from)
		}
	}
	for _, setting := range []string{"workers", "max_requests", "max_requests_jitter"} {
		if value, from := s.given(setting); from != "" && !isNumber(value) {
			return notANumber("hypercorn", from, value)
		}
	}
	return nil
}
