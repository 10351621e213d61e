package throughput

import (
	"cmp"
	"math"
	"slices"

	"workermem/calibrate"
)

// App is what one worker's requests need. Parts that are no number, or less than nothing, are nothing; those beyond an hour
// are an hour.
type App struct {
	Demand    float64               // CPU seconds of a worker a request, with one core busy
	Threads   []calibrate.ThreadUse // the same by threads, where it was measured, by rising count; none: Demand, whatever the threads
	Rest      float64               // CPU seconds a request of the app's other processes
	RestCores float64               // that those keep busy together; below one it is one
	Beside    float64               // CPU seconds a request of programs that are none of the app's, while it waits for them: a database on the same cores
	Alone     float64               // seconds of a request if no other is under way, without the part of who sends it
	Cores     float64               // that one worker can keep busy; 0: one
	AllCores  bool                  // all cores of a box, if those are more
	Factor    float64               // what CPU time costs with all cores busy, to what it costs with one; 0: 1, else a quarter to four times, and no more than the cores
	FactorOf  float64               // the cores of the box where that was measured; 0: as many as this one's
	Times     []float64             // quantiles of the time alone in even steps, for their spread alone; fewer than two: all are alike
}

// Box is what serves it.
type Box struct {
	Cores float64 // a part of one is a part of one; none is one
	Load  float64 // CPU seconds a request that a load on the same cores takes, 0 for none
}

// Shape is how it is set up. Workers below one are one.
type Shape struct {
	Workers int
	AtOnce  int    // requests that a worker works on at once, its threads; 0: as many as come
	Intake  Intake // of those that come while it works on as many
}

// Intake is how a request comes to a worker.
type Intake int

// The ways.
const (
	Shared Intake = iota // it waits for the first thread that is free, of any worker
	Taken                // a worker takes it in, and it waits for a thread of that one, though others have some free
)

const (
	mostSeconds = 3600.0
	leastCores  = 0.001
	mostCores   = 1 << 16
	leastFactor = 0.25
	mostFactor  = 4.0
)

func seconds(x float64) float64 { return within(x, 0, mostSeconds) }

// within holds x between low and high; what is no number is low.
func within(x, low, high float64) float64 {
	if math.IsNaN(x) {
		return low
	}
	return math.Min(math.Max(x, low), high)
}

func coresOf(x float64) float64 {
	if !(x > 0) {
		return 1
	}
	return within(x, leastCores, mostCores)
}

// need is what a request takes of an app in one shape: the numbers that a simulation runs on.
type need struct {
	demand, waiting, rest, load float64 // seconds
	beside                      float64 // seconds of CPU time, which are in waiting too
	own                         float64 // cores that a worker can keep busy
	cores                       float64
	factor                      float64
	all                         float64 // cores with which CPU time costs the factor
	workers, atOnce             int     // atOnce 0: no bound
	intake                      Intake
	busyLast                    bool    // of workers that take in what comes, one that computes is the last to do so
	restCores                   float64 // that the rest keeps busy; of a system that stands for a larger one as many times more
}

func (a App) need(b Box, s Shape) need {
	n := need{
		demand: a.demand(s.AtOnce), rest: seconds(a.Rest), load: seconds(b.Load), own: coresOf(a.Cores),
		cores: coresOf(b.Cores), factor: within(cmp.Or(a.Factor, 1), leastFactor, mostFactor), workers: min(max(s.Workers, 1), mostCores), atOnce: max(s.AtOnce, 0), restCores: within(a.RestCores, 1, mostCores),
	}
	n.factor, n.all = math.Min(n.factor, math.Max(n.cores, 1)), n.cores
	switch {
	case n.cores <= 1:
		n.factor = 1
	case n.factor < 1 && a.FactorOf > 1:
		n.all = coresOf(a.FactorOf)
	}
	n.beside = seconds(a.Beside)
	n.waiting = max(seconds(a.Alone)-n.demand-n.rest, n.beside)
	if n.atOnce == 0 || s.Intake == Taken {
		n.intake = Taken
	}
	n.busyLast = n.atOnce == 0 // an event loop
	if a.AllCores {
		n.own = math.Max(n.own, n.cores)
	}
	if n.atOnce > 0 { // one request at a time keeps no more than one core busy
		n.own = math.Min(n.own, float64(n.atOnce))
	}
	return n
}

// demand is the CPU time with so many threads: between two counts that were measured on the line through both, over the
// logarithm of the count, and beyond them as at the last.
func (a App) demand(threads int) float64 {
	t := a.Threads
	if threads < 1 || len(t) == 0 {
		return seconds(a.Demand)
	}
	i := 0
	for i < len(t) && t[i].Threads < threads {
		i++
	}
	switch {
	case i == 0:
		return seconds(t[0].Demand)
	case i == len(t):
		return seconds(t[i-1].Demand)
	}
	low, high := t[i-1], t[i]
	return seconds(low.Demand + Between(low.Threads, threads, high.Threads)*(high.Demand-low.Demand))
}

