package calibrate

import "slices"

// CheckSchema names the shape of `calibrate check --json`. Keys may join freely.
const CheckSchema = "calibrate.check/1"

// Check is a run held to limits, to a baseline, and to what is deployed.
type Check struct {
	Schema    string           `json:"schema"`
	Run       string           `json:"run"` // id
	ExitCode  Kind             `json:"exit_code"`
	Untrusted bool             `json:"untrusted"` // the run is partial, or its figures can't be relied on: nothing is judged by it
	NoFit     bool             `json:"nothing_fits"`
	FitOpen   bool             `json:"fit_open"` // by what was measured nothing fits, and the run was cut short before that is sure: no pass
	Undone    []string         `json:"undone"`   // phases that the run was cut short before: what follows from them is not judged
	Limits    []Judged         `json:"limits"`
	Deployed  *Deployed        `json:"deployed"` // null where nobody says what is deployed
	Baseline  *BaselineCompare `json:"baseline"` // null where there is none
	Noise     []Noise          `json:"noise"`
	Expired   []Ignore         `json:"expired_ignores"` // which excuse nothing any more
}

// OnlyAgainstBaseline says that nothing keeps the check from a pass but what is relative to a baseline, and can't be told.
func (c Check) OnlyAgainstBaseline() bool {
	open := func(b *Bounded) bool { return b != nil && b.Verdict != LimitWithin }
	if c.Untrusted || c.NoFit || c.FitOpen || c.Deployed != nil && (open(&c.Deployed.Memory) || open(c.Deployed.Rate) || open(c.Deployed.P99)) {
		return false
	}
	return !slices.ContainsFunc(c.Limits, func(j Judged) bool { return !j.Limit.Relative() && j.Counts() })
}

// Judged is a limit and what became of it.
type Judged struct {
	Limit Limit `json:"limit"` // as it is typed
	Bounded
	// Was is the baseline's figure; null of a limit that isn't relative, or where the baseline has none.
	Was *Reading `json:"baseline"`
	// Ignored excuses a limit that isn't met; null of one that is, or that nobody excused.
	Ignored *Ignore `json:"ignored,omitempty"`
}

// Counts says that the limit isn't met, and that nobody excused that.
func (j Judged) Counts() bool { return j.Verdict != LimitWithin && j.Ignored == nil }

// Bounded is a figure held to a bound. Against a baseline its interval has the baseline's own doubt in it.
type Bounded struct {
	Reading
	Unit    Unit         `json:"unit"`
	Bound   *float64     `json:"bound"` // null where it isn't known
	Least   bool         `json:"at_least"`
	Verdict LimitVerdict `json:"verdict"`
	Reason  LimitReason  `json:"reason,omitempty"`
}

// LimitVerdict is what became of a limit.
type LimitVerdict string

// The verdicts on a limit.
const (
	LimitWithin   LimitVerdict = "within"    // all of the interval is
	LimitExceeded LimitVerdict = "exceeded"  // all of the interval is beyond the bound
	LimitTooClose LimitVerdict = "too-close" // the bound is in the interval
	LimitNoData   LimitVerdict = "no-data"
)

// LimitReason is why a limit has no other verdict.
type LimitReason string

// The reasons.
const (
	LimitNotMeasured   LimitReason = "not-measured"      // the run has no such figure
	LimitUntrusted     LimitReason = "untrusted"         // see Check.Untrusted; of a comparison OfVersion.Withheld
	LimitUnserved      LimitReason = "unserved"          // see OfVersion.Unserved
	LimitCutShort      LimitReason = "cut-short"         // it follows from a phase of Check.Undone
	LimitUnsettled     LimitReason = "unsettled"         // memory may yet settle, or creep
	LimitNoise         LimitReason = "noise"             // see Check.Noise
	LimitNoBaseline    LimitReason = "no-baseline"       // there is none
	LimitNotInBaseline LimitReason = "not-in-baseline"   // it has no such figure
	LimitOtherPrint    LimitReason = "other-fingerprint" // it was measured with something else: see BaselineCompare.Differs
	LimitOtherRequests LimitReason = "other-requests"    // it may have crept in requests that the other run didn't have
)

// Deployed is what runs in production, or will.
type Deployed struct {
	Shape
	MaxRequests int64   `json:"max_requests"`                  // 0: workers are not replaced
	Jitter      int64   `json:"max_requests_jitter,omitempty"` // on top, at most
	Memory      Bounded `json:"memory"`                        // of the whole app, every worker at the end of its life; the bound is the budget
	Budget      Budget  `json:"budget"`
	// GrowsSeconds is how long workers that nothing replaces are let grow; 0 where they are replaced, or don't grow.
	GrowsSeconds float64 `json:"grows_seconds,omitempty"`
	// FullSeconds is how long it takes those, which fit when they are young, to fill the budget; 0 where they don't.
	FullSeconds float64  `json:"full_seconds,omitempty"`
	Serves      Reading  `json:"serves"`                     // requests a second at most
	WantedRate  float64  `json:"production_rate_per_second"` // 0: nobody said
	Rate        *Bounded `json:"rate"`                       // Serves held to what that rate asks for; null where nobody said
	P99         *Bounded `json:"p99"`                        // at that rate; null where nobody said
}

// LeftBytes is what the total leaves of the budget, below zero where it is more.
func (d Deployed) LeftBytes() int64 {
	if d.Memory.Value == nil || d.Memory.Bound == nil {
		return 0
	}
	return int64(*d.Memory.Bound - *d.Memory.Value)
}

// Noise is what was wrong with the time in which a run was measured, beyond what its figures of speed bear.
type Noise struct {
	Kind  NoiseKind `json:"kind"`
	Phase string    `json:"phase"` // where it was worst
	Share float64   `json:"share_ratio"`
	Most  float64   `json:"bound_ratio"` // the share that is borne; of NoiseLoad the least
}

// NoiseKind is what may be wrong.
type NoiseKind string

// The kinds of noise.
const (
	NoiseSteal  NoiseKind = "steal"  // the share of the cores' time that the machine's host gave to other machines
	NoiseOthers NoiseKind = "others" // the share that other programs kept busy
	NoiseMemory NoiseKind = "memory" // the share of the time in which somebody on the machine was held up for want of memory
	NoiseLoad   NoiseKind = "load"   // the share of the asked rate that could be sent
)

// Ground is what a metric rests on, and so what spoils it.
type Ground string

// The grounds.
const (
	GroundMemory  Ground = "memory"
	GroundCPU     Ground = "cpu"     // time that a request costs
	GroundTimes   Ground = "times"   // and rates, as they came
	GroundServed  Ground = "served"  // times and rates that follow from CPU time, and from the time of a request alone
	GroundErrors  Ground = "errors"  // answers
	GroundAnswers Ground = "answers" // what is recommended for a box
)

// Rests is what the metric rests on.
func (m Metric) Rests() Ground {
	if m.rests != "" {
		return m.rests
	}
	switch m.Unit {
	case UnitBytes, UnitBytesPerRequest, UnitBytesPerSecond:
		return GroundMemory
	case UnitCPU:
		return GroundCPU
	case UnitSeconds, UnitRate:
		return GroundTimes
	case UnitShare:
		return GroundErrors
	}
	return GroundAnswers
}
