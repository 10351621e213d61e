package uwsgi

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// written is the configuration of a running uWSGI as it is written down: its UWSGI_ variables, its options, and its files, each
// where it is named, and last the files named without an option. Nothing is run for it, so what is behind a condition, in
// a file that can't be read, or in one that was changed since uWSGI started, stays unknown.
type written struct {
	server *known.Running
	lines  cli.Args
	whole  bool // all of it could be seen
	files  int  // read so far
	size   int  // of them, in bytes

	relative bool // one was looked for where the server is now
}

// Bounds of a configuration, one that includes itself among them.
const (
	mostFiles = 50
	mostText  = 256 << 10 // bytes of all files
)

// options are the options that say how a worker takes requests, and those that name more of the configuration.
var options = cli.Getopt.Options("thread,threads async gevent asyncio lazy! lazy-apps! S,set chdir chdir2 " +
	"ini xmlconfig=x,xmlconfig xml y,yaml yml j,json js config include inherit")

func writtenBy(r *known.Running, words []string) written {
	w := written{server: r}
	var environ []string
	environ, w.whole = r.Environ()
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if name, ours := strings.CutPrefix(name, "UWSGI_"); ours {
			w.add(strings.ReplaceAll(strings.ToLower(name), "_", "-"), value)
		}
	}
	args := options.Scan(words)
	for _, arg := range args {
		if arg.Name != "" {
			w.add(arg.Name, arg.Value)
		}
	}
	for _, word := range args.Operands() {
		if isFile(word) {
			w.read(word, extOf(word))
		}
	}
	return w
}

// add takes one setting, or the file that it names.
func (w *written) add(name, value string) {
	if first, other := otherNames[name]; other {
		name = first
	}
	switch {
	case name == "set":
		if name, value, ok := strings.Cut(value, "="); ok && name != "set" {
			w.add(name, value)
		}
	case name == "ini", name == "xml", name == "yaml", name == "yml", name == "json", name == "js":
		w.read(value, "."+name)
	case name == "xmlconfig":
		w.read(value, ".xml")
	case slices.Contains([]string{"config", "include", "inherit"}, name):
		w.read(value, extOf(value))
	default:
		w.lines = append(w.lines, lineOf(name, value))
	}
}

// read adds what a file says. name may have a section behind a colon.
func (w *written) read(name, kind string) {
	if w.files++; w.files > mostFiles {
		w.whole = false
		return
	}
	path, section, _ := strings.Cut(name, ":")
	text, err := w.text(path)
	var lines []cli.Arg
	if w.size += len(text); err == nil && w.size <= mostText {
		lines, err = parseFile(text, kind, section)
	}
	if err != nil || w.size > mostText {
		w.whole = false
		return
	}
	blocks := 0 // of conditions and loops, that are open
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line.Name, "if-"), slices.Contains([]string{"for", "foreach", "for-glob", "for-times", "for-readline"}, line.Name):
			w.whole = false
			blocks++
		case slices.Contains([]string{"endif", "end-if", "endfor", "end-for", "end"}, line.Name):
			blocks--
		case blocks <= 0:
			w.add(line.Name, line.Value)
		}
	}
}

// text is a file as the server sees it: below its root, or in the folder where it is.
func (w *written) text(path string) ([]byte, error) {
	where := w.server.ProcFile("cwd", path)
	if filepath.IsAbs(path) {
		where = w.server.ProcFile("root", path)
	} else {
		w.relative = true
	}
	info, err := os.Stat(where)
	started := time.Now().Add(-time.Duration(w.server.Target.UpSeconds * float64(time.Second)))
	if err == nil && info.ModTime().After(started.Add(time.Second)) {
		return nil, errors.New("it was changed since")
	}
	return known.ReadRegular(where)
}

// isFile is for the name of a file that has settings.
func isFile(word string) bool {
	return slices.Contains([]string{".ini", ".xml", ".yaml", ".yml", ".json", ".js"}, extOf(word))
}

// extOf is the kind of file that a name with a section behind it, or without, is.
func extOf(name string) string {
	path, _, _ := strings.Cut(name, ":")
	return filepath.Ext(path)
}

// parseFile reads the settings of a file by its kind. uWSGI's own section is named uwsgi in all of them.
func parseFile(text []byte, kind, section string) ([]cli.Arg, error) {
	if section == "" {
		section = "uwsgi"
	}
	switch kind {
	case ".ini":
		return parseINI(string(text), section), nil
	case ".xml":
		return parseXML(text, section)
	case ".yaml", ".yml":
		return parseYAML(string(text), section), nil
	case ".json", ".js":
		return parseJSON(text, section)
	}
	return nil, fmt.Errorf("%q is no kind of file that is read here", kind)
}

// parseINI: a line is a comment, a section, or a setting; one without a value is on (core/ini.c).
func parseINI(text, section string) (lines []cli.Arg) {
	in := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		name, value, given := strings.Cut(line, "=")
		switch {
		case line == "", line[0] == ';', line[0] == '#':
		case line[0] == '[':
			in, _, _ = strings.Cut(line[1:], "]")
		case in == section && given:
			lines = append(lines, lineOf(strings.TrimSpace(name), strings.TrimSpace(value)))
		case in == section:
			lines = append(lines, lineOf(line, "true"))
		}
	}
	return lines
}

// parseXML: an element within <uwsgi> is a setting; an empty one is on (core/xmlconf.c).
func parseXML(text []byte, section string) (lines []cli.Arg, err error) {
	in := xml.NewDecoder(strings.NewReader(string(text)))
	depth := 0 // within the section
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth > 0 || t.Name.Local == section {
				depth++
			}
			if depth > 1 {
				lines = append(lines, lineOf(t.Name.Local, "true"))
			}
		case xml.CharData:
			if value := strings.TrimSpace(string(t)); value != "" && depth > 1 {
				lines[len(lines)-1].Value = value
			}
		case xml.EndElement:
			depth = max(depth-1, 0)
		}
	}
}

// parseYAML reads what uWSGI's own parser of YAML does (core/yaml.c): settings by line, indented below the section.
func parseYAML(text, section string) (lines []cli.Arg) {
	in, last := "", ""
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		element, isElement := strings.CutPrefix(strings.TrimSpace(line), "- ")
		switch {
		case name == "", name[0] == '#', name == "---":
		case line[0] != ' ' && line[0] != '\t':
			in = name
		case in == section && isElement:
			lines = append(lines, lineOf(last, strings.Trim(element, `"'`)))
		case in == section && value == "":
			last = name
		case in == section:
			lines = append(lines, lineOf(name, value))
		}
	}
	return lines
}

func parseJSON(text []byte, section string) (lines []cli.Arg, err error) {
	var all map[string]map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for name, value := range all[section] { // their order is lost: a setting stands there once
		values, several := value.([]any)
		if !several {
			values = []any{value}
		}
		for _, one := range values {
			lines = append(lines, lineOf(name, fmt.Sprint(one)))
		}
	}
	return lines, nil
}
