package server

import (
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// server is what calibrate knows of one kind of server.
type server interface {
	name() string
	// recognises says whether a program starts it, or has the title of its main process.
	recognises(p cli.Program) bool
	// programs are those that calibrate doctor looks for.
	programs() []product
	// traps are all that are known of it, at any version.
	traps() []trap
	// plan completes the Launch: version, argv and env for the measurement, threads, changes, warnings. It returns the
	// adapter to go on with, which may know more, or be another's. Its error is a *calibrate.Failure.
	plan(l *Launch, p cli.Program) (server, error)
	// settings are all that plan tells the server of workers, threads and limits, and all that is printed of them: by its own
	// names, in its own order. What is left out stays as it is.
	settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting
	calibrate.Configurable
	finder
	// titles are what it calls its processes.
	titles() titles
	// stopSignal is what ends it gracefully.
	stopSignal() syscall.Signal
	// booting says what the log means while there is no first answer.
	booting(log []string) bootLog
	// explain says what an exit or a log line of this server means, "" where it has nothing to say.
	explain(end ending, log []string) (why, try string)
}
