package calibrate

import "workermem/calibrate/creep"

// Verdict is the answer on creep in one word; "" where there is none.
type Verdict = creep.Verdict

// The verdicts on creep.
const (
	Flat         = creep.Flat
	Creeping     = creep.Creeping
	Warming      = creep.Warming
	Inconclusive = creep.Inconclusive
)

// Missing is what keeps a series from a verdict.
type Missing = creep.Missing

// What may be missing.
const (
	FewRequests = creep.FewRequests
	FewReadings = creep.FewReadings
	Uneven      = creep.Uneven
	Slowing     = creep.Slowing
	Quickening  = creep.Quickening
	Wide        = creep.Wide
	Returned    = creep.Returned
)
