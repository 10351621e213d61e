package analyse

import (
	"slices"

	"workermem/calibrate"
)

// withoutFork is the worker's peak without its high-water mark of the fork: the kernel sets a child's mark to the pages of its
// parent that it has at first (dup_mm in kernel/fork.c), which are nobody's second time. It made the peak if nothing
// after the boot came to as much, if the processes beside the workers have as much (what a worker imports itself is not bounded by
// that), and if a second worker took less, whose mark was set back after its boot.
func withoutFork(r calibrate.Result, peak int64) int64 {
	i := secondWorker(r.Law, max(r.Target.Threads, 1))
	loaded, e := loadedPeak(r), r.Worker.End
	if i < 0 || e == nil || e.Books == nil || loaded == 0 || peak > e.Books.Rest.RSSBytes || peak <= loaded {
		return peak
	}
	if two := r.Law.Runs[i].WorkerBytes; two == 0 || two > e.PrivateDirtyBytes+max(loaded-e.RSSBytes, 0) {
		return peak
	}
	return loaded
}

// loadedPeak is the peak of all phases but the boot, each brought forward to the end of the run as ownPeakAtEnd does.
func loadedPeak(r calibrate.Result) (peak int64) {
	for _, p := range r.Phases {
		if p.Name != calibrate.PhaseBoot {
			peak = max(peak, p.PeakRSSBytes+residing(r, max(r.Worker.Requests-p.Answered, 0)))
		}
	}
	return peak
}

// bootPeak is there where the boot came to more than any load, by over a twentieth and a megabyte: else it is their noise.
func bootPeak(r calibrate.Result) *calibrate.BootPeak {
	peak, loaded := r.Worker.PeakRSSBytes-r.Worker.ChildrenPeakBytes, loadedPeak(r)
	atBoot := slices.ContainsFunc(r.Phases, func(p calibrate.Phase) bool { return p.Name == calibrate.PhaseBoot && p.PeakRSSBytes >= peak })
	if !atBoot || loaded == 0 || peak-loaded <= max(loaded/20, calibrate.MiB) {
		return nil
	}
	return &calibrate.BootPeak{LoadedBytes: loaded, OfMaster: withoutFork(r, peak) < peak}
}
