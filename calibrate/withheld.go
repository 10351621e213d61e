package calibrate

// Withheld is why a run yields no recommendation. A figure is there where the kind has one.
type Withheld struct {
	Kind           WithheldKind `json:"kind"`
	Workers        int          `json:"workers,omitempty"`           // that answered, of WithheldWorkers; that were to be recommended, of WithheldGrowth
	Requests       int64        `json:"requests,omitempty"`          // answered, or counted
	Failed         int64        `json:"failed,omitempty"`            // of those
	ToLogin        int64        `json:"to_login,omitempty"`          // of those: sent to a login page
	NeededRequests int64        `json:"needed_requests,omitempty"`   // below which no figure says anything
	MostFailed     float64      `json:"most_failed_ratio,omitempty"` // above which none does
	Seconds        float64      `json:"seconds,omitempty"`           // watched; until the budget is full, of WithheldGrowth
	NeededSeconds  float64      `json:"needed_seconds,omitempty"`
	BytesPerSecond float64      `json:"bytes_per_second,omitempty"` // by which each worker grows at most
	Books          *Balance     `json:"books,omitempty"`            // that doesn't balance, of WithheldBooks
	Words          string       `json:"words,omitempty"`            // of WithheldOlder
	Refusal        *Refusal     `json:"refusal,omitempty"`          // of WithheldRefused: what most answers were
}

// WithheldKind sorts the reasons.
type WithheldKind string

// The kinds of reason for no recommendation.
const (
	WithheldPartial  WithheldKind = "partial"    // see Result.Interrupted
	WithheldWorkers  WithheldKind = "workers"    // several answered, where one was to be measured
	WithheldGuess    WithheldKind = "guess"      // nobody saw which process is the worker
	WithheldReplaced WithheldKind = "replaced"   // the worker ended, so what was measured is of two
	WithheldRequests WithheldKind = "requests"   // too few
	WithheldErrors   WithheldKind = "errors"     // too many
	WithheldLogin    WithheldKind = "login"      // most requests were sent to Load.LoginPage
	WithheldRefused  WithheldKind = "refused"    // most answers were no pages
	WithheldSeconds  WithheldKind = "seconds"    // watched for too short a time
	WithheldGrowth   WithheldKind = "growth"     // workers grow with time, and the budget would soon be full
	WithheldBooks    WithheldKind = "unbalanced" // the kernel charges far more than the law and the app's processes explain
	WithheldOlder    WithheldKind = "older"      // by the calibrate that analysed the run, which left words alone
)
