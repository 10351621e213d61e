package server

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// program is the server's own program inside a command that may begin with wrappers.
type program struct {
	name   string   // base name; of a Python module run by -m, the module
	argv   []string // the whole command
	index  int      // of the program's word in argv; its arguments follow
	module bool     // run by python -m
	set    []string // NAME=value words of env before it

	shell      string   // the script of a sh -c that is not simple; "" otherwise
	shellWords []string // the command of a sh -c that is simple
}

// wrapper is a program that runs the command that follows it, as the same process or as its only child.
type wrapper struct {
	subcommand string   // the word after which the command follows, "" for none
	valued     []string // options that take the next word
	code       string   // the option that has code instead of a command, "" for none
}

// wrappers are those people start web servers with. Not here: docker, ssh, sudo and their like, whose processes
// aren't ours.
var wrappers = map[string]wrapper{
	"env":                      {valued: []string{"-u", "--unset", "-C", "--chdir"}},
	"nice":                     {valued: []string{"-n", "--adjustment"}},
	"ionice":                   {valued: []string{"-c", "--class", "-n", "--classdata"}},
	"nohup":                    {},
	"stdbuf":                   {valued: []string{"-i", "-o", "-e"}},
	"poetry":                   {subcommand: "run", valued: []string{"-C", "--directory", "-P", "--project"}},
	"pipenv":                   {subcommand: "run"},
	"pdm":                      {subcommand: "run", valued: []string{"-p", "--project"}},
	"hatch":                    {subcommand: "run", valued: []string{"-e", "--env"}},
	"rye":                      {subcommand: "run"},
	"uv":                       {subcommand: "run", valued: []string{"--with", "--python", "-p", "--project", "--directory", "--extra", "--group", "--env-file", "--package", "--index", "--with-requirements", "--with-editable"}},
	"ddtrace-run":              {},
	"opentelemetry-instrument": {},
	"newrelic-admin":           {subcommand: "run-program"},
	"bundle":                   {subcommand: "exec", valued: []string{"--gemfile"}},
	"ruby":                     {valued: []string{"-C", "-E", "-I", "-r"}, code: "-e"},
	"tini":                     {},
	"dumb-init":                {},
}

var (
	pythonName = regexp.MustCompile(`^(python|pypy)[0-9.]*$`)
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	shellNames = []string{"sh", "bash", "dash", "zsh", "ash", "ksh"}
	// shellSyntax is what makes a script more than words: expansions, lists, redirections, globs, comments.
	shellSyntax = "$`;&|<>()*?[]~#!\n"
)

// seeThrough finds the server's program in a command. Where it finds no more than the first word, that is it.
func seeThrough(argv []string) program {
	p := program{argv: argv}
	for p.index < len(argv) {
		word := argv[p.index]
		p.name = filepath.Base(word)
		next := -1
		if w, ok := wrappers[p.name]; ok {
			next = w.command(argv, p.index+1)
			if p.name == "env" && next > 0 {
				p.set = append(p.set, assignments(argv[p.index+1:next])...)
			}
		} else if pythonName.MatchString(p.name) {
			return p.throughPython()
		} else if slices.Contains(shellNames, p.name) {
			return p.throughShell()
		}
		if next < 0 || next >= len(argv) {
			return p
		}
		p.index = next
	}
	return p
}

// command is the index of the command after a wrapper's own words, -1 where there is none.
func (w wrapper) command(argv []string, i int) int {
	wanted := w.subcommand
	for ; i < len(argv); i++ {
		word := argv[i]
		switch {
		case word == "--":
			return i + 1
		case word == "-S" || strings.HasPrefix(word, "--split-string"): // env -S: a command in one word
			return -1
		case w.code != "" && strings.HasPrefix(word, w.code):
			return -1
		case slices.Contains(w.valued, word):
			i++
		case strings.HasPrefix(word, "-"):
		case wanted != "":
			if word != wanted {
				return -1
			}
			wanted = ""
		case assignment.MatchString(word):
		default:
			return i
		}
	}
	return -1
}

