package sizing

import (
	"math"
	"sort"

	"workermem/calibrate"
)

// What a shape serves, as the choice takes it: all rates are less the share of its time that recycling costs a worker.

const (
	mostUseful = 1 << 12 // workers that are ever looked at
	gain       = 0.01    // of its rate: what twice the workers must bring for more to be looked at; a simulation is no surer
)

// bySpeed says that what shapes serve decides.
func (q Question) bySpeed() bool {
	for _, threads := range q.ThreadChoices {
		if q.served(q.MinWorkers, threads).Rate > 0 {
			return true
		}
	}
	return false
}

// wanted is the rate of all workers together that was given; 0: none.
func (q Question) wanted() float64 {
	if q.RateBasis == calibrate.BasisGiven {
		return q.RatePerSecond
	}
	return 0
}

// rate is what a shape serves, less what recycling costs.
func (q Question) rate(workers, threads int) float64 {
	return q.served(workers, threads).Rate * (1 - q.life(workers, threads).cost)
}

// enough says of a shape whether it serves what is to be served.
type enough func(workers, threads int) bool

// carries says that the wanted rate leaves a shape room: it is no more than calibrate.MostUsed of what it serves.
func (q Question) carries(workers, threads int) bool {
	return q.rate(workers, threads)*calibrate.MostUsed >= q.wanted()
}

// meets says that, and that requests take no longer than they may.
func (q Question) meets(workers, threads int) bool {
	p99 := q.served(workers, threads).P99
	return q.carries(workers, threads) && (q.WantedP99 == 0 || p99 > 0 && p99 <= q.WantedP99)
}

// most is the most workers that were asked for, or that are looked at.
func (q Question) most(threads int) int {
	return q.bounded(min(mostUseful, mostAtOnce/threads), threads)
}

// useful is a number of workers up to a limit beyond which more of them bring next to nothing: it is doubled as long as that, or
// doubling twice, brings something. Those of a count that was run may be seen to serve more than the fewer ones that were, too.
func (q Question) useful(threads, limit int) int {
	n := q.MinWorkers
	for n < limit {
		twice := min(2*n, limit)
		if !q.brings(n, twice, threads) && !q.brings(n, min(2*twice, limit), threads) {
			return n
		}
		n = twice
	}
	return n
}

func (q Question) brings(n, more, threads int) bool {
	now, then := q.served(n, threads), q.served(more, threads)
	if then.Rate > now.Rate*(1+gain) {
		return true
	}
	return q.WantedP99 > 0 && now.P99 > q.WantedP99 && then.P99 > 0 && then.P99 < now.P99*(1-gain)
}

// fewest is the fewest workers up to so many that serve enough; 0: none. More of them never serve less.
func (q Question) fewest(threads, most int, enough enough) int {
	if most < q.MinWorkers || !enough(most, threads) {
		return 0
	}
	return q.MinWorkers + sort.Search(most-q.MinWorkers, func(i int) bool { return enough(q.MinWorkers+i, threads) })
}

// asked is how many workers the cores ask for with that many threads, memory aside: as many as serve the wanted rate, or where
// none is wanted or none serve it, about the most that any serve.
func (q Question) asked(threads int) int {
	top := q.useful(threads, q.most(threads))
	if q.wanted() > 0 {
		if n := q.fewest(threads, top, q.meets); n > 0 {
			return n
		}
	}
	level := q.served(top, threads).Rate * (1 - calibrate.Alike)
	return max(1, q.fewest(threads, top, func(n, t int) bool { return q.served(n, t).Rate >= level }))
}

