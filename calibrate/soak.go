package calibrate

// CreepSeen is the creep of a worker that was watched beside the main run, in bytes a request.
type CreepSeen struct {
	Verdict         Verdict `json:"verdict"`
	BytesPerRequest float64 `json:"bytes_per_request"`
	Low             float64 `json:"low_bytes_per_request"`
	High            float64 `json:"high_bytes_per_request"`
}

// Soaked is what a worker of its own showed: warmed up, and loaded until its creep was known.
type Soaked struct {
	IdleRSSBytes int64      `json:"idle_rss_bytes"` // before any load
	PeakRSSBytes int64      `json:"peak_rss_bytes"` // under it
	Requests     int64      `json:"requests"`
	Seconds      float64    `json:"seconds"`
	Creep        *CreepSeen `json:"creep"` // null where nothing could be told
	Ended        End        `json:"ended"`
	Failed       *Miss      `json:"failed"` // why it says nothing; null where it does
}
