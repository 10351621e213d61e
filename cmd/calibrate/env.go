package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Env is the program's only door to the outside: its streams, and what they are.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Dir            string // where .calibrate lives
	Terminal       bool   // stderr is a terminal
	Color          bool   // stdout may be coloured
	Width          func() int
	Getenv         func(string) string
	Measuring      func() // is called before something is measured; nil: there is nothing to do then
}

func (e Env) measuring() {
	if e.Measuring != nil {
		e.Measuring()
	}
}

// System is the real Env. Its stderr has a descriptor of its own: what Go's runtime writes to the usual one may go elsewhere.
func System() Env {
	stderr := os.Stderr
	if fd, err := unix.FcntlInt(stderr.Fd(), unix.F_DUPFD_CLOEXEC, 3); err == nil {
		stderr = os.NewFile(uintptr(fd), stderr.Name())
	}
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: stderr,
		Dir:      ".",
		Terminal: isTerminal(stderr) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
		Color:    isTerminal(os.Stdout) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
		Width:    func() int { return width(stderr) },
		Getenv:   os.Getenv,
	}
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// width is a terminal's columns, 0 if they aren't known.
func width(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
