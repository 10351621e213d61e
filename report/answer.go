package report

import (
	"fmt"
	"strconv"
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
	return Answer{Settings: settingsOf(r), Mark: Good}
}

const noRecommendation = "NO RECOMMENDATION"

// refused says that there is nothing to set.
func refused(r calibrate.Result) bool { return answerOf(r).Verdict != "" }

// answerSection is the answer, what to type, and what to know of it.
func answerSection(r calibrate.Result) []Block {
	blocks := []Block{Only{OfPage, []Block{Heading{Name: "Settings"}}}, answerOf(r)}
	if refused(r) {
		if s := tryInstead(r); s != "" {
			blocks = append(blocks, Facts{Brief: true, Rows: []Fact{fact("try", s)}})
		}
		return blocks
	}
	if s := paste(r); s != "" {
		blocks = append(blocks, Code{Label: "type", Text: s})
	}
	return append(blocks, Facts{Brief: true, Rows: factsOf(
		fact("why", whyOf(r)), fact("price", price(r)), fact("bound", bound(r)), fact("but", doubt(r)),
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

// paste is the recommendation as the server reads it, digits ungrouped; "" where that isn't known here.
func paste(r calibrate.Result) string {
	rec := r.Recommendation
	if refused(r) {
		return ""
	}
	switch r.Target.Server {
	case "gunicorn":
		return gunicornFlags(r)
	case "uvicorn":
		return uvicornFlags(r)
	case "lmsctl":
		return nowLMSVariables(r)
	case "pypnm":
		return pypnmFlags(r)
	case "uwsgi":
		return uwsgiFlags(r)
	case "puma":
		return pumaFlags(r)
	case "hypercorn":
		return options(settingsOfHypercorn(r))
	case "granian":
		return options(settingsOfGranian(r))
	}
	command := shellQuote(r.Target.Command)
	if !strings.Contains(command, "{workers}") && !strings.Contains(command, "{threads}") {
		return ""
	}
	return strings.NewReplacer(
		"{workers}", strconv.Itoa(rec.Workers),
		"{threads}", strconv.Itoa(max(rec.Threads, 1)),
		"{max_requests}", strconv.Itoa(rec.MaxRequests),
	).Replace(command)
}

// threadsAsTheyAre says whether the threads of a running server are not known, and so not changed either.
func threadsAsTheyAre(r calibrate.Result) bool { return attached(r) && r.Recommendation.Threads == 0 }

func gunicornFlags(r calibrate.Result) string {
	rec := r.Recommendation
	flags := fmt.Sprintf("--workers %d", rec.Workers)
	if !threadsAsTheyAre(r) {
		flags += fmt.Sprintf(" --threads %d", max(rec.Threads, 1))
	}
	switch {
	case rec.MaxRequests > 0:
		flags += fmt.Sprintf(" --max-requests %d --max-requests-jitter %d", rec.MaxRequests, rec.MaxRequestsJitter)
	case verdictByRequest(r) == calibrate.Flat:
		flags += " --max-requests 0"
	}
	return flags
}

// uvicornFlags leaves out a request limit for one worker, which would end the server, and jitter where the version has
// none, or may have none.
func uvicornFlags(r calibrate.Result) string {
	rec := r.Recommendation
	flags := fmt.Sprintf("--workers %d", rec.Workers)
	if rec.MaxRequests <= 0 || rec.Workers < 2 {
		return flags
	}
	flags += fmt.Sprintf(" --limit-max-requests %d", rec.MaxRequests)
	if r.Target.HasJitter {
		flags += fmt.Sprintf(" --limit-max-requests-jitter %d", rec.MaxRequestsJitter)
	}
	return flags
}

// uwsgiFlags are uWSGI's settings as options; those that are true or false have no value there.
func uwsgiFlags(r calibrate.Result) string {
	return strings.ReplaceAll(options(settingsOfUWSGI(r)), " true", "")
}

func pumaFlags(r calibrate.Result) string {
	flags := fmt.Sprintf("-w %d", r.Recommendation.Workers)
	if threads := threadsOf(r); threads > 0 {
		flags += fmt.Sprintf(" -t %d:%d", threads, threads)
	}
	return flags
}

// nowLMSVariables are what lmsctl reads. With waitress it is one process, whatever they say.
func nowLMSVariables(r calibrate.Result) string {
	var set []string
	if r.Target.CanScale {
		set = append(set, fmt.Sprintf("NOW_LMS_WORKERS=%d", r.Recommendation.Workers))
	}
	if !threadsAsTheyAre(r) {
		set = append(set, fmt.Sprintf("NOW_LMS_THREADS=%d", max(r.Recommendation.Threads, 1)))
	}
	return strings.Join(set, " ")
}

// pypnmFlags: a limit that is left out is PyPNM's own, which would end a server of one worker.
func pypnmFlags(r calibrate.Result) string {
	rec := r.Recommendation
	flags := fmt.Sprintf("--workers %d", rec.Workers)
	switch {
	case rec.MaxRequests > 0 && rec.Workers > 1:
		flags += fmt.Sprintf(" --limit-max-requests %d", rec.MaxRequests)
	case rec.Workers == 1 || verdictByRequest(r) == calibrate.Flat:
		flags += " --limit-max-requests 0"
	}
	return flags
}
