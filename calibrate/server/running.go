package server

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// Running is a server that somebody else started, as its adapter sees it while it is being understood.
type Running struct {
	proc     linux.FS
	root     linux.Identity // the server's main process
	threads  int            // of a worker, as the user says; 0: what the command line says
	watch    *watch
	info     calibrate.TargetInfo
	warnings []calibrate.Warning
}

// observed is a server that can tell from its master's command line what its workers are like. It returns the adapter to
// go on with, and complains, as a *calibrate.Failure of KindUsage, if the user says otherwise.
type observed interface {
	running(r *Running, master linux.Process) (server, error)
}

func (r *Running) warn(code, try, format string, args ...any) {
	r.warnings = append(r.warnings, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
}

// file is a path below /proc/PID of the server.
func (r *Running) file(parts ...string) string {
	return r.proc.ProcPath(slices.Concat([]string{strconv.Itoa(r.root.PID)}, parts)...)
}

// environ is the environment that the server was started with; seen is false where it may not be read.
func (r *Running) environ() (environ []string, seen bool) {
	text, err := os.ReadFile(r.file("environ"))
	return strings.Split(string(text), "\x00"), err == nil
}

// below are the server's processes without one, its master.
func (r *Running) below(master linux.Process) []linux.Process {
	return filter(r.watch.processes(r.root.PID), func(p linux.Process) bool { return p.PID != master.PID })
}

// mostThreads is the most threads that the kernel counts in one of some processes.
func (r *Running) mostThreads(some []linux.Process) int {
	counts := []int{0}
	for _, p := range some {
		tasks, _ := r.proc.Threads(p.PID)
		counts = append(counts, len(tasks))
	}
	return slices.Max(counts)
}

// hasSpawned says whether a process has children that Python's multiprocessing spawned.
func (r *Running) hasSpawned(parent linux.Process) bool {
	return slices.ContainsFunc(r.watch.processes(r.root.PID), func(p linux.Process) bool {
		return p.Parent == parent.PID && spawned.MatchString(p.Title())
	})
}

// spawned is the command line of a process that Python's multiprocessing spawned (Lib/multiprocessing/spawn.py,
// get_command_line).
var spawned = regexp.MustCompile(`multiprocessing\.spawn import spawn_main`)
