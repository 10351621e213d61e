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
}

// System is the real Env.
func System() Env {
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Dir:      ".",
		Terminal: isTerminal(os.Stderr) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
		Color:    isTerminal(os.Stdout) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "",
		Width:    func() int { return width(os.Stderr) },
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
