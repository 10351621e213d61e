package sizing

import (
	"math"

	"workermem/calibrate"
)

func (q Question) recycling(c choice) calibrate.RecyclingSum {
	l := q.life(c.workers, c.threads)
	r := calibrate.RecyclingSum{
		Kind: calibrate.RecyclingUnknown, HeadroomBytes: l.headroom, PeakRequests: int(q.Requests), SeenRequests: int(q.Seen),
		RatePerSecond: q.RatePerSecond, RateBasis: q.RateBasis, WorkerRate: q.eachRate(c.workers), BootSeconds: q.BootSeconds,
	}
	if q.Creep.Known {
		r.Steepest, r.Drift = q.steepest(c.workers), q.Drift.High
	}
	switch {
	case q.recycles():
		r.Kind = calibrate.RecyclingNeeded
		r.MaxRequests, r.Jitter, r.CostRatio, r.RestartSeconds = l.maxRequests, l.jitter, l.cost, l.seconds
		r.BudgetRequests, r.LifeRequests, r.LifeBy = l.byBudget, l.most, l.why
		r.JitterBy, r.Conflict = q.jitterBy(l), q.conflict(c, l)
	case q.creeps():
		r.Kind, r.SafeRequests, r.BudgetRequests, r.LifeRequests = calibrate.RecyclingCannot, l.most, l.byBudget, l.most
		r.HeadroomBytes += l.growth // which is to last for that
		if q.CanRecycle {
			r.Kind = calibrate.RecyclingUseless
		}
	case q.Creep.Verdict == calibrate.Flat:
		q.noRecycling(c, l, &r)
	default:
		r.Doubt = q.doubt()
	}
	return r
}

func (q Question) doubt() calibrate.Doubt {
	switch {
	case q.Creep.Uncounted:
		return calibrate.DoubtUncounted
	case q.Creep.Verdict == calibrate.Warming:
		return calibrate.DoubtWarming
	case q.Creep.Verdict == calibrate.Inconclusive:
		return calibrate.DoubtInconclusive
	case q.Creep.Verdict == calibrate.Creeping:
		return calibrate.DoubtUnbounded
	}
	return calibrate.DoubtNoCreep
}

func (q Question) jitterBy(l life) calibrate.JitterBy {
	switch {
	case q.NoJitter:
		return ""
	case l.jitter == (l.most+9)/10:
		return calibrate.JitterTenth
	case l.jitter == l.most/2:
		return calibrate.JitterHalf
	}
	return calibrate.JitterApart
}

// conflict says where recycling costs more than it should, and the ways out; nil where it doesn't.
func (q Question) conflict(c choice, l life) *calibrate.Conflict {
	switch {
	case l.cost > calibrate.Dearest:
		one := calibrate.Conflict{Kind: calibrate.ConflictDear, BudgetBytes: q.cheapBudget(c)}
		one.FewerWorkers, one.FewerCost = q.cheapWorkers(c)
		return &one
	case c.workers < c.roomiest:
		return &calibrate.Conflict{Kind: calibrate.ConflictFewer, MoreWorkers: c.roomiest, MoreCost: q.life(c.roomiest, c.threads).cost}
	}
	return nil
}

// cheapWorkers is the most workers below the choice whose recycling costs no more than Dearest; 0 for none.
func (q Question) cheapWorkers(c choice) (n int, cost float64) {
	for n = c.workers - 1; n >= q.MinWorkers; n-- {
		if cost = q.life(n, c.threads).cost; cost <= calibrate.Dearest {
			return n, cost
		}
	}
	return 0, 0
}

// cheapBudget is the least budget at which as many workers would live long enough to cost no more than Dearest; 0
// where no life is long enough. The price falls as the life grows, so bisection finds it.
func (q Question) cheapBudget(c choice) int64 {
	cheap := func(n int) bool {
		m, j := q.limit(n, c.workers)
		cost, _ := q.price(m, j, c.workers)
		return cost <= calibrate.Dearest
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
	grown := ceilBytes(math.Max(0, (float64(low)-q.Requests)*q.going(c.workers))) + q.lasting(c.workers)
	return q.Law.TotalOf(c.workers, q.Law.Worker(c.threads)+grown)
}

// noRecycling leaves recycling off: safe to H / s_hi requests, with a valve for those who want one.
func (q Question) noRecycling(c choice, l life, r *calibrate.RecyclingSum) {
	r.Kind = calibrate.RecyclingOff
	if q.Basis == calibrate.BasisGiven || !q.Creep.Known {
		return
	}
	safe := mostCount
	if r.Steepest > 0 {
		safe = floorCount(float64(l.headroom) / r.Steepest)
		r.SafeRequests = safe
	}
	if q.CanRecycle {
		r.Valve = twoDigits(min(safe, floorCount(calibrate.ValveRuns*q.Seen), calibrate.ValveMost))
		r.ValveCost, _ = q.price(r.Valve, 0, c.workers)
	}
}
