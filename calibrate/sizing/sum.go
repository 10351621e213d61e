package sizing

// Basis is where a number came from.
type Basis string

// The bases.
const (
	Default  Basis = "default"
	Given    Basis = "given"
	Measured Basis = "measured" // by this run itself
	Computed Basis = "computed" // by the law
	Watched  Basis = "watched"  // of a rate: on a server that was running already
)

// Bound is what stands against one worker more.
type Bound string

// The bounds, the first that holds.
const (
	BoundPrice   Bound = "price"   // so many are recommended because recycling more would cost too much
	BoundMemory  Bound = "memory"  // this many don't fit, or one more would not
	BoundMaximum Bound = "maximum" // no more were asked for
	BoundCPU     Bound = "cpu"     // one more would pass (2c + 1) / threads
)

// Sum is what the number of workers rests on, or why there is none. All figures are of the recommended threads, or
// where nothing fits of the measured ones.
type Sum struct {
	CPUs           int     `json:"cpus"`
	CPUWorkers     int     `json:"cpu_workers"`        // (2 x cpus + 1) / threads, at least 1
	MemoryWorkers  *int    `json:"memory_workers"`     // (budget - shared_bytes) / least_bytes; null where a worker's memory isn't known
	RuleWorkers    int     `json:"rule_workers"`       // the lesser of both, but two where two fit
	AllowedWorkers int     `json:"allowed_workers"`    // of these, what the fewest and the most that were asked for leave
	AllowedCost    float64 `json:"allowed_cost_ratio"` // of their time: what recycling so many would cost
	Cost           float64 `json:"cost_ratio"`         // what recycling the recommended ones costs
	PlainWorkers   int     `json:"plain_workers"`      // by the field's plain formula with worker_memory_mb; 0 where that isn't known

	// total = shared_bytes + N x (worker_bytes + threads x thread_bytes + creep_bytes). LeavingBytes are in it, as part of
	// what is shared, or without jitter of each worker.
	SharedBytes   int64 `json:"shared_bytes"`
	WorkerBytes   int64 `json:"worker_bytes"`   // one worker more, its threads and creep apart
	ThreadBytes   int64 `json:"thread_bytes"`   // each of its threads
	CreepBytes    int64 `json:"creep_bytes"`    // what it grows by, beyond the measured peak, until it is recycled
	LeavingBytes  int64 `json:"leaving_bytes"`  // room for workers that end: see Worker.LeavingBytes
	LeastBytes    int64 `json:"least_bytes"`    // below which a worker can't run
	HeadroomBytes int64 `json:"headroom_bytes"` // what the total leaves of the budget
	OneMoreBytes  int64 `json:"one_more_bytes"` // the total of one worker more

	MeasuredThreads int   `json:"measured_threads"`
	ThreadsUnknown  bool  `json:"threads_unknown"`       // how many a running server has can't be seen, and they stay as they are
	AtOnce          int   `json:"at_once"`               // requests that a worker without threads was measured with; 0: as many as threads
	ThreadChoices   []int `json:"thread_choices"`        // that were weighed
	CoresGranted    bool  `json:"cores_granted"`         // memory holds all the workers that the cores ask for
	MinWorkers      int   `json:"min_workers"`           // that were asked for, at least 1
	MaxWorkers      int   `json:"max_workers"`           // 0 for no bound
	NeededBytes     int64 `json:"needed_bytes"`          // by min_workers of measured_threads
	SmallestBytes   int64 `json:"smallest_budget_bytes"` // the least that they need with any threads ...
	SmallestThreads int   `json:"smallest_threads"`      // ... which is with so many
	Basis           Basis `json:"basis"`                 // of the measured worker
	CreepApart      bool  `json:"creep_apart"`           // its peak is what it takes before it has crept by anything
}

// sum is the arithmetic behind a choice.
func (q Question) sum(c choice, a Answer) Sum {
	s := Sum{
		CPUs: q.CPUs, CPUWorkers: q.cpuWorkers(c.threads), RuleWorkers: c.free, AllowedWorkers: c.roomiest,
		SharedBytes: q.Law.SharedBytes, WorkerBytes: q.Law.WorkerBytes, ThreadBytes: q.Law.ThreadBytes, LeastBytes: q.least(c.threads),
		MeasuredThreads: q.Threads, ThreadsUnknown: q.ThreadsUnknown, AtOnce: q.AtOnce, ThreadChoices: q.ThreadChoices, CoresGranted: q.granted(c),
		MinWorkers: q.MinWorkers, MaxWorkers: q.MaxWorkers, NeededBytes: q.needs(q.Threads), Basis: q.Basis, CreepApart: q.creepTakenOut(),
	}
	s.SmallestBytes, s.SmallestThreads = q.smallest()
	if n := q.memoryWorkers(c.threads); n < mostCount {
		s.MemoryWorkers = &n
	}
	if a.Recommended == nil {
		return s
	}
	s.AllowedCost, s.Cost = q.life(c.roomiest, c.threads).cost, q.life(c.workers, c.threads).cost
	s.CreepBytes = q.life(c.workers, c.threads).growth
	s.HeadroomBytes = q.BudgetBytes - a.TotalBytes
	s.OneMoreBytes = total(q.Law.SharedBytes, c.workers+1, q.least(c.threads))
	if a.WorkerMemoryMB > 0 {
		s.PlainWorkers = Workers(q.CPUs, megabytes(q.BudgetBytes), float64(a.WorkerMemoryMB), c.threads)
	}
	return s
}
