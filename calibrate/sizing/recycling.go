package sizing

import "math"

// Recycling is how the recommended workers are to be recycled, and what that rests on.
type Recycling struct {
	MaxRequests    int     `json:"-"` // 0: not needed, or can't be recommended; Kind says which
	Jitter         int     `json:"-"`
	CostRatio      float64 `json:"-"` // share of a worker's time lost to restarting
	RestartSeconds float64 `json:"-"` // between restarts of one worker; 0 = none, or no rate
	// SafeRequests is how many requests the headroom lasts for by the creep's upper bound: from the peak on where
	// no creep was found, from the worker's start where it creeps and the server has no limit of its own. 0 is
	// unbounded or unknown.
	SafeRequests int `json:"-"`

	Kind  RecyclingKind `json:"kind"`
	Doubt Doubt         `json:"doubt,omitempty"` // of RecyclingUnknown

	// limit = peak_requests + headroom_bytes / steepest_bytes_per_request, and life_requests no more than that.
	Steepest       float64   `json:"steepest_bytes_per_request"` // the creep's upper bound, of each worker
	Drift          float64   `json:"drift_bytes_per_second"`     // the part of it, at most, that goes on without any request
	HeadroomBytes  int64     `json:"headroom_bytes"`             // of each worker
	PeakRequests   int       `json:"peak_requests"`              // behind the measured peak; 0 where creep is taken out of it
	SeenRequests   int       `json:"seen_requests"`              // by the run
	BudgetRequests int       `json:"budget_requests"`            // to which the budget lets a worker live
	LifeRequests   int       `json:"life_requests"`              // to which it should
	LifeBy         LifeBound `json:"life_by,omitempty"`          // why that is less
	JitterBy       JitterBy  `json:"jitter_by,omitempty"`        // "" of a server without jitter

	RatePerSecond   float64 `json:"rate_per_second"` // of one worker if measured, else of all; 0: not known
	RateBasis       Basis   `json:"rate_basis,omitempty"`
	WorkerRate      float64 `json:"worker_rate_per_second"`  // of one worker
	BootSeconds     float64 `json:"boot_seconds"`            // of a worker; 0: not known
	GrowthPerSecond float64 `json:"growth_bytes_per_second"` // of RecyclingByTime: of each worker, at most ...
	LastsSeconds    float64 `json:"lasts_seconds"`           // ... and how long its headroom lasts

	// Valve is an optional limit where no creep was found: the least of SafeRequests, ValveRuns x SeenRequests, and
	// ValveMost, rounded down to two digits.
	Valve     int     `json:"valve_requests"`
	ValveCost float64 `json:"valve_cost_ratio"`

	Conflict *Conflict `json:"conflict"` // null where recycling costs no more than it should, and nothing gave way for that
}

// Conflict is what stands against recycling that costs more than Dearest of a worker's time.
type Conflict struct {
	Kind ConflictKind `json:"kind"`
	// Of ConflictFewer: how many would fit, too, and what they would cost.
	MoreWorkers int     `json:"more_workers,omitempty"`
	MoreCost    float64 `json:"more_cost_ratio,omitempty"`
	// Of ConflictDear, the ways out: the most workers that are cheap enough, and the budget in which so many as now would be.
	FewerWorkers int     `json:"fewer_workers,omitempty"`
	FewerCost    float64 `json:"fewer_cost_ratio,omitempty"`
	BudgetBytes  int64   `json:"budget_bytes,omitempty"`
}

// RecyclingKind says whether workers are to be recycled.
type RecyclingKind string

// The kinds of recycling.
const (
	RecyclingNeeded  RecyclingKind = "needed"
	RecyclingOff     RecyclingKind = "off"     // no creep
	RecyclingCannot  RecyclingKind = "cannot"  // workers creep, and the server has no limit of its own
	RecyclingByTime  RecyclingKind = "by-time" // workers grow with time, and nobody counted their requests
	RecyclingUnknown RecyclingKind = "unknown"
)

// Doubt is why a run says nothing about max-requests.
type Doubt string

// The doubts.
const (
	DoubtWarming      Doubt = "warming"      // memory was still settling
	DoubtInconclusive Doubt = "inconclusive" // creep could not be told
	DoubtUncounted    Doubt = "uncounted"    // nobody counted the requests
	DoubtUnbounded    Doubt = "unbounded"    // memory creeps, by a rate without an upper bound
	DoubtNoCreep      Doubt = "no-creep"     // creep was neither measured nor given
)

// LifeBound is why a worker should live for less than the budget allows.
type LifeBound string

