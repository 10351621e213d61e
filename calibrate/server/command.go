package server

import (
	"cmp"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// anyCommand is a server that calibrate doesn't know. Where it listens must be in the command or be said.
type anyCommand struct {
	known []server // whose names and logs a script may have
}

func (anyCommand) name() string { return calibrate.OtherServer }

func (anyCommand) recognises(cli.Program) bool { return true }

// titles: those of Unicorn (unicorn/http_server.rb) and of PHP-FPM (sapi/fpm/fpm/fpm_children.c).
func (anyCommand) titles() titles { return titles{worker: `unicorn worker\[|php-fpm: pool `} }

// traps: nothing is known of it.
func (anyCommand) traps() []trap { return nil }

// asAnyCommand goes on as with any command: the program isn't the server that it seemed to be.
func (l *Launch) asAnyCommand(p cli.Program) (server, error) { return anyCommand{l.known}.plan(l, p) }

func (a anyCommand) plan(l *Launch, p cli.Program) (server, error) {
	if !l.spec.has("port") && !l.address.fixed {
		try := "write {port} where the command says it; or --env PORT={port} where the app reads a variable; " +
			"or --url http://127.0.0.1:8000 where the address is fixed"
		if server := a.inScript(p.Shell); server != "" {
			try = "give the " + server + " command itself, without sh -c, and its variables by --env; or " + try
		}
		return nil, calibrate.Usage(try, "no way to tell %s which port to listen on", p.Name)
	}
	if l.spec.has("threads") || l.spec.Threads == 1 { // one is the user's word that a worker takes a request at a time
		l.info.Threads = max(l.spec.Threads, 1)
	}
	l.info.HasThreads, l.info.CanScale = l.spec.has("threads"), l.spec.has("workers")
	l.info.CanRecycle = l.spec.has("max_requests")
	l.dropEnv("it would set the number of workers", "WEB_CONCURRENCY")
	if server := a.inScript(p.Shell); server != "" {
		l.warn("shell-wrapper", "give the "+server+" command itself, without sh -c, and its variables by --env",
			"a shell script starts %s here, so its workers, threads and max-requests are measured as the script says", server)
	}
	return a, checkArgs(l, p)
}

// inScript names the server we know that a shell script starts, "" for none.
func (a anyCommand) inScript(script string) string {
	for _, s := range a.known {
		if name := s.name(); strings.Contains(script, name) {
			return name
		}
	}
	return ""
}

// checkArgs refuses threads that nothing would take.
func checkArgs(l *Launch, p cli.Program) error {
	if l.spec.Threads > 1 && !l.spec.has("threads") {
		return calibrate.Usage("write {threads} where the command says it",
			"%d threads asked for, but %s has no place for them", l.spec.Threads, p.Name)
	}
	if l.spec.MaxRequests > 0 && !l.spec.has("max_requests") {
		return calibrate.Usage("write {max_requests} where the command says it",
			"a new worker after %d requests is asked for, but %s has no place for it", l.spec.MaxRequests, p.Name)
	}
	if l.spec.Workers > 1 && !l.spec.has("workers") {
		return calibrate.Usage("write {workers} where the command says it",
			"%d workers asked for, but %s has no place for them", l.spec.Workers, p.Name)
	}
	return nil
}

// workers are found by the rule for any command.
func (anyCommand) workers([]linux.Process, linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return nil, noRule
}

func (anyCommand) stopSignal() syscall.Signal { return syscall.SIGTERM }

// booting: a script may start any server.
func (a anyCommand) booting(log []string) (all bootLog) {
	for _, s := range a.known {
		b := s.booting(log)
		all = bootLog{max(all.started, b.started), max(all.notLoaded, b.notLoaded), cmp.Or(all.timeout, b.timeout)}
	}
	return all
}

// explain has nothing to add to what holds for every command.
func (anyCommand) explain(ending, []string) (why, try string) { return "", "" }
