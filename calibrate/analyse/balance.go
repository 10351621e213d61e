package analyse

import (
	"cmp"
	"slices"

	"workermem/calibrate"
)

// balances are the books of every shape that was run, as far as the kernel's side of them is known.
func balances(r calibrate.Result) []calibrate.Balance {
	threads := max(r.Target.Threads, 1)
	var all []calibrate.Balance
	add := func(b calibrate.Balance) {
		if b.ReadBytes > 0 || b.PeakBytes > 0 {
			all = append(all, b)
		}
	}
	if e := r.Worker.End; e != nil && e.Books != nil && e.Books.Held != nil && e.Workers == 1 {
		b := balanceOf(e.Books)
		b.Moment, b.Workers, b.Threads, b.Requests = calibrate.PhasePeak, 1, threads, r.Worker.Requests
		b.PeakBytes, b.LawBytes = topAtEnd(r).held+b.FileBytes, r.Law.Total(1, threads)+crept(r)
		add(b)
	}
	for _, run := range r.Law.Runs {
		if run.Books == nil || run.Books.Held == nil {
			continue
		}
		b := balanceOf(run.Books)
		b.Moment, b.Workers, b.Threads, b.Requests = calibrate.PhaseScale, run.Workers, run.Threads, run.Requests
		b.PeakBytes, b.LawBytes = run.PeakHeldBytes+b.FileBytes, r.Law.Total(run.Workers, run.Threads)+creptIn(run, r)
		add(b)
	}
	if r.Sweep != nil {
		for _, run := range r.Sweep.Runs {
			if run.Failed == nil && run.ObservedSource == calibrate.PeakGroup {
				add(calibrate.Balance{Moment: calibrate.PhaseSweep, Workers: run.Workers, Threads: run.Threads, Requests: run.BusyRequests,
					PeakBytes: run.MeasuredBytes, LawBytes: run.PredictedBytes})
			}
		}
	}
	return all
}

// balanceOf is who had what of one reading.
func balanceOf(books *calibrate.Books) calibrate.Balance {
	held := *books.Held
	b := calibrate.Balance{
		WorkersBytes: books.Workers.AnonBytes + books.Workers.ShmemBytes, ChildrenBytes: books.Children.AnonBytes + books.Children.ShmemBytes,
		RestBytes: books.Rest.AnonBytes + books.Rest.ShmemBytes, KernelBytes: held.KernelBytes, FileBytes: books.FileBytes,
	}
	mappedShmem := books.Workers.ShmemBytes + books.Children.ShmemBytes + books.Rest.ShmemBytes
	b.UnmappedBytes = max(held.ShmemBytes-mappedShmem, 0) + held.LockedBytes
	b.ReadBytes = held.Sum() + books.FileBytes
	b.LeftBytes = b.ReadBytes - b.WorkersBytes - b.ChildrenBytes - b.RestBytes - b.UnmappedBytes - b.KernelBytes - b.FileBytes
	return b
}

// worst is the balance that leaves the largest share unexplained, of those that are off; nil where none is.
func worst(all []calibrate.Balance) *calibrate.Balance {
	off := slices.DeleteFunc(slices.Clone(all), func(b calibrate.Balance) bool { return !b.Off() })
	if len(off) == 0 {
		return nil
	}
	one := slices.MaxFunc(off, func(a, b calibrate.Balance) int {
		return cmp.Compare(float64(a.Unexplained())/float64(a.Charged()), float64(b.Unexplained())/float64(b.Charged()))
	})
	return &one
}
