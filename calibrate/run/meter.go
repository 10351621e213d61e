package run

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// meter reads what the whole tree of an app takes while its workers come and go:
//
//	anonymous + kernel memory, as its own control group is charged for them, + its file pages, each once
//
// The group's whole charge is not taken: it has the cache of every file that was read, which the kernel drops when memory
// runs short, and lacks the libraries that somebody else had in memory before. Where the app has no group, the page
// tables of all its processes are walked, once a second.
type meter struct {
	watch   *watcher
	group   calibrate.Group // nil where there is none
	threads int             // of a worker

	charged, peak int64 // the highest charge that a reading met, and the highest that the kernel knows of; 0: not known
	walked        time.Time
	besideFiles   int64 // of the process beside the workers that maps most
	looked        time.Time
}

// openMeter says why it is blind to what the kernel does to the app: "" where it reads the app's control group.
func (w *watcher) openMeter(threads int) (m meter, blind string) {
	m = meter{watch: w, threads: max(threads, 1)}
	group, why := groupOf(w.rig, w.app)
	if group == nil {
		return m, why
	}
	charge, err := group.Charge()
	if err != nil || charge.Missing != "" {
		_ = group.Close()
		return m, cmp.Or(charge.Missing, fmt.Sprint(err))
	}
	m.group = group
	if group.ResetPeak() != nil {
		m.peak = -1 // the boot's is in it
	}
	return m, ""
}

func (m *meter) close() {
	if m.group != nil {
		_ = m.group.Close()
	}
}

// read returns the bytes of the tree and how many of its processes the kernel has killed for memory. ok is false where
// there is nothing new to be read.
func (m *meter) read() (bytes, kills int64, ok bool) {
	if m.group == nil {
		bytes, ok = m.walk()
		return bytes, 0, ok
	}
	c, err := m.group.Charge()
	if err != nil {
		return 0, 0, false
	}
	m.charged = max(m.charged, c.ChargeBytes)
	if m.peak >= 0 {
		m.peak = max(m.peak, c.PeakBytes)
	}
	return c.AnonBytes + c.KernelBytes + m.files(), c.OOMKills, true
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

// unseen is by how much the kernel's own peak stands above the highest reading: spikes between two readings.
func (m *meter) unseen() int64 {
	if m.peak <= 0 {
		return 0
	}
	return max(m.peak-m.charged, 0)
}

func (m *meter) source() calibrate.PeakSource {
	if m.group != nil {
		return calibrate.PeakGroup
	}
	return calibrate.PeakTables
}

// files is the file pages of the process that maps most: mostly all run the same program. That may be the master, where it
// has loaded the app for its workers: a fork maps file pages anew as it needs them (mm/memory.c, vma_needs_copy). NOW LMS's
// master has 20.8 MB of them, its workers 8.4 MB. A master is looked at once a second, since it hardly changes.
func (m *meter) files() int64 {
	if time.Since(m.looked) >= time.Second {
		m.looked, m.besideFiles = time.Now(), m.watch.filesBeside()
	}
	return max(m.watch.files(), m.besideFiles)
}

// files is the file pages of the worker that maps most.
func (w *watcher) files() (bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.probes {
		bytes = max(bytes, p.rss-p.anon)
	}
	return bytes
}

// filesBeside is the same of the processes beside the workers. One that can't be read counts as none.
func (w *watcher) filesBeside() (bytes int64) {
	for _, pid := range w.app.Tree() {
		if w.watches(pid) {
			continue
		}
		probe, err := w.rig.Memory.Open(pid)
		if err != nil {
			continue
		}
		if rss, anon, err := probe.Read(); err == nil {
			bytes = max(bytes, rss-anon)
		}
		_ = probe.Close()
	}
	return bytes
}

func (w *watcher) watches(pid int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.probes, func(p workerProbe) bool { return p.pid == pid })
}
