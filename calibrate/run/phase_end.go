package run

import (
	"slices"

	"workermem/calibrate"
)

// addressesTake is how much longer a watch must be, for the readings here to be within its 1 %, too: they walk the largest
// worker's page tables a second time, which takes twice as long.
const addressesTake = 3

// readAddresses takes what only the end needs: the largest worker's address space, and what runs beside the workers. What can't
// be read is left out: no recommendation rests on it.
func (r *run) readAddresses() {
	if v, err := r.watch.virtual(); err == nil {
		r.result.Worker.Virtual = &v
	}
	r.result.Beside = r.watch.programsBeside()
	r.readRuntime()
}

// virtual is the address space of the largest worker.
func (w *watcher) virtual() (calibrate.Virtual, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.probes) == 0 {
		return calibrate.Virtual{}, calibrate.ErrGone
	}
	return slices.MaxFunc(w.probes, func(a, b workerProbe) int { return int(a.rss - b.rss) }).Virtual()
}

// programsBeside are the processes that are no workers and descend from none, by program. One that can't be read is left out.
func (w *watcher) programsBeside() []calibrate.Beside {
	var all []calibrate.Beside
	for _, pid := range w.app.Tree() {
		if w.ofAWorker(pid) {
			continue
		}
		s, d, err := w.processBeside(pid)
		if err != nil {
			continue
		}
		at := slices.IndexFunc(all, func(b calibrate.Beside) bool { return b.Program == s.Program })
		if at < 0 {
			at, all = len(all), append(all, calibrate.Beside{Program: s.Program})
		}
		all[at].Processes++
		all[at].Threads += s.Threads
		all[at].Bytes += d.PSS
	}
	slices.SortStableFunc(all, func(a, b calibrate.Beside) int { return int(b.Bytes - a.Bytes) })
	return all
}

// ofAWorker says whether a process is a worker, or descends from one.
func (w *watcher) ofAWorker(pid int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.probes, func(p workerProbe) bool { return p.pid == pid || p.below[pid] != nil })
}

func (w *watcher) processBeside(pid int) (s calibrate.ProcessStatus, d calibrate.Detail, err error) {
	probe, err := w.rig.Memory.Open(pid)
	if err != nil {
		return s, d, err
	}
	defer probe.Close()
	if s, err = probe.Status(); err != nil {
		return s, d, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	d, err = w.once(pid, probe.Detail)
	return s, d, err
}

// readRuntime says what the worker runs on.
func (r *run) readRuntime() {
	if r.rig.Runtime == nil {
		return
	}
	r.watch.mu.Lock()
	probes := r.watch.probes
	r.watch.mu.Unlock()
	if len(probes) == 0 {
		return
	}
	if on := r.rig.Runtime(probes[0].pid); on != (calibrate.Runtime{}) {
		r.result.Runtime = &on
	}
}
