package calibrate

import (
	"errors"
	"fmt"
	"strings"
)

// ErrGone says that a process has ended.
var ErrGone = errors.New("the process has ended")

// Kind sorts failures by what the caller can do about them; the command line gives each its exit code.
type Kind int

// The kinds, each with its exit code in the command line.
const (
	KindTool         Kind = 1  // the tool failed
	KindUsage        Kind = 2  // wrong usage or config
	KindApp          Kind = 3  // the app didn't start, died, or was killed
	KindInconclusive Kind = 4  // too little data, too many errors, worker replaced
	KindNothingFits  Kind = 5  // nothing fits the budget, or nothing that fits serves the production rate
	KindLimit        Kind = 10 // a limit is exceeded
	KindRegression   Kind = 11 // a change for the worse against the baseline
	KindInterrupted  Kind = 130
)

// Failure is an error a person can act on: what happened, why, what to do next, and the app's own last words.
type Failure struct {
	Kind  Kind
	Phase string // where in the run, "" before it
	What  string // what happened, one sentence without a full stop
	Why   string // the cause as far as it is known, may be empty
	Try   string // the next thing to try
	Log   []string
	Err   error // the cause, for errors.Is

	Mistakes []Mistake // in a file, if that is what happened

	OutOfMemory bool     // the kernel's own counter has a kill for memory
	OutOfFiles  bool     // the app may open no more files, sockets included
	Refusal     *Refusal // what the app answered, if that is the cause
}

// Mistake is what is wrong at one place of a file.
type Mistake struct {
	File         string
	Line, Column int    // from 1; 0 if it isn't of one place
	Source       string // the line, without what may be secret
	What, Try    string
}

// Error is the first line: what, and why.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.What)
	if f.Why != "" {
		b.WriteString(": " + f.Why)
	}
	return b.String()
}

// By is the failure with a refusal as its cause. The app's log stays.
func (f *Failure) By(r Refusal) *Failure {
	f.What, f.Why, f.Try, f.Refusal = r.What(), r.Why(), r.Try(), &r
	return f
}

func (f *Failure) Unwrap() error { return f.Err }

// Usage is a complaint about what the user wrote, with the next thing to try.
func Usage(try, format string, args ...any) *Failure {
	return &Failure{Kind: KindUsage, What: fmt.Sprintf(format, args...), Try: try}
}
