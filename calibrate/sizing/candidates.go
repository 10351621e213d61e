package sizing

import (
	"slices"

	"workermem/calibrate"
)

// candidates are the choices worth showing, by threads and then workers: the usual counts, the measured, the
// recommended, and the most that fit within the CPU rule; none with fewer or more workers than were asked for.
func (q Question) candidates(c choice) []calibrate.Candidate {
	var all []calibrate.Candidate
	for _, threads := range q.ThreadChoices {
		for _, workers := range q.counts(threads, c) {
			one := q.candidate(workers, threads)
			one.Recommended = workers == c.workers && threads == c.threads
			if one.Recommended && c.workers < c.roomiest {
				one.BoundBy = calibrate.BoundPrice
			}
			all = append(all, one)
		}
	}
	return all
}

// counts are every count up to 2c+1 for one or two cores; beyond, those around one a core and two a core; and what the cores ask
// for by what is served.
func (q Question) counts(threads int, c choice) []int {
	most := cpuRule(q.CPUs)
	cores := calibrate.WholeCores(q.CPUs)
	counts := []int{1, 2, cores / 2, cores, cores + 1, most - 1, most}
	if most <= 5 {
		counts = []int{1, 2, 3, 4, 5}[:most]
	}
	counts = append(counts, q.Workers)
	if fit := min(q.memoryWorkers(threads), most); fit > 0 {
		counts = append(counts, fit)
	}
	if q.served(q.MinWorkers, threads).Rate > 0 {
		counts = append(counts, min(q.memoryWorkers(threads), q.asked(threads)))
	}
	if c.workers > 0 && threads == c.threads {
		counts = append(counts, c.workers)
	}
	counts = append(counts, q.bounded(1, threads), q.bounded(most, threads))
	slices.Sort(counts)
	return slices.Compact(slices.DeleteFunc(counts, func(n int) bool { return n != q.bounded(n, threads) }))
}

func (q Question) candidate(workers, threads int) calibrate.Candidate {
	l := q.life(workers, threads)
	one := calibrate.Candidate{
		Workers: workers, Threads: threads, Concurrency: workers * max(threads, q.AtOnce),
		WorkerBytes: q.Law.Worker(threads) + l.growth,
		BoundBy:     q.boundBy(workers, threads),
		Basis:       calibrate.BasisComputed,
		Fits:        workers <= q.memoryWorkers(threads),
		Served:      q.served(workers, threads),
	}
	if workers == q.Workers && threads == q.Threads {
		one.Basis = q.Basis
	}
	one.TotalBytes = q.Law.TotalOf(workers, one.WorkerBytes)
	if q.BudgetBytes > 0 {
		one.BudgetRatio = float64(one.TotalBytes) / float64(q.BudgetBytes)
	}
	if one.Fits {
		one.MaxRequests, one.Jitter, one.RestartSeconds = l.maxRequests, l.jitter, l.seconds
	}
	return one
}

func (q Question) boundBy(workers, threads int) calibrate.Bound {
	switch {
	case workers >= q.memoryWorkers(threads):
		return calibrate.BoundMemory
	case q.MaxWorkers > 0 && workers >= q.MaxWorkers:
		return calibrate.BoundMaximum
	case q.coresBind(workers, threads):
		return calibrate.BoundCPU
	}
	return ""
}

// coresBind says that the cores have no use for one worker more.
func (q Question) coresBind(workers, threads int) bool {
	if q.served(workers, threads).Rate > 0 {
		return q.servesNoMore(workers, threads)
	}
	return workers >= q.cpuWorkers(threads)
}
