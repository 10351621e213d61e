package calibrate

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
