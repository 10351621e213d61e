package throughput

import (
	"math"
	"slices"
)

// Arrivals is how the requests of a rate come.
type Arrivals int

// The ways.
const (
	ByChance Arrivals = iota // each whenever it wants (Poisson), as from many users
	Evenly                   // one after the other in even steps, as calibrate's own load sends them: each up to timerLag late
)

const timerLag = 0.001 // seconds

// How many requests a time is read from: the fuller the system, the longer a queue lasts, and the more it takes to see enough of
// them. The 99th percentile at 80 % of the most is then within 15 % of that of a million requests. Workers that each have a queue
// have longer ones.
const (
	timesCounted = 2000 // of an empty one
	ownQueues    = 4    // times as many
	mostTimes    = 10000
	leastRate    = 1e-9 // a second; less is as little
	timesCards   = 2000
)

// A smaller system than the real one has no queue before its rest, so one whose rest is busier than this is made smaller only if it
// has so many times more under way: then what waits there is no part of a request's time that matters (a rest that is 90 % full adds
// some 22 times what it takes itself to the 99th percentile).
const (
	busyRest   = 0.5
	busyLarger = 8
)

// TimesAt are the 50th and the 99th percentile of a request's time at a rate, from when it comes to its whole answer. Both are 0
// at no rate, or at one that is more than the most, at which the queue grows for ever.
func (a App) TimesAt(b Box, s Shape, rate float64, by Arrivals) (p50, p99 float64) {
	n := a.need(b, s)
	used := rate / least(n.bounds(0))
	if !(rate > 0) || n.alone() <= 0 || !(used < 1) {
		return 0, 0
	}
	n, rate = n.smallerAt(max(rate, leastRate))
	counted := math.Min(timesCounted/(1-used), mostTimes)
	if n.intake == Taken && n.atOnce > 0 && n.workers > 1 {
		counted *= ownQueues
	}
	times := n.open(a.sizes(timesCards), gaps(by, timesCards), lags(by, timesCards), int(counted), rate)
	return times[len(times)/2], times[len(times)*99/100]
}

// smallerAt is a system that has not too many requests under way at a rate, and its rate.
func (n need) smallerAt(rate float64) (need, float64) {
	most := float64(mostSimulated)
	if rate*n.rest > busyRest*n.restCores {
		most *= busyLarger
	}
	times := math.Min(math.Max(rate*n.alone(), float64(n.workers))/most, float64(n.workers))
	if times <= 1 {
		return n, rate
	}
	workers := math.Max(math.Floor(float64(n.workers)/times), 1)
	times = float64(n.workers) / workers
	return n.shrunk(workers, times), rate / times
}

// open are the times of so many requests at a rate, the shortest first.
func (n need) open(sizes, gaps, lags *deck, counted int, rate float64) []float64 {
	before := int(math.Min(3*rate*n.alone(), mostTimes)) + counted/10
	all := before + counted
	s := n.simulation(sizes, all)
	times := make([]float64, 0, all-before)
	s.finished = func(id int32) {
		if int(id) >= before {
			times = append(times, s.now-s.requests[id].came)
		}
	}
	at := 0.0
	for id := range all {
		due := math.Max(at+lags.deal(), s.now)
		for s.next(due) {
		}
		s.come(int32(id))
		at += gaps.deal() / rate
	}
	for s.next(math.Inf(1)) {
	}
	slices.Sort(times)
	return times
}
