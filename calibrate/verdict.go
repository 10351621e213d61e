package calibrate

// Verdict is the answer in one word.
type Verdict string

// The verdicts.
const (
	Flat         Verdict = "flat"         // a creep that mattered is ruled out
	Creeping     Verdict = "creeping"     // memory grows with requests, at a rate that matters
	Warming      Verdict = "warming"      // memory grows, but slower and slower: it may yet settle
	Inconclusive Verdict = "inconclusive" // the series can't tell
)

// Missing is what keeps a series from a verdict. Slopes are in bytes a request, or by time in bytes a second; a figure is
// there if the kind has one.
type Missing struct {
	Kind           MissingKind `json:"kind"`
	Requests       int64       `json:"requests,omitempty"` // after the first fifth
	NeededRequests int         `json:"needed_requests,omitempty"`
	Readings       int         `json:"readings,omitempty"` // after the first fifth
	NeededReadings int         `json:"needed_readings,omitempty"`
	HalvesRatio    float64     `json:"halves_ratio,omitempty"`         // the growth of the second half over that of the first
	FlatBelow      float64     `json:"flat_below_bytes,omitempty"`     // a slope that counts as flat
	CreepingAbove  float64     `json:"creeping_above_bytes,omitempty"` // and one that counts as creeping
	TimesLonger    float64     `json:"times_longer,omitempty"`         // the series would have to be, to tell; 0: can't be foreseen
}

// MissingKind sorts what may be missing.
type MissingKind string

// What may be missing.
const (
	FewRequests MissingKind = "few-requests"
	FewReadings MissingKind = "few-readings"
	Uneven      MissingKind = "uneven-load" // readings enough, at too few different counts of requests
	Slowing     MissingKind = "slowing"     // growth may yet stop
	Quickening  MissingKind = "quickening"  // growth isn't a leak's, which is steady
	Wide        MissingKind = "wide"        // the interval lies across a limit
	Returned    MissingKind = "returned"    // much of what had grown came back without load (not found here)

	// Of growth that a quick run has seen (not found here).
	TooBrief   MissingKind = "too-brief"   // by its limit it had too few requests, or the slope did not hold still
	Unrested   MissingKind = "unrested"    // it was not left alone, so it may be growth with time
	GrowsAlone MissingKind = "grows-alone" // it goes on without any request, and may yet settle
)
