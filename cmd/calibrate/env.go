package main

import (
	"io"
	"os"
)

// Env is the program's only door to the outside: its streams, and what they are.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Dir            string     // where .calibrate lives
	Terminal       bool       // stderr is a terminal
	Color          bool       // stdout may be coloured
	Width          func() int // columns of stderr, 0 where they aren't known
	Columns        func() int // those of stdout, 0 where it is no terminal; nil for that
	Getenv         func(string) string
	Measuring      func() // is called before something is measured; nil: there is nothing to do then
	Foreign        string // the system, where it isn't Linux: nothing can be measured there
}

func (e Env) measuring() {
	if e.Measuring != nil {
		e.Measuring()
	}
}

// System is the real Env. Its stderr has a descriptor of its own: what Go's runtime writes to the usual one may go elsewhere.
func System() Env {
	stderr := again(os.Stderr)
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: stderr,
		Dir:      ".",
		Terminal: isTerminal(stderr) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
		Color:    isTerminal(os.Stdout) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
		Width:    func() int { return width(stderr) },
		Columns:  func() int { return width(os.Stdout) },
		Getenv:   os.Getenv,
		Foreign:  foreign(),
	}
}

// columns are those that a page may have, 0 for the usual.
func (e Env) columns() int {
	if e.Columns == nil {
		return 0
	}
	return e.Columns()
}
