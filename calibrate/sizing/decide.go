package sizing

import "workermem/calibrate"

// Answer is the decision and its sums.
type Answer struct {
	Candidates     []calibrate.Candidate  // by threads, then workers
	Recommended    *calibrate.Candidate   // one of Candidates; nil: nothing fits
	Recycling      calibrate.RecyclingSum // of the recommended
	WorkerMemoryMB int                    // peak RSS of a recommended worker, creep up to max-requests and jitter included, MiB, rounded up
	TotalBytes     int64                  // of the recommended; 0 where nothing fits
	Sum            calibrate.Sum          // why this one, or none
	SmallestBytes  int64                  // the least budget that holds the fewest workers asked for, of some thread choice
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
	return int((bytes + calibrate.MiB - 1) / calibrate.MiB)
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
	return max(1, q.Law.TotalOf(q.MinWorkers, q.least(threads, q.MinWorkers)))
}

// sum is the arithmetic behind a choice.
func (q Question) sum(c choice, a Answer) calibrate.Sum {
	s := calibrate.Sum{
		CPUs: q.CPUs, CPUWorkers: q.cpuWorkers(c.threads), RuleWorkers: c.free, AllowedWorkers: c.roomiest,
		SharedBytes: q.Law.SharedBytes, WorkerBytes: q.Law.WorkerBytes + q.Law.Above(c.threads), ThreadBytes: q.Law.ThreadBytes, RaisedBytes: q.Law.Above(c.threads), LeastBytes: q.least(c.threads, max(q.memoryWorkers(c.threads), q.MinWorkers)),
		MeasuredThreads: q.Threads, ThreadsUnknown: q.ThreadsUnknown, AtOnce: q.AtOnce, ThreadChoices: q.ThreadChoices, CoresGranted: q.granted(c),
		MinWorkers: q.MinWorkers, MaxWorkers: q.MaxWorkers, NeededBytes: q.needs(q.Threads), Basis: q.Basis, CreepApart: q.creepTakenOut(),
	}
	s.SmallestBytes, s.SmallestThreads = q.smallest()
	s.Lasting = q.lastingSum(max(c.workers, q.MinWorkers))
	if n := q.memoryWorkers(c.threads); n < mostCount {
		s.MemoryWorkers = &n
	}
	s.BySpeed = q.bySpeed()
	if a.Recommended == nil {
		return s
	}
	if s.BySpeed {
		q.speedSum(&s, *a.Recommended)
	}
	s.AllowedCost, s.Cost = q.life(c.roomiest, c.threads).cost, q.life(c.workers, c.threads).cost
	s.CreepBytes = q.life(c.workers, c.threads).growth
	s.HeadroomBytes = q.BudgetBytes - a.TotalBytes
	s.OneMoreBytes = q.Law.TotalOf(c.workers+1, q.least(c.threads, c.workers+1))
	if a.WorkerMemoryMB > 0 {
		s.PlainWorkers = Workers(calibrate.WholeCores(q.CPUs), megabytes(q.BudgetBytes), float64(a.WorkerMemoryMB), c.threads)
	}
	return s
}

// speedSum is the part of the arithmetic that is about what is served.
func (q Question) speedSum(s *calibrate.Sum, best calibrate.Candidate) {
	for _, c := range q.tops() {
		s.BestRate = max(s.BestRate, q.served(c.workers, c.threads).Rate)
	}
	if s.WantedRate = q.wanted(); s.WantedRate == 0 {
		return
	}
	s.WantedP99 = q.WantedP99
	if best.Rate == 0 || q.meets(best.Workers, best.Threads) {
		return
	}
	s.Unmet = true
	if b := q.needed(); b != nil {
		s.NeededCores, s.NeededMemoryBytes, s.NeededShape = b.cores, b.bytes, &b.shape
	}
}
