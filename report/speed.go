package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// speedSection is what a request costs and what one worker can do with that, on which all rates of the page rest.
func speedSection(r calibrate.Result) []Block {
	s := r.Speed
	if s == nil || s.Demand.Value <= 0 {
		return nil
	}
	atOnce := ""
	if r.Recommendation.Sum.WantedRate > 0 { // else it is why so many are recommended
		atOnce = atOnceReason(r)
	}
	return section(Heading{Name: "What the cores allow"}, Facts{Rows: factsOf(
		fact("request", requestCost(r)), detail("beside", restCost(*s)), detail("others", besideCost(*s)), detail("threads", threadCosts(*s)), detail("a worker", workerCores(*s)), detail("pool", poolOf(*s)),
		detail("all cores", factorOf(*s)), detail("the load", ownCost(*s)), detail("at once", atOnce),
	)})
}

// costOf is the CPU time of a request: the worker's, and that of the app's other processes.
func costOf(s calibrate.Speed) float64 { return s.Demand.Value + s.Rest }

// costAt is the CPU time of a request of a choice: as dear as its threads and the cores that its rate keeps busy make it, as far as that
// was reckoned.
func costAt(s calibrate.Speed, c calibrate.Served) float64 {
	return cmp.Or(c.CPUCost, costOf(s))
}

// chosenCost is that of the recommendation; 0 where it isn't known.
func chosenCost(r calibrate.Result) float64 {
	if r.Speed == nil {
		return 0
	}
	c, _ := chosen(r)
	return costAt(*r.Speed, c.Served)
}

// mostServed is what the recommendation serves at most; endless where that isn't known.
func mostServed(r calibrate.Result) float64 {
	if c, ok := chosen(r); ok && c.Rate > 0 {
		return c.Rate
	}
	return math.Inf(1)
}

func requestCost(r calibrate.Result) string {
	s := *r.Speed
	text := say.CPU(costOf(s)) + " of CPU" + spanOf(s.Demand, s.Rest)
	if free(s) {
		return text + ", and it waits for nothing" + aloneOf(r)
	}
	return text + ", and " + say.CPU(s.Waiting.Value) + " of waiting" + spanOf(s.Waiting, 0) + aloneOf(r)
}

// aloneOf is the time of a request alone, and of it what isn't the CPU time and the waiting that are said before.
func aloneOf(r calibrate.Result) string {
	s := *r.Speed
	if s.Alone <= 0 {
		return ""
	}
	const worth = 0.05 // a word, of the whole
	cost, others := aloneCost(r), s.Alone-aloneSeconds(r)
	return "; alone it took " + say.CPU(s.Alone) + when(math.Abs(cost-costOf(s)) > worth*s.Alone, ", %s of CPU in it", say.CPU(cost)) +
		when(others > worth*s.Alone, ", with calibrate's part and what others took of the cores")
}

// spanOf is an interval, moved by what is known without one; "" for none.
func spanOf(s calibrate.Span, by float64) string {
	return when(s.High > s.Low, " (95 %% interval %s)", say.CPURange(max(s.Low, 0)+by, s.High+by))
}

func restCost(s calibrate.Speed) string {
	return when(s.Rest >= costOf(s)/100, "%s of that CPU are of the app's other processes: a master, a router, a front", say.CPU(s.Rest))
}

// besideCost is what programs that are none of the app's took for its requests.
func besideCost(s calibrate.Speed) string {
	return when(s.Beside > 0, "other programs of this machine took %s of CPU for each request, a database perhaps: rates are of a box that has them, too", say.CPU(s.Beside))
}

// threadCosts is what a request costs by the threads of its worker, where that was measured with more than one count.
func threadCosts(s calibrate.Speed) string {
	if len(s.Threads) < 2 {
		return ""
	}
	parts := make([]string, len(s.Threads))
	for i, use := range s.Threads {
		parts[i] = say.CPU(use.Demand) + " with " + say.Plural(use.Threads, "thread")
	}
	return "of a worker's CPU a request takes " + strings.Join(parts, ", ") + ", all of them busy"
}

