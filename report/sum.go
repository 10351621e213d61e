package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// sum is the arithmetic behind the answer.
func sum(r calibrate.Result) []fact {
	rec := r.Recommendation
	facts := []fact{{"budget", budgetOf(r)}}
	if law := lawOf(r.Law); law != "" && given(r) {
		facts = append(facts, fact{"law", law + ", as given"})
	} else if law != "" {
		facts = append(facts, fact{"law", law})
	}
	if l := r.Worker.LeavingBytes; l >= 1<<20 && rec.MaxRequests > 0 {
		facts = append(facts, fact{"leaving", knownMB(l) + " more while a worker is replaced: as it ends, it copies pages that it shared with its master"})
	}
	if checks := checksOf(r.Law); checks != "" {
		facts = append(facts, fact{"checked", checks})
	}
	if rec.Reason != "" && !rec.NothingFits { // else the answer has it
		facts = append(facts, fact{"workers", rec.Reason})
	}
	if rec.MaxRequestsReason != "" && (doubt(r) == "" || byTime(r) && r.Creep.Verdict == verdictCreeping) {
		facts = append(facts, fact{"max-requests", rec.MaxRequestsReason})
	}
	if attached(r) && rec.MaxRequests > 0 {
		facts = append(facts, fact{"counted", "from where the watch began. What a worker had grown by before is taken for what it needs anyway: the safe side"})
	}
	return facts
}

func budgetOf(r calibrate.Result) string {
	rec := r.Recommendation
	memory, _ := r.Host.Memory()
	switch {
	case memory <= 0 && r.Plan.MemoryBytes <= 0 && rec.BudgetBytes <= 0:
		return say.Unknown + ": the memory of this machine is not known"
	case rec.BudgetSum != "":
		return rec.BudgetSum
	}
	return knownMB(rec.BudgetBytes)
}

// lawOf leaves out the terms that are 0: they were not measured.
func lawOf(l calibrate.Law) string {
	if l.WorkerBytes <= 0 {
		return ""
	}
	worker := knownMB(l.WorkerBytes)
	if l.ThreadBytes > 0 {
		worker = fmt.Sprintf("(%s + threads x %s)", worker, knownMB(l.ThreadBytes))
	}
	s := "workers x " + worker + ", creep apart"
	if l.SharedBytes > 0 {
		s = knownMB(l.SharedBytes) + " + " + s
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

// price is the price of max-requests, and how often it is paid at the user's rate, else at the soak's.
func price(r calibrate.Result) string {
	rec, at := r.Recommendation, ""
	switch {
	case r.Plan.ProductionRate > 0:
	case attached(r) && r.Watch.Seconds > 0:
		at = fmt.Sprintf(" at the %s that were watched", say.RequestRate(float64(r.Watch.Requests)/r.Watch.Seconds))
	case r.Load.RateSent > 0:
		at = fmt.Sprintf(" at the soak's %s (--production-rate for yours)", say.RequestRate(r.Load.RateSent))
	}
	if rec.MaxRequests <= 0 {
		return ""
	}
	var parts []string
	if rec.RestartIntervalSeconds > 0 {
		parts = append(parts, "each worker restarts every "+say.Seconds(rec.RestartIntervalSeconds)+at)
	}
	if rec.RecycleCostRatio > 0 {
		parts = append(parts, fmt.Sprintf("for %s of its time", say.Percent(rec.RecycleCostRatio)))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case given(r):
		return "what recycling costs is not known without --production-rate and --boot"
	}
	return "what recycling costs was " + notMeasured
}

// truth sets what the demo app says of itself beside what was measured.
func truth(r calibrate.Result) []fact {
	t := *r.Truth
	return []fact{
		{"creep", keptAgainst(t, r.Creep)},
		{"peak", peakAgainst(t, r.Worker)},
	}
}

func keptAgainst(t calibrate.Truth, c calibrate.Creep) string {
	s := fmt.Sprintf("it keeps %s a request; ", say.Bytes(t.KeptBytesPerRequest))
	if c.Low == nil || c.High == nil {
		return s + "no interval was measured"
	}
	holds := "no"
	if *c.Low <= t.KeptBytesPerRequest && t.KeptBytesPerRequest <= *c.High {
		holds = "yes"
	}
	return fmt.Sprintf("%sthe interval %s holds that: %s", s, say.Range(*c.Low, *c.High), holds)
}

func peakAgainst(t calibrate.Truth, w calibrate.Worker) string {
	s := fmt.Sprintf("it reaches %s; ", knownMB(t.PeakRSSBytes))
	if t.PeakRSSBytes <= 0 || w.PeakRSSBytes <= 0 {
		return s + "measured " + knownMB(w.PeakRSSBytes)
	}
	off := float64(w.PeakRSSBytes-t.PeakRSSBytes) / float64(t.PeakRSSBytes)
	sign := ""
	if off > 0 {
		sign = "+"
	}
	return fmt.Sprintf("%smeasured %s (error %s%s)", s, knownMB(w.PeakRSSBytes), sign, say.Percent(off))
}
