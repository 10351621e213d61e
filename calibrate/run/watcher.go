package run

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"workermem/calibrate"
)

// await looks until so many workers are there: the first may answer while a server still forks the others.
func (w *watcher) await(ctx context.Context, workers int) (found int) {
	for deadline := time.Now().Add(3 * time.Second); ; {
		w.look()
		found = len(w.probes)
		if found == workers || found > 0 && w.guesses() || time.Now().After(deadline) || wait(ctx, calibrate.SampleInterval) != nil {
			return found
		}
	}
}

// shape is the memory of the whole tree at its workers' peaks, and of one of its workers on average.
func (w *watcher) shape(of calibrate.Shape) (calibrate.LawRun, error) {
	end, err := w.end()
	if err != nil {
		return calibrate.LawRun{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if found := len(w.probes); found != of.Workers { // as the load has shown
		return calibrate.LawRun{}, &calibrate.Miss{Kind: calibrate.MissWorkers, Found: found, Wanted: of.Workers}
	}
	run := calibrate.LawRun{Workers: of.Workers, Threads: of.Threads, TotalBytes: end.TreeBytes, Processes: end.Processes, Books: end.Books}
	run.WorkerBytes = end.Books.Workers.Own() + end.Books.Children.Own()
	run.TotalBytes += end.Books.Away()
	for _, p := range w.probes {
		rss, _, err := p.Read()
		if err != nil {
			return calibrate.LawRun{}, err
		}
		peak, err := p.Peak()
		if err != nil {
			return calibrate.LawRun{}, err
		}
		above := max(peak-rss, 0)
		run.TotalBytes += above
		run.WorkerBytes += above
		run.PeakRSSBytes += max(peak, rss)
	}
	workers := int64(max(len(w.probes), 1))
	run.WorkerBytes, run.PeakRSSBytes = run.WorkerBytes/workers, run.PeakRSSBytes/workers
	run.PeakHeldBytes, run.PeakBelowBytes = w.held.most(), w.mostBelow(0)
	run.ChargeBytes, run.ChargePeakBytes = w.held.charges()
	return run, nil
}

const (
	ticksPerLook = 10 // the process tree is looked at once a second: a look costs more than a reading
	ticksPerShow = 2  // the progress line is drawn five times a second
)

// watcher reads the workers' memory for the whole run, and sees when one is replaced.
type watcher struct {
	rig     calibrate.Rig
	app     calibrate.App
	started time.Time
	fail    context.CancelCauseFunc // ends the measuring, with the reason
	guest   bool                    // the server is somebody else's: its workers may come and go, and its marks are not reset
	relays  bool                    // workers may come and go: the server recycles them
	beside  bool                    // of the app in another setup than the run's
	held    *heldReader             // nil where the app has no control group of its own

	mu         sync.Mutex
	probes     []workerProbe
	generation int
	pick       pick
	restarts   int
	phase      string
	ticks      int // at which memory was read
	samples    []calibrate.Sample
	keep       keeper // of the readings, as samples
	status     calibrate.Status
	markBroken error                    // why the high-water mark can't be used, nil while it can
	highest    int64                    // of the marks of a guest's workers, those that have ended included
	cpu        float64                  // seconds that a guest's workers have used
	still      float64                  // seconds that calibrate itself did not run while there was load
	details    map[int]calibrate.Detail // of a guest's processes, whose page tables are read once
}

type workerProbe struct {
	pid int
	calibrate.Probe
	rss, anon int64 // as last read, 0 before
	shared    sharedMemory
	below     map[int]*childProbe // of the processes that descend from it, by pid
}

func (p workerProbe) Close() error {
	for _, child := range p.below {
		_ = child.Close()
	}
	return p.Probe.Close()
}

// readsPerTick bounds what reading costs: a reading takes 1 to 3 us of CPU time, so ten times 250 a second are at most
// 0.8 % of a core. Where there are more workers, each is read at every other tick, or every third, and so on.
const readsPerTick = 250

// errWorkerEnded ends a run in which a worker ended: what was measured then is of two workers, so of none.
var errWorkerEnded = errors.New("the worker ended during the measurement")

func (w *watcher) watch(ctx context.Context) {
	defer w.closeProbes()
	n := 0
	repeat(ctx, func() {
		if n%ticksPerLook == 0 || w.hurried() {
			w.look()
		}
		w.read()
		if n%ticksPerShow == 0 {
			w.show()
		}
		n++
	})
}

// hurried says that the tree is looked at as often as that costs little: workers have children that come and go, and the kernel
// has no sum of what they all take; or nobody knows yet who the worker is.
func (w *watcher) hurried() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	parents := func() bool {
		return slices.ContainsFunc(w.probes, func(p workerProbe) bool { return len(p.below) > 0 })
	}
	return w.pick.rested() && (w.pick.guessed || w.held == nil && !w.guest && parents())
}

// follow watches, and says when the app ends, until the returned function is called. read, where there is one, is called ten
// times a second too; its error ends the measuring.
func (w *watcher) follow(ctx context.Context, read func() error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() { defer calibrate.Caught(); w.watch(ctx) })
	if read != nil {
		group.Go(func() {
			defer calibrate.Caught()
			repeat(ctx, func() {
				if err := read(); err != nil {
					w.fail(err)
				}
			})
		})
	}
	group.Go(func() {
		defer calibrate.Caught()
		select {
		case <-w.app.Exited():
			w.fail(errAppEnded)
		case <-ctx.Done():
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}

// repeat takes readings until ctx ends.
func repeat(ctx context.Context, read func()) {
	tick := time.NewTicker(calibrate.SampleInterval)
	defer tick.Stop()
	for {
		read()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look follows the process tree: workers that came are opened, workers that went are closed.
func (w *watcher) look() {
	began := time.Now()
	pids, err := w.app.Workers()
	if err != nil {
		return // the next look may see it again; an app that has ended is seen by its Exited
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	changed, other, open := false, false, map[int]bool{}
	w.probes = slices.DeleteFunc(w.probes, func(p workerProbe) bool {
		if slices.Contains(pids, p.pid) {
			open[p.pid] = true
			return false
		}
		_, _, err := p.Read()
		if err == nil && w.relays && !w.pick.guessed {
			return false // it is ending, and has its memory until it has: NOW LMS takes seconds
		}
		changed = true
		if err != nil && !w.pick.guessed {
			w.ended()
		} else {
			other = true // it lives, or was a guess, and is no worker any more: the target knows better now
		}
		_ = p.Close()
		return true
	})
	for _, pid := range pids {
		if open[pid] {
			continue
		}
		if probe, err := w.rig.Memory.Open(pid); err == nil {
			w.probes = append(w.probes, workerProbe{pid: pid, Probe: probe})
			changed = true
		}
	}
	below := w.app.Below()
	for i := range w.probes {
		w.descend(&w.probes[i], below[w.probes[i].pid])
	}
	if changed {
		w.generation++
	}
	if other {
		w.pickOther()
	}
	info := w.app.Info()
	if w.guest {
		w.highest, w.cpu = max(w.highest, w.mark()), info.CPUSeconds
	}
	w.pick.looked(info.WorkerRule.Kind, time.Since(began))
}

// descend follows the processes that descend from a worker. They come and go.
func (w *watcher) descend(p *workerProbe, below []int) {
	for pid, child := range p.below {
		if !slices.Contains(below, pid) {
			_ = child.Close()
			delete(p.below, pid)
		}
	}
	for _, pid := range below {
		if p.below[pid] != nil {
			continue
		}
		if child, err := w.rig.Memory.Open(pid); err == nil {
			if p.below == nil {
				p.below = map[int]*childProbe{}
			}
			p.below[pid] = &childProbe{Probe: child}
		}
	}
}

// read takes one reading, and keeps it or not. Creep is read from the sum of the workers' anonymous memory, because the requests are
// counted together; the worker shown is the largest, because the largest must fit.
func (w *watcher) read() {
	answered := w.rig.Answered()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := calibrate.Sample{Seconds: w.seconds(), Phase: w.phase, Generation: w.generation, Requests: answered, CPU: w.cpu}
	if !w.readWorkers(&s) || s.Workers == 0 {
		return
	}
	if held, ok := w.held.read(); ok {
		s.Held, s.Shmem, s.Kernel = held.Sum(), held.ShmemBytes, held.KernelBytes
	}
	kept, keep := w.keep.take(s)
	if keep {
		w.samples = append(w.samples, kept)
	}
	if w.beside {
		return // the journal is the run's own app's
	}
	w.status.RSS, w.status.Peak = s.RSS, max(w.status.Peak, s.RSS)
	w.status.Requests = answered
	if !keep {
		return
	}
	if err := w.rig.Journal.Sample(kept); err != nil {
		w.fail(journalFailure(err))
	}
}

// readWorkers is false where one of them is gone: a set with a worker missing is no sample, and the next look finds who took
// its place.
func (w *watcher) readWorkers(s *calibrate.Sample) bool {
	w.ticks++
	turns := 1 + (len(w.probes)-1)/readsPerTick
	for i := range w.probes {
		p := &w.probes[i]
		if i%turns == w.ticks%turns || p.rss == 0 {
			var err error
			if p.rss, p.anon, err = p.Read(); err != nil {
				w.dropEnded()
				return false
			}
		}
		s.Workers++
		s.Anon += p.anon
		if few := len(w.probes) <= readsPerTick/ticksPerLook; few || w.ticks%ticksPerLook == 0 {
			p.shared.read(p, p.rss, p.anon)
		}
		s.Mapped += p.shared.bytes
		if p.rss > s.RSS {
			s.RSS, s.PID = p.rss, p.pid
		}
		for _, child := range p.below {
			if rss, anon, err := child.Read(); err == nil { // else it has ended, as children do
				s.Children++
				s.Below += anon
				child.shared.read(child, rss, anon)
				s.Mapped += child.shared.bytes
			}
		}
	}
	s.Anon += s.Below
	return true
}

// pickOther leaves out what was read so far, of processes that are no workers.
func (w *watcher) pickOther() {
	w.highest, w.status.Peak, w.keep = 0, 0, keeper{}
	w.pick.other(len(w.samples), w.generation, w.seconds())
}

// dropEnded closes what is gone. A process that was only guessed to be a worker was none: a launcher's helper, say (PM2's).
func (w *watcher) dropEnded() {
	w.probes = slices.DeleteFunc(w.probes, func(p workerProbe) bool {
		if _, _, err := p.Read(); err == nil {
			return false
		}
		if !w.pick.guessed {
			w.ended()
		}
		_ = p.Close()
		return true
	})
	w.generation++
	if w.pick.guessed {
		w.pickOther()
	}
}

func (w *watcher) ended() {
	w.restarts++
	if !w.guest && !w.relays {
		w.fail(errWorkerEnded)
	}
}

func (w *watcher) show() {
	if w.rig.Progress == nil {
		return
	}
	w.mu.Lock()
	status := w.status
	status.Phase, status.Elapsed = w.phase, time.Since(w.started)
	w.mu.Unlock()
	w.rig.Progress(status)
}

func (w *watcher) seconds() float64 { return time.Since(w.started).Seconds() }

// enter begins a phase: the high-water marks start again from the present RSS.
func (w *watcher) enter(phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase, w.keep = phase, keeper{}
	w.status.Waiting, w.status.Left = "", 0
	w.held.enter()
	if w.guest {
		return
	}
	for _, p := range w.probes {
		if err := p.ResetPeak(); err != nil && !errors.Is(err, calibrate.ErrGone) {
			w.markBroken = err
		}
	}
}

// peak is the highest RSS since the phase began at sample `from`, and where the number came from. A mark that could
// not be reset still counts what came before, so then the samples must do.
func (w *watcher) peak(from int) (bytes int64, source calibrate.PeakSource) {
	w.mu.Lock()
	defer w.mu.Unlock()
	bytes = w.keep.marks.RSS
	for _, s := range w.samples[w.pick.since(from, len(w.samples)):] {
		bytes = max(bytes, s.RSS)
	}
	source = calibrate.PeakSamples
	if w.markBroken != nil {
		return bytes, source
	}
	if mark := max(w.mark(), w.highest); mark > 0 {
		bytes, source = max(bytes, mark), calibrate.PeakMark
	}
	if w.guest && source == calibrate.PeakMark {
		source = calibrate.PeakMarkSince
	}
	w.status.Peak = max(w.status.Peak, bytes)
	return bytes, source
}

// most is the most that the tree held in this phase, 0 where that isn't known, and the most that the workers' children had since
// the given sample.
func (w *watcher) most(from int) (held, below int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held.most(), w.mostBelow(from)
}

func (w *watcher) mostBelow(from int) int64 {
	bytes := w.keep.marks.Below
	for _, s := range w.samples[min(from, len(w.samples)):] {
		bytes = max(bytes, s.Below)
	}
	return bytes
}

// mark is the highest of the workers' high-water marks, 0 where none can be read.
func (w *watcher) mark() (bytes int64) {
	for _, p := range w.probes {
		if mark, err := p.Peak(); err == nil {
			bytes = max(bytes, mark)
		}
	}
	return bytes
}

// taken returns the samples from the given one on, of the present pick. The slice is only ever appended to, so it may be read without the lock.
func (w *watcher) taken(from int) []calibrate.Sample {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.samples[w.pick.since(from, len(w.samples)):len(w.samples):len(w.samples)]
}

// seen is how many workers ended, and why the high-water mark can't be used.
func (w *watcher) seen() (restarts int, markBroken error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.restarts, w.markBroken
}

func (w *watcher) tell(estimate, waiting string, left float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if estimate != "" {
		w.status.Estimate = estimate
	}
	w.status.Waiting = waiting
	w.status.Left = time.Duration(left * float64(time.Second))
}

func (w *watcher) closeProbes() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.probes {
		_ = p.Close()
	}
	w.probes = nil
}