func workerCores(s calibrate.Speed) string {
	switch {
	case s.Cores <= 0:
		return ""
	case s.AllCores:
		return "kept all that there were busy, " + say.Cores(twoDigits(s.Cores)) + ", and is taken to keep those of a larger machine busy, too"
	case s.Shown:
		return "keeps " + say.Cores(twoDigits(s.Cores)) + " busy at most"
	}
	return "is taken to keep " + say.Cores(twoDigits(s.Cores)) + " busy at most: it had too few requests at once, or this machine too few idle cores, to show more"
}

func poolOf(s calibrate.Speed) string {
	return when(s.Pool > 0, "a worker works on %s at once at most, though more were there: a pool of threads or connections, or a lock, holds the others back", say.Plural(s.Pool, "request"))
}

func factorOf(s calibrate.Speed) string {
	return when(math.Abs(s.Factor-1) >= 0.005 && s.Factor > 0, "a request costs %s times as much with all of them busy as with one", say.Number(s.Factor))
}

func ownCost(s calibrate.Speed) string {
	return when(s.Load > 0, "calibrate itself took %s of CPU a request to send them; production doesn't have that, so it is left out", say.CPU(s.Load))
}

// free says that a request waits for nothing worth a word beside its CPU time.
func free(s calibrate.Speed) bool { return s.Waiting.Value < costOf(s)/20 }

// atOnceForCore is how many requests at once keep a core busy: of their time that share is CPU. It is rounded as it is said,
// so that what is reckoned with it agrees.
func atOnceForCore(s calibrate.Speed) float64 {
	return twoDigits(s.AtOnce())
}

// twoDigits rounds to a tenth, and from ten on to the whole.
func twoDigits(v float64) float64 {
	if v < 9.5 {
		return math.Round(v*10) / 10
	}
	return math.Round(v)
}

// atOnceReason is how many requests at once the cores need, and how many the recommendation has.
func atOnceReason(r calibrate.Result) string {
	c, ok := chosen(r)
	if !ok || r.Speed == nil || costOf(*r.Speed) <= 0 {
		return ""
	}
	s, cores := *r.Speed, r.Recommendation.Sum.CPUs
	spare := c.Workers == 2 && r.Recommendation.Sum.CPUWorkers == 1 && r.Recommendation.Sum.MinWorkers < 2 // else two were asked for
	if free(s) {
		return fmt.Sprintf("a request costs %s and waits for nothing: %s, %s", costsOf(r, c.Served), say.Cores(cores), say.Plural(c.Workers, "worker")) +
			when(spare, ", so that one answers while the other restarts") +
			when(c.RateBy == calibrate.RateByCores, "; more serve no more") +
			when(c.RateBy == calibrate.RateByWorkers, ", and one keeps %s busy", say.Cores(twoDigits(s.Cores)))
	}
	each := atOnceForCore(s)
	needed := each * cores
	text := fmt.Sprintf("a request costs %s and waits %s%s, so a core needs %s at once: %s x %s = %s", costsOf(r, c.Served), say.CPU(s.Waiting.Value),
		when(s.Beside > 0, ", %s of that for other programs on these cores", say.CPU(s.Beside)), requestsOfCore(each), say.Cores(cores), say.Number(each), say.Number(needed))
	shape, have := shapeSum(r, c)
	switch {
	case have == 0:
		text += "; " + shape + " as many as come"
	case float64(have) == needed:
		text += " = " + shape
	default:
		text += "; " + shape + " are " + say.Count(have)
	}
	return text + when(spare, "; two, so that one answers while the other restarts")
}

// costsOf is the CPU time of a request of one worker, and that of a choice where it is quite another: what that serves is by its own. What
// it is at the production rate is said with that.
func costsOf(r calibrate.Result, c calibrate.Served) string {
	const another = 0.1
	cost, here := costOf(*r.Speed), costAt(*r.Speed, c)
	return say.CPU(cost) + " of CPU" + when(r.Plan.ProductionRate == 0 && math.Abs(here/cost-1) >= another, " (%s in this choice)", say.CPU(here))
}

func requestsOfCore(each float64) string {
	if each == 1 {
		return "1 request"
	}
	return say.Number(each) + " requests"
}

