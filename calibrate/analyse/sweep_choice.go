package analyse

import (
	"cmp"
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/sizing"
)

// alike is how near the most throughput, and then the least memory, is as good.
const alike = calibrate.Alike

// SweepRounds is how often each candidate is run: twice, the second time after all others: what else the machine does comes and goes within a
// minute, and shows as two rates of one candidate.
const SweepRounds = 2

// beats says that s is at least as good as other in throughput, memory and p99, and better in one. Memory has no
// margin: it is read exactly, and without one nobody can be beaten in a circle. (A circle at equal memory would need more
// steps down than up in throughput as well as in p99, and a step down in the one is a step up in the other.)
func beats(s calibrate.SweepRun, other calibrate.SweepRun) bool {
	faster, slower := s.RatePerSecond > other.RatePerSecond*(1+calibrate.RateNoise), other.RatePerSecond > s.RatePerSecond*(1+calibrate.RateNoise)
	sooner, later := other.P99() > s.P99()*(1+calibrate.P99Noise), s.P99() > other.P99()*(1+calibrate.P99Noise)
	if slower || later || s.MeasuredBytes > other.MeasuredBytes {
		return false
	}
	return faster || sooner || s.MeasuredBytes < other.MeasuredBytes
}

// unbeaten returns the indices of the runs worth a choice: those that nobody beats, and then of what they leave unbeaten
// those that nobody left beats. Margins make beating intransitive, so a run that is beaten itself must not
// count against another.
func unbeaten(runs []calibrate.SweepRun, left []int) (front []int) {
	unbeaten := func() []int {
		return slices.DeleteFunc(slices.Clone(left), func(i int) bool {
			return slices.ContainsFunc(left, func(j int) bool { return beats(runs[j], runs[i]) })
		})
	}
	for best := unbeaten(); len(best) > 0; best = unbeaten() {
		front = append(front, best...)
		left = slices.DeleteFunc(slices.Clone(left), func(i int) bool {
			return slices.Contains(best, i) || slices.ContainsFunc(best, func(j int) bool { return beats(runs[j], runs[i]) })
		})
	}
	return front
}

// best is the choice of a front where no rate is wanted: of those with about the most throughput the smallest. -1 of none.
func best(runs []calibrate.SweepRun, front []int) int {
	most := 0.0
	for _, i := range front {
		most = max(most, runs[i].RatePerSecond)
	}
	return smallest(runs, slices.DeleteFunc(slices.Clone(front), func(i int) bool { return runs[i].RatePerSecond < most*(1-alike) }))
}

// smallest is of those with about the least memory the one with the lowest p99. -1 of none.
func smallest(runs []calibrate.SweepRun, some []int) int {
	if len(some) == 0 {
		return -1
	}
	least := int64(math.MaxInt64)
	for _, i := range some {
		least = min(least, runs[i].MeasuredBytes)
	}
	some = slices.DeleteFunc(slices.Clone(some), func(i int) bool { return float64(runs[i].MeasuredBytes) > float64(least)*(1+alike) })
	return slices.MinFunc(some, func(i, j int) int {
		a, b := runs[i], runs[j]
		return cmp.Or(cmp.Compare(a.P99(), b.P99()), cmp.Compare(a.MeasuredBytes, b.MeasuredBytes),
			cmp.Compare(b.RatePerSecond, a.RatePerSecond), cmp.Compare(a.Workers, b.Workers), cmp.Compare(a.Threads, b.Threads))
	})
}

// weighed is a result's sweep with creep taken out, and held against the law. The sweep given stays as it is.
func weighed(r calibrate.Result) *calibrate.Sweep {
	if r.Sweep == nil {
		return nil
	}
	s := *r.Sweep
	s.Runs = slices.Clone(s.Runs)
	serving := ServingOf(r)
	for i, run := range s.Runs {
		s.Runs[i] = serving.predicted(weighedRun(run, r), r)
	}
	for _, i := range unbeaten(toldApart(s), compared(s)) {
		s.Runs[i].Unbeaten = true
	}
	return &s
}

// decided is a weighed sweep with its choice, by what the plan asks for now. The sweep given stays as it is.
func decided(r calibrate.Result) *calibrate.Sweep {
	if r.Sweep == nil {
		return nil
	}
	s := *r.Sweep
	s.Runs = slices.Clone(s.Runs)
	for i := range s.Runs {
		s.Runs[i].Chosen = false
	}
	if i := wishOf(r).best(); i >= 0 {
		s.Runs[i].Chosen = true
	}
	return &s
}

// compared are the indices of the runs that have all that is compared.
func compared(s calibrate.Sweep) (some []int) {
	for i, run := range s.Runs {
		if run.Compared(s.BudgetBytes) {
			some = append(some, i)
		}
	}
	return some
}