func assignments(words []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !assignment.MatchString(w) })
}

// throughPython handles python -m MODULE and python path/to/script.
func (p program) throughPython() program {
	python := p
	for i := p.index + 1; i < len(p.argv); i++ {
		word := p.argv[i]
		switch {
		case word == "-m" && i+1 < len(p.argv):
			p.index, p.name, p.module = i+1, p.argv[i+1], true
			return p
		case word == "-c" || word == "-" || word == "-m":
			return python
		case word == "-X" || word == "-W":
			i++
		case !strings.HasPrefix(word, "-"):
			p.index, p.name = i, filepath.Base(word)
			return p
		}
	}
	return python
}

// throughShell handles sh -c SCRIPT. A script that is one plain command is split into its words.
func (p program) throughShell() program {
	if p.index != 0 || len(p.argv) != 3 || p.argv[1] != "-c" {
		return p
	}
	script := p.argv[2]
	p.shell = script
	if strings.ContainsAny(script, shellSyntax) {
		return p
	}
	words, err := splitWords(script)
	if err != nil {
		return p
	}
	set := 0
	for set < len(words) && assignment.MatchString(words[set]) {
		set++
	}
	command := words[set:]
	if len(command) > 0 && command[0] == "exec" {
		command = command[1:]
	}
	if set > 0 {
		command = slices.Concat([]string{"env"}, words[:set], command)
	}
	p.shellWords = command
	return p
}

// first is the base name of the command's first word, "" where there is none.
func (p program) first() string {
	if len(p.argv) == 0 {
		return ""
	}
	return filepath.Base(p.argv[0])
}

// args are the words after the program's own.
func (p program) args() []string { return p.argv[min(p.index+1, len(p.argv)):] }

var errQuotes = errors.New("a quotation that doesn't end")

// splitWords splits as a POSIX shell and Python's shlex do: blanks, quotes and backslashes, no expansion.
func splitWords(text string) ([]string, error) {
	var s splitter
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && s.quote != '\'' {
			i++
			if i == len(text) {
				return nil, errQuotes
			}
			s.escaped(text[i])
			continue
		}
		s.plain(c)
	}
	if s.quote != 0 {
		return nil, errQuotes
	}
	s.end()
	return s.words, nil
}

// splitter is the state between two bytes.
type splitter struct {
	words  []string
	word   []byte
	inWord bool
	quote  byte // the one we are inside of, 0 for none
}

func (s *splitter) plain(c byte) {
	switch {
	case s.quote != 0 && c == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.word = append(s.word, c)
	case c == '\'' || c == '"':
		s.quote, s.inWord = c, true
	case strings.IndexByte(" \t\r\n", c) >= 0:
		s.end()
	default:
		s.word, s.inWord = append(s.word, c), true
	}
}

// escaped takes the byte after a backslash. Between double quotes a backslash is only special before those two.
func (s *splitter) escaped(c byte) {
	if s.quote == '"' && c != '"' && c != '\\' {
		s.word = append(s.word, '\\')
	}
	s.word, s.inWord = append(s.word, c), true
}

func (s *splitter) end() {
	if s.inWord {
		s.words = append(s.words, string(s.word))
	}
	s.word, s.inWord = nil, false
}

// lookPath finds a program as execvp does, by the PATH that the app will have.
func lookPath(name, path string) (string, error) {
	if strings.Contains(name, "/") {
		return name, executable(name)
	}
	denied := false
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		file := filepath.Join(dir, name)
		switch err := executable(file); {
		case err == nil:
			return filepath.Abs(file)
		case errors.Is(err, os.ErrPermission):
			denied = true
		}
	}
	if denied {
		return "", errors.New("found in PATH, but it can't be executed")
	}
	return "", errors.New("command not found")
}

func executable(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("no such file")
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("is a folder")
	case unix.Access(file, unix.X_OK) != nil:
		return os.ErrPermission
	}
	return nil
}
