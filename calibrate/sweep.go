package calibrate

import (
	"math"
	"slices"
)

// Sweep is the best few candidates, really run in rounds, one after another, on the machine of the run.
type Sweep struct {
	CPUs        float64    `json:"cpus"`                  // that they had
	BudgetBytes int64      `json:"budget_bytes"`          // that they were to fit
	RateAsked   float64    `json:"rate_asked_per_second"` // requests a second at which the latencies were read, the same for all
	RateBasis   Basis      `json:"rate_basis"`            // BasisGiven, or BasisMeasured: the soak's
	Wanted      int        `json:"wanted"`                // candidates; with fewer runs, it was cut short
	Runs        []SweepRun `json:"runs"`                  // the first is the one that the law recommends
}

// SweepRun is what one candidate was found to do.
type SweepRun struct {
	Workers int `json:"workers"`
	Threads int `json:"threads"` // 0: the server has none to set

	// Of the rounds the better: what else the machine does can only make a rate or a latency worse.
	RatePerSecond float64   `json:"rate_per_second"`      // answered well in closed loop, every thread busy
	Rates         []float64 `json:"rates_per_second"`     // the same of each round
	Latency       Latency   `json:"latency_seconds"`      // in open loop, at the rate of the sweep
	RateSent      float64   `json:"rate_sent_per_second"` // what it took of that rate

	LatencyRequests int64 `json:"latency_requests,omitempty"` // that the latencies are of; 0: not known, of an older run

	// ObservedBytes is the most that the whole tree took with every thread busy, MeasuredBytes the same less the creep of
	// the requests served by then: a candidate that serves more must not seem larger for it. The law has PredictedBytes.
	ObservedBytes  int64      `json:"observed_bytes"`
	ObservedSource PeakSource `json:"observed_source"`
	MeasuredBytes  int64      `json:"measured_bytes"`
	PredictedBytes int64      `json:"predicted_bytes"`
	BusyRequests   int64      `json:"busy_requests"` // answered by then

	PredictedRate float64   `json:"predicted_rate_per_second,omitempty"` // by the law of throughput, on this machine and beside this load; 0: not known
	PredictedBy   RateBound `json:"predicted_bound_by,omitempty"`
	PredictedP99  float64   `json:"predicted_p99_seconds,omitempty"` // at the rate of the sweep
	Work          *Work     `json:"work,omitempty"`                  // of the round with the best rate, every thread busy
	Clients       int       `json:"clients,omitempty"`               // that kept it busy; 0: of a version that didn't say

	Requests  int64        `json:"requests"` // of all loads, as are the errors
	Succeeded int64        `json:"succeeded"`
	Errors    []ErrorCount `json:"errors"`

	Unbeaten bool  `json:"unbeaten"` // none of the others that are is better all in all
	Chosen   bool  `json:"chosen"`
	Failed   *Miss `json:"failed"` // why it can't be compared; null where it can
}

// P99 is endless where nothing was answered.
func (s SweepRun) P99() float64 {
	if s.Latency.P99 == nil {
		return math.Inf(1)
	}
	return *s.Latency.P99
}

// Compared says that a run has all that is compared, within the budget.
func (s SweepRun) Compared(budget int64) bool {
	return s.Failed == nil && s.RatePerSecond > 0 && s.Latency.P99 != nil && s.MeasuredBytes > 0 && s.MeasuredBytes <= budget
}

// leastTimed is how many answers a p99 must be of: two of so many are beyond it. Of 30 it is about the longest of all, which one
// pause of the machine decides.
const leastTimed = 200

// TellsTimes says that candidates can be told apart by their p99. All were asked for the same rate: who took less of it than others
// was too slow, and has a p99 all the same. Older runs don't say of how many answers theirs are.
func (s Sweep) TellsTimes() bool {
	most := int64(0)
	for _, run := range s.Runs {
		if run.Failed == nil && run.LatencyRequests == 0 {
			return true
		}
		most = max(most, run.LatencyRequests)
	}
	return most >= leastTimed
}

// Spread is by which share the worst round is below the best.
func (s SweepRun) Spread() float64 {
	if len(s.Rates) == 0 {
		return 0
	}
	return 1 - slices.Min(s.Rates)/slices.Max(s.Rates)
}

// unsteady is how far the throughput of one candidate may be from its own in another round.
const unsteady = 0.10

// Unsteady says that the rounds of a run are too far apart for it to be compared.
func (s SweepRun) Unsteady() bool { return s.Spread() > unsteady }

// Is says whether a run had this shape.
func (s SweepRun) Is(shape Shape) bool {
	return s.Workers == shape.Workers && max(s.Threads, 1) == max(shape.Threads, 1)
}

// What two short runs of one shape differ by on a machine that does nothing else: less is no difference.
const (
	RateNoise = 0.05
	P99Noise  = 0.10
)

// RateReached is the share of an asked rate from which on it counts as reached.
const RateReached = 0.9

// RanOn says that the candidates ran on a box of so many cores, for this budget.
func (s Sweep) RanOn(cores float64, budgetBytes int64) bool {
	return s.CPUs == cores && s.BudgetBytes == budgetBytes
}
