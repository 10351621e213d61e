package calibrate

import "workermem/calibrate/sizing"

// These are what a recommendation rests on. The room of sizing fills them in.
type (
	Basis        = sizing.Basis
	Bound        = sizing.Bound
	Candidate    = sizing.Candidate
	Formula      = sizing.Formula
	Sum          = sizing.Sum
	RecyclingSum = sizing.Recycling
	Doubt        = sizing.Doubt
	LifeBound    = sizing.LifeBound
	Conflict     = sizing.Conflict
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
