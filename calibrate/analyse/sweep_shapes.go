package analyse

import (
	"cmp"
	"slices"

	"workermem/calibrate"
)

const (
	mostSwept = 5   // candidates: 20 s each
	rateSteps = 100 // in a request a second: what rates are told apart by
	// MostTried workers are ever started; a rule that asks for more is answered by the law.
	MostTried = 64
)

// SweepRate is what all candidates are asked for: what production will, or the soak did. One that had all that the worker can
// take asks for its usual share.
func SweepRate(r calibrate.Result) (rate float64, basis calibrate.Basis) {
	if r.Plan.ProductionRate > 0 {
		return r.Plan.ProductionRate, calibrate.BasisGiven
	}
	if r.Load.RateAsked == 0 && r.Load.Capacity > 0 {
		return calibrate.CapacityShare * r.Load.Capacity, calibrate.BasisMeasured
	}
	return cmp.Or(r.Load.RateAsked, r.Load.RateSent), calibrate.BasisMeasured
}

// SweepShapes are the candidates worth a run, the recommended first, then those with other threads that the user named. Where it
// is predicted what they serve: the one that serves the most, 2c + 1 workers as measured, and one with more threads. Then those
// next to the recommended, the largest within the CPU rule, and the cheapest. None where the recommended one can't be
// started.
func SweepShapes(r calibrate.Result) []calibrate.Shape {
	if r.Recommendation.Workers > 1 && !r.Target.CanScale {
		return nil
	}
	all := slices.DeleteFunc(slices.Clone(r.Candidates), func(c calibrate.Candidate) bool {
		return !c.Fits || c.Workers > 1 && !r.Target.CanScale
	})
	rec := r.Recommendation
	here := func(c calibrate.Candidate) bool { return c.Threads == rec.Threads }
	more := func(c calibrate.Candidate) bool { return c.Threads > rec.Threads }
	fewer := func(c calibrate.Candidate) bool { return c.Threads < rec.Threads }
	beside := func(c calibrate.Candidate) int {
		return abs(c.Threads-rec.Threads)*MostTried + abs(c.Workers-rec.Workers)
	}
	shapes := []calibrate.Shape{{Workers: rec.Workers, Threads: rec.Threads}}
	add := func(some func(calibrate.Candidate) bool, cost func(calibrate.Candidate) int) {
		some = allOf(some, func(c calibrate.Candidate) bool { return c.Workers <= MostTried })
		if c, ok := cheapest(all, some, cost); ok && !slices.Contains(shapes, calibrate.Shape{Workers: c.Workers, Threads: c.Threads}) && len(shapes) < mostSwept {
			shapes = append(shapes, calibrate.Shape{Workers: c.Workers, Threads: c.Threads})
		}
	}
	for _, threads := range r.Plan.OtherThreads {
		add(func(c calibrate.Candidate) bool { return c.Threads == threads }, beside)
	}
	rule := int(2*r.Cores() + 1)
	if rec.Sum.BySpeed {
		add(func(calibrate.Candidate) bool { return true }, func(c calibrate.Candidate) int { return -int(c.Rate * rateSteps) })
		add(func(c calibrate.Candidate) bool { return c.Workers == rule }, func(c calibrate.Candidate) int { return abs(c.Threads - r.Target.Threads) })
		add(more, beside)
	}
	add(allOf(here, func(c calibrate.Candidate) bool { return c.Workers > rec.Workers }), beside)
	add(allOf(here, func(c calibrate.Candidate) bool { return c.Workers < rec.Workers }), beside)
	add(more, beside)
	add(func(c calibrate.Candidate) bool { return c.Workers*max(c.Threads, 1) <= rule }, func(c calibrate.Candidate) int { return -int(c.TotalBytes) })
	add(fewer, beside)
	add(func(calibrate.Candidate) bool { return true }, func(c calibrate.Candidate) int { return int(c.TotalBytes) })
	return shapes
}

func allOf(a, b func(calibrate.Candidate) bool) func(calibrate.Candidate) bool {
	return func(c calibrate.Candidate) bool { return a(c) && b(c) }
}

// cheapest is the first of the least cost among some candidates.
func cheapest(all []calibrate.Candidate, some func(calibrate.Candidate) bool, cost func(calibrate.Candidate) int) (best calibrate.Candidate, ok bool) {
	for _, c := range all {
		if some(c) && (!ok || cost(c) < cost(best)) {
			best, ok = c, true
		}
	}
	return best, ok
}

func abs(n int) int { return max(n, -n) }
