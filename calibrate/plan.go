package calibrate

import (
	"cmp"
	"math"
	"time"

	"workermem/calibrate/knob"
)

// Plan is what the user asked for, complete and already checked: Run starts nothing that a Plan could have refused.
type Plan struct {
	Command []string // as given, for the record
	PlanInfo
	WarmupLimit time.Duration
	Variations  []Variation // in which a creep is looked for again; empty: in none
	// RoutesOfCreep has each route run alone only to find out which of them leaks.
	RoutesOfCreep bool
}

// CapacityShare is the load of the soak as a share of what the worker can serve. p99 is flat up to 0.95 of capacity
// and the queue grows without a single error above 1.0, so 0.7 is busy, yet far from the edge.
const CapacityShare = 0.7

// SampleInterval is how often a worker's memory is read: a sampler's own cost is mostly its wake-ups, and ten a
// second cost 0.1 to 0.3 % of a core. Spikes between samples are the high-water mark's business.
const SampleInterval = 100 * time.Millisecond

// Info is the part of the plan that is kept.
func (p Plan) Info() PlanInfo {
	p.LoadGiven = p.FixesLoad()
	return p.PlanInfo
}

// FixesLoad says that the load is not to be sought.
func (p Plan) FixesLoad() bool { return p.Rate > 0 || p.Clients > 0 }

// DefaultSoak is the limit of a soak where none is given; one of a slow app has less.
const DefaultSoak = 2 * time.Minute

// SoakLimit is how long a soak, or a watch, may last.
func (p Plan) SoakLimit() time.Duration {
	return cmp.Or(knob.Duration(p.SoakSeconds), DefaultSoak)
}

// Cores are those that a result is sized for: as asked for, else what its host has.
func (r Result) Cores() float64 { return cmp.Or(r.Plan.CPUs, r.Host.SizingCPUs()) }

// WholeCores are as many as a program sees that counts them: a part of a core is one.
func WholeCores(cores float64) int { return int(math.Ceil(cores)) }
