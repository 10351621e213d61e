package analyse

import (
	"cmp"
	"slices"

	"workermem/calibrate"
)

// Kernel memory of a process, beside its own pages. Cgroups' memory.kmem on Linux 6.18 was met within 5 % by the sum of
// these, for one to four workers of 1 to 16 threads, with pages of 4 KB. Larger ones need fewer tables, each larger: where the app has
// a control group, what these are off by is in the law nevertheless (unmapped).
const (
	kernelProcess = 144 << 10 // the process itself, and the page tables of its libraries
	kernelThread  = 34 << 10  // a stack of 16 kB, the page tables of its own stack and heap, a connection
	pageTables    = 512       // 8 bytes a page of 4 KB, the smallest there is; of larger ones it is 0.2 % of RSS too much
)

// KernelMemory is that of a process.
func KernelMemory(rss int64, threads int) int64 {
	return kernelProcess + int64(threads)*kernelThread + rss/pageTables
}

// leastThread is what an idle thread costs: 45 kB of resident stack and allocator were measured. Short runs can't
// tell less from nothing.
const leastThread = 45_000

// tree is the memory of an app's processes in two parts: one worker more, and all that is beside the workers.
type tree struct{ worker, shared int64 }

// law is the total at N workers and T threads, at peak, creep apart. The main run alone gives
//
//	worker = private dirty + (peak RSS - RSS) + its kernel memory - creep x requests      one more worker
//	shared = anonymous PSS of all + file pages, once + kernel memory of the rest - private dirty
//
// Library pages are not in the worker, because the second one maps the same. Private dirty pages grow long after the
// RSS has settled, where a worker is a fork: Python's first full collection writes to every object that the worker has
// from its master. With gunicorn and Flask that comes after 1000 to 4500 requests, and makes a worker of 15.9 MB one of
// 17.9 MB, of 7.9 MB with --preload one of 14.3 MB. So the law is read after all requests of the run, and the
// short runs are compared with the reading after its first load: see fitLaw.
func law(r calibrate.Result) calibrate.Law {
	threads := max(r.Target.Threads, 1)
	l := calibrate.Law{Runs: slices.Clone(r.Law.Runs), Unserved: r.Law.Unserved}
	if l.Runs == nil {
		l.Runs = []calibrate.LawRun{}
	}
	if r.Worker.PeakRSSBytes == 0 {
		return l
	}
	l.Basis = calibrate.BasisComputed
	early, loaded, end := ages(r)
	if r.Mode == calibrate.ModeAttach && r.Worker.End != nil {
		end = treeOfWorkers(*r.Worker.End, r.Worker.PeakRSSBytes, threads)
		end.worker = max(end.worker-residing(r, r.Worker.Requests), 0)
		early, loaded = end, end
	}
	for i := range l.Runs {
		run := &l.Runs[i]
		run.MeasuredBytes = run.TotalBytes + kernelOf(*run) + hidden(*run) + unmappedRun(*run) - creptIn(*run, r)
		run.PredictedBytes, run.PredictedWarmBytes = lawFor(l, early, *run, threads), lawFor(l, loaded, *run, threads)
	}
	fitThreads(&l, r, threads)
	more := fitLaw(&l, r, early, loaded, threads)
	early, loaded, end = early.plus(more), loaded.plus(more), end.plus(more)
	l.SharedBytes = end.shared
	l.WorkerBytes = max(end.worker-int64(threads)*l.ThreadBytes, 0)
	l.LoneBytes = min(max(end.worker-loaded.worker, 0), l.WorkerBytes)
	l.Raised = raises(l, r, threads)
	l.ResidualBytes = residualOf(l, early, loaded, threads)
	return l
}

// ages are the single worker's tree, creep apart: after its first load, after its last as high as any load brought it, and as
// high as it ever was, which the boot or a login may have made. The short runs, whose marks are set back after those, are as old
// as the first or the second; the law is the third.
func ages(r calibrate.Result) (early, loaded, end tree) {
	end = treeAtEnd(r, withoutFork(r, ownPeakAtEnd(r)), topAtEnd(r))
	early, loaded = end, end
	if r.Worker.End == nil {
		return early, loaded, end
	}
	if peak := loadedPeak(r); peak > 0 {
		loaded = treeAtEnd(r, peak, topAtEnd(r, calibrate.PhaseBefore))
	}
	if e := r.Worker.Early; e != nil {
		early = oneWorker(r, e, earlyPeak(r), earlyTop(r)).before(r, e.Requests)
	}
	return early, loaded, end
}