// Between is how far a count of threads is from a lower one to a higher, 0 to 1, by the logarithm of the counts: what threads change
// is the less for each the more there are.
func Between(low, threads, high int) float64 {
	from := float64(max(low, 1))
	return within(math.Log(float64(threads)/from)/math.Log(float64(high)/from), 0, 1)
}

// alone is the time of a request with no other under way, the load's part included.
func (n need) alone() float64 { return n.load + n.rest + n.demand + n.waiting }

// cost is what CPU time costs with so many cores busy, to what it costs with one. Where they take from each other, as hyperthreads do, it
// is by the share of the box that is busy, and never so much that several serve less than one. Where a busy core is the cheaper it is by
// how many are: as many of a larger box are as cheap, else more cores would serve less.
func (n need) cost(busy float64) float64 {
	if n.all <= 1 { // one core, or a system that stands for a larger one
		return n.factor
	}
	return 1 + (n.factor-1)*within((busy-1)/(n.all-1), 0, 1)
}

// CPUAt is the CPU time of a request at a rate, its workers' and that of the app's other processes: with so many threads, and as many
// cores busy as that rate keeps. It is the b that solves
//
//	b = rate x (demand + rest + load + beside) x cost(b)
//
// where cost is a line between one core and all of them.
func (a App) CPUAt(b Box, s Shape, rate float64) float64 {
	n := a.need(b, s)
	return (n.demand + n.rest) * n.cost(n.busyAt(rate))
}

// busyAt is how many cores a rate keeps busy; of more than cost the factor it says only that.
func (n need) busyAt(rate float64) float64 {
	one := within(rate, 0, math.MaxFloat64) * (n.demand + n.rest + n.load + n.beside) // if none cost more or less for others
	if n.cores <= 1 || one <= 1 {
		return math.Min(one, n.cores)
	}
	slope := (n.factor - 1) / (n.all - 1)
	if one*slope >= 1 {
		return n.cores
	}
	return within(one*(1-slope)/(1-one*slope), 1, n.cores)
}

// bounds are what the rate can't be above, each an endless one where it doesn't bind.
type bounds struct{ cores, rest, workers, threads float64 }

// bounds of a closed loop of so many clients; 0: as many as are needed.
func (n need) bounds(clients int) bounds {
	all, least := n.cost(n.cores), math.Min(n.cost(n.cores), 1)
	working := n.cost(math.Min(float64(n.workers)*n.own, n.cores))
	if all < 1 { // the load and the rest may keep the other cores busy
		working = all
	}
	b := bounds{
		cores:   over(n.cores, (n.demand+n.rest+n.load+n.beside)*all),
		rest:    over(n.restCores, n.rest*least),
		workers: over(float64(n.workers)*n.own, n.demand*working),
		threads: math.Inf(1),
	}
	if n.atOnce > 0 {
		b.threads = over(float64(n.workers)*float64(n.atOnce), n.demand*least+n.waiting-n.beside*(1-least))
	}
	if clients > 0 {
		b.threads = math.Min(b.threads, over(float64(clients), n.alone()*least+(n.waiting-n.beside)*(1-least)))
	}
	return b
}

func over(much, each float64) float64 {
	if each <= 0 {
		return math.Inf(1)
	}
	return much / each
}

// least is the bound that binds. Where several do, the one that a larger box doesn't mend comes last. A rest that keeps its one
// core busy counts as the cores: no worker and no thread more would help.
func (b bounds) least() (float64, calibrate.RateBound) {
	least, by := b.cores, calibrate.RateByCores
	if b.rest < least {
		least = b.rest
	}
	if b.workers < least {
		least, by = b.workers, calibrate.RateByWorkers
	}
	if b.threads < least {
		least, by = b.threads, calibrate.RateByThreads
	}
	return least, by
}

// How far apart bounds are where the least one is the answer within 2 %, by the exact answers for one station and a delay.
const (
	rarely  = 0.1 // of what would keep them busy: requests hardly ever meet
	plenty  = 3.0 // times what keeps them busy: they never run out of requests
	unequal = 1.5 // times what the one that is busy bears: they are never in the way
)

// clear says that the bounds are so far apart.
func (b bounds) clear() bool {
	all := []float64{b.cores, b.rest, b.workers}
	slices.Sort(all)
	return b.threads < rarely*all[0] || b.threads > plenty*all[0] && all[1] > unequal*all[0]
}
