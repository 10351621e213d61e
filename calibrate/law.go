package calibrate

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"workermem/calibrate/say"
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
	LoneBytes     int64    `json:"lone_bytes,omitempty"` // of worker_bytes: what only the boot took, or the requests before the load
	Raised        []Raise  `json:"raised,omitempty"`     // by which a worker was seen to take more than that
	ResidualBytes int64    `json:"residual_bytes"`
	Basis         Basis    `json:"basis"` // "" where nothing was measured
	Runs          []LawRun `json:"runs"`
	Unserved      []Shape  `json:"unserved,omitempty"` // were tried and hardly served: no candidates
}

// Raise is by how much a worker of so many threads took more than the line through the thread counts says: threads that share a
// lock or an allocator cost the less each the more there are, and between two counts that were run the line is too low. It
// stands for the counts between two raises in proportion, and beyond the first and the last as at these.
type Raise struct {
	Threads int   `json:"threads"`
	Bytes   int64 `json:"bytes"`
}

// Total is the memory of the whole process tree. Counts and parts below zero count as zero; a total beyond int64
// is the greatest int64.
func (l Law) Total(workers, threads int) int64 { return l.TotalOf(workers, l.Worker(threads)) }

// TotalOf is the same where each worker takes so much.
func (l Law) TotalOf(workers int, each int64) int64 { return sumOf(l.SharedBytes, workers, each) }

// Loaded is the total under load: without what only the boot took, or the requests before it. A short run is held against that.
func (l Law) Loaded(workers, threads int) int64 {
	return l.TotalOf(workers, sumOf(sumOf(l.WorkerBytes-l.LoneBytes, threads, l.ThreadBytes), 1, l.Raise(threads)))
}

// Worker is what one worker with that many threads costs at peak.
func (l Law) Worker(threads int) int64 {
	return sumOf(sumOf(l.WorkerBytes, threads, l.ThreadBytes), 1, l.Above(threads))
}

// Above is what of a raise comes to a worker's peak: what only the boot took is over when the load comes, and one stands in for the other.
func (l Law) Above(threads int) int64 { return max(l.Raise(threads)-l.LoneBytes, 0) }

// Raise is by how much a worker with so many threads is above the line, under load.
func (l Law) Raise(threads int) int64 {
	if len(l.Raised) == 0 {
		return 0
	}
	i, _ := slices.BinarySearchFunc(l.Raised, threads, func(r Raise, threads int) int { return cmp.Compare(r.Threads, threads) })
	high := l.Raised[min(i, len(l.Raised)-1)]
	if i == 0 || i == len(l.Raised) {
		return high.Bytes
	}
	low := l.Raised[i-1]
	share := float64(threads-low.Threads) / float64(max(high.Threads-low.Threads, 1))
	return low.Bytes + int64(share*float64(high.Bytes-low.Bytes))
}

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

	RatePerSecond float64 `json:"rate_per_second,omitempty"` // answered well, every thread busy
	Work          *Work   `json:"work,omitempty"`            // of that load
	Clients       int     `json:"clients,omitempty"`         // of that load, all busy; 0: of a version that didn't say
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

// implausible looks at the raises: what any shape takes is reckoned from them.
func (l Law) implausible() string {
	if len(l.Raised) > mostUses {
		return "law.raised has " + say.Plural(len(l.Raised), "count")
	}
	last := 0
	for _, raise := range l.Raised {
		if raise.Threads <= last {
			return "law.raised do not rise"
		}
		if last = raise.Threads; raise.Bytes < 0 {
			return "law.raised.bytes is " + say.Count(raise.Bytes)
		}
	}
	return ""
}
