package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// sumOf is the arithmetic behind the answer.
func sumOf(h Heading, r calibrate.Result) []Block {
	return section(h, Facts{Rows: factsOf(
		fact("budget", budgetOf(r)), fact("formula", lawOf(r)), fact("exit", leavingOf(r)), fact("checked", checksOf(r.Law)),
		fact("workers", workersReason(r)), fact("max-requests", maxRequestsReason(r)), fact("counted", countedFrom(r)),
	)})
}

func maxRequestsReason(r calibrate.Result) string {
	if doubt(r) == "" || byTime(r) && r.Creep.Verdict == calibrate.Creeping {
		return recyclingReason(r)
	}
	return ""
}

// leavingOf is what a worker needs beyond its peak while it ends.
func leavingOf(r calibrate.Result) string {
	l := r.Worker.LeavingBytes
	return when(l >= mb && r.Recommendation.MaxRequests > 0,
		"a worker that is replaced needs %s more as it exits: it writes to pages that it shared with its master, so the kernel copies them", knownMB(l))
}

func countedFrom(r calibrate.Result) string {
	return when(attached(r) && r.Recommendation.MaxRequests > 0,
		"since the watch began. Memory that a worker had leaked before counts as memory that it needs, which is on the safe side")
}

func budgetOf(r calibrate.Result) string {
	rec := r.Recommendation
	switch {
	case memoryOf(r) <= 0 && rec.BudgetBytes <= 0:
		return say.Unknown + ": the memory of this machine is not known"
	case rec.Budget.MemoryBytes > 0:
		return budgetSum(r)
	}
	return knownMB(rec.BudgetBytes)
}

// lawOf leaves out the terms that are 0: they were not measured.
func lawOf(r calibrate.Result) string {
	l := r.Law
	if l.WorkerBytes <= 0 {
		return ""
	}
	worker := knownMB(l.WorkerBytes)
	if l.ThreadBytes > 0 {
		worker = fmt.Sprintf("(%s + threads x %s)", worker, knownMB(l.ThreadBytes))
	}
	return when(l.SharedBytes > 0, "%s + ", knownMB(l.SharedBytes)) + "workers x " + worker + ", without creep" + when(given(r), ", as given")
}

// checksOf is what one worker promised of the shapes that were then measured.
func checksOf(l calibrate.Law) string {
	var parts []string
	for _, run := range l.Runs {
		parts = append(parts, fmt.Sprintf("%s of %s: predicted %s, measured %s", say.Plural(run.Workers, "worker"),
			say.Plural(run.Threads, "thread"), knownMB(run.PredictedBytes), knownMB(run.MeasuredBytes)))
	}
	return strings.Join(parts, "; ")
}

func budgetSum(r calibrate.Result) string {
	rec, b := r.Recommendation, r.Recommendation.Budget
	return fmt.Sprintf("%s (%s) less %s reserve (%s)", say.MB(b.MemoryBytes), memorySource(r.Host, b.Source), say.Percent(r.Plan.ReserveRatio), say.MB(b.ReserveBytes)) +
		when(b.OthersBytes > 0, " less %s for others", say.MB(b.OthersBytes)) + " = " + say.MB(rec.BudgetBytes)
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
