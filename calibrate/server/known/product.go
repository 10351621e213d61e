package known

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Product is a program that people run their servers with.
type Product struct {
	Name    string
	Files   string         // pattern of the program's name, where that isn't the name
	Ask     []string       // arguments that make it print its version, and nothing else; nil where it has none
	Says    *regexp.Regexp // what it prints; the first group is the version
	Dist    string         // of a Python server that can't be asked: the distribution that knows the version
	Command string         // what follows calibrate run where it isn't known by name; %s is the program

	Module func(program string) string // the server, where it is a module of the program's: its name, "" where it isn't installed
	Traps  []Trap                      // of its own, beside those of its server
}

func Matches(folder, pattern string) []string {
	if !strings.Contains(pattern, "*") {
		return []string{filepath.Join(folder, pattern)}
	}
	entries, _ := os.ReadDir(folder)
	var files []string
	for _, e := range entries {
		if ok, _ := path.Match(pattern, e.Name()); ok {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files
}