// tops is the shape of each thread choice that serves the most of those that fit; none where none fits.
func (q Question) tops() []choice {
	var all []choice
	for _, threads := range q.ThreadChoices {
		limit := min(q.memoryWorkers(threads), q.most(threads))
		if limit < q.MinWorkers {
			continue
		}
		c := choice{threads: threads, byMemory: q.memoryWorkers(threads), roomiest: q.useful(threads, limit)}
		if c.workers = q.worthRecycling(c.roomiest, threads); q.rate(c.workers, threads) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// worthRecycling is the most workers up to n of which one fewer would serve less: sharing the headroom among many costs more
// than they bring.
func (q Question) worthRecycling(n, threads int) int {
	least := max(q.MinWorkers, spared)
	tooMany := func(n int) bool {
		return q.life(n, threads).cost > calibrate.Dearest && q.rate(n-1, threads) >= q.rate(n, threads)
	}
	if n <= least || !tooMany(n) {
		return n
	}
	return least + sort.Search(n-least, func(i int) bool { return tooMany(least + i + 1) })
}

// goal is what the choice has to serve.
func (q Question) goal(tops []choice) enough {
	best, p99 := 0.0, math.Inf(1)
	for _, c := range tops {
		switch {
		case q.wanted() > 0 && q.meets(c.workers, c.threads):
			return q.meets
		case q.wanted() > 0 && q.carries(c.workers, c.threads) && q.served(c.workers, c.threads).P99 > 0:
			p99 = min(p99, q.served(c.workers, c.threads).P99)
		}
		best = max(best, q.rate(c.workers, c.threads))
	}
	if !math.IsInf(p99, 1) { // what comes nearest is what is soonest
		return func(n, t int) bool {
			soon := q.served(n, t).P99
			return q.carries(n, t) && soon > 0 && soon <= p99*(1+calibrate.Alike)
		}
	}
	return func(n, t int) bool { return q.rate(n, t) >= best*(1-calibrate.Alike) }
}

// chooseServing is the choice that takes the least memory of those that serve enough, with two workers where two fit; of equals
// the one with fewer threads. Where no rate is wanted, of those that take about as little it is the one that serves the most: a few
// threads more cost next to nothing, and a choice that just reaches its goal has no room for what was measured a little wrong.
func (q Question) chooseServing() choice {
	tops := q.tops()
	enough := q.goal(tops)
	var all []choice
	least := choice{threads: q.Threads}
	for _, top := range tops {
		c := q.serving(top, enough)
		if c.workers == 0 {
			continue
		}
		all = append(all, c)
		if least.workers == 0 || q.preferred(c, least) {
			least = c
		}
	}
	if q.wanted() > 0 {
		return least
	}
	best, about := least, float64(q.totalOf(least))*(1+calibrate.Alike)
	for _, c := range all {
		if q.alone(c) == q.alone(least) && float64(q.totalOf(c)) <= about && q.rate(c.workers, c.threads) > q.rate(best.workers, best.threads)*(1+gain) {
			best = c
		}
	}
	return best
}

func (q Question) preferred(c, to choice) bool {
	if q.alone(c) != q.alone(to) {
		return q.alone(to)
	}
	return q.totalOf(c) < q.totalOf(to)
}

// alone says that nobody is left to answer while one is recycled.
func (q Question) alone(c choice) bool { return c.workers < q.bounded(spared, c.threads) }

// serving is the fewest workers that serve enough with the threads of a top.
func (q Question) serving(top choice, enough enough) choice {
	c := choice{threads: top.threads, byMemory: top.byMemory, byCPU: q.cpuWorkers(top.threads)}
	n := q.fewest(top.threads, top.workers, enough)
	if n == 0 {
		return c
	}
	c.free = max(n, min(spared, top.byMemory))
	c.workers = q.bounded(c.free, c.threads)
	if c.roomiest = c.workers; n == top.workers {
		c.roomiest = max(c.workers, top.roomiest)
	}
	return c
}

// spared is how many workers there are to be, where they fit: one leaves nobody to answer while it is recycled, restarted or
// stuck.
const spared = 2

// servesNoMore says that one worker more would bring less than half of what each serves, because all cores are busy, or what all
// workers share is.
func (q Question) servesNoMore(workers, threads int) bool {
	now := q.served(workers, threads)
	return now.RateBy.Full() && q.served(workers+1, threads).Rate-now.Rate < now.Rate/float64(2*workers)
}
