package analyse

import (
	"slices"

	"workermem/calibrate"
)

// leastTold is what the kernel's charge must stand above the workers' own high-water marks before it tells of anything else: the
// master and the kernel move by a few hundred KB themselves (measured).
const leastTold = 1 << 20

// top is the highest that a load was seen to come to.
type top struct {
	held  int64 // by the whole tree, as the kernel charges it; 0: not known
	below int64 // by what descends from the workers
}

// raised is by how much a tree at its top stood above a reading of its page tables. own is what the workers' own high-water
// marks say; what the kernel charged the tree may be more, where children came and went between two looks.
func raised(own int64, b *calibrate.Books, t top) int64 {
	switch {
	case b == nil:
		return own
	case b.Held == nil || t.held == 0:
		return own + max(t.below-b.Children.AnonBytes, 0)
	}
	if above := t.held - b.Held.Sum(); above > own+leastTold {
		return above
	}
	return own
}

// childrenPeak is what the workers' children took at their highest together.
func childrenPeak(own int64, b *calibrate.Books, t top) int64 {
	if b == nil {
		return 0
	}
	return b.Children.Mapped() + raised(own, b, t) - own
}

// unmapped is what the kernel charges the tree beyond what its processes have by their page tables, and beyond the kernel memory
// that processes have anyway: files in tmpfs and segments of shared memory that nobody maps, file pages that are locked, and
// the kernel's own for files, folders and sockets.
func unmapped(b *calibrate.Books, kernel int64) int64 {
	if b == nil || b.Held == nil || !b.Told() {
		return 0
	}
	mapped := b.Workers.Mapped() + b.Children.Mapped() + b.Rest.Mapped()
	return max(b.Held.Sum()-mapped-kernel, 0)
}

// unmappedOne is that of the single worker.
func unmappedOne(e *calibrate.EndReading, peak int64, threads int) int64 {
	if e == nil {
		return 0
	}
	return unmapped(e.Books, KernelMemory(peak, threads)+int64(max(e.Processes-e.Workers, 0))*KernelMemory(0, 1))
}

// unmappedRun is that of a short run.
func unmappedRun(run calibrate.LawRun) int64 { return unmapped(run.Books, kernelOf(run)) }

// ownRaised is how far the workers of a short run stood above its reading at their peaks, by their own marks.
func ownRaised(run calibrate.LawRun) int64 {
	if run.Books == nil {
		return 0
	}
	return max(run.PeakRSSBytes*int64(run.Workers)-run.Books.Workers.RSSBytes, 0)
}

// hidden is what a short run took at its peak beyond what its workers' own marks say.
func hidden(run calibrate.LawRun) int64 {
	own := ownRaised(run)
	return raised(own, run.Books, topOf(run)) - own
}

func topOf(run calibrate.LawRun) top { return top{run.PeakHeldBytes, run.PeakBelowBytes} }

func topOfPhase(p calibrate.Phase) top { return top{p.PeakHeldBytes, p.PeakBelowBytes} }

// or is the higher of two, in each of their figures.
func (t top) or(other top) top { return top{max(t.held, other.held), max(t.below, other.below)} }

// peakOf is the peak of one worker of a short run, its children with it.
func peakOf(run calibrate.LawRun) int64 {
	return run.PeakRSSBytes + childrenPeak(ownRaised(run), run.Books, topOf(run))/int64(max(run.Workers, 1))
}

// unmappedEach is what of the memory that no process maps comes with every worker: as much as a second one brought. It is all
// the worker's where it grows with the requests, or where no second worker was run: an upper bound.
func unmappedEach(r calibrate.Result, one int64) int64 {
	i := secondWorker(r.Law, max(r.Target.Threads, 1))
	if one == 0 || i < 0 || r.Law.Runs[i].Books == nil || unmappedCreeps(r) {
		return one
	}
	two := r.Law.Runs[i]
	return min(max(unmappedRun(two)-one, 0)/int64(max(two.Workers-1, 1)), one)
}

// unmappedCreeps says that memory that no process maps may be what creeps.
func unmappedCreeps(r calibrate.Result) bool {
	return Slope(r) > 0 && slices.ContainsFunc(r.Creep.Kinds, func(g calibrate.Growth) bool { return !g.Kind.Resident() })
}

// topAtEnd is the highest of all phases, brought forward to the end of the run as the workers' marks are.
func topAtEnd(r calibrate.Result) (t top) {
	for _, p := range r.Phases {
		at := topOfPhase(p)
		if at.held > 0 {
			at.held += int64(Slope(r) * float64(max(r.Worker.Requests-p.Answered, 0)))
		}
		t = t.or(at)
	}
	return t
}

// earlyTop is that of the loads before the early reading.
func earlyTop(r calibrate.Result) (t top) {
	for _, p := range r.Phases {
		if p.Requests > 0 && p.Answered <= r.Worker.Early.Requests {
			t = t.or(topOfPhase(p))
		}
	}
	return t
}

// withChildren adds to the peaks of a worker what its children took.
func withChildren(w calibrate.Worker, r calibrate.Result) calibrate.Worker {
	if w.End == nil || w.End.Books == nil || w.End.Workers != 1 {
		return w
	}
	var t top
	for _, p := range r.Phases {
		t = t.or(topOfPhase(p))
	}
	w.ChildrenPeakBytes = childrenPeak(max(w.PeakRSSBytes-w.End.RSSBytes, 0), w.End.Books, t)
	if w.ChildrenPeakBytes > 0 {
		w.PeakRSSBytes += w.ChildrenPeakBytes
		w.PeakSource = calibrate.PeakGroup
		if w.End.Books.Held == nil {
			w.PeakSource = calibrate.PeakSamples
		}
	}
	return w
}

// phaseChildren is what the children of the single worker took in a phase, at most.
func phaseChildren(r calibrate.Result, p calibrate.Phase) int64 {
	e := r.Worker.End
	if e == nil || e.Workers != 1 {
		return 0
	}
	return childrenPeak(max(p.PeakRSSBytes-e.RSSBytes, 0), e.Books, topOfPhase(p))
}
