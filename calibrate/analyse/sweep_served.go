package analyse

import (
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// What a sweep saw a shape serve stands in place of what is reckoned of it: all that is said of the shape follows from that.

// most is what a shape serves at most: what a sweep saw, or else what is to be expected.
func (s *Serving) most(box throughput.Box, workers, threads, clients int) most {
	m := s.expected(box, workers, threads, clients)
	seen := s.seen[calibrate.Shape{Workers: workers, Threads: threads}]
	if seen == 0 {
		return m
	}
	if seen < m.rate*(1-calibrate.RateNoise) { // so something else binds than was to be expected
		m.by = ""
	}
	m.rate = seen
	return m
}

// seenIn is the serving with what a run served; none without one.
func (w wish) seenIn(run calibrate.SweepRun) *Serving {
	if w.serving == nil {
		return nil
	}
	s := *w.serving
	s.seen = map[calibrate.Shape]float64{{Workers: run.Workers, Threads: max(run.Threads, 1)}: w.served(run)}
	return &s
}

// servedOf is what a run served, and how soon at the rate that is wanted; zero where nothing is reckoned. Its intervals are what two runs
// of one shape differ by; but of what it serves without the load only that much was seen as it served beside it.
func (w wish) servedOf(run calibrate.SweepRun) (served calibrate.Served) {
	s := w.seenIn(run)
	if s == nil {
		return served
	}
	served = s.on(w.sweep.CPUs, w.rate)(run.Workers, max(run.Threads, 1))
	served.RateApart, served.RateLow, served.RateHigh = 0, run.RatePerSecond*(1-calibrate.RateNoise), served.Rate*(1+calibrate.RateNoise)
	if w.timed() && served.UsedRatio <= 1 && run.RateSent >= calibrate.RateReached*w.sweep.RateAsked && run.P99() < math.Inf(1) {
		served.P50, served.P99 = 0, run.P99()
		if run.Latency.P50 != nil {
			served.P50 = *run.Latency.P50
		}
		served.P99Low, served.P99High = served.P99*(1-calibrate.P99Noise), served.P99*(1+calibrate.P99Noise)
	}
	return served
}

// runOf is the run of a shape in the sweep that made the choice; nil: it was not run, or none did.
func runOf(r calibrate.Result, workers, threads int) *calibrate.SweepRun {
	if r.Recommendation.Computed == nil || r.Sweep == nil {
		return nil
	}
	shape := calibrate.Shape{Workers: workers, Threads: threads}
	i := slices.IndexFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Compared(r.Sweep.BudgetBytes) && run.Is(shape) })
	if i < 0 {
		return nil
	}
	return &r.Sweep.Runs[i]
}

// servedOf is what a shape serves on the box that is sized for, at the production rate if there is one, with all intervals; and what says
// so, nil where nothing is known.
func servedOf(r calibrate.Result, workers, threads int) (calibrate.Served, *Serving) {
	s := ServingOf(r)
	if s == nil {
		return calibrate.Served{}, nil
	}
	cores, rate, run := r.Cores(), r.Plan.ProductionRate, runOf(r, workers, threads)
	if run == nil {
		return s.doubted(cores, rate, workers, threads, s.on(cores, rate)(workers, threads)), s
	}
	w := wishOf(r)
	s = w.seenIn(*run)
	return s.doubted(cores, rate, workers, threads, w.servedOf(*run)), s
}

// noteSwept has what those candidates served that were run, and rules of the field that come to the same, and the most of it: if that was
// to be served by one that was run, it is what any of them serves as it is said now.
func noteSwept(r calibrate.Result, rec *calibrate.Recommendation, all []calibrate.Candidate, rules []calibrate.Formula) {
	w, best, refuted := wishOf(r), 0.0, false
	for i, c := range all {
		if run := runOf(r, c.Workers, c.Threads); run != nil && c.Rate > 0 {
			all[i].Served = w.servedOf(*run)
			refuted = refuted || c.Rate == rec.Sum.BestRate
		}
		if c.Fits {
			best = max(best, all[i].Rate)
		}
	}
	if refuted || best > rec.Sum.BestRate {
		rec.Sum.BestRate = best
	}
	for i, f := range rules {
		if run := runOf(r, f.Workers, f.Threads); run != nil && f.Rate > 0 {
			rules[i].Served = w.servedOf(*run)
		}
	}
}
