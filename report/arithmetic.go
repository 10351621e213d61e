package report

import (
	"fmt"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// sumOf is the arithmetic behind the answer.
func sumOf(h Heading, r calibrate.Result) []Block {
	return section(h, Facts{Rows: factsOf(
		fact("budget", budgetOf(r)), fact("formula", lawOf(r)), detail("exit", leavingOf(r)), detail("fitted to", fittedOf(r)), detail("at first", foretoldOf(r)), detail("checked", checksOf(r)),
		fact("workers", workersReason(r)), detail("max-requests", maxRequestsReason(r)), detail("counted", countedFrom(r)),
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
	return when(l.SharedBytes > 0, "%s + ", knownMB(l.SharedBytes)) + "workers x " + worker + ", without creep" + when(given(r), ", as given") + raisedOf(r)
}

// raisedOf is what workers took more than the formula's line, by their threads.
func raisedOf(r calibrate.Result) string {
	var parts []string
	for _, raise := range r.Law.Raised {
		if raise.Bytes > 0 {
			parts = append(parts, knownMB(raise.Bytes)+" more a worker"+when(threaded(r), " of %s", say.Plural(raise.Threads, "thread")))
		}
	}
	return when(len(parts) > 0, "; %s, by what was run", strings.Join(parts, ", "))
}

// fittedOf holds the formula against the shapes that it was fitted to.
func fittedOf(r calibrate.Result) string {
	var parts []string
	for _, run := range r.Law.Runs {
		parts = append(parts, held(r, calibrate.Shape{Workers: run.Workers, Threads: run.Threads}, run.MeasuredBytes)+
			when(younger(r, run), "%s", orElse(when(startingBeside(r, run), " before what runs beside its workers had come to its size"), " after fewer requests than the formula is for")))
	}
	return strings.Join(parts, "; ")
}

// younger says that a short run was over before its workers had grown to what the formula is for.
func younger(r calibrate.Result, run calibrate.LawRun) bool {
	formula := r.Law.Loaded(run.Workers, run.Threads)
	return formula-run.MeasuredBytes > formula/20 && run.Requests < int64(run.Workers)*r.Worker.Requests
}

// startingBeside says that it was over before the processes beside its workers had grown to what they took at the run's end:
// helpers that take their time to start.
func startingBeside(r calibrate.Result, run calibrate.LawRun) bool {
	end := r.Worker.End
	return end != nil && end.Books != nil && run.Books != nil && end.Books.Rest.Mapped()-run.Books.Rest.Mapped() > r.Law.Loaded(run.Workers, run.Threads)/20
}

// held is what the formula says of a shape, beside what it took. No login, and no boot, is in that.
func held(r calibrate.Result, s calibrate.Shape, measured int64) string {
	return fmt.Sprintf("%s: formula %s%s, measured %s", named(r, s), knownMB(r.Law.Total(s.Workers, s.Threads)),
		when(r.Law.LoneBytes >= mb, " (%s under load)", knownMB(r.Law.Loaded(s.Workers, s.Threads))), knownMB(measured))
}

// foretoldOf is what one worker alone promised of several, before they were run: its first reading, not the formula.
func foretoldOf(r calibrate.Result) string {
	var parts []string
	for _, run := range r.Law.Runs {
		if run.Workers > 1 && run.PredictedBytes > 0 {
			parts = append(parts, fmt.Sprintf("%s for %s", knownMB(run.PredictedBytes), named(r, calibrate.Shape{Workers: run.Workers, Threads: run.Threads})))
		}
	}
	return when(len(parts) > 0, "one worker alone, after its first load, promised %s", strings.Join(parts, ", "))
}

// named is a shape, without threads where the server has none.
func named(r calibrate.Result, s calibrate.Shape) string {
	if !threaded(r) {
		s.Threads = 0
	}
	return s.String()
}

// checksOf holds the formula against shapes that were run, and that it was not fitted to.
func checksOf(r calibrate.Result) string {
	if len(r.Law.Runs) == 0 {
		return ""
	}
	var parts []string
	if r.Sweep != nil {
		for _, run := range r.Sweep.Runs {
			shape := calibrate.Shape{Workers: run.Workers, Threads: max(run.Threads, 1)}
			if run.Failed == nil && run.MeasuredBytes > 0 && !fittedTo(r, shape) {
				parts = append(parts, held(r, shape, run.MeasuredBytes))
			}
		}
	}
	return orElse(strings.Join(parts, "; "), when(r.Proof == nil, "by no shape beyond those yet: calibrate prove runs the recommendation"))
}

func fittedTo(r calibrate.Result, s calibrate.Shape) bool {
	return s == calibrate.Shape{Workers: 1, Threads: max(r.Target.Threads, 1)} ||
		slices.ContainsFunc(r.Law.Runs, func(run calibrate.LawRun) bool { return run.Workers == s.Workers && run.Threads == s.Threads })
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
