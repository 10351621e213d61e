package sizing

import (
	"math"
	"math/bits"
)

// MiB is what a setting or a sentence calls a MB, as the seeds do (2 GB = 2048 MB).
const MiB = 1 << 20

// Law is the measured law of a server's memory, in bytes, at peak, creep apart:
//
//	total = shared + N x (worker + T x thread)
//
//	N       workers
//	T       threads in each
//	shared  what does not grow with the workers: the master, and pages the workers have in common
//	worker  what one more worker costs, its threads apart
//	thread  what one more busy thread costs
//
// It is fitted to the marginal worker (its private dirty pages), which predicts the total within a few per cent
// where workers x RSS is wrong by 68 % on average (measuring.md).
type Law struct{ SharedBytes, WorkerBytes, ThreadBytes int64 }

// Total is the memory of the whole process tree. Counts and parts below zero count as zero; a total beyond int64
// is the greatest int64.
func (l Law) Total(workers, threads int) int64 {
	return total(max(l.SharedBytes, 0), max(workers, 0), l.worker(threads))
}

// worker is what one worker with that many threads costs at peak.
func (l Law) worker(threads int) int64 {
	return total(max(l.WorkerBytes, 0), max(threads, 0), max(l.ThreadBytes, 0))
}

// total is base + n x each for numbers that are not negative, held at the greatest int64.
func total(base int64, n int, each int64) int64 {
	high, low := bits.Mul64(uint64(n), uint64(each))
	sum, carry := bits.Add64(low, uint64(base), 0)
	if high != 0 || carry != 0 || sum > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(sum)
}

func megabytes(bytes int64) float64 { return float64(bytes) / MiB }

func ceilBytes(x float64) int64 { return int64(clamp(math.Ceil(x), 0, mostBudget)) }
