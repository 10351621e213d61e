package calibrate

// Sample is one reading of the workers' memory and the traffic served by then. RSS, Below and Children are the highest since the
// sample before: of a long phase not every reading is kept (see KeptOf).
// Journal: one JSON object a line in samples.jsonl.
type Sample struct {
	Seconds    float64 `json:"t"`     // since the run began
	Phase      string  `json:"phase"` // PhaseIdle, PhaseSoak...
	Generation int     `json:"gen"`   // counts changes of the worker set: a new one starts a new series
	PID        int     `json:"pid"`   // the worker read; the largest where there are several
	Workers    int     `json:"workers"`
	RSS        int64   `json:"rss"`                // resident bytes of that worker's process
	Anon       int64   `json:"anon"`               // RSS less file pages, summed over the workers and what descends from them: what creep is read from
	Below      int64   `json:"below,omitempty"`    // the part of it that descends from them: pages that a fork shares are counted twice
	Children   int     `json:"children,omitempty"` // living processes that descend from them
	Held       int64   `json:"held,omitempty"`     // of the whole tree, as the kernel charges its control group: see Held; 0 where it has none
	Shmem      int64   `json:"shmem,omitempty"`    // of that, shared memory
	Mapped     int64   `json:"mapped,omitempty"`   // shared memory that workers and what descends from them have mapped: by each, if several have
	Kernel     int64   `json:"kernel,omitempty"`   // of that, the kernel's own
	Requests   int64   `json:"requests"`           // answered since the run began by all workers, good or bad
	CPU        float64 `json:"cpu,omitempty"`      // seconds that the present workers of a server that is watched have used since then
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
	Over      float64              `json:"over,omitempty"`   // seconds that its requests were answered in; only in a page, which has not every bucket
	Paused    float64              `json:"paused,omitempty"` // seconds that calibrate itself stood still meanwhile, beside the bucket's own: they are in no figure of the load
}

// line is one of a journal.
type line interface {
	at() float64 // seconds
	plausible() bool
}

func (s Sample) at() float64 { return s.Seconds }
func (b Bucket) at() float64 { return b.Seconds }

// plausible says that calibrate can have written it: null and {} are JSON, too.
func (s Sample) plausible() bool {
	return s.Phase != "" && within(s.Seconds, mostSeconds) && within(s.CPU, mostSeconds*mostPlaces) && within(s.Generation, mostRequests) &&
		within(s.PID, mostRequests) && within(s.Workers, mostPlaces) && within(s.Children, mostPlaces) &&
		within(s.Below, mostBytes) && within(s.Held, mostBytes) && within(s.Shmem, mostBytes) && within(s.Mapped, mostBytes) && within(s.Kernel, mostBytes) && within(s.RSS, mostBytes) && within(s.Anon, mostBytes) &&
		within(s.Requests, mostRequests)
}

func (b Bucket) plausible() bool {
	for _, n := range b.Errors {
		if !within(n, mostRequests) {
			return false
		}
	}
	return b.Phase != "" && within(b.Seconds, mostSeconds) && within(b.P50, mostSeconds) && within(b.P99, mostSeconds) && within(b.Paused, mostSeconds) && within(b.Over, mostSeconds) &&
		within(b.Requests, mostRequests) && within(b.Succeeded, b.Requests)
}

func within[N int | int64 | float64](n, most N) bool { return n >= 0 && n <= most }
