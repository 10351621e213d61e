package sizing

import (
	"math"

	"workermem/calibrate"
)

// life is how old the workers of one candidate may get, and what that costs. Its zero value is a life without end:
// nothing grows, or nothing recycles.
type life struct {
	headroom    int64               // bytes left of the budget for each worker's growth that ends with it; below zero where they don't fit at all
	byBudget    int                 // requests the budget lets a worker live to: n_max
	most        int                 // requests a worker should live to: n
	why         calibrate.LifeBound // why n is less than n_max, "" where it isn't
	maxRequests int                 // M
	jitter      int                 // J
	growth      int64               // what a worker grows by over its measured peak before M + J, and what stays of it and its like
	cost        float64             // share of its time a worker spends restarting
	seconds     float64             // between two restarts of one worker
}

// life sizes max-requests for creeping workers:
//
//	H     = (budget - shared) / N - P - what stays     headroom a worker, bytes
//	n_max = X + H / s_hi                  every worker may be at its oldest at once
//	n     = the lesser of n_max and enough
//	J     = max(ceil(n / 10), 2 N D), at most n / 2;  D = lambda B
//	M     = n - J, rounded down to two digits;  a worker lives up to M + J
//
//	P       a worker's peak after X requests      s_hi  upper 95 % bound of the creep, bytes a request
//	lambda  requests a second a worker            B     seconds a worker boots
//
// n_max alone would let a worker creep until the whole budget is gone, gigabytes on a large host, for a gain in
// throughput that nobody notices; [Question.enough] says where it stops to pay.
//
// D is the requests a worker misses while it boots. A tenth spreads the restarts; 2 N D keeps the workers from all
// restarting at once (never seen in simulation at that spread).
func (q Question) life(workers, threads int) life {
	l := life{headroom: q.headroom(workers, threads)}
	if !q.creeps() || l.headroom < 0 {
		return l
	}
	l.growth = q.lasting(workers)
	steepest := q.going(workers)
	if !q.recycles() {
		l.byBudget = floorCount(q.Requests + float64(l.headroom+l.growth)/q.steepest(workers))
		l.most = l.byBudget
		return l
	}
	l.byBudget = floorCount(q.Requests + float64(l.headroom)/steepest)
	l.most = l.byBudget
	if n, why := q.enough(workers, threads); n < l.byBudget {
		l.most, l.why = n, why
	}
	l.most = max(l.most, 1) // rounding must not leave 0, which would turn recycling off
	l.maxRequests, l.jitter = q.limit(l.most, workers)
	grown := math.Ceil(steepest * (float64(l.maxRequests+l.jitter) - q.Requests))
	l.growth += min(int64(clamp(grown, 0, float64(l.headroom))), l.headroom) // a float64 of a vast headroom may round up
	l.cost, l.seconds = q.price(l.maxRequests, l.jitter, workers)
	return l
}

// enough is the life beyond which a longer one isn't worth its memory, the greatest of
//
//	X                       the run itself has shown that life
//	lambda B / fair / 0.95  recycling then costs half a per cent (0.95: M + J/2 of n, at a jitter of a tenth)
//	(P - s_hi X) / s_hi     the worker has grown to twice what it holds without creep
func (q Question) enough(workers, threads int) (n int, why calibrate.LifeBound) {
	n, why = floorCount(q.Requests), calibrate.LifeShown
	if cheap := floorCount(q.eachRate(workers) * q.BootSeconds * (1/calibrate.Fair - 1) / 0.95); cheap > n {
		n, why = cheap, calibrate.LifeCheap
	}
	steepest := q.going(workers)
	base := float64(q.Law.Worker(threads)) - steepest*q.Requests
	if double := floorCount(base / steepest); double > n {
		n, why = double, calibrate.LifeDoubled
	}
	return n, why
}

// headroom is what the budget leaves each worker above its measured peak, rounded down; below zero where they don't
// fit.
func (q Question) headroom(workers, threads int) int64 {
	free := q.BudgetBytes - q.Law.SharedBytes
	if free < 0 {
		return -1
	}
	return free/int64(max(workers, 1)) - q.Law.Worker(threads) - q.lasting(workers)
}

// going is the part of the creep that a worker's end gives back, at most.
func (q Question) going(workers int) float64 { return max(q.steepest(workers)-q.Creep.Staying, 0) }