// shapeSum is the recommendation as a product of requests at once. None where nothing bounds those of a worker.
func shapeSum(r calibrate.Result, c calibrate.Candidate) (words string, atOnce int) {
	workers := say.Plural(c.Workers, "worker")
	if c.Threads == 0 || !threaded(r) {
		if c.Workers == 1 {
			return workers + " takes", 0
		}
		return workers + " take", 0
	}
	words = workers + " x " + say.Plural(c.Threads, "thread")
	if pool := r.Speed.Pool; pool > 0 && pool < c.Threads {
		return words + ", " + say.Count(pool) + " of them at work at once,", c.Workers * pool
	}
	return words, c.Workers * c.Threads
}

// chosen is the candidate that is recommended.
func chosen(r calibrate.Result) (calibrate.Candidate, bool) {
	i := slices.IndexFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Recommended })
	if i < 0 {
		return calibrate.Candidate{}, false
	}
	return r.Candidates[i], true
}

// fast says that it is known what the recommendation serves.
func fast(r calibrate.Result) bool {
	c, ok := chosen(r)
	return ok && c.Rate > 0
}

// servesOf is what the recommendation serves, and what binds it.
func servesOf(r calibrate.Result) string {
	c, ok := chosen(r)
	if !ok || c.Rate <= 0 {
		return ""
	}
	return "serves " + mostOf(c.Served) + when(c.RateBy != "", ": then %s", boundOf(r, c.Served))
}

// mostOf is a rate with its interval.
func mostOf(s calibrate.Served) string {
	low, high := say.Number(s.RateLow), say.Number(s.RateHigh)
	return "at most " + say.RequestRate(s.Rate) + when(s.RateHigh > s.RateLow && low != high, " (95 %% interval %s to %s)", low, high)
}

// boundOf is what keeps a choice from serving more: where the app's other processes keep all cores busy that they can, it is them.
func boundOf(r calibrate.Result, c calibrate.Served) string {
	const nearly = 0.95
	s := r.Speed
	if c.RateBy == calibrate.RateByShared && r.Recommendation.Sum.CPUs > r.Host.SizingCPUs() {
		return boundWords(c.RateBy) + ", and whether a larger box helps is not known"
	}
	if c.RateBy != calibrate.RateByCores || s == nil {
		return boundWords(c.RateBy)
	}
	cores := max(s.RestCores, 1)
	if c.Rate*s.Rest < nearly*cores || r.Recommendation.Sum.CPUs <= cores {
		return boundWords(c.RateBy)
	}
	const they = "the app's other processes, a master, a router or a front, keep "
	if twoDigits(cores) == 1 {
		return they + "their one core busy"
	}
	return they + say.Cores(twoDigits(cores)) + " busy, which is all that they can"
}

// boundWords say what keeps workers from serving more.
func boundWords(b calibrate.RateBound) string {
	return map[calibrate.RateBound]string{
		calibrate.RateByCores:   "all cores are busy",
		calibrate.RateByWorkers: "each worker keeps busy what it can of them",
		calibrate.RateByThreads: "all threads wait",
		calibrate.RateByShared:  "they wait for what they share, a lock or a database: more of them were seen to serve no more",
	}[b]
}

// atRate is what the production rate takes of the cores and of the recommendation, and how long requests wait for it.
func atRate(r calibrate.Result, c calibrate.Candidate) string {
	rate, cores, cost := r.Plan.ProductionRate, r.Recommendation.Sum.CPUs, costAt(*r.Speed, c.Served)
	busy := rate * cost
	ofCores, ofRate := say.Percent(busy/cores), say.Percent(c.UsedRatio)
	other := when(say.CPU(cost) != say.CPU(costOf(*r.Speed)), " (at that rate)")
	return fmt.Sprintf("%s x %s%s = %s of %s (%s)", say.RequestRate(rate), say.CPU(cost), other, busyCores(busy), say.CoreCount(cores), ofCores) +
		when(c.UsedRatio > 0 && ofRate != ofCores, ", %s of what it can", ofRate) +
		when(c.P99 > 0, ", p99 %s", p99Of(c.Served)) + when(c.P99 > 0 && r.Plan.P99Seconds > 0, " of %s", say.Seconds(r.Plan.P99Seconds))
}

