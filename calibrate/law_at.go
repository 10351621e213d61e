package calibrate

import (
	"math"
	"slices"
)

func Figure(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// threadsSeen says that a short run had other threads than the main one.
func threadsSeen(r Result) bool {
	return slices.ContainsFunc(r.Law.Runs, func(run LawRun) bool { return run.Workers == 1 && run.PeakRSSBytes > 0 })
}

// at is what the law has for a shape.
func LawAt(l Law, workers, threads int) int64 {
	return l.SharedBytes + int64(workers)*(l.WorkerBytes+int64(threads)*l.ThreadBytes)
}

// ThreadRange is the counts of threads that the law vouches for. Unless a short run has seen other threads, what a thread
// costs is an upper bound, and taking threads away by it would promise too little memory; or it isn't known at all.
func ThreadRange(r Result) (least, most int) {
	threads, most := max(r.Target.Threads, 1), mostServing(r)
	switch {
	case !r.Target.HasThreads:
		return threads, threads
	case r.Law.Basis == BasisGiven || threadsSeen(r):
		return 1, most
	case r.Worker.IdleRSSBytes > 0:
		return threads, most
	}
	return threads, threads
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
