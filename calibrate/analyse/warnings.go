package analyse

import (
	"fmt"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// unbounded is the code of requests at once that nothing bounds.
const unbounded = "unbounded"

// unbalanced is the code of books that don't balance.
const unbalanced = "unbalanced"

// SweepUndecided is the code of a sweep that is no reason to change what was computed.
const SweepUndecided = "sweep-undecided"

// NotScaled is the code of a number of workers that was computed alone.
const NotScaled = "not-scaled"

// failedRequests is the code of requests that failed.
const failedRequests = "errors"

// warnings adds to what was noted during the run what the figures themselves give reason to doubt. Each has a code
// to silence it by, and the next thing to try. A run analysed again keeps one warning a code.
func warnings(r calibrate.Result) []calibrate.Warning {
	all := slices.DeleteFunc(slices.Clone(r.Warnings), func(w calibrate.Warning) bool { return w.Derived }) // of a former analysis
	for _, w := range doubts(r) {
		if !slices.ContainsFunc(all, func(have calibrate.Warning) bool { return have.Code == w.Code }) {
			all = append(all, w)
		}
	}
	if all == nil {
		all = []calibrate.Warning{}
	}
	return all
}

func doubts(r calibrate.Result) []calibrate.Warning {
	var all []calibrate.Warning
	add := func(doubtful bool, code, try, format string, args ...any) {
		if doubtful {
			all = append(all, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try, Derived: true})
		}
	}
	errorDoubts(r, add)
	loginDoubts(r, add)
	booksDoubts(r, add)
	add(!shapesBalanced(r.Books) && lawIsOff(r.Law), "law-off", "measure the shape that you will run: more --threads, or --memory and --cpus of the real box",
		"a shape that was measured needs up to %s more than the formula says", say.MB(r.Law.ResidualBytes))
	crowdDoubts(r, add)
	rateDoubts(r, add)
	loweredDoubt(r.Load.Lowered, add)
	quickDoubts(r, add)
	coresDoubts(r, add)
	togetherDoubt(r, add)
	if r.Mode == calibrate.ModeAttach {
		watchDoubts(r, add)
	}
	add(r.Complete && r.Creep.Unsettled(), "no-verdict", forVerdict(r),
		"whether memory creeps is not known yet: the verdict is %s", r.Creep.Verdict)
	add(onlyCopied(r), NotScaled,
		"write {workers} where the command says how many, and measure again; or size for one: --max-workers 1",
		"nobody can set this command's number of workers: %s are as many copies of it behind a proxy, each at an address of its own, "+
			"and they were never run together", say.Plural(r.Recommendation.Workers, "worker"))
	sweepDoubts(r, add)
	virtualDoubts(r, add)
	recyclingDoubts(r, add)
	restDoubts(r, add)
	least, hidden := hiddenCreep(r.Routes, r.Creep)
	add(hidden, "hidden-creep", "soak longer: "+r.LongerTry(),
		"the routes alone leak at least %s a request on average, more than all of them together in the soak, so max-requests rests "+
			"on that; memory that larger requests have freed may hide a leak for a while", say.Bytes(least))
	for _, p := range r.Phases {
		add(p.Ended.By == calibrate.EndMemory, "memory-guard",
			"give the app less load, or this machine more memory", "phase %s was ended early for memory: the app holds %s of the %s that were free",
			p.Name, say.MB(p.Ended.HeldBytes), say.MB(p.Ended.FreeBytes))
	}
	return all
}

// errorDoubts are about requests that failed.
func errorDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	requests, succeeded := traffic(r)
	soakErrors := calibrate.SayErrors(r.Load.Errors)
	if soakErrors != "" {
		soakErrors = " (" + soakErrors + ")"
	}
	try := "look at app.log in the run's folder"
	if refused := r.Load.Refused(func(k calibrate.RefusalKind) bool { return !k.Redirects() }); refused != nil {
		try = refused.Try()
	}
	add(requests > succeeded, failedRequests, try,
		"%s of %s failed; in the soak %s%s", say.Count(requests-succeeded), say.Plural(requests, "request"), say.Count(r.Load.Requests-r.Load.Succeeded), soakErrors)
}

// rateDoubts are about a load that could not be sent as fast as it was to be.
func rateDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	slower := "lower --rate; the memory figures hold, the latencies don't"
	if !r.Plan.LoadGiven {
		slower = "give a lower --rate: the capacity of the first seconds didn't last, or others use this machine; the memory figures hold"
	}
	add(r.Load.RateAsked > 0 && r.Load.RateSent > 0 && r.Load.RateSent < calibrate.RateReached*r.Load.RateAsked, "rate-not-reached", slower,
		"%s were asked for, and %s could be sent", say.RequestRate(r.Load.RateAsked), say.RequestRate(r.Load.RateSent))
}

