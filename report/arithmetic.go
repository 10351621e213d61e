package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

func sumSection(r calibrate.Result) []Block { return sumOf(Heading{Name: "The sum"}, r) }

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
	if l < mb || r.Recommendation.MaxRequests <= 0 {
		return ""
	}
	return "a worker that is replaced needs " + knownMB(l) + " more as it exits: it writes to pages that it shared with its master, so the kernel copies them"
}

func countedFrom(r calibrate.Result) string {
	if !attached(r) || r.Recommendation.MaxRequests <= 0 {
		return ""
	}
	return "since the watch began. Memory that a worker had leaked before counts as memory that it needs, which is on the safe side"
}

func budgetOf(r calibrate.Result) string {
	rec := r.Recommendation
	memory, _ := r.Host.Memory()
	switch {
	case memory <= 0 && r.Plan.MemoryBytes <= 0 && rec.BudgetBytes <= 0:
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
	s := "workers x " + worker + ", without creep"
	if l.SharedBytes > 0 {
		s = knownMB(l.SharedBytes) + " + " + s
	}
	if given(r) {
		s += ", as given"
	}
	return s
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
