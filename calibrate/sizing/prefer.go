package sizing

import "workermem/calibrate/knob"

// preference orders the choices of two thread counts by what is preferred; nil where nothing is.
func (q Question) preference() func(a, b choice) bool {
	switch q.Prefer {
	case knob.PreferWorkers:
		return func(a, b choice) bool { return a.workers > b.workers }
	case knob.PreferThreads:
		return choice.servesMore
	case knob.PreferMemory:
		return q.takesLess
	}
	return nil
}

// chooseThreads is the best of all thread choices; of equals the one that takes less memory, then the one with fewer
// threads.
func (q Question) chooseThreads(better func(a, b choice) bool) choice {
	best := choice{threads: q.Threads}
	for _, c := range q.preferable() {
		switch {
		case best.workers == 0, better(c, best):
			best = c
		case !better(best, c) && q.totalOf(c) < q.totalOf(best):
			best = c
		}
	}
	return best
}

// preferable are the choices of all thread counts that fit: a preference is one among those that serve the wanted rate. If none does, it
// has no say: what comes nearest is taken, as without one.
func (q Question) preferable() (all []choice) {
	if q.wanted() > 0 {
		for _, top := range q.tops() {
			if q.meets(top.workers, top.threads) {
				all = append(all, q.serving(top, q.meets))
			}
		}
		if len(all) == 0 {
			if nearest := q.chooseServing(); nearest.workers > 0 {
				all = append(all, nearest)
			}
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, threads := range q.ThreadChoices {
		if c := q.chooseWorkers(threads); c.workers > 0 {
			all = append(all, c)
		}
	}
	return all
}

// servesMore says that a takes more requests at once than b.
func (c choice) servesMore(b choice) bool { return c.workers*c.threads > b.workers*b.threads }

// takesLess prefers a choice to which memory grants all its workers to one from which it withholds some; of the
// former the smaller, of the latter the one that serves more.
func (q Question) takesLess(a, b choice) bool {
	granted := q.granted(a)
	switch {
	case granted != q.granted(b):
		return granted
	case granted:
		return q.totalOf(a) < q.totalOf(b)
	}
	return a.servesMore(b)
}

// granted says that the cores or the maximum bound the workers, and not the memory: two of them, where one would do.
func (q Question) granted(c choice) bool {
	return c.byMemory >= q.bounded(max(c.byCPU, spared), c.threads)
}

// totalOf is what the choice takes, creep up to max-requests included.
func (q Question) totalOf(c choice) int64 {
	return q.Law.TotalOf(c.workers, q.Law.Worker(c.threads)+q.life(c.workers, c.threads).growth)
}