// onlyCopied says that the command that was measured has no place for the number of workers that is recommended.
func onlyCopied(r calibrate.Result) bool {
	copied := r.Recommendation.Workers > 1 && !r.Target.CanScale
	return copied && r.Target.Server == calibrate.OtherServer && len(r.Target.Command) > 0 && r.Mode != calibrate.ModeAttach && r.Truth == nil
}

// shapesBalanced says that short runs have books, which tell more than how far the law is off.
func shapesBalanced(all []calibrate.Balance) bool {
	return slices.ContainsFunc(all, func(b calibrate.Balance) bool { return b.Moment == calibrate.PhaseScale })
}

// leastAway is how much of an app must be swapped out, or in huge pages, to be worth a word.
const leastAway = 4 * calibrate.MiB

// booksDoubts are about memory that the kernel charges, and that nothing explains.
func booksDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	if e := r.Worker.End; e != nil && e.Books != nil {
		add(e.Books.Away() > leastAway, "swapped", "measure on a machine that has memory for it all: swap hides what an app needs, and slows it down",
			"%s of the app were swapped out or in huge pages of their own (hugetlbfs) at the end: they count, but a peak may have been missed", say.MB(e.Books.Away()))
	}
	if b := worst(r.Books); b != nil {
		what, try := b.SayUnexplained()
		add(true, unbalanced, try, "%s", what)
	}
}

// loweredDoubt is about a rate that was lowered during the run.
func loweredDoubt(l *calibrate.Lowered, add func(doubtful bool, code, try, format string, args ...any)) {
	if l == nil {
		return
	}
	add(true, "load-lowered", "nothing; to see the app at the higher rate, give it: --rate",
		"at %s, the share of what the worker served at first, requests waited for each other (p50 %s, and %s with every thread busy), so the soak went at %s",
		say.RequestRate(l.FromRate), say.Seconds(l.P50Seconds), say.Seconds(l.BusyP50Seconds), say.RequestRate(l.ToRate))
}

// forVerdict is what to try for a verdict.
func forVerdict(r calibrate.Result) string {
	switch {
	case r.Mode == calibrate.ModeAttach:
		return "watch longer: " + r.LongerTry()
	case r.Plan.Quick:
		return "leave out --quick"
	}
	return "run longer: " + r.LongerTry() + ", or more requests a second"
}

// recyclingDoubts are about creep that no recycling ends.
func recyclingDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	add(r.Complete && r.Creep.Verdict == calibrate.Creeping && !r.Target.CanRecycle && !r.Creep.Harmless(), "cannot-recycle",
		"recycle it from outside (a supervisor's memory limit), or fix the leak",
		"the worker's memory creeps, and %s has no request limit that calibrate knows of", r.Target.Server)
	add(r.Complete && r.Creep.Verdict == calibrate.Creeping && r.Creep.Staying() > 0, "creep-stays", "delete the files that are old, restart the whole server, or fix the leak",
		"%s a request of what creeps is still there when a worker has ended, so max-requests doesn't bound it", say.Bytes(r.Creep.Staying()))
}

// restDoubts are about a worker that was left alone after its soak.
func restDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	c := r.Creep
	if c.Rest == nil || c.Verdict != calibrate.Creeping {
		return
	}
	add(c.By == calibrate.ByBoth, "creeps-with-time", "restart workers by time as well, or give --production-rate: the quieter they are, the fewer requests they live for",
		"memory grows by %s an hour without any request, and max-requests counts requests only", say.Bytes(c.Rest.BytesPerSecond*calibrate.Hour))
	grown := float64(c.Rest.GrownBytes)
	add(float64(c.Rest.ReturnedBytes) > someBack*grown, "comes-back", "soak longer: "+r.LongerTry(),
		"%s of the %s that it grew by came back within %s without load, so part of the creep may be a cache that expires",
		say.Bytes(float64(c.Rest.ReturnedBytes)), say.Bytes(grown), say.Seconds(c.Rest.Seconds))
}

// crowdDoubts are about requests at once where no threads bound them.
func crowdDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	crowd, limit := r.Concurrency, r.Target.ConcurrencyLimit
	add(crowd.Bound > 0 && (limit == 0 || limit > crowd.Bound), unbounded,
		"bound it in the server"+flagFor(r)+"; calibrate run --concurrency measures with so many",
		"nothing keeps a worker from taking more requests at once than fit: each beyond %s needs %s%s; the budget allows %s",
		say.Count(PeakClients(r)), say.Bytes(float64(crowd.RequestBytes)), upTo(crowd.Bend), say.Count(crowd.Bound))
	add(r.Complete && r.Mode != calibrate.ModeAttach && atOnceUnknown(r), unbounded,
		"give the most that it may take: --concurrency N, and set the same bound in the server",
		"nothing bounds how many requests this server takes at once, as far as calibrate knows; the peak is for %s", say.Count(PeakClients(r)))
}