// The bounds of a life: see [Question.enough].
const (
	LifeShown   LifeBound = "shown"   // the run itself has shown it
	LifeCheap   LifeBound = "cheap"   // recycling then costs Fair of a worker's time
	LifeDoubled LifeBound = "doubled" // a worker has then grown to twice what it holds without creep
)

// JitterBy is what a jitter is.
type JitterBy string

// What jitter may be.
const (
	JitterTenth JitterBy = "tenth" // of life_requests
	JitterHalf  JitterBy = "half"  // the most there is room for
	JitterApart JitterBy = "apart" // 2 x workers x worker_rate_per_second x boot_seconds
)

// ConflictKind sorts conflicts.
type ConflictKind string

// The kinds of conflict.
const (
	ConflictFewer ConflictKind = "fewer" // workers gave way
	ConflictDear  ConflictKind = "dear"  // it costs too much all the same
)

// What an optional limit is bounded by.
const (
	ValveRuns = 20      // how far a flat run is trusted, in its own lengths (measuring.md)
	ValveMost = 100_000 // and at most, in requests (measuring.md)
)

func (q Question) recycling(c choice) Recycling {
	l := q.life(c.workers, c.threads)
	r := Recycling{
		Kind: RecyclingUnknown, HeadroomBytes: l.headroom, PeakRequests: int(q.Requests), SeenRequests: int(q.Seen),
		RatePerSecond: q.RatePerSecond, RateBasis: q.RateBasis, WorkerRate: q.eachRate(c.workers), BootSeconds: q.BootSeconds,
	}
	if q.Creep.Known {
		r.Steepest, r.Drift = q.steepest(c.workers), q.Drift.High
	}
	switch {
	case q.recycles():
		r.Kind = RecyclingNeeded
		r.MaxRequests, r.Jitter, r.CostRatio, r.RestartSeconds = l.maxRequests, l.jitter, l.cost, l.seconds
		r.BudgetRequests, r.LifeRequests, r.LifeBy = l.byBudget, l.most, l.why
		r.JitterBy, r.Conflict = q.jitterBy(l), q.conflict(c, l)
	case q.creeps():
		r.Kind, r.SafeRequests, r.BudgetRequests, r.LifeRequests = RecyclingCannot, l.most, l.byBudget, l.most
	case q.Creep.Verdict == flat:
		q.noRecycling(c, l, &r)
	default:
		r.Doubt = q.doubt()
	}
	return r
}

func (q Question) doubt() Doubt {
	switch {
	case q.Creep.Uncounted:
		return DoubtUncounted
	case q.Creep.Verdict == warming:
		return DoubtWarming
	case q.Creep.Verdict == inconclusive:
		return DoubtInconclusive
	case q.Creep.Verdict == creeping:
		return DoubtUnbounded
	}
	return DoubtNoCreep
}

func (q Question) jitterBy(l life) JitterBy {
	switch {
	case q.NoJitter:
		return ""
	case l.jitter == (l.most+9)/10:
		return JitterTenth
	case l.jitter == l.most/2:
		return JitterHalf
	}
	return JitterApart
}

// conflict says where recycling costs more than it should, and the ways out; nil where it doesn't.
func (q Question) conflict(c choice, l life) *Conflict {
	switch {
	case l.cost > Dearest:
		one := Conflict{Kind: ConflictDear, BudgetBytes: q.cheapBudget(c)}
		one.FewerWorkers, one.FewerCost = q.cheapWorkers(c)
		return &one
	case c.workers < c.roomiest:
		return &Conflict{Kind: ConflictFewer, MoreWorkers: c.roomiest, MoreCost: q.life(c.roomiest, c.threads).cost}
	}
	return nil
}

// cheapWorkers is the most workers below the choice whose recycling costs no more than Dearest; 0 for none.
func (q Question) cheapWorkers(c choice) (n int, cost float64) {
	for n = c.workers - 1; n >= q.MinWorkers; n-- {
		if cost = q.life(n, c.threads).cost; cost <= Dearest {
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
		return cost <= Dearest
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

// noRecycling leaves recycling off: safe to H / s_hi requests, with a valve for those who want one.
func (q Question) noRecycling(c choice, l life, r *Recycling) {
	r.Kind = RecyclingOff
	if q.Basis == Given || !q.Creep.Known {
		return
	}
	safe := mostCount
	if r.Steepest > 0 {
		safe = floorCount(float64(l.headroom) / r.Steepest)
		r.SafeRequests = safe
	}
	if q.CanRecycle {
		r.Valve = twoDigits(min(safe, floorCount(ValveRuns*q.Seen), ValveMost))
		r.ValveCost, _ = q.price(r.Valve, 0, c.workers)
	}
}