// treeAtEnd is the single worker's after its last load, creep apart, raised to a peak.
func treeAtEnd(r calibrate.Result, peak int64, t top) tree {
	return oneWorker(r, r.Worker.End, peak, t).before(r, r.Worker.Requests)
}

// before is a tree without what has crept in so many requests.
func (t tree) before(r calibrate.Result, requests int64) tree {
	beside := 0.0
	if Slope(r) > 0 {
		beside = r.Creep.Beside()
	}
	return tree{max(t.worker-int64((Slope(r)-beside)*float64(requests)), 0), max(t.shared-int64(beside*float64(requests)), 0)}
}

// Warmest is after how many requests a forked Python worker has the last of its master's pages copied (4500 were seen).
const Warmest = 6000

// Coldness is by how much an app of so many workers is below the law that have served so many requests each: the law is
// of workers from which every page of their master has been copied, and a forked worker that is recycled early never
// comes to that. By young more it may be below: the measured worker's heap may have gone on growing to the end of its run. Five
// workers of Express took 434 MB after 6000 requests each, 486 after 26 000, where one that had served 73 000 promised 511.
func Coldness(r calibrate.Result, workers int, served float64) (cold, young int64) {
	first, last := r.Worker.Early, r.Worker.End
	if first == nil || last == nil {
		return 0, 0
	}
	early, end, _ := ages(r)
	below := max(end.shared-early.shared+int64(workers)*(end.worker-early.worker), 0)
	missing := func(requests int64) int64 { // of what came by then
		if requests <= first.Requests {
			return 0
		}
		share := 1 - (served-float64(first.Requests))/float64(requests-first.Requests)
		return int64(float64(below) * min(max(share, 0), 1))
	}
	cold = missing(min(last.Requests, Warmest))
	return cold, max(missing(last.Requests)-cold, 0)
}

// oneWorker is the tree of a single worker, from one reading of its page tables. Where they could not be read, the
// whole RSS stands for the worker: an upper bound, and a warning says so.
func oneWorker(r calibrate.Result, e *calibrate.EndReading, peak int64, t top) tree {
	if e == nil {
		return tree{worker: peak}
	}
	private, children, away := e.PrivateDirtyBytes, 0, int64(0)
	if e.Books != nil {
		private, children = private+e.Books.Workers.AwayBytes+e.Books.Children.Own(), e.Books.Children.Processes
		away = e.Books.Away()
	}
	threads, others := max(r.Target.Threads, 1), max(e.Processes-e.Workers-children, 0)
	parts := partsOf(r, unmappedOne(e, peak, threads), e.Requests)
	return tree{
		worker: private + raised(max(peak-e.RSSBytes, 0), e.Books, t) + KernelMemory(peak, threads) + int64(children)*KernelMemory(0, 1) + parts.crept + parts.each,
		shared: max(cmp.Or(e.TreeBytes, e.TreePSSBytes)+away-private, 0) + int64(others)*KernelMemory(0, 1) + parts.once,
	}
}

// secondWorker is the short run with another worker of as many threads, -1 where there is none.
func secondWorker(l calibrate.Law, threads int) int {
	return slices.IndexFunc(l.Runs, func(run calibrate.LawRun) bool { return run.Workers > 1 && run.Threads == threads })
}

