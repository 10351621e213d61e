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
	loaded, e := peakWithout(r, calibrate.PhaseBoot), r.Worker.End
	if i < 0 || e == nil || e.Books == nil || loaded == 0 || peak > e.Books.Rest.RSSBytes || peak <= loaded {
		return peak
	}
	if two := r.Law.Runs[i].WorkerBytes; two == 0 || two > e.PrivateDirtyBytes+max(loaded-e.RSSBytes, 0) {
		return peak
	}
	return loaded
}

// loadedPeak is that of the phases of load.
func loadedPeak(r calibrate.Result) int64 {
	return peakWithout(r, calibrate.PhaseBoot, calibrate.PhaseBefore)
}

// peakWithout is the worker's own peak of all phases but the named, each brought forward to the end of the run.
func peakWithout(r calibrate.Result, without ...string) (peak int64) {
	own := max(residingSlope(r)-childrenSlope(r), 0)
	for _, p := range r.Phases {
		if since := max(r.Worker.Requests-p.Answered, 0); !slices.Contains(without, p.Name) {
			peak = max(peak, p.PeakRSSBytes+int64(own*float64(since)))
		}
	}
	return peak
}

// lonePeak is the phase without load that came to more than any load, by over a twentieth and a megabyte: else it is their noise.
func lonePeak(r calibrate.Result) (phase string) {
	peak, loaded := r.Worker.PeakRSSBytes-r.Worker.ChildrenPeakBytes, loadedPeak(r)
	i := slices.IndexFunc(r.Phases, func(p calibrate.Phase) bool { return p.PeakRSSBytes >= peak })
	if i < 0 || loaded == 0 || peak-loaded <= max(loaded/20, calibrate.MiB) {
		return ""
	}
	return r.Phases[i].Name
}

func bootPeak(r calibrate.Result) *calibrate.BootPeak {
	if lonePeak(r) != calibrate.PhaseBoot {
		return nil
	}
	peak := r.Worker.PeakRSSBytes - r.Worker.ChildrenPeakBytes
	return &calibrate.BootPeak{LoadedBytes: loadedPeak(r), OfMaster: withoutFork(r, peak) < peak}
}

// belowBefore is the peak under load where the requests before it came to more, else 0.
func belowBefore(r calibrate.Result) int64 {
	if lonePeak(r) != calibrate.PhaseBefore {
		return 0
	}
	return loadedPeak(r)
}
