package calibrate

import (
	"math"
	"time"
)

// CompareSchema names the shape of compare.json. Keys may join freely.
const CompareSchema = "calibrate.compare/1"

// CompareFile is in a comparison's folder, beside the folders of its runs.
const CompareFile = "compare.json"

// Comparison is an app in two versions, base and head, each run in turn.
type Comparison struct {
	Schema          string         `json:"schema"`
	ID              string         `json:"id"`
	StartedAt       time.Time      `json:"started_at"`
	DurationSeconds float64        `json:"duration_seconds"`
	Complete        bool           `json:"complete"`
	Interrupted     *Interruption  `json:"interrupted"` // null for a whole one
	Tool            Tool           `json:"tool"`
	Host            Host           `json:"host"`
	Way             CompareWay     `json:"way"`
	Base            Version        `json:"base"`
	Head            Version        `json:"head"`
	Limits          Limits         `json:"limits"`
	Ignored         []Ignore       `json:"ignored"`  // metrics that have no limit for a while
	Portions        Portions       `json:"portions"` // of each run; empty of saved ones
	Pairs           []Pair         `json:"pairs"`
	Discarded       []Pair         `json:"discarded,omitempty"` // under more load than the head can serve
	Compared        []Compared     `json:"compared"`            // those with a limit first
	Parts           []Part         `json:"parts"`
	Differs         []Difference   `json:"differs,omitempty"` // with what two saved runs were measured
	Verdict         CompareVerdict `json:"verdict"`
	ExitCode        Kind           `json:"exit_code"`
	Warnings        []Warning      `json:"warnings"`
	Silenced        []string       `json:"silenced,omitempty"` // warning codes the user doesn't want to see
}

// CompareWay is how a comparison is decided.
type CompareWay string

// The ways.
const (
	CompareGate  CompareWay = "gate"  // pairs until the same limit has failed three times, or none can
	CompareFixed CompareWay = "fixed" // as many pairs as were asked for, and the interval of their differences
	CompareSelf  CompareWay = "self"  // the same: how far two of its runs are apart
	CompareSaved CompareWay = "saved" // two runs that were saved
)

// Version is one of the two.
type Version struct {
	Command []string `json:"command"`
	Folder  string   `json:"folder"` // that it is started in; of a saved run its own
	Ref     string   `json:"ref,omitempty"`
	Commit  string   `json:"commit,omitempty"`
}

// Side says which of the two.
type Side string

// The sides.
const (
	SideBase Side = "base"
	SideHead Side = "head"
)

// Pair is a fresh start of each.
type Pair struct {
	First Side      `json:"first"` // that was run
	Base  OfVersion `json:"base"`
	Head  OfVersion `json:"head"`
}

// Of is the run of a side.
func (p *Pair) Of(s Side) *OfVersion {
	if s == SideBase {
		return &p.Base
	}
	return &p.Head
}

// OfVersion is one run of a pair.
type OfVersion struct {
	Run         string              `json:"run"`         // id
	Folder      string              `json:"folder"`      // within the comparison's
	Fingerprint Fingerprint         `json:"fingerprint"` // with what it was measured
	Figures     map[string]Recorded `json:"figures"`
	Noise       []Noise             `json:"noise"`
	Curve       []CurvePoint        `json:"curve"`
	// Why there are no figures: that of a recommendation, or the phase that ended before its portion of requests was answered.
	Withheld *Withheld `json:"withheld,omitempty"`
	Unserved string    `json:"unserved,omitempty"`
	// Unsettled says that the run can't tell whether memory creeps: what hangs on that is by what it took so far.
	Unsettled bool `json:"unsettled,omitempty"`
	// Warnings are those of the run's analysis that are about more than a sizing.
	Warnings []Warning `json:"warnings,omitempty"`
	// What the parts of a worker's memory are reckoned from.
	PeakRequests    int64  `json:"peak_requests"`    // answered when the peak was read
	PlateauRequests *int64 `json:"plateau_requests"` // answered when the plateau was read; null of a run whose samples aren't there
	Threads         int    `json:"threads"`
}

// CurvePoint is a worker's anonymous memory by a number of requests.
type CurvePoint struct {
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// Compared is a figure of both.
type Compared struct {
	Metric string    `json:"metric"`
	Unit   Unit      `json:"unit"`
	Better Direction `json:"better"`
	Base   *float64  `json:"base"` // median over the pairs; null where none has one
	Head   *float64  `json:"head"` // the base's and the difference
	// Difference is the median of the pairs' own differences, with its interval where there are pairs enough, or the figures have one.
	Difference Reading      `json:"difference"`
	Largest    *float64     `json:"largest"`         // difference of a pair, whichever way
	Same       bool         `json:"same"`            // no difference can be told
	Limit      *Limit       `json:"limit,omitempty"` // absent where there is none
	Allowed    *float64     `json:"allowed"`         // difference, by the limit
	Failed     int          `json:"failed"`          // pairs in which the difference was beyond the limit, for sure
	Doubtful   int          `json:"doubtful"`        // pairs in which it may have been
	Near       int          `json:"near"`            // pairs in which it was past half of it, and not beyond
	Verdict    LimitVerdict `json:"verdict,omitempty"`
	Reason     LimitReason  `json:"reason,omitempty"`
}

// Share is the difference as a share of the base's figure; NaN where that is nothing.
func (c Compared) Share() float64 {
	if c.Base == nil || c.Difference.Value == nil || *c.Base == 0 {
		return math.NaN()
	}
	return *c.Difference.Value / *c.Base
}

// CompareVerdict is what a comparison comes to.
type CompareVerdict string

// The verdicts.
const (
	ComparePassed       CompareVerdict = "passed"
	CompareRegressed    CompareVerdict = "regressed"
	CompareInconclusive CompareVerdict = "inconclusive"
	CompareMeasured     CompareVerdict = "measured" // of an app with itself: there is nothing to pass
	CompareOpen         CompareVerdict = "open"     // another pair is needed
)

// Part is what may have moved between base and head.
type Part struct {
	Name       PartName `json:"part"`
	Unit       Unit     `json:"unit"`
	Base       float64  `json:"base"`
	Difference float64  `json:"difference"` // median over the pairs
	Moved      bool     `json:"moved"`      // in every pair the same way, and by more than such parts do by themselves
}

// PartName is a part of what a worker takes, or costs.
type PartName string

// The parts.
const (
	PartIdle       PartName = "idle"        // memory before any request
	PartSettled    PartName = "settled"     // memory that the first requests add for good
	PartCreep      PartName = "creep"       // memory that each request adds for good
	PartWorkingSet PartName = "working-set" // memory of the requests under way, of a thread
	PartShared     PartName = "shared"      // memory beside the workers' own
	PartCPU        PartName = "cpu"
	PartBoot       PartName = "boot" // time
)
