package sizing

import (
	"slices"

	"workermem/calibrate"
)

// choice is the number of workers, and what the sentences need to say why.
type choice struct {
	threads  int
	byCPU    int // that the cores ask for
	byMemory int // the most that the law lets into the budget
	free     int // the choice before the minimum, the maximum and recycling had their say
	roomiest int // the choice before recycling had its say
	workers  int // 0: nothing fits
}

// choose takes what serves enough for the least memory, unless something else is preferred among what serves enough. Where nobody knows
// what a shape serves, it keeps the measured threads. Where the fewest workers asked for don't
// fit with them, as many with the most threads that do fit stand in: not more, because nothing was measured there and
// so that more memory never gives fewer workers.
func (q Question) choose() choice {
	if c := q.chosen(); c.workers > 0 {
		return c
	}
	if better := q.preference(); better != nil {
		return q.chooseThreads(better)
	}
	if q.bySpeed() {
		if c := q.chooseServing(); c.workers > 0 {
			return c
		}
	}
	if c := q.chooseWorkers(q.Threads); c.workers > 0 {
		return c
	}
	for i := len(q.ThreadChoices) - 1; i >= 0; i-- {
		t := q.ThreadChoices[i]
		if c := q.chooseWorkers(t); t < q.Threads && c.workers > 0 {
			c.workers, c.roomiest, c.free = q.MinWorkers, q.MinWorkers, q.MinWorkers
			return c
		}
	}
	return choice{threads: q.Threads}
}

// chosen is the measurement's choice where it may be taken.
func (q Question) chosen() choice {
	n, t := q.Chosen.Workers, q.Chosen.Threads
	if n < 1 || n != q.bounded(n, t) || !slices.Contains(q.ThreadChoices, t) || n > q.memoryWorkers(t) {
		return choice{}
	}
	return choice{threads: t, byCPU: q.cpuWorkers(t), byMemory: q.memoryWorkers(t), free: n, roomiest: n, workers: n}
}

// chooseWorkers is the lesser of CPU and memory, but two where two fit: one worker leaves nobody to answer while it
// is recycled, and one worker of most languages keeps one core busy. The memory bound is not divided by threads as in the seeds,
// since the law already counts what threads cost.
func (q Question) chooseWorkers(threads int) choice {
	c := choice{threads: threads, byCPU: q.cpuWorkers(threads), byMemory: q.memoryWorkers(threads)}
	if c.byMemory < q.MinWorkers {
		return c
	}
	c.free = min(max(c.byCPU, spared), c.byMemory)
	c.roomiest = q.bounded(c.free, threads)
	c.workers = q.affordable(c.roomiest, threads)
	return c
}

// bounded is n, held between the fewest and the most workers that were asked for, and fewer than were seen to hardly serve.
func (q Question) bounded(n, threads int) int {
	if q.MaxWorkers > 0 {
		n = min(n, q.MaxWorkers)
	}
	for _, s := range q.Unserved {
		if threads >= s.Threads {
			n = min(n, s.Workers-1)
		}
	}
	return max(n, q.MinWorkers)
}

// affordable is the most workers up to n whose recycling costs no more than Dearest, but never fewer than one a
// core (or two, or what was asked for): headroom shared by fewer lasts longer, and a worker beyond one a core adds
// little, while one below it idles a core. (Where it is known what they serve, see worthRecycling.) Where nothing in that range is cheap enough, the least of it, with its
// conflict shown. (Going back to n there would let more memory give fewer workers.)
func (q Question) affordable(n, threads int) int {
	if q.served(n, threads).Rate > 0 {
		return q.worthRecycling(n, threads)
	}
	if !q.recycles() || !q.fewerHelps(threads) {
		return n
	}
	least := min(n, max(2, calibrate.WholeCores(q.CPUs), q.MinWorkers))
	for n > least && q.life(n, threads).cost > calibrate.Dearest {
		n--
	}
	return n
}

// fewerHelps says whether fewer workers restart more seldom. All together they serve
//
//	N n_max = N (X - P / s_hi) + (budget - shared) / s_hi
//
// requests a generation, which falls with N as long as a worker's peak is more than its creep up to X. A measured
// rate is each worker's own, however many there are: then a longer life is all that counts, and fewer always helps.
func (q Question) fewerHelps(threads int) bool {
	return q.RateBasis == calibrate.BasisMeasured || float64(q.Law.Worker(threads)) > q.going(1)*q.Requests
}

// cpuWorkers is how many workers the cores ask for: by what they serve, or where that isn't known by the CPU bound of the
// seeds, (2c + 1, rounded down) / threads, rounded down, at least 1.
func (q Question) cpuWorkers(threads int) int {
	if q.served(q.MinWorkers, threads).Rate > 0 {
		return q.asked(threads)
	}
	return max(1, cpuRule(q.CPUs)/threads)
}

// memoryWorkers is the most workers for which the law, and with creep the growth to at least one request, stays
// within the budget. Workers of unknown memory (0) are held by nothing.
func (q Question) memoryWorkers(threads int) int {
	free := q.BudgetBytes - q.Law.SharedBytes
	if q.BudgetBytes == 0 || free < 0 {
		return 0
	}
	each := q.least(threads, mostCount)
	if each == 0 {
		return mostCount
	}
	// What lasts may be less of each, the more there are to share a rate: so the most of them is looked for.
	fit, over := 0, int(min(free/each, mostCount))+1
	for fit+1 < over {
		if n := fit + (over-fit)/2; q.least(threads, n) <= free/int64(n) {
			fit = n
		} else {
			over = n
		}
	}
	return fit
}

// least is the memory below which one of so many workers cannot run: its peak, what lasts of its creep and, where it is
// recycled and was measured from its first request, room for one request more.
func (q Question) least(threads, workers int) int64 {
	each := q.Law.Worker(threads) + q.lasting(workers)
	if q.recycles() && q.Requests < 1 {
		each += ceilBytes(q.going(1) * (1 - q.Requests))
	}
	return each
}
