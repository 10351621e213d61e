package calibrate

import "slices"

// The phases, in their order.
const (
	PhaseBoot     = "boot"
	PhaseIdle     = "idle"
	PhaseBefore   = "before" // the requests before the load, a login say
	PhaseAlone    = "alone"  // one client: what a request takes when nothing else is under way
	PhaseCapacity = "capacity"
	PhaseWarmup   = "warm-up"
	PhaseSoak     = "soak"
	PhaseRest     = "rest" // no load: what grows then, grows with time, and who is busy then is so without the app
	PhasePeak     = "peak"
	// PhaseConcurrency is more requests at once than the peak had, where no threads bound them. Its memory is not the worker's.
	PhaseConcurrency = "concurrency"
	PhaseStop        = "stop"
	PhaseScale       = "scale"
	PhaseRoutes      = "routes" // each alone
	PhaseTriage      = "triage" // of the creep: with another allocator, with fewer threads
	PhaseSweep       = "sweep"  // of candidates that are really run
	PhaseWatch       = "watch"  // the one phase of a server that was attached to
	PhaseTrial       = "trial"  // of an app that is set up as in production
)

// OfShapes are the phases by which more is known than one worker as it was measured: what many workers and threads take and serve.
var OfShapes = []string{PhaseConcurrency, PhaseScale}

// ofChoice are those that what is recommended rests on, beside.
var ofChoice = append(slices.Clone(OfShapes), PhaseSweep)
