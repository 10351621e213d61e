package analyse

import (
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// wish is what the candidates of a sweep are to serve: a rate of which room is left, and soon enough.
type wish struct {
	rate, p99 float64 // 0: none
	sweep     calibrate.Sweep
	serving   *Serving // nil: what they serve is known by measurement alone
	of        calibrate.Result
}

// wishOf is that of a result with a sweep.
func wishOf(r calibrate.Result) wish {
	return wish{r.Plan.ProductionRate, r.Plan.P99Seconds, *r.Sweep, ServingOf(r), r}
}

// best is the run to choose: for a rate the smallest of those that carry it, and soon enough; if none is soon enough, of those that
// are about as soon as any. Else, and without a rate, the best of those that none beats. -1: none.
func (w wish) best() int {
	runs, all := toldApart(w.sweep), compared(w.sweep)
	unbeaten := func(i int) bool { return runs[i].Unbeaten }
	if w.rate > 0 {
		soon := w.soonEnough()
		some := only(all, func(i int) bool { return w.carried(runs[i]) && w.p99Of(w.sweep.Runs[i]) <= soon })
		some = preferred(some, func(i int) bool { return runs[i].Workers > 1 }) // one leaves nobody to answer while it is recycled
		if some = preferred(some, unbeaten); len(some) > 0 {
			return smallest(runs, some)
		}
	}
	return best(runs, only(all, unbeaten))
}

func only(all []int, are func(i int) bool) []int {
	return slices.DeleteFunc(slices.Clone(all), func(i int) bool { return !are(i) })
}

// preferred are those that are so, or all if none is.
func preferred(all []int, are func(i int) bool) []int {
	if some := only(all, are); len(some) > 0 {
		return some
	}
	return all
}

// met says that a run serves the rate that is wanted, with room and soon enough.
func (w wish) met(run calibrate.SweepRun) bool {
	return w.rate > 0 && w.carried(run) && (w.p99 == 0 || w.p99Of(run) <= w.p99)
}

// missed says that a rate is wanted, and that no run that is compared serves it.
func (w wish) missed() bool {
	return w.rate > 0 && !slices.ContainsFunc(compared(w.sweep), func(i int) bool { return w.met(w.sweep.Runs[i]) })
}

// carried says that the rate is no more than calibrate.MostUsed of what a run serves, and that it took as much of it as came.
func (w wish) carried(run calibrate.SweepRun) bool {
	asked := min(w.rate, w.sweep.RateAsked)
	return w.served(run)*calibrate.MostUsed >= w.rate && run.RateSent >= calibrate.RateReached*asked
}

// mostByLoad is how many times as much a shape may serve without the load beside it: beyond that, the prediction makes no sense, and has
// no say.
const mostByLoad = 100

// served is what a run serves without the load, which took a part of its cores: as much more as is reckoned.
func (w wish) served(run calibrate.SweepRun) float64 {
	if w.serving == nil || run.PredictedRate <= 0 {
		return run.RatePerSecond
	}
	rate, _ := w.serving.Most(throughput.Box{Cores: w.sweep.CPUs}, run.Workers, max(run.Threads, 1), clientsOf(w.of, run))
	times := rate / run.PredictedRate
	if !(times > 1 && times <= mostByLoad) {
		return run.RatePerSecond
	}
	return run.RatePerSecond * times
}

// soonEnough is what a p99 may be at most: what is wanted, or if none of those that carry the rate is as soon, about the soonest.
func (w wish) soonEnough() float64 {
	soonest := math.Inf(1)
	for _, i := range compared(w.sweep) {
		if run := w.sweep.Runs[i]; w.p99 > 0 && w.carried(run) {
			soonest = min(soonest, w.p99Of(run))
		}
	}
	if w.p99 == 0 || soonest > w.p99 {
		return soonest * (1 + alike)
	}
	return w.p99
}

// p99Of is what was measured of a run, if that was at about the rate that is wanted, and of answers enough; else what is reckoned, if
// that is known.
func (w wish) p99Of(run calibrate.SweepRun) float64 {
	if w.p99 == 0 {
		return 0
	}
	if w.timed() || w.serving == nil {
		return run.P99()
	}
	served := w.seenIn(run).on(w.sweep.CPUs, w.rate)(run.Workers, max(run.Threads, 1))
	if served.P99 == 0 {
		return math.Inf(1)
	}
	return served.P99
}

// timed says that the times of a sweep are those at about the rate that is wanted, and of answers enough.
func (w wish) timed() bool {
	return w.rate > 0 && w.sweep.TellsTimes() && math.Abs(w.sweep.RateAsked-w.rate) <= (1-calibrate.RateReached)*w.rate
}
