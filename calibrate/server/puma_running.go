package server

import (
	"slices"
	"strings"

	"workermem/calibrate/linux"
)

// running tells what a Puma's title and its processes say of it. The title stands where the command line was, and a
// configuration is a program, which isn't run: so the number of threads isn't known.
func (puma) running(r *Running, master linux.Process) (server, error) {
	tree := r.watch.processes(r.root.PID)
	workers := filter(tree, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), pumaWorkerTitle) })
	s := puma{single: len(workers) == 0}
	if s.single {
		workers = []linux.Process{master}
	}
	if m := pumaTitle.FindStringSubmatch(master.Title()); m != nil {
		r.info.ServerVersion = m[1]
	}
	if r.threads == 0 {
		r.warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: puma's command line is gone, and its configuration isn't executed "+
				"(a worker has up to %d for requests now, of those that it may have)", mostPumaThreads(r, workers))
	}
	for _, trap := range trapsAt(puma{}.traps(), r.info.ServerVersion) {
		if !slices.Contains([]string{preloadFromEnv, respawnsForEver}, trap.Code) {
			r.warn(trap.Code, trap.Try, "%s", trap.Text)
		}
	}
	return s, nil
}

// mostPumaThreads is the most threads for requests in one of some processes, by the name that Puma gives them
// (thread_pool.rb, spawn_thread), of which the kernel keeps 15 characters.
func mostPumaThreads(r *Running, some []linux.Process) (most int) {
	for _, p := range some {
		tasks, _ := r.proc.Threads(p.PID)
		n := 0
		for _, task := range tasks {
			if strings.Contains(r.proc.ThreadName(p.PID, task), "srv tp") {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}