// fitLaw lets the second worker mend what one alone could not know: a supervisor that comes with it, or a library that
// shares less than it seemed. The second worker is about as warm as the first was at its early reading, or a little
// warmer, so what it shows between the early reading and the end is warmth, and only what is beyond is its own: the law
// moves by that. That a worker takes less is believed only where a process came beside the second that the first did
// without, and may share with it: else it may be a collection that the first has had and the second not.
func fitLaw(l *calibrate.Law, r calibrate.Result, early, end tree, threads int) (more tree) {
	i := secondWorker(*l, threads)
	if i < 0 || r.Worker.End == nil {
		return tree{}
	}
	two := l.Runs[i]
	if two.WorkerBytes == 0 {
		return tree{}
	}
	l.Basis = calibrate.BasisMeasured
	parts := partsOf(r, unmappedOne(r.Worker.End, ownPeakAtEnd(r), threads), r.Worker.End.Requests)
	unmapped := parts.each
	if unmappedCreeps(r) { // and the second worker's run was shorter
		unmapped = max(unmappedRun(two)-parts.once, 0) / int64(two.Workers)
	}
	worker := eachOf(two, threads) + unmapped - creptIn(two, r)/int64(two.Workers)
	if b := two.Books; b != nil && b.Children.Processes > 0 { // pages that a worker shares with its forks alone are private to none
		line := (two.MeasuredBytes - early.worker - early.shared) / int64(two.Workers-1)
		worker = max(worker, line)
	}
	shared := two.MeasuredBytes - int64(two.Workers)*worker
	more = tree{beyond(worker, early.worker, end.worker), beyond(shared, early.shared, end.shared)}
	if besideWorkers(two.Processes-two.Workers, two.Books) <= besideWorkers(r.Worker.End.Processes-r.Worker.End.Workers, r.Worker.End.Books) {
		more.worker = max(more.worker, 0)
	}
	more.shared = max(more.shared, -max(more.worker, 0)) // less than the first was seen to take only where it is the workers' now
	return more
}

// besideWorkers is how many processes are neither workers nor their children.
func besideWorkers(others int, b *calibrate.Books) int {
	if b != nil {
		others -= b.Children.Processes
	}
	return others
}

// eachOf is what one of the workers of a short run takes by itself, on average.
func eachOf(run calibrate.LawRun, threads int) int64 {
	var children int64
	if run.Books != nil {
		children = int64(run.Books.Children.Processes) * KernelMemory(0, 1)
	}
	return run.WorkerBytes + (hidden(run)+children)/int64(max(run.Workers, 1)) + KernelMemory(run.PeakRSSBytes, threads)
}

func (t tree) plus(more tree) tree {
	return tree{max(t.worker+more.worker, 0), max(t.shared+more.shared, 0)}
}

// beyond is how far x is outside of a and b, 0 between them.
func beyond(x, a, b int64) int64 { return x - min(max(x, min(a, b)), max(a, b)) }

// fitThreads takes the workers' peak RSS against their threads, all under the same load for about as many requests, and
// fits a line through the measured shape by least squares:
//
//	thread = sum((T - T0) x (peak(T) - peak(T0))) / sum((T - T0)^2) + kernel memory of a thread
//
// RSS, because copy-on-write moves pages from shared to private at another request with every thread count, and leaves
// RSS as it is. Where no other shape was run, nothing tells a thread's memory from its process's, and all of it is the latter's.
func fitThreads(l *calibrate.Law, r calibrate.Result, threads int) {
	here, own := peakHere(l, r, threads)
	var products, squares float64
	for _, run := range l.Runs {
		if more := float64(run.Threads - threads); run.Workers == 1 && run.PeakRSSBytes > 0 {
			products += more * float64(peakOf(run)-residing(r, run.Requests)-here-max(run.SameRequestsBytes-own, 0))
			squares += more * more
		}
	}
	if here > 0 && squares > 0 {
		l.ThreadBytes = max(int64(products/squares), leastThread) + kernelThread
	}
}

// peakHere is the measured shape's peak to compare other threads with, and what of it is the worker's own, without children:
// under the same load on the main worker; where the user gave another load, of the workers of the run with two; else of the
// main worker's last phase, which is warmer.
func peakHere(l *calibrate.Law, r calibrate.Result, threads int) (peak, own int64) {
	if peak, own = phasePeak(r, calibrate.PhaseCapacity); peak > 0 {
		return peak, own
	}
	for _, run := range l.Runs {
		if run.Workers > 1 && run.Threads == threads && run.PeakRSSBytes > 0 {
			creep := residing(r, run.Requests) / int64(run.Workers)
			return peakOf(run) - creep, run.PeakRSSBytes - creep
		}
	}
	return phasePeak(r, calibrate.PhasePeak)
}

// phasePeak is the peak RSS of a phase, children included and without, creep apart; 0 where there was no such phase, or where it
// was read of another process than the worker.
func phasePeak(r calibrate.Result, name string) (peak, own int64) {
	for _, p := range r.Phases {
		if p.Name == name && p.PeakRSSBytes > 0 {
			own = p.PeakRSSBytes - residing(r, p.Answered)
			return own + phaseChildren(r, p), own
		}
	}
	return 0, 0
}

