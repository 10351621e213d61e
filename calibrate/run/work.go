package run

import (
	"slices"
	"time"

	"workermem/calibrate"
)

// workReading is the CPU time of everybody by a moment.
type workReading struct {
	at       time.Time
	paused   float64 // seconds that calibrate itself did not run by then
	answered int64
	restarts int
	tree     map[int]calibrate.CPUTime
	group    float64 // of the app's own control group, where that counts
	grouped  bool
	cores    calibrate.CoreTime
	known    bool
}

// since is how long calibrate ran from one reading to another, in seconds.
func (w workReading) since(from workReading) float64 {
	return w.at.Sub(from.at).Seconds() - (w.paused - from.paused)
}

// readWork reads the whole tree once, some 20 us a process: at the borders of a load, and once a second at most. A guest has
// requests of others, which nobody counts: nothing is read of it.
func (w *watcher) readWork() workReading {
	if w.guest {
		return workReading{}
	}
	r := workReading{at: time.Now(), paused: w.paused(), answered: w.rig.Answered(), tree: map[int]calibrate.CPUTime{}}
	pids := w.app.Tree()
	for _, pid := range pids {
		if cpu, err := w.cpuOf(pid); err == nil { // else it has just ended
			r.tree[pid] = cpu
		}
	}
	r.group, r.grouped = w.held.cpu()
	if len(pids) > 0 {
		cores, err := w.rig.Memory.Cores(pids[len(pids)-1])
		r.cores, r.known = cores, err == nil && len(r.tree) > 0
	}
	r.restarts, _ = w.seen()
	return r
}

func (w *watcher) cpuOf(pid int) (calibrate.CPUTime, error) {
	probe, err := w.rig.Memory.Open(pid)
	if err != nil {
		return calibrate.CPUTime{}, err
	}
	defer probe.Close()
	return probe.CPU()
}

// workSince is what was done since a reading; nil where that isn't known, where a worker was replaced meanwhile, or where calibrate
// stood still for much of the time: others had the cores then, and the app no load. Who the
// workers are is as the load has shown by now.
func (w *watcher) workSince(from workReading) *calibrate.Work {
	return w.workBetween(from, w.readWork())
}

func (w *watcher) workBetween(from, to workReading) *calibrate.Work {
	workers := w.workers()
	seconds := to.at.Sub(from.at).Seconds()
	if !from.known || !to.known || from.restarts != to.restarts || len(workers) == 0 || to.paused-from.paused > mostStill*seconds {
		return nil
	}
	for _, pid := range workers {
		if before, there := from.tree[pid]; !there || before.Start != to.tree[pid].Start {
			return nil
		}
	}
	app, rest := spentBetween(from.tree, to.tree, workers)
	work := calibrate.Work{
		Seconds: seconds, Requests: to.answered - from.answered,
		Workers: app.cpu - rest.cpu, Rest: rest.cpu, RestThread: rest.thread, System: max(app.system, 0), Waited: app.waited, Source: calibrate.WorkClocks,
		Own: max(to.cores.Own-from.cores.Own, 0), Steal: max(to.cores.Steal-from.cores.Steal, 0),
		Stalled: max(to.cores.Stalled-from.cores.Stalled, 0),
	}
	if from.grouped && to.grouped {
		work.Workers, work.Source = max(to.group-from.group-rest.cpu, 0), calibrate.WorkGroup
	}
	busy := to.cores.Busy - from.cores.Busy
	work.Others = max(busy-work.Workers-work.Rest-work.Own, 0)
	if used := work.Workers + work.Rest; used > possible*(work.Seconds*float64(to.cores.Cores)+aTick) {
		return nil // processes came to other parents, or went without any
	}
	return &work
}

// What the cores can have done of so much time, give or take what the kernel had not counted yet when it began.
const (
	possible = 1.05
	aTick    = 0.02 // seconds
)

// mostStill is the share of a reading's time for which calibrate may have stood still.
const mostStill = 0.1

func (w *watcher) workers() []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	pids := make([]int, len(w.probes))
	for i, p := range w.probes {
		pids[i] = p.pid
	}
	return pids
}

// spent is what processes have used of the cores, in seconds, and the one of their threads that has used the most.
type spent struct{ cpu, system, waited, thread float64 }

func (s *spent) add(more spent) {
	s.cpu, s.system, s.waited, s.thread = s.cpu+more.cpu, s.system+more.system, s.waited+more.waited, max(s.thread, more.thread)
}

// spentBetween is what a tree has used between two readings of it, and the part of it that is neither the workers' nor their
// descendants'.
//
//	used = sum of own + reaped of all that live at the end, less the same of all that lived at the beginning
//
// A process that ends takes nothing out of the sum: what it has used goes to the parent that waits for it. Where nobody does
// (SIGCHLD ignored), it is lost, and what it had used before is not taken from another's.
func spentBetween(from, to map[int]calibrate.CPUTime, workers []int) (all, rest spent) {
	used, reaped := map[int]spent{}, map[int]float64{}
	for pid, now := range to {
		before := from[pid]
		if before.Start != now.Start {
			before = calibrate.CPUTime{}
		}
		reaped[pid] = max(now.Reaped-before.Reaped, 0)
		s := threadsSince(before.Threads, now.Threads)
		s.add(spent{cpu: max(now.Own-before.Own, 0) + reaped[pid], system: max(now.System-before.System, 0)})
		used[pid] = s
	}
	for pid, before := range from {
		if to[pid].Start == before.Start {
			continue
		}
		heir := heirOf(pid, from, to)
		again := min(before.Own+before.Reaped, reaped[heir])
		reaped[heir] -= again
		less := used[heir]
		less.add(spent{cpu: -again, system: -min(before.System, again, less.system)})
		used[heir] = less
	}
	for pid, s := range used {
		all.add(s)
		if !isWorkers(pid, workers, to) {
			rest.add(s)
		}
	}
	return all, rest
}

// heirOf is the nearest that still lives of those above a process that has ended.
func heirOf(pid int, from, to map[int]calibrate.CPUTime) int {
	for range from {
		if pid = from[pid].Parent; to[pid].Start == from[pid].Start {
			break
		}
	}
	return pid
}

// isWorkers says whether a process is one of the workers, or descends from one.
func isWorkers(pid int, workers []int, tree map[int]calibrate.CPUTime) bool {
	for range len(tree) { // parents that were read one after the other may form a ring
		if slices.Contains(workers, pid) {
			return true
		}
		if pid = tree[pid].Parent; tree[pid].Start == 0 {
			break
		}
	}
	return false
}

// threadsSince is of the threads that live at the end: what one that has ended waited for is nowhere.
func threadsSince(before, now map[int]calibrate.ThreadTime) (s spent) {
	for id, t := range now {
		s.add(spent{waited: max(t.Waited-before[id].Waited, 0), thread: t.Ran - before[id].Ran})
	}
	return s
}
