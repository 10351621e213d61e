package calibrate

// Sample is one reading of the workers' memory and the traffic served by then.
// Journal: one JSON object a line in samples.jsonl.
type Sample struct {
	Seconds    float64 `json:"t"`     // since the run began
	Phase      string  `json:"phase"` // PhaseIdle, PhaseSoak...
	Generation int     `json:"gen"`   // counts changes of the worker set: a new one starts a new series
	PID        int     `json:"pid"`   // the worker read; the largest where there are several
	Workers    int     `json:"workers"`
	RSS        int64   `json:"rss"`           // resident bytes of that worker
	Anon       int64   `json:"anon"`          // RSS less file pages, summed over the workers: what creep is read from
	Requests   int64   `json:"requests"`      // answered since the run began by all workers, good or bad
	CPU        float64 `json:"cpu,omitempty"` // seconds that the present workers of a server that is watched have used since then
}

// Bucket is one second of traffic. Journal: one JSON object a line in load.jsonl.
type Bucket struct {
	Seconds   float64              `json:"t"` // since the run began, at the bucket's end
	Phase     string               `json:"phase"`
	Requests  int64                `json:"requests"` // answered in this second
	Succeeded int64                `json:"succeeded"`
	P50       float64              `json:"p50"` // seconds
	P99       float64              `json:"p99"`
	Errors    map[ErrorClass]int64 `json:"errors,omitempty"`
}
