package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// answerOf is what a run comes down to.
func answerOf(r calibrate.Result) Answer {
	rec := r.Recommendation
	switch {
	case rec.NothingFits:
		return Answer{Verdict: "NOTHING FITS", Why: Refusal(r), Mark: Bad}
	case rec.Withheld != nil:
		return Answer{Verdict: noRecommendation, Why: Withheld(r), Mark: Doubtful}
	case rec.Workers <= 0:
		return Answer{Verdict: noRecommendation, Why: "too little was measured", Mark: Doubtful}
	}
	return Answer{Settings: settingsOf(r), Mark: Good}
}

const noRecommendation = "NO RECOMMENDATION"

// refused says that there is nothing to set.
func refused(r calibrate.Result) bool { return answerOf(r).Verdict != "" }

// answerSection is the answer, what to type, and what to know of it.
func answerSection(r calibrate.Result, servers calibrate.Servers) []Block {
	blocks := []Block{Only{OfPage, []Block{Heading{Name: "Settings"}}}, answerOf(r)}
	if refused(r) {
		if s := tryInstead(r); s != "" {
			blocks = append(blocks, Facts{Brief: true, Rows: []Fact{fact("try", s)}})
		}
		return blocks
	}
	line, why := typed(r, servers)
	if line != "" {
		blocks = append(blocks, Code{Label: "type", Text: line})
	}
	return append(blocks, Facts{Brief: true, Rows: factsOf(
		fact("type", why), fact("why", whyOf(r)), fact("price", price(r)), fact("bound", bound(r)), fact("but", doubt(r)),
	)})
}

// tryInstead is what to do if there is nothing to set.
func tryInstead(r calibrate.Result) string {
	shown, _ := split(r.Warnings, r.Plan.Silenced)
	switch {
	case r.Recommendation.NothingFits:
		return refusalTry(r)
	case len(shown) == 1:
		return shown[0].Try
	case len(shown) > 1:
		return "what the warnings at the end say"
	}
	return ""
}

// refusalTry is every way to make something fit.
func refusalTry(r calibrate.Result) string {
	memory := "more memory"
	if least := r.Recommendation.SmallestMemoryBytes; least > 0 {
		memory = say.MBUp(least) + " of memory or more"
	}
	fewer := ""
	if r.Plan.MinWorkers > 1 {
		fewer = "fewer --min-workers, "
	}
	return memory + " (--memory), less kept back (--reserve), " + fewer + "fewer threads, or a smaller app"
}

// whyOf is the reason in a line: what stands against one worker more, and what these use. The sum has the rest.
func whyOf(r calibrate.Result) string {
	rec := r.Recommendation
	uses := ""
	if rec.TotalBytes > 0 && rec.BudgetBytes > 0 {
		uses = fmt.Sprintf("uses %s of the %s MB budget (%s)", mbCell(rec.TotalBytes), mbCell(rec.BudgetBytes),
			say.Percent(float64(rec.TotalBytes)/float64(rec.BudgetBytes)))
	}
	bound := map[calibrate.Bound]string{
		calibrate.BoundMemory:  "memory allows no more workers",
		calibrate.BoundCPU:     "the cores allow no more workers",
		calibrate.BoundMaximum: "--max-workers allows no more",
		calibrate.BoundPrice:   "recycling more workers would cost too much of their time",
	}[boundBy(r.Candidates)]
	if most := r.Target.MaxWorkers; most > 0 && rec.Workers == most {
		bound = "this server runs no more"
	}
	if swept := sweptWhy(r); swept != "" {
		bound = swept
	}
	switch {
	case bound == "" && uses == "":
		return workersReason(r)
	case bound == "" || uses == "":
		return bound + uses
	}
	return bound + "; " + uses
}

func boundBy(candidates []calibrate.Candidate) calibrate.Bound {
	for _, c := range candidates {
		if c.Recommended {
			return c.BoundBy
		}
	}
	return ""
}

