package analyse

import "workermem/calibrate"

// noMatter is the bound beyond which memory is no reason for one: servers run out of descriptors before.
const noMatter = 10_000

// concurrency is what the steps come to: bytes for each request at once, from the first step to the last, and the
// number of them a worker at which the recommended workers fill the budget.
func concurrency(r calibrate.Result) calibrate.Concurrency {
	c := r.Concurrency
	c.RequestBytes, c.Bound = 0, 0
	if len(c.Steps) < 2 {
		c.Steps = append([]calibrate.ConcurrencyStep{}, c.Steps...)
		return c
	}
	first, last := c.Steps[0], c.Steps[len(c.Steps)-1]
	grown := float64(last.PeakRSSBytes-first.PeakRSSBytes) - Slope(r)*float64(last.Answered-first.Answered)
	c.RequestBytes = int64(max(grown, 0)) / int64(last.Clients-first.Clients)
	rec := r.Recommendation
	if c.RequestBytes == 0 || rec.Workers == 0 {
		return c
	}
	bound := int64(first.Clients) + max(rec.BudgetBytes-rec.TotalBytes, 0)/int64(rec.Workers)/c.RequestBytes
	if bound < noMatter {
		c.Bound = int(bound)
	}
	return c
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
