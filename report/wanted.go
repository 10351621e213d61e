package report

import (
	"cmp"

	"workermem/calibrate"
)

// wanted is what a run recommends, for a server to be told.
func wanted(r calibrate.Result) calibrate.Wanted {
	rec := r.Recommendation
	memory, _ := r.Host.Memory()
	return calibrate.Wanted{
		Workers: rec.Workers, Threads: threadsOf(r), MaxRequests: int64(max(rec.MaxRequests, 0)), Jitter: int64(rec.MaxRequestsJitter),
		WorkerMemoryMB: rec.WorkerMemoryMB, SafeRequests: rec.SafeRequests,
		CPUs: cmp.Or(r.Plan.CPUs, r.Host.SizingCPUs()), MemoryBytes: cmp.Or(r.Plan.MemoryBytes, memory),
	}
}

// threadsOf is 0 if the server has no threads to set, or they are not known.
func threadsOf(r calibrate.Result) int {
	if !threaded(r) {
		return 0
	}
	return r.Recommendation.Threads
}
