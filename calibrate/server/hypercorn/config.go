package hypercorn

import (
	"regexp"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// settings is what the user's command would run with: the command line, then the file of --config. Hypercorn
// reads no environment.
type settings struct {
	cli.Settings

	given cli.Layer // the command line
	file  string    // as the command names it, "" for none
	read  cli.Layer // the file's settings that are written down plainly; nil if it isn't read
}

// reading is that of argparse's type=int, and of a plain True or true in a file.
var reading = cli.Reading{Number: cli.PythonInt, Yes: cli.OnlyTrue}

func layered(given, read cli.Layer) settings {
	return settings{cli.Settings{Layers: []cli.Layer{given, read}, Reading: reading}, given, given["config"].Text(), read}
}

// settingsOf reads the command, and the file that it names. A Python configuration is a program, which isn't
// run: of it, as of TOML, the lines that give a setting a plain value are read. A module's file isn't looked for.
func settingsOf(args cli.Args) settings {
	s := layered(args.Layer(""), nil)
	if strings.HasPrefix(s.file, "python:") {
		return s
	}
	text, err := known.ReadRegular(strings.TrimPrefix(s.file, "file:"))
	if err != nil { // Hypercorn will say so
		return s
	}
	read := cli.Layer{}
	for name, value := range plainSettings(string(text)) {
		if value != "None" {
			read[name] = cli.Value{Texts: []string{value}, From: name + " in " + s.file}
		}
	}
	return layered(s.given, read)
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
func (s settings) unread() bool { return s.file != "" && s.read == nil }

// setsLimit says whether a limit of requests is set, be it of 0. A file may set one otherwise than in a plain line.
func (s settings) setsLimit() bool {
	return s.file != "" || s.Has("max_requests") && len(cli.Placeholders(s.Text("max_requests"))) == 0
}

// workers is how many the command would start. With 0 the server has no parent and serves by itself.
func (s settings) workers() int { return s.Number("workers", 1) }

// refuse says which settings can't be measured.
func (s settings) refuse() error {
	if help, given := s.given["help"]; given {
		return calibrate.Usage("take "+help.From+" out", "the command only prints, it serves nothing")
	}
	for _, setting := range []string{"certfile", "keyfile"} {
		if s.Has(setting) {
			return calibrate.Usage("take it out for the measurement", "%s makes hypercorn serve TLS, and calibrate measures plain HTTP", s.From(setting))
		}
	}
	if _, given := s.given["use_reloader"]; !given && s.On("use_reloader") {
		return calibrate.Usage("take it out for the measurement: no option of hypercorn's turns it off again",
			"with %s hypercorn loads the app in its parent too, and restarts when a file changes", s.From("use_reloader"))
	}
	return layered(s.given, nil).CheckNumbers("hypercorn", "workers", "max_requests", "max_requests_jitter")
}
