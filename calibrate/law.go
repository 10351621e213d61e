package calibrate

import (
	"math"
	"math/bits"
	"slices"
)

// Law is the total of the whole process tree at N workers and T threads, at peak, creep apart, in bytes:
//
//	total = shared + N x (worker + T x thread)
//
//	shared  what does not grow with the workers: the master, and pages the workers have in common
//	worker  what one more worker costs, its threads apart
//	thread  what one more busy thread costs
//
// It is fitted to the marginal worker (its private dirty pages), which predicts the total within a few per cent
// where workers x RSS is wrong by 68 % on average (measured).
type Law struct {
	SharedBytes   int64    `json:"shared_bytes"`
	WorkerBytes   int64    `json:"worker_bytes"`
	ThreadBytes   int64    `json:"thread_bytes"`
	ResidualBytes int64    `json:"residual_bytes"`
	Basis         Basis    `json:"basis"` // "" where nothing was measured
	Runs          []LawRun `json:"runs"`
	Unserved      []Shape  `json:"unserved,omitempty"` // were tried and hardly served: no candidates
}

// Total is the memory of the whole process tree. Counts and parts below zero count as zero; a total beyond int64
// is the greatest int64.
func (l Law) Total(workers, threads int) int64 { return l.TotalOf(workers, l.Worker(threads)) }

// TotalOf is the same where each worker takes so much.
func (l Law) TotalOf(workers int, each int64) int64 { return sumOf(l.SharedBytes, workers, each) }

// Worker is what one worker with that many threads costs at peak.
func (l Law) Worker(threads int) int64 { return sumOf(l.WorkerBytes, threads, l.ThreadBytes) }

// sumOf is base + n x each, of which what is below zero is zero, held at the greatest int64.
func sumOf(base int64, n int, each int64) int64 {
	high, low := bits.Mul64(uint64(max(n, 0)), uint64(max(each, 0)))
	sum, carry := bits.Add64(low, uint64(max(base, 0)), 0)
	if high != 0 || carry != 0 || sum > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(sum)
}

// LawRun is one short run: what the main run promised for its shape, and what was measured.
type LawRun struct {
	Workers        int   `json:"workers"`
	Threads        int   `json:"threads"`
	PredictedBytes int64 `json:"predicted_bytes"` // by the main run's first load alone
	MeasuredBytes  int64 `json:"measured_bytes"`  // creep apart
	TotalBytes     int64 `json:"total_bytes"`     // as read, at the workers' peaks, without kernel memory
	Requests       int64 `json:"requests"`
	Processes      int   `json:"processes"` // of the whole tree

	// What the app's own control group was charged after the load, and at most. Absent where it had none.
	ChargeBytes     int64 `json:"charge_bytes,omitempty"`
	ChargePeakBytes int64 `json:"charge_peak_bytes,omitempty"`

	// Who had it after the load, and the most that the tree held. Null and 0 in runs of versions that didn't read them.
	Books          *Books `json:"books,omitempty"`
	PeakHeldBytes  int64  `json:"peak_held_bytes,omitempty"`
	PeakBelowBytes int64  `json:"peak_below_bytes,omitempty"` // see Phase

	// PredictedWarmBytes is PredictedBytes by the whole main run: what a short run takes lies between the two.
	PredictedWarmBytes int64 `json:"predicted_warm_bytes,omitempty"`
	// One of its workers, on average: private dirty pages at the peak, and the peak RSS. 0: not read.
	WorkerBytes  int64 `json:"worker_bytes,omitempty"`
	PeakRSSBytes int64 `json:"peak_rss_bytes,omitempty"`
	// SameRequestsBytes is the most that the main run's worker held by as many requests, creep apart: a cache that has grown by
	// then is not its threads'. 0: not known.
	SameRequestsBytes int64 `json:"same_requests_bytes,omitempty"`
}

// threadsSeen says that a short run had other threads than the main one.
func threadsSeen(r Result) bool {
	return slices.ContainsFunc(r.Law.Runs, func(run LawRun) bool { return run.Workers == 1 && run.PeakRSSBytes > 0 })
}

// ThreadRange is the counts of threads that the law vouches for: the measured one alone, unless a short run has seen others.
func (r Result) ThreadRange() (least, most int) {
	if r.Target.HasThreads && (r.Law.Basis == BasisGiven || threadsSeen(r)) {
		return 1, mostServing(r)
	}
	threads := max(r.Target.Threads, 1)
	return threads, threads
}

// Stuck says that a worker with so many threads, or with fewer, hardly served.
func (l Law) Stuck(threads int) bool {
	return slices.ContainsFunc(l.Unserved, func(s Shape) bool { return s.Workers == 1 && s.Threads <= threads })
}

// mostServing is the most threads that a worker may be given: where more of them hardly served, as many as were seen to.
func mostServing(r Result) int {
	threads, stuck := max(r.Target.Threads, 1), math.MaxInt
	for _, shape := range r.Law.Unserved {
		if shape.Workers == 1 && shape.Threads > threads {
			stuck = min(stuck, shape.Threads)
		}
	}
	if stuck == math.MaxInt {
		return stuck
	}
	for _, run := range r.Law.Runs {
		if run.Workers == 1 && run.Threads < stuck {
			threads = max(threads, run.Threads)
		}
	}
	return threads
}