// doubt is what the answer leaves open; "" for nothing.
func doubt(r calibrate.Result) string {
	switch v := verdictByRequest(r); {
	case refused(r) || v == calibrate.Flat || v == calibrate.Creeping:
		return ""
	case given(r):
		return "whether memory creeps was not given (--creep), so there is no max-requests"
	case byTime(r):
		return "watched only: no request counter, so max-requests is not known"
	}
	return "creep is not known yet, so no max-requests can be set from this run"
}

// given says that the worker's memory was not measured.
func given(r calibrate.Result) bool { return r.Law.Basis == calibrate.BasisGiven }

// bound is what to set if the server takes as many requests at once as come; "" if that is no matter of memory.
func bound(r calibrate.Result) string {
	if r.Concurrency.Bound == 0 {
		return ""
	}
	s := fmt.Sprintf("more than %s requests at once a worker don't fit, and nothing keeps them out now", say.Count(r.Concurrency.Bound))
	if flag := r.Target.ConcurrencyFlag; flag != "" {
		s += fmt.Sprintf(": %s %d, or less", flag, r.Concurrency.Bound)
	}
	return s
}

func settingsOf(r calibrate.Result) []Fact {
	rec := r.Recommendation
	threads, memory := "", ""
	if rec.Threads > 0 && threaded(r) {
		threads = say.Count(rec.Threads)
	}
	if rec.WorkerMemoryMB > 0 {
		memory = say.Count(rec.WorkerMemoryMB) + " MB"
	}
	return factsOf(fact("workers", say.Count(rec.Workers)), fact("threads", threads), fact("max-requests", maxRequests(r)), fact("worker memory", memory))
}

// maxRequests tells apart the three reasons for a 0: no need, no way, and not known.
func maxRequests(r calibrate.Result) string {
	rec := r.Recommendation
	switch {
	case rec.MaxRequests > 0 && rec.MaxRequestsJitter > 0:
		return fmt.Sprintf("%s (jitter %s)", say.Count(rec.MaxRequests), say.Count(rec.MaxRequestsJitter))
	case rec.MaxRequests > 0:
		return say.Count(rec.MaxRequests)
	case verdictByRequest(r) == calibrate.Flat:
		return "off"
	case r.Target.Server != "" && !r.Target.CanRecycle:
		return "n/a"
	}
	return say.Unknown
}

// price is what max-requests costs, at the user's rate if it is known, else at that of the soak.
func price(r calibrate.Result) string {
	rec := r.Recommendation
	switch {
	case rec.MaxRequests <= 0:
		return ""
	case rec.RestartIntervalSeconds > 0 && rec.RecycleCostRatio > 0:
		return fmt.Sprintf("%s, which costs %s of its time", restarts(r), say.Percent(rec.RecycleCostRatio))
	case rec.RestartIntervalSeconds > 0:
		return restarts(r)
	case rec.RecycleCostRatio > 0:
		return fmt.Sprintf("restarts cost each worker %s of its time", say.Percent(rec.RecycleCostRatio))
	case given(r):
		return "what recycling costs is not known without --production-rate and --boot"
	}
	return "what recycling costs was " + notMeasured
}

func restarts(r calibrate.Result) string {
	s := "each worker restarts every " + say.Seconds(r.Recommendation.RestartIntervalSeconds)
	switch {
	case r.Plan.ProductionRate > 0:
	case attached(r) && r.Watch.Seconds > 0:
		s += fmt.Sprintf(" at the %s that were watched", say.RequestRate(float64(r.Watch.Requests)/r.Watch.Seconds))
	case r.Load.RateSent > 0:
		s += fmt.Sprintf(" at the soak's %s (--production-rate for yours)", say.RequestRate(r.Load.RateSent))
	}
	return s
}

// typed is what to append to the command of the server that was measured, or why there is nothing to. The demo app is nobody's
// to set, nor is a worker of which only the figures are given.
func typed(r calibrate.Result, servers calibrate.Servers) (line, why string) {
	if refused(r) {
		return "", ""
	}
	w := wanted(r)
	w.NoLimit = verdictByRequest(r) == calibrate.Flat
	t := servers.Named(r.Target.Server).Typed(w, r.Target)
	if t.Why != "" && r.Target.Server != "" && r.Truth == nil {
		why = "nothing: " + t.Why
	}
	return shellQuote(t.Words), why
}
