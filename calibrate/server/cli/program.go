package cli

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Program is the server's own program inside a command that may begin with wrappers.
type Program struct {
	Name   string   // base name; of a Python module run by -m, the module
	Argv   []string // the whole command
	Index  int      // of the program's word in argv; its arguments follow
	Module bool     // run by python -m
	Set    []string // NAME=value words of env before it

	Shell      string   // the script of a sh -c that is not simple; "" otherwise
	ShellWords []string // the command of a sh -c that is simple
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

// SeeThrough finds the server's program in a command. Where it finds no more than the first word, that is it.
func SeeThrough(argv []string) Program {
	p := Program{Argv: argv}
	for p.Index < len(argv) {
		word := argv[p.Index]
		p.Name = filepath.Base(word)
		next := -1
		if w, ok := wrappers[p.Name]; ok {
			next = w.command(argv, p.Index+1)
			if p.Name == "env" && next > 0 {
				p.Set = append(p.Set, assignments(argv[p.Index+1:next])...)
			}
		} else if pythonName.MatchString(p.Name) {
			return p.throughPython()
		} else if slices.Contains(shellNames, p.Name) {
			return p.throughShell()
		}
		if next < 0 || next >= len(argv) {
			return p
		}
		p.Index = next
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
func (p Program) throughPython() Program {
	python := p
	for i := p.Index + 1; i < len(p.Argv); i++ {
		word := p.Argv[i]
		switch {
		case word == "-m" && i+1 < len(p.Argv):
			p.Index, p.Name, p.Module = i+1, p.Argv[i+1], true
			return p
		case word == "-c" || word == "-" || word == "-m":
			return python
		case word == "-X" || word == "-W":
			i++
		case !strings.HasPrefix(word, "-"):
			p.Index, p.Name = i, filepath.Base(word)
			return p
		}
	}
	return python
}

// throughShell handles sh -c SCRIPT. A script that is one plain command is split into its words.
func (p Program) throughShell() Program {
	if p.Index != 0 || len(p.Argv) != 3 || p.Argv[1] != "-c" {
		return p
	}
	script := p.Argv[2]
	p.Shell = script
	if strings.ContainsAny(script, shellSyntax) {
		return p
	}
	words, err := SplitWords(script)
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
	p.ShellWords = command
	return p
}

// First is the base name of the command's first word, "" where there is none.
func (p Program) First() string {
	if len(p.Argv) == 0 {
		return ""
	}
	return filepath.Base(p.Argv[0])
}

// Args are the words after the program's own.
func (p Program) Args() []string { return p.Argv[min(p.Index+1, len(p.Argv)):] }

// IsWrapper says whether a program is one that runs the command that follows it.
func IsWrapper(name string) bool {
	_, is := wrappers[name]
	return is
}

// IsPython says whether a program is Python itself.
func IsPython(name string) bool { return pythonName.MatchString(name) }

// IsAssignment says whether a word is NAME=value.
func IsAssignment(word string) bool { return assignment.MatchString(word) }
