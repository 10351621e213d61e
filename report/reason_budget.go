package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// budgetSum is the budget as its sum.
func budgetSum(r calibrate.Result) string {
	rec, b := r.Recommendation, r.Recommendation.Budget
	s := fmt.Sprintf("%s (%s) less %s reserve (%s)", say.MB(b.MemoryBytes), memorySource(r.Host, b.Source), say.Percent(r.Plan.ReserveRatio), say.MB(b.ReserveBytes))
	if b.OthersBytes > 0 {
		s += fmt.Sprintf(" less %s for others", say.MB(b.OthersBytes))
	}
	return s + " = " + say.MB(rec.BudgetBytes)
}

func memorySource(h calibrate.Host, s calibrate.MemorySource) string {
	switch s {
	case calibrate.MemoryGiven:
		return "given"
	case calibrate.MemoryLimit:
		return orElse(h.MemoryLimitSource, "limit")
	}
	return "total memory"
}

// marginalSource is where the cost of one more worker was read.
func marginalSource(w calibrate.Worker) string {
	switch w.MarginalSource {
	case calibrate.MarginalRSS:
		return "RSS, an upper bound"
	case calibrate.MarginalSecond:
		return "private dirty pages and a second worker"
	case calibrate.MarginalMean:
		workers := w.Workers
		if w.End != nil {
			workers = w.End.Workers
		}
		return fmt.Sprintf("private dirty pages, the mean of %s", say.Plural(workers, "worker"))
	case calibrate.MarginalDirty:
		return "private dirty pages"
	}
	return say.Unknown
}
