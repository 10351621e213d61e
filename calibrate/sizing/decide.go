package sizing

// Answer is the decision and its sums.
type Answer struct {
	Candidates     []Candidate // by threads, then workers
	Recommended    *Candidate  // one of Candidates; nil: nothing fits
	Recycling      Recycling   // of the recommended
	WorkerMemoryMB int         // peak RSS of a recommended worker, creep up to max-requests and jitter included, MiB, rounded up
	TotalBytes     int64       // of the recommended; 0 where nothing fits
	Sum            Sum         // why this one, or none
	SmallestBytes  int64       // the least budget that holds the fewest workers asked for, of some thread choice
}

// Decide recommends workers, threads and max-requests for q; see Question for odd input. The recommended candidate
// always fits, and there is one whenever any candidate fits.
func Decide(q Question) Answer {
	q = q.sound()
	c := q.choose()
	a := Answer{Candidates: q.candidates(c)}
	a.SmallestBytes, _ = q.smallest()
	if c.workers == 0 {
		a.Sum = q.sum(c, a)
		return a
	}
	for i := range a.Candidates {
		if a.Candidates[i].Recommended {
			a.Recommended = &a.Candidates[i]
		}
	}
	a.Recycling = q.recycling(c)
	a.TotalBytes = a.Recommended.TotalBytes
	a.WorkerMemoryMB = q.workerMemoryMB(c)
	a.Sum = q.sum(c, a)
	return a
}

// workerMemoryMB is what to set as WORKER_MEMORY_MB: whole MiB, rounded up, as now-lms takes it.
func (q Question) workerMemoryMB(c choice) int {
	bytes := q.peak(c.threads) + q.life(c.workers, c.threads).growth
	return int((bytes + MiB - 1) / MiB)
}

// smallest is the least budget that holds the fewest workers asked for, and with how many threads.
func (q Question) smallest() (bytes int64, threads int) {
	threads = q.ThreadChoices[0] // threads never cost less than nothing, so the fewest are the cheapest
	if q.Law.ThreadBytes == 0 {
		threads = q.Threads
	}
	return q.needs(threads), threads
}

// needs is the least budget that holds the fewest workers asked for, with that many threads; no budget at all never
// does.
func (q Question) needs(threads int) int64 {
	return max(1, total(q.Law.SharedBytes, q.MinWorkers, q.least(threads)))
}
