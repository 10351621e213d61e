package analyse

import (
	"slices"

	"workermem/calibrate"
)

// MostThreads of a worker are ever tried for the sake of waiting alone.
const MostThreads = 64

// rungs are the thread counts that are worth telling apart; between others the rates hardly differ.
var rungs = []int{1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, MostThreads}

func rung(threads float64) int {
	i, _ := slices.BinarySearchFunc(rungs, threads, func(rung int, x float64) int {
		if float64(rung) < x {
			return -1
		}
		return 1
	})
	return rungs[min(i, len(rungs)-1)]
}

// uneven is how many times the threads that would keep the cores busy are needed to do so while requests take unequal times:
// with as many as that 2 workers of 10 threads kept 2 cores busy to 88 % (simulated, times within 15 to 30 ms).
const uneven = 1.5

// ThreadsAsked are the threads of a worker that keep the cores busy while requests wait, and a few more for requests that take
// unequal times; none where nobody knows how long they wait.
//
//	threads = (demand + waiting) / demand x the cores that N workers can keep busy / N
//
// N is a worker for each time the cores that one can keep busy, and two at least unless one has several, but no more than are
// allowed.
func ThreadsAsked(r calibrate.Result) []int {
	s := r.Speed
	if s == nil || s.AtOnce() <= 1 {
		return nil
	}
	each := max(s.Cores, 1)
	if s.AllCores {
		each = max(each, r.Cores())
	}
	least := 2.0
	if each >= least {
		least = 1
	}
	workers := max(least, float64(calibrate.WholeCores(r.Cores()/each)))
	for _, most := range []int{r.Plan.MaxWorkers, r.Target.MaxWorkers} {
		if most > 0 {
			workers = min(workers, float64(most))
		}
	}
	threads := s.AtOnce() * min(r.Cores(), workers*each) / workers
	return slices.Compact([]int{rung(threads), rung(uneven * threads)})
}

// threadChoices are the measured threads and, as far as the law vouches for them, one thread, up to four times as many,
// those that the user named, and those that keep the cores busy while requests wait. Of the last none is beyond the most that were run.
func threadChoices(r calibrate.Result, threads int) []int {
	least, most := r.ThreadRange()
	choices := []int{threads}
	add := func(most int, others ...int) {
		for _, other := range others {
			if other >= least && other <= most {
				choices = append(choices, other)
			}
		}
	}
	add(most, 1, 2*threads, 4*threads)
	add(most, r.Plan.OtherThreads...)
	for _, asked := range ThreadsAsked(r) {
		add(most, min(asked, mostRun(r)))
	}
	return choices
}

// mostRun is the most threads that a worker was run with; of a worker that is known by its numbers, any.
func mostRun(r calibrate.Result) int {
	if r.Law.Basis == calibrate.BasisGiven {
		return MostThreads
	}
	most := max(r.Target.Threads, 1)
	for _, run := range r.Law.Runs {
		if run.Workers == 1 {
			most = max(most, run.Threads)
		}
	}
	return most
}
