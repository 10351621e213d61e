package calibrate

// Concurrency is memory against requests at once, where no thread count bounds them: an async server takes as many
// as come, and each holds its working set until it is answered.
type Concurrency struct {
	Steps        []ConcurrencyStep `json:"steps"`
	RequestBytes int64             `json:"request_bytes"` // what each request at once beyond the first step's takes
	Bound        int               `json:"bound"`         // the most at once a worker that the budget bears; 0: unknown, or no matter
}

// ConcurrencyStep is one level of the ladder.
type ConcurrencyStep struct {
	Clients      int   `json:"clients"`
	PeakRSSBytes int64 `json:"peak_rss_bytes"`
	Requests     int64 `json:"requests"`
	Answered     int64 `json:"answered"` // since the run began: what has crept by then is no part of the step
}
