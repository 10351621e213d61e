package known

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/workers"
)

// Running is a server that somebody else started, as its adapter sees it while it is being understood. It is looked at and
// nothing more: an adapter reads what its processes show, completes Target, and says by Warn what can't be known.
type Running struct {
	Threads int                  // of a worker, as the user says; 0: what the command line says
	Target  calibrate.TargetInfo // what is known of it

	proc   linux.FS
	root   linux.Identity
	watch  *workers.Watch
	doubts []calibrate.Warning
}

// NewRunning is a server whose main process is root.
func NewRunning(proc linux.FS, root linux.Identity, watch *workers.Watch, threads int) *Running {
	return &Running{proc: proc, root: root, watch: watch, Threads: threads}
}

// Warn adds a doubt about the server: its code, what to try, and the sentence.
func (r *Running) Warn(code, try, format string, args ...any) {
	r.doubts = append(r.doubts, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
}

// Warnings are the doubts about the server.
func (r *Running) Warnings() []calibrate.Warning { return slices.Clone(r.doubts) }

// ProcFile is a path below /proc/PID of the server: ProcFile("cwd", "gunicorn.conf.py").
func (r *Running) ProcFile(parts ...string) string {
	return r.proc.ProcPath(slices.Concat([]string{strconv.Itoa(r.root.PID)}, parts)...)
}

// Environ is the environment that the server was started with; seen is false if it may not be read.
func (r *Running) Environ() (environ []string, seen bool) {
	text, err := os.ReadFile(r.ProcFile("environ"))
	return strings.Split(string(text), "\x00"), err == nil
}

// Processes are the server's, from its main process down.
func (r *Running) Processes() []linux.Process { return r.watch.Processes(r.root.PID) }

// Below are the server's processes without one, its master.
func (r *Running) Below(master linux.Process) []linux.Process {
	return workers.Filter(r.Processes(), func(p linux.Process) bool { return p.PID != master.PID })
}

// HasSpawned says whether a process has children that Python's multiprocessing spawned.
func (r *Running) HasSpawned(parent linux.Process) bool {
	return slices.ContainsFunc(r.Processes(), func(p linux.Process) bool {
		return p.Parent == parent.PID && workers.PythonSpawned.MatchString(p.Title())
	})
}

// MostThreads is the most threads in one of some processes, of those whose name holds a text. The kernel keeps 15
// characters of a name; "" is in every one.
func (r *Running) MostThreads(some []linux.Process, name string) (most int) {
	for _, p := range some {
		tasks, _ := r.proc.Threads(p.PID)
		n := 0
		for _, task := range tasks {
			if name == "" || strings.Contains(r.proc.ThreadName(p.PID, task), name) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
