package analyse

import (
	"cmp"
	"slices"

	"workermem/calibrate"
)

// Balances are the books of every shape that was run, as far as the kernel's side of them is known.
func Balances(r calibrate.Result) []calibrate.Balance {
	all := slices.Concat(ofOneWorker(r), ofShortRuns(r), ofSweep(r), ofTrials(r.Proof))
	return slices.DeleteFunc(all, func(b calibrate.Balance) bool { return b.ReadBytes == 0 && b.PeakBytes == 0 })
}

// ofOneWorker are the measured worker's: before any load, after the first, and at the end.
func ofOneWorker(r calibrate.Result) []calibrate.Balance {
	w, one := r.Worker, calibrate.Shape{Workers: 1, Threads: max(r.Target.Threads, 1)}
	if w.Workers > 1 || w.End == nil {
		return nil
	}
	idle, early, end := balanceOf(calibrate.PhaseIdle, one, w.Idle), calibrate.Balance{}, balanceOf(calibrate.PhasePeak, one, w.End.Books)
	if w.Early != nil {
		early = balanceOf(calibrate.PhaseCapacity, one, w.Early.Books)
		early.Requests = w.Early.Requests
	}
	if end.ReadBytes > 0 {
		end.Requests, end.PeakBytes, end.LawBytes = w.Requests, topAtEnd(r).held+end.FileBytes, r.Law.Total(1, one.Threads)+crept(r)
		end.OverBytes = overOne(r, end.PeakBytes)
	}
	return []calibrate.Balance{idle, early, end}
}

// overOne is what the measured worker's own tree comes to above what was charged, before any short run has added to the law. The
// boot is left out, of which no charge was read, and what is swapped out, which isn't charged.
func overOne(r calibrate.Result, peak int64) int64 {
	if topAtEnd(r).held == 0 {
		return 0
	}
	own := ownPeakAtEnd(r)
	if r.Worker.BootPeak != nil {
		own = peakWithout(r, calibrate.PhaseBoot)
	}
	t := treeAtEnd(r, own, topAtEnd(r))
	return max(t.worker+t.shared+crept(r)-r.Worker.End.Books.Away()-peak, 0)
}

// likeShare of the requests of the early reading is about as many.
const likeShare = 0.9

// overMany is what the law counts for the workers of a short run and they did not bring, though they had served as many requests as
// the measured one at its early reading. What is private to a worker may be less than the first one's for a collection that it hasn't
// had yet, or for pages that it shares; its resident memory isn't, so that it counts only as far as both are less.
func overMany(r calibrate.Result, run calibrate.LawRun) int64 {
	first, threads := r.Worker.Early, max(r.Target.Threads, 1)
	if first == nil || run.Workers < 2 || run.Threads != threads || run.WorkerBytes == 0 || float64(run.Requests) < likeShare*float64(run.Workers)*float64(first.Requests) {
		return 0
	}
	early, loaded, _ := ages(r)
	counted := early.worker + r.Law.Loaded(1, threads) - r.Law.SharedBytes - loaded.worker
	each := (eachOf(run, threads)*int64(run.Workers) + unmappedRun(run) - creptIn(run, r)) / int64(run.Workers)
	return int64(run.Workers) * max(min(counted-each, earlyPeak(r)-run.PeakRSSBytes), 0)
}

// mostCharged is the most that the kernel charged a short run under its load, and the mapped files, where both were read.
func mostCharged(run calibrate.LawRun) int64 { return run.PeakHeldBytes + run.Books.FileBytes }

func ofShortRuns(r calibrate.Result) (all []calibrate.Balance) {
	for _, run := range r.Law.Runs {
		b := balanceOf(calibrate.PhaseScale, calibrate.Shape{Workers: run.Workers, Threads: run.Threads}, run.Books)
		if b.ReadBytes > 0 {
			b.Requests, b.PeakBytes, b.LawBytes = run.Requests, mostCharged(run), r.Law.Loaded(run.Workers, run.Threads)+creptIn(run, r)
			b.OverBytes = overMany(r, run)
		}
		all = append(all, b)
	}
	return all
}

func ofSweep(r calibrate.Result) (all []calibrate.Balance) {
	if r.Sweep == nil {
		return nil
	}
	for _, run := range r.Sweep.Runs {
		if run.Failed == nil && run.ObservedSource == calibrate.PeakGroup {
			all = append(all, calibrate.Balance{Moment: calibrate.PhaseSweep, Workers: run.Workers, Threads: run.Threads, Requests: run.BusyRequests,
				PeakBytes: run.MeasuredBytes, LawBytes: r.Law.Loaded(run.Workers, max(run.Threads, 1))})
		}
	}
	return all
}

func ofTrials(p *calibrate.Proof) (all []calibrate.Balance) {
	if p == nil {
		return nil
	}
	for _, t := range p.Trials {
		b := balanceOf(calibrate.PhaseTrial, calibrate.Shape{Workers: t.Workers, Threads: t.Threads}, t.Books)
		b.Requests, b.PeakBytes, b.LawBytes = t.Requests, t.ObservedBytes, t.ExpectedBytes
		all = append(all, b)
	}
	return all
}

// balanceOf is who had what of one reading.
func balanceOf(moment string, of calibrate.Shape, books *calibrate.Books) calibrate.Balance {
	b := calibrate.Balance{Moment: moment, Workers: of.Workers, Threads: of.Threads}
	if books == nil || books.Held == nil || !books.Told() {
		return b
	}
	held := *books.Held
	b.WorkersBytes, b.ChildrenBytes, b.RestBytes = books.Workers.Mapped(), books.Children.Mapped(), books.Rest.Mapped()
	b.KernelBytes, b.FileBytes = held.KernelBytes, books.FileBytes
	mappedShmem := books.Workers.ShmemBytes + books.Children.ShmemBytes + books.Rest.ShmemBytes
	b.UnmappedBytes = max(held.ShmemBytes-mappedShmem, 0) + held.LockedBytes
	b.ReadBytes = held.Sum() + books.FileBytes
	b.LeftBytes = b.ReadBytes - b.WorkersBytes - b.ChildrenBytes - b.RestBytes - b.UnmappedBytes - b.KernelBytes - b.FileBytes
	return b
}

// worst is the balance that leaves the largest share unexplained, of those that are off; nil where none is. A proof has a
// verdict of its own.
func worst(all []calibrate.Balance) *calibrate.Balance {
	off := slices.DeleteFunc(slices.Clone(all), func(b calibrate.Balance) bool { return !b.Off() || b.Moment == calibrate.PhaseTrial })
	if len(off) == 0 {
		return nil
	}
	one := slices.MaxFunc(off, func(a, b calibrate.Balance) int {
		return cmp.Compare(float64(a.Unexplained())/float64(a.Charged()), float64(b.Unexplained())/float64(b.Charged()))
	})
	return &one
}
