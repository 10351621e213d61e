package calibrate

import "math"

// Basis is where a number came from.
type Basis string

// The bases.
const (
	BasisGiven    Basis = "given"
	BasisMeasured Basis = "measured" // by this run itself
	BasisComputed Basis = "computed" // by the law
	BasisWatched  Basis = "watched"  // of a rate: on a server that was running already
)

// Bound is what stands against one worker more.
type Bound string

// The bounds, the first that holds.
const (
	BoundPrice   Bound = "price"   // so many are recommended because recycling more would cost too much
	BoundMemory  Bound = "memory"  // this many don't fit, or one more would not
	BoundMaximum Bound = "maximum" // no more were asked for
	BoundCPU     Bound = "cpu"     // all cores are busy: one more would serve next to nothing more; where that isn't known, it would pass (2c + 1) / threads
)

// Sum is what the number of workers rests on, or why there is none. All figures are of the recommended threads, or
// where nothing fits of the measured ones.
type Sum struct {
	CPUs              float64 `json:"cpus"`
	CPUWorkers        int     `json:"cpu_workers"`                      // that the cores ask for: by what they serve, or where that isn't known by (2 x cpus + 1, rounded down) / threads, at least 1
	BySpeed           bool    `json:"by_speed,omitempty"`               // what they serve decided
	BestRate          float64 `json:"best_rate_per_second,omitempty"`   // of all choices that fit
	WantedRate        float64 `json:"wanted_rate_per_second,omitempty"` // the production rate that was given
	WantedP99         float64 `json:"wanted_p99_seconds,omitempty"`
	Unmet             bool    `json:"unmet,omitempty"`               // nothing that fits serves that, or none that a sweep really ran and chose among; the recommendation is what comes nearest
	Refuted           bool    `json:"refuted,omitempty"`             // where unmet by what a sweep ran: it had been predicted to be served
	NeededCores       float64 `json:"needed_cores,omitempty"`        // where unmet: of the least box that would serve it ...
	NeededMemoryBytes int64   `json:"needed_memory_bytes,omitempty"` // ... and its memory, with what is kept back of it
	NeededShape       *Shape  `json:"needed_shape,omitempty"`        // ... with so many workers and threads
	MemoryWorkers     *int    `json:"memory_workers"`                // (budget - shared_bytes) / least_bytes; null where a worker's memory isn't known
	RuleWorkers       int     `json:"rule_workers"`                  // the lesser of both, but two where two fit
	AllowedWorkers    int     `json:"allowed_workers"`               // of these, what the fewest and the most that were asked for leave
	AllowedCost       float64 `json:"allowed_cost_ratio"`            // of their time: what recycling so many would cost
	Cost              float64 `json:"cost_ratio"`                    // what recycling the recommended ones costs
	PlainWorkers      int     `json:"plain_workers"`                 // by the field's plain formula with worker_memory_mb; 0 where that isn't known

	// total = shared_bytes + N x (worker_bytes + threads x thread_bytes + creep_bytes). LeavingBytes are in it, as part of
	// what is shared, or without jitter of each worker.
	SharedBytes   int64 `json:"shared_bytes"`
	WorkerBytes   int64 `json:"worker_bytes"`           // one worker more, its threads and creep apart
	ThreadBytes   int64 `json:"thread_bytes"`           // each of its threads
	CreepBytes    int64 `json:"creep_bytes"`            // what it grows by, beyond the measured peak, until it is recycled
	LeavingBytes  int64 `json:"leaving_bytes"`          // room for workers that end: see Worker.LeavingBytes
	CrowdBytes    int64 `json:"crowd_bytes,omitempty"`  // of worker_bytes: what it takes more at the bend than at the peak, see Bend
	RaisedBytes   int64 `json:"raised_bytes,omitempty"` // of worker_bytes: what it takes more with its threads than the line says, see Law.Raised
	LeastBytes    int64 `json:"least_bytes"`            // below which a worker can't run
	HeadroomBytes int64 `json:"headroom_bytes"`         // what the total leaves of the budget
	OneMoreBytes  int64 `json:"one_more_bytes"`         // the total of one worker more

	MeasuredThreads int   `json:"measured_threads"`
	ThreadsUnknown  bool  `json:"threads_unknown"`       // how many a running server has can't be seen, and they stay as they are
	AtOnce          int   `json:"at_once"`               // requests that a worker without threads was measured with; 0: as many as threads
	ThreadChoices   []int `json:"thread_choices"`        // that were weighed
	CoresGranted    bool  `json:"cores_granted"`         // memory holds all the workers that the cores ask for
	MinWorkers      int   `json:"min_workers"`           // that were asked for, at least 1
	MaxWorkers      int   `json:"max_workers"`           // 0 for no bound
	NeededBytes     int64 `json:"needed_bytes"`          // by min_workers of measured_threads
	SmallestBytes   int64 `json:"smallest_budget_bytes"` // the least that they need with any threads ...
	SmallestThreads int   `json:"smallest_threads"`      // ... which is with so many
	Basis           Basis `json:"basis"`                 // of the measured worker
	// Lasting is in least_bytes and, where something fits, in creep_bytes; absent where all creep ends with a worker's recycling.
	Lasting    *Lasting `json:"lasting,omitempty"`
	CreepApart bool     `json:"creep_apart"` // its peak is what it takes before it has crept by anything
}

