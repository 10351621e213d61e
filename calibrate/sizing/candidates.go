package sizing

import "slices"

// Candidate is one choice of workers and threads, and why it does or doesn't fit.
type Candidate struct {
	Workers     int     `json:"workers"`
	Threads     int     `json:"threads"`
	WorkerBytes int64   `json:"worker_bytes"` // what one such worker costs at peak, creep up to max-requests included
	TotalBytes  int64   `json:"total_bytes"`  // shared + workers x worker_bytes
	BudgetRatio float64 `json:"budget_ratio"` // of the budget; 0 without a budget
	Concurrency int     `json:"concurrency"`  // workers x threads, or x the requests at once that one was measured with
	Fits        bool    `json:"fits"`         // the total is within the budget
	BoundBy     Bound   `json:"bound_by"`     // "" where nothing stands against one worker more
	Basis       Basis   `json:"basis"`        // the question's for its own shape, else computed
	Recommended bool    `json:"recommended"`
	MaxRequests int     `json:"max_requests"` // 0: not to be recycled by count

	Jitter         int     `json:"-"`
	RestartSeconds float64 `json:"-"` // between restarts of one worker at the rate; 0 = none, or no rate
}

// candidates are the choices worth showing, by threads and then workers: the usual counts, the measured, the
// recommended, and the most that fit within the CPU rule; none with fewer or more workers than were asked for.
func (q Question) candidates(c choice) []Candidate {
	var all []Candidate
	for _, threads := range q.ThreadChoices {
		for _, workers := range q.counts(threads, c) {
			one := q.candidate(workers, threads)
			one.Recommended = workers == c.workers && threads == c.threads
			if one.Recommended && c.workers < c.roomiest {
				one.BoundBy = BoundPrice
			}
			all = append(all, one)
		}
	}
	return all
}

// counts are every count up to 2c+1 for one or two cores; beyond, those around one a core and two a core.
func (q Question) counts(threads int, c choice) []int {
	most := cpuRule(q.CPUs)
	counts := []int{1, 2, q.CPUs / 2, q.CPUs, q.CPUs + 1, most - 1, most}
	if most <= 5 {
		counts = []int{1, 2, 3, 4, 5}[:most]
	}
	counts = append(counts, q.Workers)
	if fit := min(q.memoryWorkers(threads), most); fit > 0 {
		counts = append(counts, fit)
	}
	if c.workers > 0 && threads == c.threads {
		counts = append(counts, c.workers)
	}
	counts = append(counts, q.bounded(1), q.bounded(most))
	slices.Sort(counts)
	return slices.Compact(slices.DeleteFunc(counts, func(n int) bool { return n != q.bounded(n) }))
}

func (q Question) candidate(workers, threads int) Candidate {
	l := q.life(workers, threads)
	one := Candidate{
		Workers: workers, Threads: threads, Concurrency: workers * max(threads, q.AtOnce),
		WorkerBytes: q.Law.worker(threads) + l.growth,
		BoundBy:     q.boundBy(workers, threads),
		Basis:       Computed,
		Fits:        workers <= q.memoryWorkers(threads),
	}
	if workers == q.Workers && threads == q.Threads {
		one.Basis = q.Basis
	}
	one.TotalBytes = total(q.Law.SharedBytes, workers, one.WorkerBytes)
	if q.BudgetBytes > 0 {
		one.BudgetRatio = float64(one.TotalBytes) / float64(q.BudgetBytes)
	}
	if one.Fits {
		one.MaxRequests, one.Jitter, one.RestartSeconds = l.maxRequests, l.jitter, l.seconds
	}
	return one
}

func (q Question) boundBy(workers, threads int) Bound {
	switch {
	case workers >= q.memoryWorkers(threads):
		return BoundMemory
	case q.MaxWorkers > 0 && workers >= q.MaxWorkers:
		return BoundMaximum
	case workers >= q.cpuWorkers(threads):
		return BoundCPU
	}
	return ""
}
