package known

import "regexp"

// Product is a program that people run their servers with.
type Product struct {
	Name    string
	Files   string         // pattern of the program's name, if that isn't the name
	Ask     []string       // arguments that make it print its version, and nothing else; nil if it has none
	Says    *regexp.Regexp // what it prints; the first group is the version
	Dist    string         // of a Python server that can't be asked: the distribution that knows the version
	Command string         // what follows "calibrate run" if the server isn't known by name; %s is the program

	Module func(program string) string // the server, if it is a module of the program: its name, "" if it isn't installed
	Traps  []Trap                      // of the program, beside those of its server
}
