package report

import (
	"fmt"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// recyclingReason is where max-requests comes from, as a sum, or why there is none; "" if there is no recommendation.
func recyclingReason(r calibrate.Result) string {
	rec := r.Recommendation
	switch rec.Recycling.Kind {
	case calibrate.RecyclingNeeded:
		return joined(limitSum(rec), conflictOf(rec), lastingSentence(rec))
	case calibrate.RecyclingCannot, calibrate.RecyclingUseless:
		return joined(noLimitSum(rec), lastingSentence(rec))
	case calibrate.RecyclingOff:
		if r.Creep.Harmless() {
			return "Recycling can stay off: nothing creeps but the kernel's own memory, which a worker's end does not free."
		}
		return offSum(r)
	case calibrate.RecyclingByTime:
		return byTimeSum(rec.Recycling)
	case calibrate.RecyclingUnknown:
		return "No max-requests can be recommended: " + doubtOf(rec) + "."
	}
	return ""
}

// joined puts sentences together, of which some may be "".
func joined(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// doubtOf is why a run says nothing about max-requests.
func doubtOf(rec calibrate.Recommendation) string {
	seen := rec.Recycling.SeenRequests
	after := when(seen > 0, " after %s", say.Plural(seen, "request"))
	switch rec.Recycling.Doubt {
	case calibrate.DoubtWarming:
		return "memory was still settling" + after + ", so its growth is not yet creep; measure for longer"
	case calibrate.DoubtInconclusive:
		return "whether memory creeps could not be told" + after + "; measure for longer, or at a higher rate"
	case calibrate.DoubtUncounted:
		return "the server was only watched, and nobody counted its requests; watch its access log"
	case calibrate.DoubtUnbounded:
		return "memory creeps, but by a rate without an upper bound; measure for longer"
	}
	if rec.Sum.Basis == calibrate.BasisGiven {
		return "creep was not given"
	}
	return "creep was not measured"
}

// limitSum is the max-requests as its sum.
func limitSum(rec calibrate.Recommendation) string {
	c := rec.Recycling
	extrapolated := c.SeenRequests > 0 && float64(c.LifeRequests) > calibrate.ValveRuns*float64(c.SeenRequests)
	return lifeSum(rec) + jitterSentence(rec) +
		when(c.Drift > 0, " (Up to %s an hour of it goes on without any request, so the bound is that at %s.)", say.Bytes(c.Drift*3600), rateOf(rec)) +
		" " + priceSentence(rec) +
		when(extrapolated, " That is over %s times what the run saw: beyond it the creep is extrapolated.", say.Count(calibrate.ValveRuns)) +
		when(rec.Workers == 2 && c.JitterBy != "", " With two workers jitter makes a joint restart rarer, it does not rule it out.")
}

// lifeSum is how long a worker may live: by the budget, or by less if more would not pay.
func lifeSum(rec calibrate.Recommendation) string {
	c, headroom := rec.Recycling, "headroom a worker"
	if rec.Workers == 1 {
		headroom = "headroom"
	}
	total, room, creep := say.Count(c.BudgetRequests), say.MB(c.HeadroomBytes), say.Bytes(c.Steepest)
	byBudget := fmt.Sprintf("%s = %s + %s / %s: the requests behind the measured peak, plus %s over the creep's upper 95 %% bound.",
		total, say.Count(c.PeakRequests), room, creep, headroom)
	switch {
	case rec.Sum.Basis == calibrate.BasisGiven:
		byBudget = fmt.Sprintf("%s = %s / %s: %s over the creep.", total, room, creep, headroom)
	case rec.Sum.CreepApart:
		byBudget = fmt.Sprintf("%s = %s / %s: %s, beyond its peak without creep, over the creep's upper 95 %% bound.", total, room, creep, headroom)
	}
	why := map[calibrate.LifeBound]string{
		calibrate.LifeShown:   "which the run itself has shown",
		calibrate.LifeCheap:   "at which recycling costs " + say.Percent(calibrate.Fair) + " of a worker's time",
		calibrate.LifeDoubled: "at which a worker has grown to twice what it holds without creep",
	}[c.LifeBy]
	if why == "" {
		return byBudget
	}
	return fmt.Sprintf("%s, %s. (The budget would allow %s)", say.Plural(c.LifeRequests, "request"), why, byBudget)
}

func jitterSentence(rec calibrate.Recommendation) string {
	c := rec.Recycling
	var rule string
	switch c.JitterBy {
	case calibrate.JitterTenth:
		rule = "a tenth"
	case calibrate.JitterHalf:
		rule = "half, the most there is room for"
	case calibrate.JitterApart:
		rule = fmt.Sprintf("2 x %s workers x %s x %s boot, to keep workers from restarting at once",
			say.Count(rec.Workers), say.RequestRate(c.WorkerRate), say.Seconds(c.BootSeconds))
	default:
		return fmt.Sprintf(" Rounded down to two digits: %s. This server has no jitter, so its workers may restart together.", say.Count(rec.MaxRequests))
	}
	return fmt.Sprintf(" Less %s of jitter (%s), rounded down to two digits: %s. A worker lives up to %s requests.",
		say.Count(rec.MaxRequestsJitter), rule, say.Count(rec.MaxRequests), say.Count(rec.MaxRequests+rec.MaxRequestsJitter))
}

func priceSentence(rec calibrate.Recommendation) string {
	c := rec.Recycling
	if c.RatePerSecond == 0 {
		return "Without a request rate the time between restarts and their price are unknown."
	}
	text := fmt.Sprintf("At %s each restarts every %s", rateOf(rec), say.Seconds(rec.RestartIntervalSeconds))
	if c.BootSeconds == 0 {
		return text + "; what that costs is unknown without a boot time."
	}
	return text + fmt.Sprintf("; with %s of boot that costs %s of its time.", say.Seconds(c.BootSeconds), say.Percent(rec.RecycleCostRatio))
}

// rateOf is the rate with where it came from: 80 requests/s (given) over 4 workers.
func rateOf(rec calibrate.Recommendation) string {
	c := rec.Recycling
	text := say.RequestRate(c.RatePerSecond)
	if c.RateBasis == calibrate.BasisMeasured {
		return text + " a worker (measured)"
	}
	return text + when(c.RateBasis != "", " (%s)", c.RateBasis) + " over " + say.Plural(rec.Workers, "worker")
}

// conflictOf says that recycling costs more than it should, and the ways out; "" if it doesn't.
func conflictOf(rec calibrate.Recommendation) string {
	c := rec.Recycling.Conflict
	if c == nil {
		return ""
	}
	if c.Kind == calibrate.ConflictFewer {
		return fmt.Sprintf("%s would fit too, but recycling would then cost each %s; with %s it is %s.",
			say.Plural(c.MoreWorkers, "worker"), dear(c.MoreCost), say.Count(rec.Workers), say.Percent(rec.RecycleCostRatio))
	}
	var ways []string
	if c.FewerWorkers == 1 {
		ways = append(ways, fmt.Sprintf("1 worker (%s, but nobody answers while it restarts)", say.Percent(c.FewerCost)))
	} else if c.FewerWorkers > 1 {
		ways = append(ways, fmt.Sprintf("%s (%s)", say.Plural(c.FewerWorkers, "worker"), say.Percent(c.FewerCost)))
	}
	if c.BudgetBytes > 0 {
		ways = append(ways, "a budget of "+say.MBUp(c.BudgetBytes))
	}
	ways = append(ways, "fix the leak", "shorten the boot")
	return fmt.Sprintf("Recycling at %s costs each worker %s. Ways out: %s.",
		say.Plural(rec.MaxRequests, "request"), dear(rec.RecycleCostRatio), strings.Join(ways, "; "))
}

// dear is a price beyond what recycling should cost.
func dear(cost float64) string {
	if say.Percent(cost) == say.Percent(calibrate.Dearest) {
		return "just over 1 % of its time"
	}
	return say.Percent(cost) + " of its time, more than " + say.Percent(calibrate.Dearest)
}

// noLimitSum is for workers that creep, of a server that can't recycle by count: how long they last.
func noLimitSum(rec calibrate.Recommendation) string {
	c := rec.Recycling
	before := when(!rec.Sum.CreepApart, "%s + ", say.Count(c.PeakRequests))
	why := "This server has no request limit of its own, and its workers creep"
	if c.Kind == calibrate.RecyclingUseless {
		why = "Recycling gives nothing back of what creeps"
	}
	return fmt.Sprintf("%s: they reach the budget after %s = %s%s / %s each",
		why, say.Plural(c.LifeRequests, "request"), before, say.MB(c.HeadroomBytes), say.Bytes(c.Steepest)) +
		when(c.WorkerRate > 0, ", %s at %s", say.Seconds(float64(c.LifeRequests)/c.WorkerRate), rateOf(rec)) +
		". Restart them before that by other means, or fix the leak."
}

func offSum(r calibrate.Result) string {
	rec := r.Recommendation
	if rec.Sum.Basis == calibrate.BasisGiven {
		return "No creep, as given: recycling can stay off."
	}
	c := rec.Recycling
	found := "No creep found"
	if r.Creep.GrowsALittle() {
		found = "Memory grows too little to matter"
	}
	return found + ": recycling can stay off." +
		when(rec.SafeRequests > 0, " At worst, by the upper 95 %% bound, the headroom lasts each worker for %s: %s / %s.",
			say.Plural(rec.SafeRequests, "request"), say.MB(c.HeadroomBytes), say.Bytes(c.Steepest)) +
		when(c.Valve > 0, " %s", valveSentence(rec))
}

func valveSentence(rec calibrate.Recommendation) string {
	c := rec.Recycling
	var bounds []string
	if rec.SafeRequests > 0 {
		bounds = append(bounds, say.Count(rec.SafeRequests))
	}
	bounds = append(bounds, fmt.Sprintf("%s x the run's %s", say.Count(calibrate.ValveRuns), say.Count(c.SeenRequests)), say.Count(calibrate.ValveMost))
	return fmt.Sprintf("A safety valve, for those who want one: %s, the least of %s.", say.Count(c.Valve), strings.Join(bounds, "; ")) +
		when(c.ValveCost > calibrate.Dearest, " It would cost %s of a worker's time.", say.Percent(c.ValveCost))
}

// countThem is what turns growth with time into a max-requests.
const countThem = "count the requests, by the access log, for a max-requests"

func byTimeSum(c calibrate.RecyclingSum) string {
	return fmt.Sprintf("Not known, but memory grows with time: by at most %s an hour, the headroom of %s a worker lasts %s. "+
		"Restart the workers before that, or %s.", say.Bytes(c.GrowthPerSecond*3600), say.MB(c.HeadroomBytes), say.Seconds(c.LastsSeconds), countThem)
}
