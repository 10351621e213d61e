package calibrate

import (
	"time"
)

// ProofPlan is what a proof is asked to do.
type ProofPlan struct {
	Setup                   // what is to be proved
	Tolerance float64       // share of the expected memory by which the observed may be off
	OneMore   bool          // try one worker more, too
	Formulas  bool          // and what the field's rules would choose
	Limit     time.Duration // of each trial
	NoLimit   string        // why no real memory limit can be set, "" where it can: calibrate watches it instead
	Host      Host          // that it is proved on
	Command   []string      // that is proved
	Flags     []string      // of this command line, for the record; without those that may hold secrets
}

// Proof is what became of a recommendation that was really run.
type Proof struct {
	Of        string       `json:"of"` // the run whose recommendation it is
	StartedAt time.Time    `json:"started_at"`
	Host      Host         `json:"host"`
	Command   []string     `json:"command"`
	Flags     []string     `json:"flags"`
	Tolerance float64      `json:"tolerance"`
	Limit     LimitHolder  `json:"limit_held_by"`
	NoLimit   string       `json:"no_limit,omitempty"` // why the kernel can't hold it, as it was said
	Trials    []Trial      `json:"trials"`             // the first is the recommendation's
	Verdict   ProofVerdict `json:"verdict"`
	Reason    ProofReason  `json:"reason"` // its figures are the first trial's
	Complete  bool         `json:"complete"`
	// Interrupted is what ended it early, null for a whole one.
	Interrupted *Interruption `json:"interrupted"`
}

// LimitHolder is who holds a trial to its memory limit.
type LimitHolder string

// The holders.
const (
	LimitByKernel    LimitHolder = "kernel"    // on a control group of the app's own
	LimitByCalibrate LimitHolder = "calibrate" // which ends what takes more, where the kernel can't
)

// ProofVerdict is what became of a recommendation.
type ProofVerdict string

// The verdicts of a proof.
const (
	ProofHolds        ProofVerdict = "holds"
	ProofOff          ProofVerdict = "off"          // beyond the tolerance
	ProofKilled       ProofVerdict = "killed"       // for memory, by the kernel
	ProofOverLimit    ProofVerdict = "over-limit"   // where nothing but calibrate held it
	ProofInconclusive ProofVerdict = "inconclusive" // not enough was seen
)

// ProofReason is what a proof's verdict rests on.
type ProofReason string

// What a verdict rests on.
const (
	ProofNotRun     ProofReason = "not-run"    // the recommendation was not run to its end
	ProofNear       ProofReason = "near"       // observed_bytes are as near to expected_bytes as was wanted
	ProofFar        ProofReason = "far"        // they are not
	ProofAboveMost  ProofReason = "above-most" // peak_bytes are above most_bytes, by more than the tolerance
	ProofKill       ProofReason = "kill"       // at limit_bytes
	ProofTooMuch    ProofReason = "too-much"   // peak_bytes are above limit_bytes
	ProofFailed     ProofReason = "failed"     // the trial says why
	ProofUnbidden   ProofReason = "unbidden"   // workers ended, and none was to be replaced
	ProofEarly      ProofReason = "early"      // workers ended before their limit of requests
	ProofErrors     ProofReason = "errors"     // too many requests failed
	ProofUnreadable ProofReason = "unreadable" // the memory of its processes could not be read
)

// Outcome is how a proof is to be taken: 0, or the kind of failure that it amounts to.
func (p Proof) Outcome() Kind {
	switch p.Verdict {
	case ProofHolds:
		return 0
	case ProofKilled:
		return KindApp
	}
	return KindInconclusive
}

// Off is by which share the observed memory is above the expected, or below the least of it.
func (t Trial) Off() float64 {
	if t.ExpectedBytes == 0 || t.ObservedBytes == 0 {
		return 0
	}
	expected := min(max(t.ObservedBytes, t.LeastBytes()), t.ExpectedBytes)
	return float64(t.ObservedBytes-expected) / float64(t.ExpectedBytes)
}

// LeastBytes is what is expected at least.
func (t Trial) LeastBytes() int64 { return t.ExpectedBytes - t.CrowdBytes - t.YoungBytes }

