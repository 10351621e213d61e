package analyse

import (
	"cmp"
	"slices"

	"workermem/calibrate"
)

// A raise below these is the noise of a short run: of plain apps, shapes that were run were within these of their law.
const (
	leastRaise      = calibrate.MiB
	leastRaiseShare = 0.01 // of what was seen
)

// raises are by how much a worker of a shape that was run took more than the line through the thread counts says, by its threads.
// Where a count took no more, its raise is 0, and so is that of the measured threads, unless several workers of them took more:
// between two counts that were run it is in proportion. A worker with more threads is never cheaper than one with fewer.
func raises(l calibrate.Law, r calibrate.Result, threads int) []calibrate.Raise {
	most := map[int]int64{threads: 0}
	raised := false
	for _, run := range l.Runs {
		more := raiseOf(l, r, run)
		most[run.Threads] = max(most[run.Threads], more)
		raised = raised || more > 0
	}
	if !raised {
		return nil
	}
	var all []calibrate.Raise
	for count, bytes := range most {
		all = append(all, calibrate.Raise{Threads: count, Bytes: bytes})
	}
	slices.SortFunc(all, func(a, b calibrate.Raise) int { return cmp.Compare(a.Threads, b.Threads) })
	for i := 1; i < len(all); i++ {
		all[i].Bytes = max(all[i].Bytes, all[i-1].Bytes-int64(all[i].Threads-all[i-1].Threads)*l.ThreadBytes)
	}
	return all
}

// raiseOf is what each worker of a short run took more than the law has for it: by what the kernel charged at most where that is
// known, else by its processes' peaks.
func raiseOf(l calibrate.Law, r calibrate.Result, run calibrate.LawRun) int64 {
	seen := run.MeasuredBytes
	if run.PeakHeldBytes > 0 && run.Books != nil {
		seen = mostCharged(run) - creptIn(run, r)
	}
	more := seen - l.Loaded(run.Workers, run.Threads)
	if float64(more) <= max(leastRaise, leastRaiseShare*float64(seen)) {
		return 0
	}
	return more / int64(max(run.Workers, 1))
}
