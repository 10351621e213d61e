package analyse

import (
	"workermem/calibrate"
	"workermem/calibrate/sizing"
)

// noMatter is the bound beyond which memory is no reason for one: servers run out of descriptors before.
const noMatter = 10_000

// concurrency is the curve, and the number of requests at once a worker at which the recommended workers fill the budget.
// Where each worker has room for all that it takes at the bend, none is needed.
func concurrency(r calibrate.Result) calibrate.Concurrency {
	c := r.Concurrency
	c.Bound = 0
	rec := r.Recommendation
	if c.RequestBytes == 0 || rec.Workers == 0 || rec.Sum.CrowdBytes > 0 {
		return c
	}
	room := max(rec.BudgetBytes-rec.TotalBytes, 0) / int64(rec.Workers)
	bound := int64(c.Steps[0].Clients) + room/c.RequestBytes
	switch {
	case c.Bend != nil && room >= c.Bend.Bytes:
		return c
	case c.Bend != nil:
		bound = min(bound, int64(c.Bend.Below)) // from there to the bend it may be steeper than any piece that was measured
	}
	if bound < noMatter {
		c.Bound = int(bound)
	}
	return c
}

// AtOnce is for how many requests at once a worker is sized, and what it takes more with so many than the law has, which was
// read at the measured peak: where memory stops growing within the budget, nothing needs to be bounded.
func AtOnce(r calibrate.Result) (clients int, bytes int64) {
	if bend := r.Concurrency.Bend; bend != nil && r.Recommendation.Sum.CrowdBytes > 0 {
		return bend.Clients, bend.Bytes
	}
	return PeakClients(r), 0
}

// withCrowd is the question for workers that take as much as at the bend.
func withCrowd(q sizing.Question, b calibrate.Bend) sizing.Question {
	q.Law.WorkerBytes += b.Bytes
	q.WorkerPeakBytes += b.Bytes
	q.AtOnce = b.Clients
	return q
}

// mostAtOnce is the highest bound of a server that is measured as such. Beyond it the load itself would be what is
// measured, and the server counts as one without a bound.
const mostAtOnce = 512

// Bound is how many requests at once the server takes by its own setting, 0 where it has none that counts.
func Bound(t calibrate.TargetInfo) int {
	if t.ConcurrencyLimit <= mostAtOnce {
		return t.ConcurrencyLimit
	}
	return 0
}
