package calibrate

// Concurrency is memory against requests at once, where no thread count bounds them: an async server takes as many
// as come, and each holds its working set until it is answered.
type Concurrency struct {
	Steps        []ConcurrencyStep `json:"steps"`
	RequestBytes int64             `json:"request_bytes"`  // what each request at once more takes, where they take the most
	Bend         *Bend             `json:"bend,omitempty"` // where memory stops growing; absent where it was not seen to
	Bound        int               `json:"bound"`          // the most at once a worker that the budget bears; 0: unknown, or no matter
}

// ConcurrencyStep is one level of the ladder.
type ConcurrencyStep struct {
	Clients       int   `json:"clients"`
	PeakRSSBytes  int64 `json:"peak_rss_bytes"`
	PeakHeldBytes int64 `json:"peak_held_bytes,omitempty"` // of the whole tree, as the kernel charges it; 0: not known
	Requests      int64 `json:"requests"`
	Answered      int64 `json:"answered"` // since the run began: what has crept by then is no part of the step
	Work          *Work `json:"work,omitempty"`
}

// Bend is where more requests at once stop taking more memory: they wait for a thread of a pool, for a connection, at a semaphore.
type Bend struct {
	Below   int   `json:"below"`   // requests at once of the last step from which memory still grew
	Clients int   `json:"clients"` // of the first from which it didn't: the bend is somewhere between the two
	Bytes   int64 `json:"bytes"`   // what a worker takes more there than at the first step
}
