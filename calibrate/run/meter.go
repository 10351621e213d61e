package run

import (
	"cmp"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// meter reads what the whole tree of an app takes while its workers come and go:
//
//	what its own control group is charged and the kernel can't take back (see calibrate.Held) + its file pages, each once
//
// The group's whole charge is not taken: it has the cache of every file that was read, which the kernel drops when memory
// runs short, and lacks the libraries that somebody else had in memory before. Where the app has no group, the page
// tables of all its processes are walked, once a second.
type meter struct {
	watch   *watcher
	held    *heldReader // nil where there is none
	threads int         // of a worker

	walked time.Time
	files  int64 // of the process that maps most
	looked time.Time
}

// openMeter says why it is blind to what the kernel does to the app: "" where it reads the app's control group.
func (w *watcher) openMeter(threads, cores int) (m meter, blind string) {
	m = meter{watch: w, threads: max(threads, 1)}
	held, why := openHeld(w.rig, w.app, cores)
	if held == nil {
		return m, why
	}
	if missing := held.last.Missing; missing != "" {
		held.close()
		return m, missing
	}
	m.held = held
	return m, ""
}

func (m *meter) close() { m.held.close() }

// read returns the bytes of the tree and how many of its processes the kernel has killed for memory. ok is false where
// there is nothing new to be read.
func (m *meter) read() (bytes, kills int64, ok bool) {
	if m.held == nil {
		bytes, ok = m.walk()
		return bytes, 0, ok
	}
	held, ok := m.held.read()
	if !ok {
		return 0, 0, false
	}
	return held.Sum() + m.mapped(held.LockedBytes), m.held.kills(), true
}

// walk reads the page tables of the whole tree, at most once a second: 10 us a resident MB.
func (m *meter) walk() (bytes int64, ok bool) {
	if time.Since(m.walked) < time.Second {
		return 0, false
	}
	m.walked = time.Now()
	e, err := m.watch.end()
	if err != nil {
		return 0, false
	}
	others := int64(max(e.Processes-e.Workers, 0))
	return cmp.Or(e.TreeBytes, e.TreePSSBytes) + int64(e.Workers)*analyse.KernelMemory(e.RSSBytes, m.threads) + others*analyse.KernelMemory(0, 1), true
}

// unseen is what spikes between two readings were above the highest.
func (m *meter) unseen() int64 { return m.held.unseen() }

func (m *meter) source() calibrate.PeakSource {
	if m.held != nil {
		return calibrate.PeakGroup
	}
	return calibrate.PeakTables
}

// mapped is the file pages of the process that maps most: mostly all run the same program. That may be the master, where it
// has loaded the app for its workers: a fork maps file pages anew as it needs them (mm/memory.c, vma_needs_copy). NOW LMS's
// master has 20.8 MB of them, its workers 8.4 MB. They are looked at once a second, since they hardly change. Those that are
// locked are in what the group holds, so they aren't counted again.
func (m *meter) mapped(locked int64) int64 {
	if time.Since(m.looked) < time.Second {
		return m.files
	}
	m.looked, m.files = time.Now(), 0
	for _, pid := range m.watch.app.Tree() {
		probe, err := m.watch.rig.Memory.Open(pid)
		if err != nil {
			continue
		}
		if kinds, err := probe.Kinds(); err == nil { // one that can't be read counts as none
			m.files = max(m.files, kinds.File-min(kinds.Locked, locked))
		}
		_ = probe.Close()
	}
	return m.files
}
