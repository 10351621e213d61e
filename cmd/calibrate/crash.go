package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"workermem/calibrate"
)

// catchCrashes ends the program by one message where a goroutine has a fault, as Main does where it has one itself; and by one of
// another process where Go's runtime gives up while something is measured.
func catchCrashes(env Env, args []string) Env {
	calibrate.OnCrash = func(cause any, stack []byte) { os.Exit(exitCode(env, crashed(args, cause, stack))) }
	env.Measuring = sync.OnceFunc(func() { watchForFatal(env, args) })
	return env
}

// watchForFatal has another process of calibrate take what Go's runtime writes as it gives up: two threads write to one map, there is
// no memory, a stack has no end. No code of this process runs then, and hundreds of lines on the terminal are no message. Where there
// can be no other process, they are what there is. (debug.SetCrashOutput leaves the first line out, which says what it is of.)
func watchForFatal(env Env, args []string) {
	if env.Stderr == os.Stderr {
		return
	}
	read, write, err := os.Pipe()
	if err != nil {
		return
	}
	defer read.Close()
	defer write.Close()
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: append([]string{"calibrate", crashCommand}, calibrate.Redact(args)...), // as startIdle
		Env: append(someOf(env, "TMPDIR", "TERM", "NO_COLOR"), "GORACE=atexit_sleep_ms=0"), Stdin: read, Stderr: env.Stderr, // as the guard's
	}
	if cmd.Start() == nil {
		redirect(os.Stderr, write)
	}
}

// someOf are the variables of the environment with these names, as NAME=VALUE.
func someOf(env Env, names ...string) []string {
	all := []string{}
	for _, name := range names {
		if value := env.Getenv(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return all
}

const (
	crashCommand = "__crash"
	mostTrace    = 1 << 20
)

// outliveCrash waits until the process that has started this one with its own arguments is gone, and says what became of it.
func outliveCrash(env Env, args []string) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT) // they are for the other, which ends by them
	trace, err := io.ReadAll(io.LimitReader(env.Stdin, mostTrace))
	what := fatalLine(string(trace))
	if what == "" { // it has ended in another way: what it wrote is for whoever is there, as a dump by Ctrl-\ is
		_, _ = env.Stderr.Write(trace)
		_, _ = io.Copy(env.Stderr, env.Stdin)
		return err
	}
	_, _ = io.Copy(io.Discard, env.Stdin)
	return crashed(args, what, trace)
}

// fatalLine is the line of a trace that says what it is of; "" of what is no trace. A panic is one in a goroutine of others'.
func fatalLine(trace string) string {
	for line := range strings.Lines(trace) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") {
			return line
		}
	}
	return ""
}

// crashed is a fault of calibrate's own: a line for whoever is there, and a file for whoever mends it.
func crashed(args []string, cause any, stack []byte) error {
	what, _, _ := strings.Cut(fmt.Sprint(cause), "\n")
	failure := &calibrate.Failure{Kind: calibrate.KindTool, What: "a fault in calibrate itself: " + calibrate.RedactText(what),
		Try: "run it again; if it stays, report it with the command and this message"}
	file, err := os.CreateTemp("", "calibrate-crash-*.txt")
	if err != nil {
		return failure
	}
	defer file.Close()
	tool := toolInfo()
	if _, err := fmt.Fprintf(file, "calibrate %s\ncommand: %s\npanic: %s\n\n%s", tool.Version, strings.Join(calibrate.Redact(args), " "), failure.What, stack); err == nil {
		failure.Try = "report it, with " + file.Name()
	}
	return failure
}