// Trial is an app that was really run in a setup, every thread busy, and what became of it.
type Trial struct {
	Name        string `json:"name"` // what it stands for
	Workers     int    `json:"workers"`
	Threads     int    `json:"threads"` // 0: the server has none to set
	MaxRequests int64  `json:"max_requests"`
	Jitter      int64  `json:"max_requests_jitter"`
	LimitBytes  int64  `json:"limit_bytes"` // 0: none

	// The whole tree: anonymous and kernel memory, and each file page once. MostBytes is what the law has for it with every
	// worker at the end of its life at once, PeakBytes the most that it took.
	MostBytes  int64      `json:"most_bytes"`
	PeakBytes  int64      `json:"peak_bytes"`
	PeakSource PeakSource `json:"peak_source"`
	// ObservedBytes is its highest reading before the first worker was replaced, ExpectedBytes what the law has for the requests
	// that were served by then. Up to there it is no matter which worker served how many; later nobody knows what the
	// workers that went took with them.
	ObservedBytes int64 `json:"observed_bytes"`
	ExpectedBytes int64 `json:"expected_bytes"`
	// CrowdBytes of it come only if every worker has as many requests at once as at its bend, at the same moment.
	CrowdBytes int64 `json:"crowd_bytes,omitempty"`
	// YoungBytes of it come only, if at all, once each worker has served as many requests as the measured one had.
	YoungBytes int64 `json:"young_bytes,omitempty"`

	// Books is who had it when the load was over. Null where that could not be read.
	Books *Books `json:"books,omitempty"`

	// Curve is what it took as it went on. Absent in trials of versions that didn't keep it.
	Curve []TrialPoint `json:"curve,omitempty"`

	Seconds       float64      `json:"seconds"`
	Requests      int64        `json:"requests"`
	Succeeded     int64        `json:"succeeded"`
	RatePerSecond float64      `json:"rate_per_second"`
	PredictedRate float64      `json:"predicted_rate_per_second,omitempty"` // by the law of throughput, on this machine and beside this load; 0: not known
	Latency       Latency      `json:"latency_seconds"`
	Errors        []ErrorCount `json:"errors"`
	Recycles      int          `json:"recycles"`
	OOMKills      int64        `json:"oom_kills"`
	OverLimit     bool         `json:"over_limit,omitempty"` // calibrate ended it, where no real limit could be set
	Creep         *CreepSeen   `json:"creep,omitempty"`      // up to the first recycling; absent where that was too soon to tell
	// Recycling is what the replacing did to the service; absent where no worker was replaced.
	Recycling *Recycling `json:"recycling,omitempty"`
	Ended     End        `json:"ended"`
	Work      *Work      `json:"work,omitempty"` // absent where a worker was replaced, or where CPU time could not be read
	Failed    *Miss      `json:"failed"`         // why it can't be judged; null where it can
}

// TrialPoint is a reading of the whole tree, and what the law has for the requests by then: 0 from the first worker's replacement on.
type TrialPoint struct {
	Seconds       float64 `json:"seconds"` // since the first request
	Bytes         int64   `json:"bytes"`   // as PeakBytes are read
	ExpectedBytes int64   `json:"expected_bytes,omitempty"`
	Recycles      int     `json:"recycles"` // workers that were replaced by then
}

// Recycling is what replacing workers did to the service in a trial: the seconds in which one was replaced beside those in
// which none was, under the same load and on the same machine.
type Recycling struct {
	Quiet   Service `json:"quiet"`
	Meeting Service `json:"meeting"`
	// LostRatio is the share of throughput that the trial lost to replacing workers, give or take LostError (two standard errors
	// of the rates); null where too few seconds of either kind were seen.
	LostRatio *float64 `json:"lost_ratio"`
	LostError *float64 `json:"lost_error"`
	// PredictedRatio is what the recommendation's formula has for it, at the rate of the quiet seconds: boot over boot and life.
	// Null where the boot isn't known.
	PredictedRatio *float64 `json:"predicted_ratio"`
	BootSeconds    float64  `json:"boot_seconds"` // of a worker, as the run measured it
}

// Service is what so many seconds of a trial were like.
type Service struct {
	Seconds       int      `json:"seconds"`
	RatePerSecond float64  `json:"rate_per_second"`
	P99           *float64 `json:"p99_seconds"` // of a typical second: the median of those in which something was answered
	Failed        int64    `json:"failed"`
}
