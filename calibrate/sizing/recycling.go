package sizing

import (
	"fmt"
	"math"
	"strings"
)

// Recycling is how the recommended workers are to be recycled, and at what price.
type Recycling struct {
	MaxRequests, Jitter int // 0: not needed, or can't be recommended; Sum says which

	// SafeRequests is how many requests the headroom lasts for by the creep's upper bound: from the peak on where
	// no creep was found, from the worker's start where it creeps and the server has no limit of its own. 0 is
	// unbounded or unknown.
	SafeRequests int
	// Valve is an optional limit where no creep was found: min(SafeRequests, 20 X, 100 000), X the requests of the
	// run, rounded down to two digits.
	Valve          int
	CostRatio      float64 // share of a worker's time lost to restarting
	RestartSeconds float64 // between restarts of one worker; 0 = none, or no rate
	Conflict       string  // where the price passes 1 %: the price, and the ways out
	Sum            string  // where the numbers come from, in words
}

const (
	valveRuns = 20      // how far a flat run is trusted, in its own lengths (measuring.md)
	valveMost = 100_000 // and at most (measuring.md)
)

func (q Question) recycling(c choice) Recycling {
	l := q.life(c.workers, c.threads)
	switch {
	case q.recycles():
		return Recycling{
			MaxRequests: l.maxRequests, Jitter: l.jitter, CostRatio: l.cost, RestartSeconds: l.seconds,
			Sum: q.limitSum(c, l), Conflict: q.conflict(c, l),
		}
	case q.creeps():
		return Recycling{SafeRequests: l.most, Sum: q.noLimitSum(c, l)}
	case q.Creep.Verdict == flat:
		return q.flatRecycling(c, l)
	}
	return Recycling{Sum: "No max-requests can be recommended: " + q.doubt() + "."}
}

// doubt is why a run says nothing about max-requests.
func (q Question) doubt() string {
	after := ""
	if q.Seen >= 1 {
		after = " after " + count(int(q.Seen), "request")
	}
	switch q.Creep.Verdict {
	case warming:
		return "memory was still settling" + after + ", so its growth is not yet creep; measure for longer"
	case inconclusive:
		return "whether memory creeps could not be told" + after + "; measure for longer, or at a higher rate"
	case Uncounted:
		return "the server was only watched, and nobody counted its requests; watch its access log"
	case creeping:
		return "memory creeps, but by a rate without an upper bound; measure for longer"
	}
	return "creep was not " + q.source()
}

// limitSum is the max-requests as its sum.
func (q Question) limitSum(c choice, l life) string {
	text := q.mostSum(c, l) + q.jitterSentence(c, l)
	if q.Drift.Rate > 0 {
		text += fmt.Sprintf(" (Up to %s an hour of it goes on without any request, so the bound is that at %s.)", perRequest(q.Drift.High*3600), q.rate(c.workers))
	}
	text += " " + q.priceSentence(c, l)
	if q.Seen > 0 && float64(l.most) > valveRuns*q.Seen {
		text += fmt.Sprintf(" That is over %d times what the run saw: beyond it the creep is extrapolated.", valveRuns)
	}
	if c.workers == 2 && !q.NoJitter {
		text += " With two workers jitter makes a joint restart rarer, it does not rule it out."
	}
	return text
}

// mostSum is how long a worker may live: by the budget, or by less where more would not pay.
func (q Question) mostSum(c choice, l life) string {
	headroom := "headroom a worker"
	if c.workers == 1 {
		headroom = "headroom"
	}
	byBudget := fmt.Sprintf("%s = %s + %s / %s: the requests behind the measured peak, plus %s over the creep's upper 95 %% bound.",
		grouped(l.byBudget), grouped(int(q.Requests)), mb(l.headroom), perRequest(q.steepest(c.workers)), headroom)
	switch {
	case q.Basis == given:
		byBudget = fmt.Sprintf("%s = %s / %s: %s over the creep.", grouped(l.byBudget), mb(l.headroom), perRequest(q.steepest(c.workers)), headroom)
	case q.creepTakenOut():
		byBudget = fmt.Sprintf("%s = %s / %s: %s, beyond its peak without creep, over the creep's upper 95 %% bound.",
			grouped(l.byBudget), mb(l.headroom), perRequest(q.steepest(c.workers)), headroom)
	}
	if l.why == "" {
		return byBudget
	}
	return fmt.Sprintf("%s, %s. (The budget would bear %s)", count(l.most, "request"), l.why, byBudget)
}

func (q Question) jitterSentence(c choice, l life) string {
	if q.NoJitter {
		return fmt.Sprintf(" Rounded down to two digits: %s. This server has no jitter, so its workers may restart together.", grouped(l.maxRequests))
	}
	return fmt.Sprintf(" Less %s of jitter (%s), rounded down to two digits: %s. A worker lives up to %s requests.",
		grouped(l.jitter), q.jitterRule(c, l), grouped(l.maxRequests), grouped(l.maxRequests+l.jitter))
}

func (q Question) jitterRule(c choice, l life) string {
	switch {
	case l.jitter == (l.most+9)/10:
		return "a tenth"
	case l.jitter == l.most/2:
		return "half, the most there is room for"
	}
	return fmt.Sprintf("2 x %s workers x %s x %s boot, to keep workers from restarting at once",
		grouped(c.workers), requestRate(q.eachRate(c.workers)), interval(q.BootSeconds))
}

func (q Question) priceSentence(c choice, l life) string {
	if q.RatePerSecond == 0 {
		return "Without a request rate the time between restarts and their price are unknown."
	}
	text := fmt.Sprintf("At %s each restarts every %s", q.rate(c.workers), interval(l.seconds))
	if q.BootSeconds == 0 {
		return text + "; what that costs is unknown without a boot time."
	}
	return text + fmt.Sprintf("; with %s of boot that costs %s of its time.", interval(q.BootSeconds), percent(l.cost))
}

