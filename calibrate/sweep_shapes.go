package calibrate

import (
	"cmp"
	"slices"
)

const (
	mostSwept = 5  // candidates: 20 s each
	mostTried = 64 // workers; a rule that asks for more is answered by the law
)

// commonRate is what all candidates are asked for: what production will, or the soak did.
func commonRate(r Result) (rate float64, basis Basis) {
	if r.Plan.ProductionRate > 0 {
		return r.Plan.ProductionRate, BasisGiven
	}
	return cmp.Or(r.Load.RateAsked, r.Load.RateSent), BasisMeasured
}

// sweepShapes are the candidates worth a run, the recommended first: those with other threads that the user named, those
// next to it, the largest within the CPU rule, and the cheapest. None where the recommended one can't be started.
func sweepShapes(r Result) []Shape {
	if r.Recommendation.Workers > 1 && !r.Target.CanScale {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(r.Candidates), func(c Candidate) bool {
		return !c.Fits || c.Workers > 1 && !r.Target.CanScale
	})
	rec := r.Recommendation
	here := func(c Candidate) bool { return c.Threads == rec.Threads }
	more := func(c Candidate) bool { return c.Threads > rec.Threads }
	fewer := func(c Candidate) bool { return c.Threads < rec.Threads }
	beside := func(c Candidate) int { return abs(c.Threads-rec.Threads)*mostTried + abs(c.Workers-rec.Workers) }
	shapes := []Shape{{rec.Workers, rec.Threads}}
	add := func(some func(Candidate) bool, cost func(Candidate) int) {
		some = both(some, func(c Candidate) bool { return c.Workers <= mostTried })
		if c, ok := cheapest(all, some, cost); ok && !slices.Contains(shapes, Shape{c.Workers, c.Threads}) && len(shapes) < mostSwept {
			shapes = append(shapes, Shape{c.Workers, c.Threads})
		}
	}
	for _, threads := range r.Plan.OtherThreads {
		add(func(c Candidate) bool { return c.Threads == threads }, beside)
	}
	rule := 2*cpus(r) + 1
	add(both(here, func(c Candidate) bool { return c.Workers > rec.Workers }), beside)
	add(both(here, func(c Candidate) bool { return c.Workers < rec.Workers }), beside)
	add(more, beside)
	add(func(c Candidate) bool { return c.Workers*max(c.Threads, 1) <= rule }, func(c Candidate) int { return -int(c.TotalBytes) })
	add(fewer, beside)
	add(func(Candidate) bool { return true }, func(c Candidate) int { return int(c.TotalBytes) })
	return shapes
}

func both(a, b func(Candidate) bool) func(Candidate) bool {
	return func(c Candidate) bool { return a(c) && b(c) }
}

// cheapest is the first of the least cost among some candidates.
func cheapest(all []Candidate, some func(Candidate) bool, cost func(Candidate) int) (best Candidate, ok bool) {
	for _, c := range all {
		if some(c) && (!ok || cost(c) < cost(best)) {
			best, ok = c, true
		}
	}
	return best, ok
}

func abs(n int) int { return max(n, -n) }