// residualOf is the most that the fitted law is off the short runs, which may be as warm as the first reading or the last.
func residualOf(l calibrate.Law, early, end tree, threads int) int64 {
	var most int64
	for _, run := range l.Runs {
		raised := int64(run.Workers) * l.Raise(run.Threads)
		off := beyond(run.MeasuredBytes, lawFor(l, early, run, threads)+raised, lawFor(l, end, run, threads)+raised)
		most = max(most, off, -off)
	}
	return most
}

// lawFor is what the law has for a short run's shape, from one worker of the given threads.
func lawFor(l calibrate.Law, one tree, run calibrate.LawRun, threads int) int64 {
	return one.shared + int64(run.Workers)*(one.worker+int64(run.Threads-threads)*l.ThreadBytes)
}

func kernelOf(run calibrate.LawRun) int64 {
	others := max(run.Processes-run.Workers, 0)
	return int64(run.Workers)*KernelMemory(run.PeakRSSBytes, run.Threads) + int64(others)*KernelMemory(0, 1)
}

// creptIn is how much of a short run's total is creep.
func creptIn(run calibrate.LawRun, r calibrate.Result) int64 {
	return int64(Slope(r) * float64(run.Requests))
}

// Slope is the creep in bytes a request where there is one, else 0.
func Slope(r calibrate.Result) float64 {
	if r.Creep.Verdict != calibrate.Creeping || r.Creep.BytesPerRequest == nil {
		return 0
	}
	return max(r.Creep.Together().BytesPerRequest, 0)
}

// residing is how much of a worker's RSS is creep after so many requests: what grows elsewhere is in the kernel's account alone.
func residing(r calibrate.Result, requests int64) int64 {
	return int64(residingSlope(r) * float64(requests))
}

func residingSlope(r calibrate.Result) float64 {
	if Slope(r) == 0 {
		return 0
	}
	return max(r.Creep.Residing(), 0)
}

// childrenSlope is how much of a creep is in what descends from the worker, in bytes a request: by what those that stay have grown
// from the first reading to the last.
func childrenSlope(r calibrate.Result) float64 {
	first, last := r.Worker.Early, r.Worker.End
	if first == nil || last == nil || first.Books == nil || last.Books == nil || last.Requests <= first.Requests {
		return 0
	}
	grown := last.Books.Children.Mapped() - first.Books.Children.Mapped()
	return max(float64(grown)/float64(last.Requests-first.Requests), 0)
}

// crept is how much of the measured peak is creep.
func crept(r calibrate.Result) int64 { return int64(Slope(r) * float64(r.Worker.Requests)) }

// peakAtEnd is that of a worker and its children.
func peakAtEnd(r calibrate.Result) int64 { return ownPeakAtEnd(r) + r.Worker.ChildrenPeakBytes }

// ownPeakAtEnd is the peak that every phase's own would come to after all the requests of the run: a spike in the first
// second would be higher by all that has crept since.
func ownPeakAtEnd(r calibrate.Result) int64 {
	return max(r.Worker.PeakRSSBytes-r.Worker.ChildrenPeakBytes, peakWithout(r))
}

// earlyPeak is the peak of the load before the early reading.
func earlyPeak(r calibrate.Result) int64 {
	var peak int64
	for _, p := range r.Phases {
		if earlyLoad(r, p) {
			peak = max(peak, p.PeakRSSBytes)
		}
	}
	return peak
}

// earlyLoad says that a phase was a load before the early reading.
func earlyLoad(r calibrate.Result, p calibrate.Phase) bool {
	return p.Requests > 0 && p.Answered <= r.Worker.Early.Requests
}

// marginal is what one more worker costs at its measured peak, creep included, and where that was read.
func marginal(r calibrate.Result) (bytes int64, source calibrate.MarginalSource) {
	switch {
	case r.Worker.PeakRSSBytes == 0:
		return 0, ""
	case r.Worker.End == nil:
		return r.Worker.PeakRSSBytes, calibrate.MarginalRSS
	case r.Law.Basis == calibrate.BasisMeasured:
		source = calibrate.MarginalSecond
	case r.Worker.End.Workers > 1:
		source = calibrate.MarginalMean
	default:
		source = calibrate.MarginalDirty
	}
	creep := crept(r)
	if r.Creep.Harmless() { // what the kernel has for files is no worker's
		creep = 0
	}
	return r.Law.Worker(max(r.Target.Threads, 1)) + creep, source
}