// lasting is what each of so many workers grows by over its measured peak, at most, until the whole server is started anew:
// all of the creep where nothing recycles, else what no worker's end gives back.
//
//	grown = s x max(R lambda, seen - X)
//
//	R  seconds to the restart    lambda  requests a second a worker    X  requests that the peak has in it
//
// A worker takes at least what the run itself has shown. Without a rate, or a restart, that is all that is known.
func (q Question) lasting(workers int) int64 {
	if !q.creeps() {
		return 0
	}
	return ceilBytes(q.lastingSlope(workers) * q.lastingRequests(workers))
}

func (q Question) lastingSlope(workers int) float64 {
	if q.CanRecycle {
		return q.Creep.Staying
	}
	return q.steepest(workers)
}

func (q Question) lastingRequests(workers int) float64 {
	return max(q.RestartSeconds*q.eachRate(workers), q.Seen-q.Requests)
}

// steepest is the creep's upper bound in bytes a request, of each of so many workers. Where part of it goes on without
// any request, fewer a second than were measured have more of it each.
func (q Question) steepest(workers int) float64 {
	each := q.eachRate(workers)
	if q.Drift.Rate == 0 || each == 0 {
		return q.Creep.High
	}
	more := 1/each - 1/q.Drift.Rate
	return math.Max(q.Creep.High+math.Max(q.Drift.Low*more, q.Drift.High*more), 0)
}

// eachRate is what one of so many workers serves a second. A measured rate is one worker's own; a given one is
// everybody's together.
func (q Question) eachRate(workers int) float64 {
	if q.RateBasis == calibrate.BasisMeasured {
		return q.RatePerSecond
	}
	return q.RatePerSecond / float64(max(workers, 1))
}

// limit divides a life of n requests into max-requests and jitter.
func (q Question) limit(n, workers int) (maxRequests, jitter int) {
	if q.NoJitter {
		return twoDigits(n), 0
	}
	tenth := (n + 9) / 10
	missed := q.eachRate(workers) * q.BootSeconds
	apart := int(math.Ceil(math.Min(2*float64(max(workers, 1))*missed, mostCount)))
	jitter = min(max(tenth, apart), n/2)
	return twoDigits(n - jitter), jitter
}

// price is what recycling costs a worker (checked by measurement within 4 % of throughput):
//
//	cost = B / (B + (M + J/2) / lambda)
//
// J/2 is the mean of gunicorn's draw from 0..J. An unknown rate or boot has no price: 0.
func (q Question) price(maxRequests, jitter, workers int) (cost, seconds float64) {
	if maxRequests <= 0 || q.RatePerSecond <= 0 {
		return 0, 0
	}
	seconds = math.Min((float64(maxRequests)+float64(jitter)/2)/q.eachRate(workers), math.MaxFloat64)
	return q.BootSeconds / (q.BootSeconds + seconds), seconds
}

// twoDigits rounds down to two significant digits: 14 265 is 14 000. A setting with more digits would claim more
// than an interval knows.
func twoDigits(n int) int {
	scale := 1
	for n/scale >= 100 {
		scale *= 10
	}
	return n / scale * scale
}

// lastingSum is nil where nothing lasts.
func (q Question) lastingSum(workers int) *calibrate.Lasting {
	grown := q.lasting(workers)
	if grown == 0 {
		return nil
	}
	return &calibrate.Lasting{Bytes: grown, Slope: q.lastingSlope(workers), Requests: int64(q.lastingRequests(workers)),
		RestartSeconds: q.RestartSeconds, Rate: q.eachRate(workers), RateBasis: q.RateBasis, Workers: workers}
}

// Grown is what each of so many workers grows by over its measured peak until it has served a life of so many requests, at most,
// and what no worker's end gives back until the whole server is started anew; of a life without end (0) all of it until then.
func Grown(q Question, workers int, life float64) int64 {
	q = q.sound()
	if !q.creeps() {
		return 0
	}
	if life == 0 {
		return ceilBytes(q.steepest(workers) * q.lastingRequests(workers))
	}
	return ceilBytes(q.Creep.Staying*q.lastingRequests(workers)) + ceilBytes(q.going(workers)*max(life-q.Requests, 0))
}
