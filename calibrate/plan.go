package calibrate

import "time"

// Plan is what the user asked for, complete and already checked: Run starts nothing that a Plan could have refused.
type Plan struct {
	Command []string // as given, for the record

	// Load. All zero: find capacity in closed loop, then soak at CapacityShare of it.
	Rate     float64       // requests a second, open loop
	Clients  int           // closed loop with so many clients; with Rate, the most requests under way at once
	Requests int64         // soak ends after so many requests
	Duration time.Duration // soak ends after so long

	WarmupLimit time.Duration
	SoakLimit   time.Duration
	Quick       bool
	Sweep       bool        // really run the best few candidates
	Triage      []Variation // in which a creep is looked for again; empty: in none
	ByRoute     bool        // where there are several, load each alone as well
	// OtherThreads are the thread counts that get a short run each; none: those that shapes chooses.
	OtherThreads []int
	Precision    float64 // wanted half-width of the slope's interval, as a share of the slope

	// Sizing.
	ReserveRatio   float64
	ReserveBytes   int64
	MemoryBytes    int64 // 0: the host's limit or total
	CPUs           int   // 0: the host's
	ProductionRate float64
	MinWorkers     int    // 0: one
	MaxWorkers     int    // 0: as many as fit and the cores ask for
	Prefer         string // "workers", "threads" or "memory"; "" keeps the measured threads
	Silenced       []string
	Flags          []string // as given, for repeating the run; without those that may hold secrets
}

// CapacityShare is the load of the soak as a share of what the worker can serve. p99 is flat up to 0.95 of capacity
// and the queue grows without a single error above 1.0, so 0.7 is busy, yet far from the edge.
const CapacityShare = 0.7

// SampleInterval is how often a worker's memory is read: a sampler's own cost is mostly its wake-ups, and ten a
// second cost 0.1 to 0.3 % of a core. Spikes between samples are the high-water mark's business.
const SampleInterval = 100 * time.Millisecond

// Info is the part of the plan that the analysis of a saved run needs.
func (p Plan) Info() PlanInfo {
	return PlanInfo{
		ReserveRatio:   p.ReserveRatio,
		ReserveBytes:   p.ReserveBytes,
		MemoryBytes:    p.MemoryBytes,
		CPUs:           p.CPUs,
		Precision:      p.Precision,
		ProductionRate: p.ProductionRate,
		MinWorkers:     p.MinWorkers,
		MaxWorkers:     p.MaxWorkers,
		Prefer:         p.Prefer,
		Silenced:       p.Silenced,
		Quick:          p.Quick,
		OtherThreads:   p.OtherThreads,
		LoadGiven:      p.loadGiven(),
		Flags:          p.Flags,
	}
}

func (p Plan) loadGiven() bool { return p.Rate > 0 || p.Clients > 0 }
