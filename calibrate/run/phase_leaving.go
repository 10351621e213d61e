package run

import (
	"time"

	"workermem/calibrate"
)

// A worker that is a fork takes more for a moment while it ends: the interpreter's end writes to what the worker still
// shares with its master, and the kernel copies those pages. With a preloaded NOW LMS that was 20 MB for 0.24 s, with a
// preloaded Django 8 MB for 0.06 s; memory in large pieces, such as 50 MB in one array, stays shared.

// leavingInterval is how often an ending worker is looked at. A look takes 10 us a resident MB.
const leavingInterval = 5 * time.Millisecond

// watchLeaving follows the workers of an app that is about to be stopped. The returned function, called after that, has by
// how much the private pages of one of them grew at most.
func (r *run) watchLeaving() (leaving func() int64) {
	if !r.result.Target.CanRecycle { // it would be of no use
		return func() int64 { return 0 }
	}
	pids, _ := r.app.Workers()
	done, grown := make(chan struct{}), make(chan int64, len(pids))
	watched := 0
	for _, pid := range pids {
		probe, err := r.rig.Memory.Open(pid)
		if err != nil {
			continue
		}
		before, err := probe.Detail()
		if err != nil {
			_ = probe.Close()
			continue
		}
		watched++
		go func() { grown <- growthAtEnd(probe, before, done) }()
	}
	return func() (most int64) {
		close(done)
		for range watched {
			most = max(most, <-grown)
		}
		return most
	}
}

// growthAtEnd is the most by which a process's private pages grow until it is gone, or done.
func growthAtEnd(probe calibrate.Probe, before calibrate.Detail, done <-chan struct{}) (most int64) {
	defer probe.Close()
	for {
		now, err := probe.Detail()
		if err != nil {
			return most
		}
		most = max(most, now.PrivateDirty-before.PrivateDirty)
		select {
		case <-done:
			return most
		case <-time.After(leavingInterval):
		}
	}
}
