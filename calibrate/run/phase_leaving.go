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
		go func() { defer calibrate.Caught(); grown <- growthAtEnd(probe, before, done) }()
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

// watchLeft follows how much shared memory the kernel charges an app that is about to be stopped. The returned function, called
// after that, has the least of it: files on a tmpfs that the app itself deletes are gone by then. Nil where nothing was read.
func (r *run) watchLeft() (left func() *int64) {
	none := func() *int64 { return nil }
	if all := r.watch.taken(0); len(all) == 0 || all[len(all)-1].Shmem == 0 {
		return none
	}
	group, _ := groupOf(r.rig, r.app)
	if group == nil {
		return none
	}
	done, least := make(chan struct{}), make(chan *int64, 1)
	go func() {
		defer calibrate.Caught()
		defer group.Close()
		least <- leastShared(group, done)
	}()
	return func() *int64 {
		close(done)
		return <-least
	}
}

func leastShared(group calibrate.Group, done <-chan struct{}) (least *int64) {
	for {
		now, err := group.Charge()
		if err != nil {
			return least // the group went with the app
		}
		if least == nil || now.ShmemBytes < *least {
			least = &now.ShmemBytes
		}
		select {
		case <-done:
			return least
		case <-time.After(leavingInterval):
		}
	}
}
