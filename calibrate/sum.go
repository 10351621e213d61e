package calibrate

import "workermem/calibrate/sizing"

type (
	// Basis is where a number came from.
	Basis = sizing.Basis
	// Bound is what stands against one worker more.
	Bound = sizing.Bound
	// Candidate is one choice of workers and threads, and why it does or doesn't fit.
	Candidate = sizing.Candidate
	// Formula is what one of the field's rules would choose here, and what that would really use.
	Formula = sizing.Formula
	// Sum is what the number of workers rests on, or why there is none.
	Sum = sizing.Sum
	// RecyclingSum is how the recommended workers are to be recycled, and what that rests on.
	RecyclingSum = sizing.Recycling
	// Doubt is why a run says nothing about max-requests.
	Doubt = sizing.Doubt
	// LifeBound is why a worker should live for less than the budget allows.
	LifeBound = sizing.LifeBound
	// Conflict is what stands against recycling that costs too much.
	Conflict = sizing.Conflict
)

// The bases of a number.
const (
	BasisGiven    = sizing.Given // of a law: of a worker whose memory was given, not measured
	BasisMeasured = sizing.Measured
	BasisComputed = sizing.Computed
	BasisWatched  = sizing.Watched
)

// What stands against one worker more.
const (
	BoundPrice   = sizing.BoundPrice
	BoundMemory  = sizing.BoundMemory
	BoundMaximum = sizing.BoundMaximum
	BoundCPU     = sizing.BoundCPU
)

// Whether workers are to be recycled.
const (
	RecyclingNeeded  = sizing.RecyclingNeeded
	RecyclingOff     = sizing.RecyclingOff
	RecyclingCannot  = sizing.RecyclingCannot
	RecyclingByTime  = sizing.RecyclingByTime
	RecyclingUnknown = sizing.RecyclingUnknown
)

// Why a run says nothing about max-requests.
const (
	DoubtWarming      = sizing.DoubtWarming
	DoubtInconclusive = sizing.DoubtInconclusive
	DoubtUncounted    = sizing.DoubtUncounted
	DoubtUnbounded    = sizing.DoubtUnbounded
	DoubtNoCreep      = sizing.DoubtNoCreep
)

// Why a worker should live for less than the budget allows, and what its jitter is.
const (
	LifeShown   = sizing.LifeShown
	LifeCheap   = sizing.LifeCheap
	LifeDoubled = sizing.LifeDoubled
	JitterTenth = sizing.JitterTenth
	JitterHalf  = sizing.JitterHalf
	JitterApart = sizing.JitterApart
)

// What stands against recycling, and the shares of a worker's time at which it does and doesn't matter.
const (
	ConflictFewer = sizing.ConflictFewer
	ConflictDear  = sizing.ConflictDear
	Dearest       = sizing.Dearest
	Fair          = sizing.Fair
	ValveRuns     = sizing.ValveRuns
	ValveMost     = sizing.ValveMost
)
