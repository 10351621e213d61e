// Package propose looks at an app's folder, and says how the app is started.
//
// It reads what people and platforms keep beside an app: Procfile, compose.yaml, Dockerfile, settings of Gunicorn and Puma,
// Python's modules, package.json. It runs nothing of them, reads at most 1 MB of each, and takes no value of a variable over,
// unless the command itself has it.
package propose

import (
	"path/filepath"
	"slices"
	"strings"

	"workermem/calibrate/server/cli"
	"workermem/cmd/calibrate/config"
)

// Found is a file, and what it says of how the app is started.
type Found struct {
	File    string   // relative to the folder
	Says    string   // what is in it
	Command string   // a line for a shell, "" if it names none
	Words   []string // the command, where it is no line
	Note    string   // what was changed of it, what to look after, or why it names no command
	Why     string   // it is to be believed
	Port    bool     // the app takes its port from the variable PORT
	Env     []string // names of the variables that it sets
}

// Starts says that it names a command.
func (f Found) Starts() bool { return f.Command != "" || len(f.Words) > 0 }

// Line is the command as one would type it.
func (f Found) Line() string {
	if f.Command != "" {
		return f.Command
	}
	return cli.Quoted(f.Words)
}

// Args is the command as it is run.
func (f Found) Args() []string {
	if f.Command == "" {
		return f.Words
	}
	return cli.Command(f.Command)
}

// Look is all that is found in a folder. The first that starts is to be taken: what says how the app is deployed comes before
// what says how it could be.
func Look(path string) (all []Found) {
	d := dir(path)
	for _, look := range []func(dir) (Found, bool){
		dir.procfile, dir.compose, dir.dockerfile, dir.gunicornConfig, dir.pumaConfig, dir.django, dir.module, dir.node,
	} {
		if found, ok := look(d); ok {
			all = append(all, found)
		}
	}
	slices.SortStableFunc(all, func(a, b Found) int { return rank(a) - rank(b) })
	return all
}

func rank(f Found) int {
	if f.Starts() {
		return 0
	}
	return 1
}

// dir is the folder of an app.
type dir string

// read is a file's text. ok is false if it isn't there, or isn't what a person writes.
func (d dir) read(name string) (text string, ok bool) {
	read, err := config.Bounded(filepath.Join(string(d), name))
	return strings.ToValidUTF8(string(read), "?"), err == nil
}

// first is the first of some files that is there.
func (d dir) first(names ...string) (name, text string, ok bool) {
	for _, name := range names {
		if text, ok := d.read(name); ok {
			return name, text, true
		}
	}
	return "", "", false
}

func (d dir) has(name string) bool {
	_, ok := d.read(name)
	return ok
}