// atOnceUnknown says that nothing bounds the requests at once, as far as is known, and that no more of them were tried.
func atOnceUnknown(r calibrate.Result) bool {
	limit := r.Target.ConcurrencyLimit
	return r.Target.Threads == 0 && (limit == 0 || limit > mostAtOnce) && r.Plan.Clients == 0 && len(r.Concurrency.Steps) < 2
}

// upTo says how far a request at once takes memory.
func upTo(b *calibrate.Bend) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf(", until memory stops growing between %s and %s", say.Count(b.Below), say.Count(b.Clients))
}

// sweepDoubts are about candidates that were run, and can't be told apart.
func sweepDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	if r.Sweep == nil || r.Plan.Prefer != "" {
		return
	}
	const computed = ", so the recommendation is the computed one"
	switch {
	case !sweepDecides(r):
		add(true, SweepUndecided, "run it where it is to run, without --cpus or --memory",
			"the candidates ran on %s for a budget of %s, which is not this box"+computed, say.Cores(r.Sweep.CPUs), say.MB(r.Sweep.BudgetBytes))
	case sweepCut(*r.Sweep):
		add(true, SweepUndecided, "measure again, and let it come to its end", "the sweep was cut short"+computed)
	case unstarted(*r.Sweep):
		add(true, SweepUndecided, "free some memory, and measure again", "%s: %s"+computed, runShape(r.Sweep.Runs[0]), r.Sweep.Runs[0].Failed.Error())
	case comparedRuns(*r.Sweep) == 0:
		add(true, SweepUndecided, "look at app.log in the run's folder", "no candidate could be compared"+computed)
	case !steadySweep(*r.Sweep):
		run := shakiest(*r.Sweep)
		add(true, SweepUndecided, "measure again on a machine that does nothing else",
			"%s served %s in one round and %s in another: too far apart to tell candidates by what they serve"+computed,
			runShape(run), say.RequestRate(slices.Min(run.Rates)), say.RequestRate(slices.Max(run.Rates)))
	case r.Recommendation.Computed != nil && wishOf(r).missed():
		add(true, "sweep-missed", "calibrate prove, on a machine that does nothing else; or size for a larger box",
			"none of the %s that were really run served %s with %s to spare%s%s: the recommended one comes nearest",
			say.Plural(comparedRuns(*r.Sweep), "candidate"), say.RequestRate(r.Plan.ProductionRate), say.Percent(1-calibrate.MostUsed), soonWords(r.Plan.P99Seconds), refutedWords(r.Recommendation.Sum))
	}
}

func refutedWords(s calibrate.Sum) string {
	if s.Refuted {
		return ", though more was predicted"
	}
	return ""
}

func soonWords(p99 float64) string {
	if p99 == 0 {
		return ""
	}
	return ", p99 " + say.Seconds(p99)
}

// lawIsOff says that a short run took over a twentieth more than the fitted law has for it. One that took less is no
// reason to doubt: the law errs on the safe side.
func lawIsOff(l calibrate.Law) bool {
	for _, run := range l.Runs {
		if run.MeasuredBytes-l.Total(run.Workers, run.Threads) > run.MeasuredBytes/20 {
			return true
		}
	}
	return false
}

// flagFor names the server's own bound for requests at once, where it has one.
func flagFor(r calibrate.Result) string {
	if r.Target.ConcurrencyFlag == "" {
		return ""
	}
	return fmt.Sprintf(" (%s %d, or less)", r.Target.ConcurrencyFlag, r.Concurrency.Bound)
}

// PeakClients is how many requests at once the peak is for.
func PeakClients(r calibrate.Result) int {
	for _, p := range r.Phases {
		if p.Name == calibrate.PhasePeak {
			return p.Clients
		}
	}
	return 0
}

// toLoginMostly says that most of a load was sent to a login page. Who wants that page measured asks for it.
func toLoginMostly(l calibrate.LoadInfo) bool { return 2*l.ToLogin > l.Requests }

// loginDoubts are about a load that was mostly sent to a login page.
func loginDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	add(toLoginMostly(r.Load), calibrate.RedirectsToLogin, r.Plan.TryLogin(),
		"%s of %s of the %s were answered by a redirect to %s, which is not followed: the load measures the redirects, not the pages",
		say.Count(r.Load.ToLogin), say.Plural(r.Load.Requests, "request"), r.SteadyPhase(), r.Load.LoginPage)
}
