package throughput

import (
	"math"

	"workermem/calibrate"
)

// How long a simulation is.
const (
	leastMeasured = 1000 // requests; their rate is within 1 % of that of a hundred times as many
	rateCards     = 128
	roundsBefore  = 2 // requests of each client before any count
	roundsCounted = 4
	mostSimulated = 512 // requests at once; more are as many as that, on a box that is smaller by as much
)

// unevenWaits is by which share the waits of one-threaded workers are shorter or longer than said, where clients send one request after the
// other. Requests that share a core end together, and if all wait as long they come back together, for ever: 79 such workers were said to
// serve 15 % less than 15 of 5 threads, which get in line for their locks. With it the rate is the exact one of cores that all share, which
// is the same for all times of one mean (F. Baskett et al., Open, Closed, and Mixed Networks of Queues, JACM 22, 1975).
const unevenWaits = 0.5

// Most is the highest rate, and what keeps it from being higher: of so many clients, each of which sends its next request when
// it has its answer; 0 clients: of as many as are needed. It is 0 of an app that needs nothing, about which nothing is known.
func (a App) Most(b Box, s Shape, clients int) (rate float64, by calibrate.RateBound) {
	n := a.need(b, s)
	clients = max(clients, 0)
	bounds := n.bounds(clients)
	least, by := bounds.least()
	switch {
	case n.alone() <= 0 || math.IsInf(least, 1):
		return 0, ""
	case bounds.clear():
		return least, by
	}
	if clients == 0 && n.atOnce > 0 { // every thread has a request, wherever others wait
		n.intake = Shared
	}
	n.busyLast = true // who has answered a client goes on with the next that it has, while the client's next comes
	small, at, times := n.smaller(clients)
	if at == 0 {
		return least, by
	}
	return math.Min(times*small.closed(a.sizes(rateCards), at), least), by
}

// Bound is the least of the bounds that Most is held by.
func (a App) Bound(b Box, s Shape) float64 {
	n := a.need(b, s)
	if bound := least(n.bounds(0)); n.alone() > 0 && !math.IsInf(bound, 1) {
		return bound
	}
	return 0
}

// enough is how many requests at once keep a worker as busy as it can be, whatever their times: many times those that
// compute, for each of which some wait.
func (n need) enough() float64 {
	const times = 3
	return math.Ceil(times*n.own*over(n.demand+n.waiting, n.demand)) + times
}

// smaller is a system that a simulation can bear, the clients to send to it, and how many times it the real one is. No
// clients: it can't be had, because even one worker needs too many at once.
func (n need) smaller(clients int) (small need, at int, times float64) {
	each := n.enough()
	if n.atOnce > 0 {
		each = math.Min(each, float64(n.atOnce))
	}
	if n.atOnce > 0 && float64(n.atOnce) > each && clients == 0 {
		n.atOnce = int(each)
	}
	most := float64(n.workers) * each
	wanted := float64(clients)
	if clients == 0 {
		wanted = 2*most + math.Ceil((n.load+n.rest)*least(n.bounds(0))) // one served and one behind it, and those not there yet
	}
	times = math.Max(wanted/mostSimulated, 1)
	if times == 1 {
		return n, int(wanted), 1
	}
	workers := math.Floor(float64(n.workers) / times)
	if workers < 1 || math.IsInf(times, 1) {
		return n, 0, 1
	}
	times = float64(n.workers) / workers
	return n.shrunk(workers, times), int(math.Ceil(wanted / times)), times
}

// shrunk is a system of so many workers that stands for one of so many times the size.
func (n need) shrunk(workers, times float64) need {
	n.workers, n.cores, n.all, n.restCores = int(workers), n.cores/times, n.all/times, n.restCores*math.Floor(times)
	return n
}

func least(b bounds) float64 {
	rate, _ := b.least()
	return rate
}

// closed is the rate of so many clients: by what their requests get done, which tells it sooner than those that are over.
func (n need) closed(sizes *deck, clients int) float64 {
	s := n.simulation(sizes, clients)
	if n.atOnce == 1 {
		s.uneven = newDeck(rateCards, func(share float64) float64 { return 1 + unevenWaits*(2*share-1) }, 1951)
	}
	before := roundsBefore * clients
	all := before + max(leastMeasured, roundsCounted*clients)
	done, from, had := 0, 0.0, 0.0
	s.finished = func(id int32) {
		if done++; done == before {
			from, had = s.now, s.served
		}
		s.come(id)
	}
	for id := range clients { // not all at once: they would stay together
		for s.next(n.alone() * float64(id) / float64(clients)) {
		}
		s.come(int32(id))
	}
	for done < all && s.next(math.Inf(1)) {
	}
	if done < all || s.now <= from {
		return 0
	}
	return (s.served - had) / whole(s.program) / (s.now - from)
}
