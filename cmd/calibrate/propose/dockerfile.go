package propose

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate/server/cli"
)

// instruction is a line of a Dockerfile, continued lines joined.
type instruction struct{ name, rest string }

var (
	heredoc       = regexp.MustCompile(`<<-?["']?([A-Za-z_][A-Za-z0-9_]*)["']?`)
	escapeIs      = regexp.MustCompile("(?mi)^#\\s*escape\\s*=\\s*`")
	onlyDirective = regexp.MustCompile(`^(?:#.*\n)*`)
)

// instructions reads a Dockerfile (docs.docker.com, Dockerfile reference: format, escape, here-documents).
func instructions(text string) (all []instruction) {
	escape := `\`
	if escapeIs.MatchString(onlyDirective.FindString(text)) {
		escape = "`"
	}
	var joined strings.Builder
	until := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		trimmed := strings.TrimLeft(line, " \t")
		switch {
		case until != "":
			if trimmed == until {
				until = ""
			}
			continue
		case strings.HasPrefix(trimmed, "#"), trimmed == "":
			continue
		}
		if more, continued := strings.CutSuffix(trimmed, escape); continued {
			joined.WriteString(strings.TrimRight(more, " \t") + " ")
			continue
		}
		joined.WriteString(trimmed)
		name, rest, _ := strings.Cut(joined.String(), " ")
		joined.Reset()
		name = strings.ToUpper(name)
		all = append(all, instruction{name, strings.TrimSpace(rest)})
		if m := heredoc.FindStringSubmatch(rest); m != nil && name != "CMD" && name != "ENTRYPOINT" {
			until = m[1]
		}
	}
	return all
}

// image is what a stage of a Dockerfile starts: words, or a line for a shell.
type image struct {
	entry, cmd starter
	env        []string
}

// starter is ENTRYPOINT or CMD.
type starter struct {
	words []string
	line  string
}

func starterOf(rest string) (s starter) {
	if err := json.Unmarshal([]byte(rest), &s.words); err != nil {
		return starter{line: rest}
	}
	return s
}

func (s starter) isSet() bool { return s.line != "" || len(s.words) > 0 }

// lastImage is the last stage, with what it has of the stage that it begins with.
func lastImage(text string) (last image, ok bool) {
	stages := map[string]image{}
	name := ""
	for _, in := range instructions(text) {
		switch in.name {
		case "FROM":
			stages[name] = last
			from := slices.DeleteFunc(strings.Fields(in.rest), func(word string) bool { return strings.HasPrefix(word, "--") })
			last, name, ok = image{}, "", true
			if len(from) > 0 {
				last = stages[strings.ToLower(from[0])]
			}
			if len(from) == 3 && strings.EqualFold(from[1], "AS") {
				name = strings.ToLower(from[2])
			}
		case "ENTRYPOINT":
			last.entry, last.cmd = starterOf(in.rest), starter{}
		case "CMD":
			last.cmd = starterOf(in.rest)
		case "ENV":
			last.env = append(last.env, variablesOf(in.rest)...)
		}
	}
	return last, ok
}

// variablesOf are the names of "A=1 B=2", or of the older "A 1".
func variablesOf(rest string) (names []string) {
	words, err := cli.SplitWords(rest)
	if err != nil || len(words) == 0 {
		return nil
	}
	if !strings.Contains(words[0], "=") {
		return words[:1]
	}
	for _, word := range words {
		if name, _, ok := strings.Cut(word, "="); ok {
			names = append(names, name)
		}
	}
	return names
}

// imageInits are programs of an image that only start what follows them.
var imageInits = []string{"tini", "dumb-init", "catatonit"}

func (d dir) dockerfile() (f Found, ok bool) {
	name, text, ok := d.first("Dockerfile", "Containerfile")
	if !ok {
		return f, false
	}
	f.File, f.Why = name, "the image starts the app so"
	last, ok := lastImage(text)
	if !ok {
		f.Says, f.Note = "no FROM", "it builds no image"
		return f, true
	}
	f.Env = last.env
	f.started(last)
	if !f.Starts() {
		f.Says, f.Note = "neither CMD nor ENTRYPOINT", "its base image starts the app, or whoever runs it does"
	}
	return f, true
}

// started is what the two of them start together. An ENTRYPOINT of the image's own, which prepares and then starts the CMD, stays
// behind with the image.
func (f *Found) started(i image) {
	prepares := i.cmd.isSet() && len(i.entry.words) > 0 && (slices.Contains(imageInits, path.Base(i.entry.words[0])) || strings.HasSuffix(i.entry.words[0], ".sh") ||
		strings.Contains(path.Base(i.entry.words[0]), "entrypoint"))
	switch {
	case prepares:
		f.start("CMD", i.cmd)
		f.Note = joinNotes(f.Note, "ENTRYPOINT "+path.Base(i.entry.words[0])+" is left out: it belongs to the image")
	case len(i.entry.words) > 0 && len(i.cmd.words) > 0:
		f.start("ENTRYPOINT and CMD", starter{words: slices.Concat(i.entry.words, i.cmd.words)})
	case i.entry.isSet():
		f.start("ENTRYPOINT", i.entry)
	default:
		f.start("CMD", i.cmd)
	}
}

func (f *Found) start(name string, s starter) {
	if len(s.words) > 0 {
		f.Says = name + " " + cli.Quoted(s.words)
		f.words(s.words)
		if shell, ok := shellLine(s.words); ok { // ["sh", "-c", "exec gunicorn ..."]
			f.Words = nil
			f.line(shell)
		}
		return
	}
	f.Says = name + " " + s.line
	f.line(s.line)
}

// shellLine is the text of a command that is nothing but a shell with one.
func shellLine(words []string) (line string, ok bool) {
	if len(words) != 3 || words[1] != "-c" && words[1] != "-ec" && words[1] != "-lc" {
		return "", false
	}
	shell := path.Base(words[0])
	return words[2], shell == "sh" || shell == "bash"
}

func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(n string) bool { return n == "" }), "; ")
}
