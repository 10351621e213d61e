package sizing

import (
	"math"

	"workermem/calibrate"
)

const idle = 0.25 // of what it serves: a shape that is used no more is as soon as any

// How many times the cores the next larger box has, if one doesn't do: the first guess is near, unless a p99 needs more.
const (
	aLittle = 1.15
	aLot    = 1.5
)

// box is a host that would do: its cores, what the workers use of its memory, and how they are set up.
type box struct {
	cores float64
	bytes int64
	shape calibrate.Shape
}

// needed is the least box that serves what is wanted: of the fewest whole cores, and then of the least memory. None where no box
// that is looked for does, as where one request alone takes too long.
func (q Question) needed() *box {
	if q.ServeOn == nil || q.wanted() == 0 {
		return nil
	}
	q.ServeOn = rememberedOn(q.ServeOn)
	if b := q.on(q.CPUs); b != nil || q.idles(q.CPUs) {
		return b
	}
	most := calibrate.MostCores(q.CPUs)
	none, some := math.Floor(q.CPUs), (*box)(nil) // cores that don't do, and a box that does
	grow := aLittle
	for cores := q.likely(none + 1); some == nil; cores, grow = math.Ceil(cores*grow), aLot {
		if none >= most {
			return nil
		}
		cores = math.Min(cores, most)
		if some = q.on(cores); some == nil {
			if none = cores; q.idles(cores) {
				return nil
			}
		}
	}
	for some.cores-none > 1 {
		cores := math.Floor((some.cores + none) / 2)
		if b := q.on(cores); b != nil {
			some = b
		} else {
			none = cores
		}
	}
	return some
}

// likely is a few cores less than are needed if the rate grows as they do.
func (q Question) likely(least float64) float64 {
	best := 0.0
	for _, threads := range q.ThreadChoices {
		best = max(best, q.served(q.useful(threads, q.most(threads)), threads).Rate)
	}
	if best == 0 {
		return least
	}
	const sooner = 0.9
	return max(least, math.Floor(sooner*q.CPUs*q.wanted()/calibrate.MostUsed/best))
}

// on is a box of so many cores with the least memory that does; nil: none does, whatever its memory.
func (q Question) on(cores float64) *box {
	q = q.with(cores)
	roomy := func(n, t int) bool { // in the least budget, too, where recycling costs more
		return q.meets(n, t) && (!q.recycles() || q.served(n, t).Rate*(1-calibrate.Dearest)*calibrate.MostUsed >= q.wanted())
	}
	var least *box
	for _, threads := range q.ThreadChoices {
		n := q.fewest(threads, q.useful(threads, q.most(threads)), roomy)
		if n == 0 {
			continue
		}
		c := choice{threads: threads, workers: q.bounded(max(n, spared), threads)}
		if bytes := q.comfortable(c); least == nil || bytes < least.bytes {
			least = &box{cores, bytes, calibrate.Shape{Workers: c.workers, Threads: threads}}
		}
	}
	return least
}

// idles says that a shape has next to nothing to do on so many cores, and is too slow all the same: no more cores help.
func (q Question) idles(cores float64) bool {
	q = q.with(cores)
	for _, threads := range q.ThreadChoices {
		if n := q.useful(threads, q.most(threads)); q.served(n, threads).Rate*idle >= q.wanted() && !q.meets(n, threads) {
			return true
		}
	}
	return false
}

// with is the question on so many cores, whatever the memory.
func (q Question) with(cores float64) Question {
	if cores != q.CPUs {
		q.CPUs, q.Serve = cores, q.ServeOn(cores)
	}
	q.BudgetBytes = mostBudget
	return q
}

// comfortable is the least budget in which so many workers run, and are recycled at a price worth paying.
func (q Question) comfortable(c choice) int64 {
	bytes := q.Law.TotalOf(c.workers, q.least(c.threads, c.workers))
	if q.recycles() {
		bytes = max(bytes, q.cheapBudget(c))
	}
	return bytes
}
