package modwsgi

import (
	"workermem/calibrate/linux"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/known"

	"workermem/calibrate/say"
)

// Running tells what is known of an Apache from outside. Its configuration may be anywhere, and only root may be able to
// read it: so the number of threads isn't known. An Apache in which no process has mod_wsgi's title may run anything.
func (m Server) Running(r *known.Running, _ linux.Process) (known.Server, error) {
	daemons, _ := m.Workers(r.Processes(), nil)
	if len(daemons) == 0 {
		return anycommand.Server{}, nil
	}
	r.Target.CanRecycle = true
	if threads := r.Threads; threads == 0 {
		r.Warn("threads-unknown", "give them: --threads N",
			"how many threads a worker has isn't known: Apache's configuration isn't read (the kernel counts up to %s in a worker now, three of them mod_wsgi's own)",
			say.Count(r.MostThreads(daemons, "")))
	}
	return m, nil
}
