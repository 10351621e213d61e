package report

import (
	"fmt"
	"slices"
	"strings"

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
	if rec.Sum.Unmet {
		return Answer{Settings: settingsOf(r), Mark: Doubtful}
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
	line, place, why := typed(r, servers)
	if nothingToEmit(r) != nil { // what emit would refuse to write isn't there to be pasted either
		line, place = "", ""
	}
	if line != "" {
		blocks = append(blocks, Code{Label: "type", Text: line})
	}
	return append(blocks, Facts{Brief: true, Rows: factsOf(
		fact("set", why), fact("place", place), fact("why", whyOf(r)), fact("rate", servesOf(r)), fact("price", price(r)), fact("bound", bound(r)), fact("but", threadSafety(r)), fact("but", p99Unknown(r)), fact("but", doubt(r)),
	)})
}

// tryInstead is what to do if there is nothing to set.
func tryInstead(r calibrate.Result) string {
	shown, _ := split(r.Warnings, r.Plan.Silenced)
	switch {
	case r.Recommendation.NothingFits:
		return refusalTry(r)
	case r.Recommendation.Withheld != nil && r.Recommendation.Withheld.Kind == calibrate.WithheldPartial:
		return "let it come to its end"
	case len(shown) == 1:
		return shown[0].Try
	case len(shown) > 1:
		return "what the warnings say"
	}
	return ""
}

// refusalTry is every way to make something fit.
func refusalTry(r calibrate.Result) string {
	least := r.Recommendation.SmallestMemoryBytes
	slower := ""
	if r.Recommendation.Sum.Lasting != nil {
		slower = "the rate that is expected (--production-rate), restarts oftener (--restart-every), no creep; else "
	}
	return slower + orElse(when(least > 0, "%s of memory or more", say.MBUp(least)), "more memory") + " (--memory), less kept back (--reserve), " +
		when(r.Plan.MinWorkers > 1, "fewer --min-workers, ") + "fewer threads, or a smaller app"
}

// whyOf is the reason in a line: what the cores need, or what stands against one worker more, and what these use. The sum has
// the rest.
func whyOf(r calibrate.Result) string {
	rec := r.Recommendation
	uses := when(rec.TotalBytes > 0 && rec.BudgetBytes > 0, "uses %s of the %s MB budget (%s)", mbCell(rec.TotalBytes), mbCell(rec.BudgetBytes),
		say.Percent(float64(rec.TotalBytes)/float64(rec.BudgetBytes)))
	parts := slices.DeleteFunc([]string{chosenBecause(r), uses}, func(s string) bool { return s == "" })
	return orElse(strings.Join(parts, "; "), workersReason(r))
}

// chosenBecause is why there are as many workers and threads as there are.
func chosenBecause(r calibrate.Result) string {
	if swept := sweptWhy(r); swept != "" {
		return swept
	}
	if r.Recommendation.Sum.BySpeed {
		return speedReason(r)
	}
	return boundReason(r)
}

// speedReason is what the cores need, or what the production rate takes of them, and what kept the choice from having more of it.
func speedReason(r calibrate.Result) string {
	reason := orElse(wantedReason(r), atOnceReason(r))
	c, _ := chosen(r)
	if held := boundReason(r); !c.RateBy.Full() && c.BoundBy != calibrate.BoundCPU && held != "" {
		reason += "; " + held
	}
	return reason
}

// boundReason is what stands against one worker more; "" if nothing does.
func boundReason(r calibrate.Result) string {
	rec := r.Recommendation
	bound := map[calibrate.Bound]string{
		calibrate.BoundMemory:  "memory allows no more workers",
		calibrate.BoundCPU:     "the field's rule for the cores allows no more workers",
		calibrate.BoundMaximum: "--max-workers allows no more",
		calibrate.BoundPrice:   "recycling more workers would cost too much of their time",
	}[boundBy(r.Candidates)]
	if most := r.Target.MaxWorkers; most > 0 && rec.Workers == most {
		bound = "this server runs no more"
	}
	if bound != "" && rec.Workers == 2 && rec.Sum.CPUWorkers == 1 {
		bound = "two, so that one answers while the other restarts"
	}
	return bound
}

// boundBy is what stands against one worker more than the recommended.
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
	if !r.Target.CanRecycle {
		return "creep is not known yet, so how long a worker can last isn't, either, and there is nothing to paste yet"
	}
	return "creep is not known yet, so no max-requests can be set from this run, and there is nothing to paste yet"
}

