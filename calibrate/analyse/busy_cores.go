package analyse

import (
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/gate"
	"workermem/calibrate/throughput"
)

// tells says that a reading has requests enough to say what one costs.
func tells(w *calibrate.Work) bool { return w != nil && w.Requests >= fewForSpeed }

// othersHad says that others kept more than a share of the cores busy.
func othersHad(h calibrate.Host, w calibrate.Work, share float64) bool {
	return h.OthersOf(w) > share*w.Seconds*h.SizingCPUs()
}

// stolen says that the machine's host gave too much of the cores to others: of all that it may use, whatever its quota.
func stolen(h calibrate.Host, w calibrate.Work) bool {
	return w.Steal > gate.MostSteal*float64(max(h.CPUs, 1))*w.Seconds
}

// factorOf is what a request costs with all cores busy, to what it costs with one: on the line through what it cost one worker and,
// with more of them busy, several of as many threads. Two hyperthreads are no two cores, and it costs more; cores that fall
// asleep between requests wake up slower, with colder caches, and busy ones cost less (by 13 %, of a Flask app of 4 ms).
func factorOf(r calibrate.Result, busy calibrate.Work) float64 {
	cores, many := r.Host.SizingCPUs(), fullest(r)
	if many == nil || cores <= 1 {
		return 1
	}
	one := coldCost(r, busy, many.Threads)
	if !(one.each > 0) { // less than a tick of the kernel's clock, where that is all that is known
		return 1
	}
	from, to := min(one.cores, cores), min(busyCores(r.Host, *many.Work), cores)
	ratio := many.Work.PerRequest(many.Work.Workers) / one.each
	if to-from < (cores-1)/4 || !(math.Abs(ratio-1) > noFactor) {
		return 1
	}
	slope := (ratio - 1) / (to - from)
	first, all := 1+slope*(1-from), 1+slope*(cores-from)
	most := min(mostFactor, cores) // several cores never serve less than one
	if !(first > 0) {
		return most
	}
	return min(max(all/first, leastFactor), most)
}

// fullest is the short run of several workers that kept the most cores busy; of those that did so alike the last, which is of what
// is advised. nil: none.
func fullest(r calibrate.Result) *calibrate.LawRun {
	var best *calibrate.LawRun
	for i := range r.Law.Runs {
		run := &r.Law.Runs[i]
		if run.Workers < 2 || !tells(run.Work) {
			continue
		}
		if best == nil || busyCores(r.Host, *run.Work) >= (1-alike)*busyCores(r.Host, *best.Work) {
			best = run
		}
	}
	return best
}

// allBusy is the share of the cores from which on more workers serve no more.
const allBusy = 0.97

// KeptAllBusy says that nearly all cores were busy while a shape was run.
func KeptAllBusy(h calibrate.Host, run calibrate.LawRun) bool {
	return tells(run.Work) && busyCores(h, *run.Work) >= allBusy*h.SizingCPUs()
}

// cost is what a request cost one worker in CPU seconds, and how many cores were busy then.
type cost struct {
	threads     int
	each, cores float64
}

// coldCost is that of one worker with so many threads, as cold as a short run: between two counts that were run on the line through
// both, over the logarithm of the count, as throughput.App has it.
func coldCost(r calibrate.Result, busy calibrate.Work, threads int) cost {
	all := coldCosts(r, busy)
	i, found := slices.BinarySearchFunc(all, threads, func(c cost, threads int) int { return c.threads - threads })
	switch {
	case found || i == 0:
		return all[min(i, len(all)-1)]
	case i == len(all):
		return all[i-1]
	}
	low, high := all[i-1], all[i]
	share := throughput.Between(low.threads, threads, high.threads)
	return cost{threads, low.each + share*(high.each-low.each), low.cores + share*(high.cores-low.cores)}
}

// coldCosts are by rising threads: of the measured ones, and of those of the short runs of one worker.
func coldCosts(r calibrate.Result, busy calibrate.Work) []cost {
	cold, own := coldWork(r, busy), max(r.Target.Threads, 1)
	all := []cost{{own, cold.PerRequest(cold.Workers), busyCores(r.Host, cold)}}
	for _, run := range r.Law.Runs {
		if w := run.Work; run.Workers == 1 && run.Threads > 0 && run.Threads != own && tells(w) {
			all = append(all, cost{run.Threads, w.PerRequest(w.Workers), busyCores(r.Host, *w)})
		}
	}
	slices.SortFunc(all, func(a, b cost) int { return a.threads - b.threads })
	return all
}