// Lasting is what a worker grows by until the whole server is started anew, at most, as nothing before that gives it back:
//
//	bytes = bytes_per_request x requests,  requests = restart_seconds x worker_rate_per_second, at least what the run has seen
type Lasting struct {
	Bytes          int64   `json:"bytes"`
	Slope          float64 `json:"bytes_per_request"`
	Requests       int64   `json:"requests"` // of each worker
	RestartSeconds float64 `json:"restart_seconds"`
	Rate           float64 `json:"worker_rate_per_second"` // of each of so many workers; 0: not known
	RateBasis      Basis   `json:"rate_basis,omitempty"`
	Workers        int     `json:"workers"`
}

// Candidate is one choice of workers and threads, and why it does or doesn't fit.
type Candidate struct {
	Workers     int     `json:"workers"`
	Threads     int     `json:"threads"`
	WorkerBytes int64   `json:"worker_bytes"` // what one such worker costs at peak, creep up to max-requests included
	TotalBytes  int64   `json:"total_bytes"`  // shared + workers x worker_bytes
	BudgetRatio float64 `json:"budget_ratio"` // of the budget; 0 without a budget
	Concurrency int     `json:"concurrency"`  // workers x threads, or x the requests at once that one was measured with
	Fits        bool    `json:"fits"`         // the total is within the budget
	BoundBy     Bound   `json:"bound_by"`     // "" where nothing stands against one worker more
	Basis       Basis   `json:"basis"`        // the question's for its own shape, else computed
	Recommended bool    `json:"recommended"`
	MaxRequests int     `json:"max_requests"` // 0: not to be recycled by count
	Served              // all zero where that isn't known

	Jitter         int     `json:"-"`
	RestartSeconds float64 `json:"-"` // between restarts of one worker at the rate; 0 = none, or no rate
}

// Formula is one rule of the field: what it would choose here, and what that would really use by the question's law.
// Source says which memory it looked at and where the rule is written.
type Formula struct {
	Name       string `json:"name"`
	Workers    int    `json:"workers"`
	Threads    int    `json:"threads"`
	TotalBytes int64  `json:"total_bytes"` // 0: not known, because no shape with other threads was run
	Fits       bool   `json:"fits"`
	Source     string `json:"source"`
	Served            // all zero where that isn't known
}

// RecyclingSum is how the recommended workers are to be recycled, and what that rests on.
type RecyclingSum struct {
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

// RecyclingKind says whether workers are to be recycled.
type RecyclingKind string

// The kinds of recycling.
const (
	RecyclingNeeded  RecyclingKind = "needed"
	RecyclingOff     RecyclingKind = "off"     // no creep
	RecyclingCannot  RecyclingKind = "cannot"  // workers creep, and the server has no limit of its own
	RecyclingUseless RecyclingKind = "useless" // what creeps is nothing that a worker's end gives back
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

// The bounds of a life.
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

// ConflictKind sorts conflicts.
type ConflictKind string

// The kinds of conflict.
const (
	ConflictFewer ConflictKind = "fewer" // workers gave way
	ConflictDear  ConflictKind = "dear"  // it costs too much all the same
)

// What an optional limit is bounded by.
const (
	ValveRuns = 20      // how far a flat run is trusted, in its own lengths (measured)
	ValveMost = 100_000 // and at most, in requests (measured)
)

// Alike is how near two rates are to be as good as each other.
const Alike = 0.05

// MostUsed is the share of what workers serve at most that production may ask of them: p99 is flat up to there, and the rest is
// for what comes unevenly (see CapacityShare).
const MostUsed = CapacityShare

// MostCores is how large a box is looked for that would serve what one of so many cores doesn't.
func MostCores(cores float64) float64 {
	const times, most = 64, 1024
	return max(math.Floor(min(cores*times, most)), math.Floor(cores), 1)
}

// Dearest is the share of a worker's time that recycling may cost before it is called a conflict: 1 %
// (measured).
const Dearest = 0.01

// Fair is the share of a worker's time that recycling may cost without a thought: half of what is called a conflict.
const Fair = Dearest / 2
