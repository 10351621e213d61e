package run

import (
	"cmp"
	"context"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

const (
	advisedLimit = 6 * time.Second // of its load: it is to show what such a shape takes and costs, not how it warms up
	mostAdvised  = 2               // such runs
)

// advised runs what the run has come to advise, so that the answer doesn't rest on lines between other shapes alone: neither
// the memory nor what a request costs where the cores are full. What that shows may change the advice. If it doesn't, and the cores
// bind, many workers are run beside: where there are more of them than cores, none falls asleep between requests, and a request was
// seen to cost up to a sixth less.
func (r *run) advised(ctx context.Context) error {
	var tried []calibrate.Shape
	for range mostAdvised {
		shape, shown := r.shapeAdvised()
		if shown {
			shape, shown = r.shapeOfMany()
		}
		if shown || slices.Contains(tried, shape) {
			return nil
		}
		tried = append(tried, shape)
		if err := r.scaleAndSave(ctx, shape, advisedLimit); err != nil {
			return err
		}
	}
	return nil
}

// shapeAdvised is what is advised, with no more workers than keep this machine busy and fit its memory, and whether nothing more can
// be shown of it: because it was run, or fewer workers of as many threads kept all cores busy, or no second worker would start.
func (r *run) shapeAdvised() (s calibrate.Shape, shown bool) {
	result := r.analysed()
	advice, own := result.Recommendation, max(result.Target.Threads, 1)
	s = calibrate.Shape{Workers: min(advice.Workers, manyWorkers(result)), Threads: cmp.Or(advice.Threads, own)}
	for s.Workers > 0 && r.tooMuch(result.Law.Total(s.Workers, s.Threads)) { // sized for a larger box
		s.Workers--
	}
	if s.Workers < 1 || s == (calibrate.Shape{Workers: 1, Threads: own}) {
		return s, true
	}
	ran := func(is func(calibrate.LawRun) bool) bool { return slices.ContainsFunc(result.Law.Runs, is) }
	several := func(run calibrate.LawRun) bool { return run.Workers > 1 }
	if s.Workers > 1 && !ran(several) {
		return s, true
	}
	return s, ran(func(run calibrate.LawRun) bool {
		return run.Threads == s.Threads && (run.Workers == s.Workers || several(run) && run.Workers < s.Workers && analyse.KeptAllBusy(result.Host, run))
	})
}

// manyWorkers keep this machine busy whatever they wait for, by the field's rule.
func manyWorkers(r calibrate.Result) int { return int(2*r.Host.SizingCPUs() + 1) }

// shapeOfMany is the most workers of as many threads as are advised that fit and that this machine keeps busy; shown where threads
// bind what is advised, a rate was asked for, for which so many are not needed, no second worker would start, or nearly as many
// have been run.
func (r *run) shapeOfMany() (s calibrate.Shape, shown bool) {
	result := r.analysed()
	advice := result.Recommendation
	s.Threads = cmp.Or(advice.Threads, max(result.Target.Threads, 1))
	bound := false
	for _, c := range result.Candidates {
		if c.Threads != advice.Threads || !c.Fits || c.Workers > manyWorkers(result) {
			continue
		}
		bound = bound || c.Recommended && c.RateBy != calibrate.RateByThreads
		if c.Workers > s.Workers && !r.tooMuch(result.Law.Total(c.Workers, s.Threads)) {
			s.Workers = c.Workers
		}
	}
	if !bound || s.Workers == 0 || r.plan.ProductionRate > 0 {
		return s, true
	}
	several := slices.DeleteFunc(slices.Clone(result.Law.Runs), func(run calibrate.LawRun) bool { return run.Workers < 2 })
	return s, len(several) == 0 || slices.ContainsFunc(several, func(run calibrate.LawRun) bool {
		return run.Threads == s.Threads && run.Workers+1 >= s.Workers
	})
}
