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

// nobodys is memory that no process maps, in parts: what crept in by a reading, what else comes with every worker, and what is there once.
type nobodys struct{ crept, each, once int64 }

// partsOf are those of so much by so many requests. As much comes with every worker as a second one brought; where none was run it is
// all the worker's: an upper bound. The kernel's own for a front is there once, though it has more for every file that requests leave.
func partsOf(r calibrate.Result, unmapped, requests int64) nobodys {
	n := nobodys{crept: min(unmappedCrept(r, requests), unmapped)}
	n.each = unmapped - n.crept
	i := secondWorker(r.Law, max(r.Target.Threads, 1))
	if n.each == 0 || i < 0 || r.Law.Runs[i].Books == nil {
		return n
	}
	two := r.Law.Runs[i]
	kept, brought := n.each, unmappedRun(two)-unmappedCrept(r, two.Requests)-n.each
	n.each = min(max(brought, 0)/int64(max(two.Workers-1, 1)), kept)
	n.once = kept - n.each
	return n
}

// unmappedCrept is how much memory that no process maps has crept in after so many requests.
func unmappedCrept(r calibrate.Result, requests int64) int64 {
	if !unmappedCreeps(r) {
		return 0
	}
	return int64(max(Slope(r)-r.Creep.Beside()-residingSlope(r), 0) * float64(requests))
}

// unmappedCreeps says that memory that no process maps may be what creeps.
func unmappedCreeps(r calibrate.Result) bool {
	return Slope(r) > 0 && slices.ContainsFunc(r.Creep.Kinds, func(g calibrate.Growth) bool { return !g.Kind.Resident() })
}

// topAtEnd is the highest of all phases but the named, brought forward to the end of the run as the workers' marks are.
func topAtEnd(r calibrate.Result, without ...string) (t top) {
	for _, p := range r.Phases {
		if slices.Contains(without, p.Name) {
			continue
		}
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
		if earlyLoad(r, p) {
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
