package calibrate

// Portions are the requests that each phase of a run gets which is compared with others: of the same number in the same order,
// memory can be compared at the same request. Empty ones are found by the run, and are then those of all that follow.
type Portions struct {
	Rate     float64          `json:"rate_per_second"` // of the soak; 0: a closed loop, or not yet known
	Requests map[string]int64 `json:"requests"`        // by phase
}
