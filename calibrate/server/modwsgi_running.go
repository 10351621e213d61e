package server

import (
	"workermem/calibrate/linux"
)

// running tells what is known of an Apache from outside. Its configuration may be anywhere, and only root may be able to
// read it: so the number of threads isn't known. An Apache in which no process has mod_wsgi's title may run anything.
func (m modWSGI) running(r *Running, _ linux.Process) (server, error) {
	daemons, _ := m.workers(r.watch.processes(r.root.PID), nil)
	if len(daemons) == 0 {
		return anyCommand{}, nil
	}
	r.info.CanRecycle = true
	if threads := r.threads; threads == 0 {
		r.warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: Apache's configuration isn't read (the kernel counts up to %d in a worker now, three of them mod_wsgi's own)",
			r.mostThreads(daemons))
	}
	return m, nil
}