// rate is the rate with where it came from: 80 requests/s (given) over 4 workers.
func (q Question) rate(workers int) string {
	text := requestRate(q.RatePerSecond)
	if q.RateBasis == measured {
		return text + " a worker (measured)"
	}
	if q.RateBasis != "" {
		text += " (" + q.RateBasis + ")"
	}
	return text + " over " + count(workers, "worker")
}

// conflict says where recycling costs more than it should, and the ways out.
func (q Question) conflict(c choice, l life) string {
	if c.workers < c.roomiest && l.cost <= dearest {
		return fmt.Sprintf("%s would fit too, but recycling would then cost each %s; with %s it is %s.",
			count(c.roomiest, "worker"), dear(q.life(c.roomiest, c.threads).cost), grouped(c.workers), percent(l.cost))
	}
	if l.cost <= dearest {
		return ""
	}
	return fmt.Sprintf("Recycling at %s costs each worker %s. Ways out: %s.",
		count(l.maxRequests, "request"), dear(l.cost), strings.Join(q.waysOut(c), "; "))
}

// dear is a price beyond dearest.
func dear(cost float64) string {
	if percent(cost) == percent(dearest) {
		return "just over 1 % of its time"
	}
	return percent(cost) + " of its time, more than 1 %"
}

func (q Question) waysOut(c choice) []string {
	var ways []string
	if n, cost := q.cheapWorkers(c); n == 1 {
		ways = append(ways, fmt.Sprintf("1 worker (%s, but nobody answers while it restarts)", percent(cost)))
	} else if n > 1 {
		ways = append(ways, fmt.Sprintf("%d workers (%s)", n, percent(cost)))
	}
	if budget := q.cheapBudget(c); budget > 0 {
		ways = append(ways, "a budget of "+mbUp(budget))
	}
	return append(ways, "mend the creep", "shorten the boot")
}

// cheapWorkers is the most workers below the choice whose recycling costs no more than dearest; 0 for none.
func (q Question) cheapWorkers(c choice) (n int, cost float64) {
	for n = c.workers - 1; n >= q.MinWorkers; n-- {
		if cost = q.life(n, c.threads).cost; cost <= dearest {
			return n, cost
		}
	}
	return 0, 0
}

// cheapBudget is the least budget at which as many workers would live long enough to cost no more than dearest; 0
// where no life is long enough. The price falls as the life grows, so bisection finds it.
func (q Question) cheapBudget(c choice) int64 {
	cheap := func(n int) bool {
		m, j := q.limit(n, c.workers)
		cost, _ := q.price(m, j, c.workers)
		return cost <= dearest
	}
	low, high := 1, mostCount
	if !cheap(high) {
		return 0
	}
	for low < high {
		if mid := low + (high-low)/2; cheap(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	grown := ceilBytes(math.Max(0, (float64(low)-q.Requests)*q.steepest(c.workers)))
	return total(q.Law.SharedBytes, c.workers, q.Law.worker(c.threads)+grown)
}

// noLimitSum is for creeping workers whose server can't recycle by count: how long they last.
func (q Question) noLimitSum(c choice, l life) string {
	before := grouped(int(q.Requests)) + " + "
	if q.creepTakenOut() {
		before = ""
	}
	text := fmt.Sprintf("This server has no request limit of its own, and its workers creep: they reach the budget after "+
		"%s = %s%s / %s each", count(l.most, "request"), before, mb(l.headroom), perRequest(q.steepest(c.workers)))
	if q.RatePerSecond > 0 && c.workers > 0 {
		text += fmt.Sprintf(", %s at %s", interval(float64(l.most)/q.eachRate(c.workers)), q.rate(c.workers))
	}
	return text + ". Restart them before that by other means, or mend the creep."
}

// flatRecycling leaves recycling off: safe to H / s_hi requests, with a valve for those who want one.
func (q Question) flatRecycling(c choice, l life) Recycling {
	r := Recycling{Sum: "No creep found: recycling can stay off."}
	if q.Basis == given {
		r.Sum = "No creep, as given: recycling can stay off."
		return r
	}
	if !q.Creep.Known {
		return r
	}
	safe := mostCount
	if steepest := q.steepest(c.workers); steepest > 0 {
		safe = floorCount(float64(l.headroom) / steepest)
		r.SafeRequests = safe
		r.Sum += fmt.Sprintf(" At worst, by the upper 95 %% bound, the headroom lasts each worker for %s: %s / %s.",
			count(safe, "request"), mb(l.headroom), perRequest(q.steepest(c.workers)))
	}
	if q.CanRecycle {
		r.Valve = twoDigits(min(safe, floorCount(valveRuns*q.Seen), valveMost))
	}
	if r.Valve > 0 {
		r.Sum += " " + q.valveSentence(c, r)
	}
	return r
}

func (q Question) valveSentence(c choice, r Recycling) string {
	bounds := []string{}
	if r.SafeRequests > 0 {
		bounds = append(bounds, grouped(r.SafeRequests))
	}
	bounds = append(bounds, fmt.Sprintf("%d x the run's %s", valveRuns, grouped(int(q.Seen))), grouped(valveMost))
	text := fmt.Sprintf("A safety valve, for those who want one: %s, the least of %s.",
		grouped(r.Valve), strings.Join(bounds, "; "))
	if cost, _ := q.price(r.Valve, 0, c.workers); cost > dearest {
		text += fmt.Sprintf(" It would cost %s of a worker's time.", percent(cost))
	}
	return text
}