// toldApart are the runs as they may be told apart: with one p99 for all, if theirs are of too few answers.
func toldApart(s calibrate.Sweep) []calibrate.SweepRun {
	if s.TellsTimes() {
		return s.Runs
	}
	runs := slices.Clone(s.Runs)
	for i := range runs {
		runs[i].Latency.P99 = new(float64)
	}
	return runs
}

func weighedRun(s calibrate.SweepRun, r calibrate.Result) calibrate.SweepRun {
	s.PredictedBytes = r.Law.Total(s.Workers, max(s.Threads, 1))
	s.MeasuredBytes = max(s.ObservedBytes-int64(Slope(r)*float64(s.BusyRequests)), 0)
	s.Unbeaten, s.Chosen = false, false
	return s
}

// steadySweep says that a sweep came to its end on a machine that gave every candidate the same in each round.
func steadySweep(s calibrate.Sweep) bool {
	return !sweepCut(s) && !unstarted(s) && !shakiest(s).Unsteady()
}

// unstarted says that the candidate which the law recommends was never started: the others can't speak for it.
func unstarted(s calibrate.Sweep) bool {
	return len(s.Runs) > 0 && s.Runs[0].Failed != nil && s.Runs[0].Failed.Kind == calibrate.MissTooLarge
}

// sweepCut says that a round is missing.
func sweepCut(s calibrate.Sweep) bool {
	return len(s.Runs) < s.Wanted || slices.ContainsFunc(s.Runs, func(run calibrate.SweepRun) bool { return run.Failed == nil && len(run.Rates) < SweepRounds })
}

// shakiest is the run whose rounds are furthest apart, of those that are compared.
func shakiest(s calibrate.Sweep) (most calibrate.SweepRun) {
	for _, run := range s.Runs {
		if run.Compared(s.BudgetBytes) && run.Spread() > most.Spread() {
			most = run
		}
	}
	return most
}

// sweepDecides says that a result is sized for the box that its candidates ran on, and that nothing else is to choose.
func sweepDecides(r calibrate.Result) bool {
	bytes, _ := budget(r)
	return r.Sweep != nil && r.Plan.Prefer == "" && r.Sweep.RanOn(r.Cores(), bytes)
}

// measuredChoice is the answer with the choice of the sweep, and what the law alone would have recommended. Without a
// steady sweep of this box, or where its choice is not among what was asked for, it is the answer as it was, and nil.
func measuredChoice(r calibrate.Result, q sizing.Question, computed sizing.Answer) (sizing.Answer, *calibrate.Shape) {
	if !sweepDecides(r) || !steadySweep(*r.Sweep) || computed.Recommended == nil {
		return computed, nil
	}
	i := slices.IndexFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Chosen })
	if i < 0 {
		return computed, nil
	}
	chosen := r.Sweep.Runs[i]
	q.Chosen = calibrate.Shape{Workers: chosen.Workers, Threads: max(chosen.Threads, 1)}
	a := sizing.Decide(q)
	if a.Recommended.Workers != q.Chosen.Workers || a.Recommended.Threads != q.Chosen.Threads {
		return computed, nil
	}
	if w := wishOf(r); w.rate > 0 {
		a.Sum = heldTo(a.Sum, w.met(chosen), computed)
	}
	law := calibrate.Shape{Workers: computed.Recommended.Workers, Threads: computed.Recommended.Threads}
	if chosen.Threads == 0 {
		law.Threads = 0
	}
	return a, &law
}

// heldTo is a sum for a rate of which it was measured whether it is served. Which box is needed is for the law to say; where that had this
// one do, it is not known.
func heldTo(s calibrate.Sum, met bool, computed sizing.Answer) calibrate.Sum {
	s.Unmet = !met
	s.Refuted = !met && !computed.Sum.Unmet && computed.Recommended.Rate > 0
	if met || !computed.Sum.Unmet {
		s.NeededCores, s.NeededMemoryBytes, s.NeededShape = 0, 0, nil
	}
	return s
}

func comparedRuns(s calibrate.Sweep) int { return len(compared(s)) }

func runShape(s calibrate.SweepRun) calibrate.Shape {
	return calibrate.Shape{Workers: s.Workers, Threads: s.Threads}
}

// noteBasis marks the candidates that were really run.
func noteBasis(s calibrate.Sweep, all []calibrate.Candidate) {
	for i, c := range all {
		if slices.ContainsFunc(s.Runs, func(run calibrate.SweepRun) bool {
			return run.Compared(s.BudgetBytes) && run.Is(calibrate.Shape{Workers: c.Workers, Threads: c.Threads})
		}) {
			all[i].Basis = calibrate.BasisMeasured
		}
	}
}
