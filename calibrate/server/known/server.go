// Package known is what an adapter of a server is made of: the [Server] that it implements, the command that it reads and
// changes ([Launch]), the running server that it looks at ([Running]), and what several adapters need.
package known

import (
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/workers"
)

// Server is what calibrate knows of one kind of server.
type Server interface {
	Name() string
	// Recognises says whether a program starts it, or has the title of its main process.
	Recognises(p cli.Program) bool
	// Programs are those that calibrate doctor looks for.
	Programs() []Product
	// Traps are all that are known of it, at any version.
	Traps() []Trap
	// Plan completes the Launch: version, argv and env for the measurement, threads, changes, warnings. It returns the
	// adapter to go on with, which may know more, or be another's. Its error is a *calibrate.Failure.
	Plan(l *Launch, p cli.Program) (Server, error)
	// Settings are all that Plan tells the server of workers, threads and limits, and all that is printed of them: by its own
	// names, in its own order. What is left out stays as it is.
	Settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting
	calibrate.Configurable
	workers.Finder
	// Titles are what it calls its processes.
	Titles() workers.Titles
	// StopSignal is what ends it gracefully.
	StopSignal() syscall.Signal
	// Booting says what the log means while there is no first answer.
	Booting(log Log) BootLog
	// Explain says what an exit or a log line of this server means and what to try, "" if it has nothing to say.
	Explain(end Ending, log Log) (why, try string)
}

// Attachable is a server that can tell from its master's command line what its workers are like. Running completes the
// Target of a server that somebody else started, and returns the adapter to go on with. It complains, as a
// *calibrate.Failure of KindUsage, if the user says otherwise.
type Attachable interface {
	Running(r *Running, master linux.Process) (Server, error)
}
