package puma

import (
	"slices"
	"strings"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"

	"workermem/calibrate/say"
)

// Running tells what a Puma's title and its processes say of it. The title stands where the command line was, and a
// configuration is a program, which isn't run: so the number of threads isn't known.
func (Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	tree := r.Processes()
	workers := workers.Filter(tree, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), workerTitle) })
	s := Server{single: len(workers) == 0}
	if s.single {
		workers = []linux.Process{master}
	}
	if m := title.FindStringSubmatch(master.Title()); m != nil {
		r.Target.ServerVersion = m[1]
	}
	if r.Threads == 0 {
		r.Warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: puma's command line is gone, and its configuration isn't executed "+
				"(a worker has up to %s for requests now, of those that it may have)", say.Count(r.MostThreads(workers, threadName)))
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), r.Target.ServerVersion) {
		if !slices.Contains([]string{preloadFromEnv, respawnsForEver}, trap.Code) {
			r.Warn(trap.Code, trap.Try, "%s", trap.Text)
		}
	}
	return s, nil
}

// threadName is in the name that Puma gives its threads for requests (thread_pool.rb, spawn_thread), of which the kernel
// keeps 15 characters.
const threadName = "srv tp"
