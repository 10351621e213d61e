package known

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/workers"
)

// Running is a server that somebody else started, as its adapter sees it while it is being understood.
type Running struct {
	Proc    linux.FS
	Root    linux.Identity // the server's main process
	Threads int            // of a worker, as the user says; 0: what the command line says
	Watch   *workers.Watch
	Target  calibrate.TargetInfo
	Doubts  []calibrate.Warning
}

// Observed is a server that can tell from its master's command line what its workers are like. It returns the adapter to
// go on with, and complains, as a *calibrate.Failure of KindUsage, if the user says otherwise.
type Observed interface {
	Running(r *Running, master linux.Process) (Server, error)
}

func (r *Running) Warn(code, try, format string, args ...any) {
	r.Doubts = append(r.Doubts, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
}

// File is a path below /proc/PID of the server.
func (r *Running) File(parts ...string) string {
	return r.Proc.ProcPath(slices.Concat([]string{strconv.Itoa(r.Root.PID)}, parts)...)
}

// Environ is the environment that the server was started with; seen is false where it may not be read.
func (r *Running) Environ() (environ []string, seen bool) {
	text, err := os.ReadFile(r.File("environ"))
	return strings.Split(string(text), "\x00"), err == nil
}

// Below are the server's processes without one, its master.
func (r *Running) Below(master linux.Process) []linux.Process {
	return workers.Filter(r.Watch.Processes(r.Root.PID), func(p linux.Process) bool { return p.PID != master.PID })
}

// MostThreads is the most threads that the kernel counts in one of some processes.
func (r *Running) MostThreads(some []linux.Process) int {
	counts := []int{0}
	for _, p := range some {
		tasks, _ := r.Proc.Threads(p.PID)
		counts = append(counts, len(tasks))
	}
	return slices.Max(counts)
}

// HasSpawned says whether a process has children that Python's multiprocessing spawned.
func (r *Running) HasSpawned(parent linux.Process) bool {
	return slices.ContainsFunc(r.Watch.Processes(r.Root.PID), func(p linux.Process) bool {
		return p.Parent == parent.PID && Spawned.MatchString(p.Title())
	})
}

// Spawned is the command line of a process that Python's multiprocessing spawned (Lib/multiprocessing/spawn.py,
// get_command_line).
var Spawned = regexp.MustCompile(`multiprocessing\.spawn import spawn_main`)
