package analyse

import (
	"cmp"
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// filling is what a shape was seen to serve, to what was to be expected of it: two workers with a lock each don't quite fill two
// cores, and three, or two of more threads, may.
type filling struct {
	calibrate.Shape
	ratio float64
	rate  float64             // as seen
	by    calibrate.RateBound // of what was expected
	busy  float64             // share of the cores that were
	cost  float64             // CPU time that its requests took, to what is reckoned of them
}

func (f filling) idle() bool { return f.busy < allBusy }

// tells says that it says something of what is bound so. With all cores busy its ratio is from what a request costs, which is the same
// where each worker's own core binds: calibrate's load, which production doesn't have, is why these were bound by all cores.
func (f filling) tells(by calibrate.RateBound) bool {
	return f.by == by || f.by == calibrate.RateByCores && by == calibrate.RateByWorkers && !f.idle()
}

// held says that something else than the cores, or too few threads, kept it from what was to be expected.
func (f filling) held() bool {
	return f.ratio < heldBack && f.busy < heldBack && f.by != calibrate.RateByThreads
}

const (
	leastFill  = 0.1 // four workers that share one lock serve a quarter
	mostFill   = 1.3
	mostBeside = 0.05 // of the cores, that others may have had: a difference of as much is looked for
)

// fillings are those of the short runs of several workers, by rising threads.
type fillings []filling

func (s *Serving) fillingsOf(r calibrate.Result) (all fillings) {
	for _, run := range r.Law.Runs {
		if one, known := s.fillingOf(r, run); known {
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b filling) int {
		return cmp.Or(cmp.Compare(a.Workers, b.Workers), cmp.Compare(a.Threads, b.Threads))
	})
	return all
}

// fillingOf is not known of one worker, nor beside others that were busy.
func (s *Serving) fillingOf(r calibrate.Result, run calibrate.LawRun) (f filling, known bool) {
	w, cores := run.Work, r.Host.SizingCPUs()
	if run.Workers < 2 || run.RatePerSecond <= 0 || !tells(w) || othersHad(r.Host, *w, mostBeside) || stolen(r.Host, *w) {
		return f, false
	}
	box, shape := throughput.Box{Cores: cores, Load: s.load}, s.shape(run.Workers, max(run.Threads, 1))
	expected, by := s.app.Most(box, shape, clientsOf(r, calibrate.SweepRun{Workers: run.Workers, Threads: run.Threads, Clients: run.Clients}))
	if !(expected > 0) {
		return f, false
	}
	f = filling{Shape: calibrate.Shape{Workers: run.Workers, Threads: run.Threads}, rate: run.RatePerSecond, by: by, busy: busyCores(r.Host, *w) / cores, cost: 1}
	f.ratio = filled(run.RatePerSecond / expected)
	if took, reckoned := w.PerRequest(w.Workers+w.Rest), s.app.CPUAt(box, shape, run.RatePerSecond); took > 0 && reckoned > 0 { // less than a tick is 0
		f.cost = took / reckoned
	}
	return f, true
}

// filled is a ratio within what makes sense.
func filled(ratio float64) float64 { return min(max(ratio, leastFill), mostFill) }

// counts are those of workers that were run, rising.
func (all fillings) counts() (workers []int) {
	for _, f := range all {
		workers = append(workers, f.Workers)
	}
	return slices.Compact(workers)
}

// beside are they as they are beside a load that takes so much CPU time a request: without any, with all cores busy, a shape serves by
// what a request costs alone.
func (all fillings) beside(load float64) fillings {
	if load > 0 {
		return all
	}
	alone := slices.Clone(all)
	for i, f := range alone {
		if !f.idle() && f.by == calibrate.RateByCores {
			alone[i].ratio = filled(1 / f.cost)
		}
	}
	return alone
}

// of is the ratio for a shape that is bound so. One that was run has its own. Else, where the cores bind: as many workers with other
// threads are between those that were run; more workers are taken to fill the cores, unless more of them were seen not to.
func (all fillings) of(workers, threads int, by calibrate.RateBound) float64 {
	all = slices.DeleteFunc(slices.Clone(all), func(f filling) bool { return !f.tells(by) })
	if i := all.index(workers, threads); i >= 0 {
		return all[i].ratio
	}
	if by != calibrate.RateByCores || len(all) == 0 || workers < all[0].Workers {
		return 1
	}
	last := slices.IndexFunc(all, func(f filling) bool { return f.Workers > workers })
	if last < 0 {
		last = len(all)
	}
	nearest := all[last-1].Workers
	ratio := byThreads(slices.DeleteFunc(slices.Clone(all[:last]), func(f filling) bool { return f.Workers != nearest }), threads)
	if nearest < workers && nearest == all[0].Workers && ratio < 1 && all[last-1].idle() {
		return 1
	}
	return ratio
}

// From these shares of the cores, and of what was to be expected, down a shape was held back; and so near are rates that are one.
const (
	heldBack = 0.9
	oneRate  = 0.1
)

// shared is the rate that what all workers share lets through, a lock or a database: some served less than was to be expected, left
// cores idle, and served alike, however many workers they were, and none served more. As many threads that all wait serve alike
// whatever they share. 0: none was seen.
func (all fillings) shared() (rate float64) {
	least, most := math.MaxInt, 0 // workers of those that were held
	for _, f := range all {
		if f.held() {
			rate = max(rate, f.rate)
		}
	}
	for _, f := range all {
		switch {
		case (1-oneRate)*f.rate > rate:
			return 0
		case f.held() && f.rate >= (1-oneRate)*rate:
			least, most = min(least, f.Workers), max(most, f.Workers)
		}
	}
	if least >= most { // each may have its own lock
		return 0
	}
	return rate
}

// index is the shape's, -1 where it was not run.
func (all fillings) index(workers, threads int) int {
	return slices.IndexFunc(all, func(f filling) bool { return f.Workers == workers && f.Threads == threads })
}

// byThreads is the ratio of as many workers as these have, with so many threads: between two counts in proportion, over the
// logarithm of the count. Fewer threads fill no more, and more of them may, until two counts were seen.
func byThreads(all fillings, threads int) float64 {
	i := slices.IndexFunc(all, func(f filling) bool { return f.Threads > threads })
	last := all[len(all)-1]
	switch {
	case i == 0:
		return min(all[0].ratio, 1)
	case i < 0 && last.Threads < threads && len(all) == 1 && last.ratio < 1 && last.idle():
		return 1
	case i < 0:
		return last.ratio
	}
	low, high := all[i-1], all[i]
	return low.ratio + throughput.Between(low.Threads, threads, high.Threads)*(high.ratio-low.ratio)
}
