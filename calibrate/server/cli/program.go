package cli

import (
	"path/filepath"
	"regexp"
	"strings"
)

// Program is the server's own program inside a command that may begin with wrappers.
type Program struct {
	Name   string   // base name; of a Python module run by -m, the module
	Argv   []string // the whole command
	Index  int      // of the program's word in argv; its arguments follow
	Module bool     // run by python -m
	Set    []string // NAME=value words of env before it

	EnvFiles []string // of variables that wrappers before it read

	Script string // the text that a shell runs, if the program is a shell or a script; "" otherwise
}

var pythonName = regexp.MustCompile(`^(python|pypy)[0-9.]*$`)

// SeeThrough finds the server's program in a command. Where it finds no more than the first word, that is it.
func SeeThrough(argv []string) Program {
	p := Program{Argv: argv}
	for p.Index < len(argv) {
		word := argv[p.Index]
		p.Name = filepath.Base(word)
		next := -1
		if w, ok := wrappers[p.Name]; ok {
			next = w.command(argv, p.Index+1)
			if next > 0 {
				p.EnvFiles = append(p.EnvFiles, w.envFiles(argv[p.Index+1:next])...)
			}
			if p.Name == "env" && next > 0 {
				p.Set = append(p.Set, assignments(argv[p.Index+1:next])...)
			}
		} else if pythonName.MatchString(p.Name) {
			return p.throughPython()
		}
		if next < 0 || next >= len(argv) {
			return p
		}
		p.Index = next
	}
	return p
}

// throughPython handles python -m MODULE and python path/to/script.
func (p Program) throughPython() Program {
	python := p
	for i := p.Index + 1; i < len(p.Argv); i++ {
		word := p.Argv[i]
		if !strings.HasPrefix(word, "-") {
			p.Index, p.Name = i, filepath.Base(word)
			return p
		}
		option, value := pythonOption(word)
		switch {
		case option == "m" && value != "":
			p.Index, p.Name, p.Module = i, value, true
			return p
		case option == "m" && i+1 < len(p.Argv):
			p.Index, p.Name, p.Module = i+1, p.Argv[i+1], true
			return p
		case word == "-", option == "c", option == "m":
			return python
		case option != "" && value == "":
			i++
		}
	}
	return python
}

// pythonOption is the option in a word that takes a value, and what of it is in the same word: m and gunicorn of -umgunicorn
// (python(1); Python/getopt.c). "" if there is none.
func pythonOption(word string) (option, value string) {
	if strings.HasPrefix(word, "--") {
		if word == "--check-hash-based-pycs" {
			return word, ""
		}
		return "", ""
	}
	if at := strings.IndexAny(word, "cmWX"); at > 0 {
		return word[at : at+1], word[at+1:]
	}
	return "", ""
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

// IsPython says whether a program is Python itself.
func IsPython(name string) bool { return pythonName.MatchString(name) }