// p99Unknown is why nothing is said of the p99 that was asked for.
func p99Unknown(r calibrate.Result) string {
	return when(r.Plan.P99Seconds > 0 && !r.Recommendation.Sum.BySpeed && r.Recommendation.Workers > 0, "whether 99 of 100 requests take no more than %s at %s is not known, since %s",
		say.Seconds(r.Plan.P99Seconds), say.RequestRate(r.Plan.ProductionRate), cpuUnknown(r))
}

// threadSafety is what more than one thread asks of an app that was measured with one.
func threadSafety(r calibrate.Result) string {
	return when(threadsOf(r) > 1 && r.Target.Threads == 1 && !given(r),
		"only if the app's code is safe in threads: it was measured with one. calibrate size --threads 1 stays with that")
}

// given says that the worker's memory was not measured.
func given(r calibrate.Result) bool { return r.Law.Basis == calibrate.BasisGiven }

// bound is what to set if the server takes as many requests at once as come; "" if that is no matter of memory.
func bound(r calibrate.Result) string {
	most, flag := r.Concurrency.Bound, r.Target.ConcurrencyFlag
	return when(most > 0, "more than %s requests at once a worker don't fit, and nothing keeps them out now", say.Count(most)) +
		when(most > 0 && flag != "", ": %s %d, or less", flag, most)
}

func settingsOf(r calibrate.Result) []Fact {
	rec := r.Recommendation
	threads := threadsOf(r)
	return factsOf(fact("workers", say.Count(rec.Workers)), fact("threads", when(threads > 0, "%s", say.Count(threads))),
		fact("max-requests", maxRequests(r)), fact("worker memory", when(rec.WorkerMemoryMB > 0, "%s MB", say.Count(rec.WorkerMemoryMB))))
}

// unlimitedWord is a max-requests that nobody needs.
const unlimitedWord = "off"

// maxRequests tells apart the three reasons for a 0: no need, no way, and not known.
func maxRequests(r calibrate.Result) string {
	rec := r.Recommendation
	switch {
	case rec.MaxRequests > 0:
		return requestLimit(rec.MaxRequests, rec.MaxRequestsJitter)
	case r.Target.Server != "" && !r.Target.CanRecycle:
		return "n/a"
	case verdictByRequest(r) == calibrate.Flat || rec.Recycling.Kind == calibrate.RecyclingOff || rec.Recycling.Kind == calibrate.RecyclingUseless:
		return unlimitedWord
	}
	return say.Unknown
}

// requestLimit is a max-requests with its jitter, if it has one.
func requestLimit[N int | int64](requests, jitter N) string {
	return say.Count(requests) + when(jitter > 0, " (jitter %s)", say.Count(jitter))
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

// typed is what to type for the server that was measured, and where if not behind its command, or why there is nothing. The demo app is nobody's
// to set, nor is a worker of which only the figures are given.
func typed(r calibrate.Result, servers calibrate.Servers) (line, place, why string) {
	if refused(r) {
		return "", "", ""
	}
	t := servers.Named(r.Target.Server).Typed(wanted(r), r.Target)
	if t.Why != "" && r.Target.Server != "" && r.Truth == nil {
		why = t.Why
	}
	return say.Shell(t.Words...), places[t.Place], why
}

// places are where to type what doesn't go behind the command.
var places = map[calibrate.Place]string{calibrate.BeforeCommand: "before the command", calibrate.WholeCommand: "in the command's stead"}

// wanted is what a run recommends, for a server to be told.
func wanted(r calibrate.Result) calibrate.Wanted {
	rec := r.Recommendation
	return calibrate.Wanted{
		Workers: rec.Workers, Threads: threadsOf(r), MaxRequests: int64(max(rec.MaxRequests, 0)), Jitter: int64(rec.MaxRequestsJitter),
		NoLimit:        rec.MaxRequests <= 0 && (verdictByRequest(r) == calibrate.Flat || slices.Contains(unlimited, rec.Recycling.Kind)),
		WorkerMemoryMB: rec.WorkerMemoryMB, CPUs: calibrate.WholeCores(r.Cores()), MemoryBytes: memoryOf(r),
	}
}

// unlimited are the kinds of recycling that set no limit for a reason.
var unlimited = []calibrate.RecyclingKind{calibrate.RecyclingOff, calibrate.RecyclingCannot, calibrate.RecyclingUseless}

// threadsOf is 0 if the server has no threads to set, or they are not known.
func threadsOf(r calibrate.Result) int {
	if !threaded(r) {
		return 0
	}
	return r.Recommendation.Threads
}
