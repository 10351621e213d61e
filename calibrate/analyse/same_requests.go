package analyse

import (
	"slices"

	"workermem/calibrate"
)

// withSameRequests notes beside each short run what the main run's worker held at most by as many requests. With more threads
// an app that waits serves more of them in the same time, and what it keeps of each (a cache) is no thread's: 30 KB kept of up
// to 4000 requests came to 4.5 MB a thread by 16 threads that had served 2400 beside one that had served 150.
func withSameRequests(m calibrate.Measured, r calibrate.Result) calibrate.Law {
	if len(m.Samples) == 0 {
		return r.Law // as it was saved
	}
	l := r.Law
	l.Runs = slices.Clone(l.Runs)
	for i := range l.Runs {
		l.Runs[i].SameRequestsBytes = heldBy(l.Runs[i].Requests/int64(max(l.Runs[i].Workers, 1)), m.Samples, residingSlope(r))
	}
	return l
}

// heldBy is the highest RSS by so many requests, creep apart.
func heldBy(requests int64, samples []calibrate.Sample, slope float64) (most int64) {
	for _, s := range samples {
		if s.Requests <= requests && s.Phase != calibrate.PhaseBefore {
			most = max(most, s.RSS-int64(slope*float64(s.Requests)))
		}
	}
	return most
}
