package calibrate

// Triage is a creep looked for again in other circumstances: what goes away with another allocator is the allocator's,
// what goes away with one thread comes of requests that overlap, and what stays is kept by the app.
type Triage struct {
	Runs    []TriageRun   `json:"runs"`
	Wanted  int           `json:"wanted"` // with fewer runs, it was cut short
	Verdict TriageVerdict `json:"verdict"`
	Reason  TriageReason  `json:"reason"`
}

// TriageReason is why. The figures are those of the runs.
type TriageReason struct {
	Kind    TriageKind `json:"kind"`
	Run     string     `json:"run,omitempty"`     // of TriageGoes: with which most of the creep went away
	Limited string     `json:"limited,omitempty"` // a run that its limit ended, of those that say too little
}

// TriageVerdict is where a creep comes from.
type TriageVerdict string

// TriageKind is what a triage's verdict rests on.
type TriageKind string

// What a verdict rests on.
const (
	TriageGoes         TriageKind = "goes"         // most of the creep went away with one run
	TriageStays        TriageKind = "stays"        // hardly any of it went away with any
	TriageNoAllocator  TriageKind = "no-allocator" // nor did it, but no other allocator was among them
	TriageWide         TriageKind = "wide"         // part of it may have gone away: the intervals are too wide
	TriageIncomparable TriageKind = "incomparable" // no run can be compared
	TriageCut          TriageKind = "cut"          // runs are missing
	TriageNoCreep      TriageKind = "no-creep"     // the main run's memory was not found to creep
)

// TriageRun is the creep of a worker in one other circumstance.
type TriageRun struct {
	Name      string `json:"name"`          // "one thread"
	Env       string `json:"env,omitempty"` // what was added to the environment
	Allocator bool   `json:"allocator"`     // it is another allocator, not only a setting of the same
	Threads   int    `json:"threads"`       // 0: the server has none to set
	Soaked
	// Gone is the share of the main run's creep that went away, with its 95 % interval; null where it can't be told.
	Gone     *float64 `json:"gone"`
	GoneLow  *float64 `json:"gone_low"`
	GoneHigh *float64 `json:"gone_high"`
}

// Variation is a circumstance to look for creep in.
type Variation struct {
	Name      string
	Env       string // NAME=VALUE beside the app's own environment, "" for none
	OneThread bool   // where there are more
	Allocator bool   // another one, not only a setting of the same
	Needs     string // what the name of a file must match that the worker has mapped, for Env to mean anything to it; "" for none
	Why       string // why it can't be had here, "" where it can
}

// The verdicts of a triage.
const (
	TriageApp       TriageVerdict = "app"       // nothing makes it go away
	TriageAllocator TriageVerdict = "allocator" // another one makes most of it go away
	TriageThreads   TriageVerdict = "threads"   // one thread does
	TriageUnclear   TriageVerdict = "unclear"
)

// Tellable says whether it is known well enough what went away.
func (run TriageRun) Tellable() bool {
	return run.Gone != nil && run.GoneLow != nil && run.GoneHigh != nil && *run.GoneHigh-*run.GoneLow < 0.5
}