// p99Of is the 99th percentile with its interval, as far as that was looked for.
func p99Of(s calibrate.Served) string {
	reading := calibrate.Reading{Value: &s.P99}
	if s.P99Low > 0 {
		reading.Low, reading.High = &s.P99Low, calibrate.SomeFigure(s.P99High)
	}
	return calibrate.Metric{Unit: calibrate.UnitSeconds}.Say(reading)
}

// busyCores are cores that are busy on average, in three digits.
func busyCores(n float64) string {
	if n < 1 {
		return say.Cores(n)
	}
	return say.Number(n) + " cores"
}

// wantedReason is how the recommendation serves the production rate, or which box would.
func wantedReason(r calibrate.Result) string {
	c, ok := chosen(r)
	s := r.Recommendation.Sum
	if !ok || s.WantedRate <= 0 || r.Speed == nil {
		return ""
	}
	if !s.Unmet {
		return atRate(r, c)
	}
	return noneServes(r) + wantedOf(s.WantedRate, s.WantedP99) + ", and this comes nearest: " + atRate(r, c) + "; " + neededBox(r)
}

// wantedOf is what was asked for, with the share that is to be left.
func wantedOf(rate, p99 float64) string {
	return say.RequestRate(rate) + " with " + say.Percent(1-calibrate.MostUsed) + " to spare" + when(p99 > 0, ", p99 %s", say.Seconds(p99))
}

// neededBox is the least box that would serve what was asked for.
func neededBox(r calibrate.Result) string {
	s := r.Recommendation.Sum
	switch {
	case s.NeededShape != nil && s.NeededCores > 0:
		return fmt.Sprintf("%s and %s of memory would, with %s", say.Cores(s.NeededCores), say.MBUp(s.NeededMemoryBytes), named(r, *s.NeededShape))
	case r.Speed != nil && s.WantedP99 > 0 && aloneSeconds(r) > s.WantedP99:
		return "no box would, since a request alone takes " + say.CPU(aloneSeconds(r))
	case r.Recommendation.Computed != nil: // by the law this one would, and it was measured that it doesn't
		return "which box would is not known"
	case r.Speed != nil && s.MaxWorkers > 0 && !r.Speed.Shown && !r.Speed.AllCores && r.Speed.Pool == 0:
		return "whether a larger box would is not known: " + say.Plural(s.MaxWorkers, "worker") + " at most, and nothing showed that one keeps no more than " +
			say.Cores(twoDigits(r.Speed.Cores)) + " busy; measure on more cores, or with more requests at once"
	}
	if c, ok := chosen(r); ok && c.RateBy == calibrate.RateByShared {
		return "whether a larger box would is not known: what the workers share, a lock or a database, holds them back, and calibrate doesn't know what that runs on"
	}
	return "no box with up to " + say.Cores(calibrate.MostCores(s.CPUs)) + " would"
}

// aloneSeconds is what a request takes if no other is under way, calibrate's part left out: threads that wait for one lock make a
// busy worker's CPU time dearer, and are no reason why none could be as soon as that.
func aloneSeconds(r calibrate.Result) float64 { return aloneCost(r) + r.Speed.Waiting.Value }

// aloneCost is the CPU time of that.
func aloneCost(r calibrate.Result) float64 {
	if a := r.Alone; a != nil && a.Work.Requests > 0 {
		return a.Work.PerRequest(a.Work.Workers + a.Work.Rest)
	}
	return costOf(*r.Speed)
}

// cpuUnknown is why the field's rule, and no measurement, says how many workers the cores ask for.
func cpuUnknown(r calibrate.Result) string {
	switch {
	case given(r):
		return "what a request costs in CPU time was not given"
	case r.Speed != nil && r.Speed.Doubt != "":
		return map[calibrate.SpeedDoubt]string{
			calibrate.DoubtSteal:  "the machine's host withheld cores from it, so what a request costs in CPU time is doubtful",
			calibrate.DoubtOthers: "others kept the cores busy, so what a request costs in CPU time is doubtful",
			calibrate.DoubtFew:    "too few requests were served to tell what one costs in CPU time",
		}[r.Speed.Doubt]
	case attached(r):
		return "what a request costs in CPU time and in waiting was not read of a server that runs already"
	case r.Alone == nil:
		return "how long a request takes alone was not measured"
	}
	return "what a request costs in CPU time was not read"
}
