package calibrate

// Rules is the version of the analysis: it grows when the same journals would give another result. A saved run of other
// rules is analysed again when it is read.
const Rules = 8

// Origin is how a result of other rules, or of an older schema, was read.
type Origin struct {
	Schema string     `json:"schema"` // of the file
	Rules  int        `json:"rules"`  // it was analysed by; 0 before they were counted
	How    OriginKind `json:"how"`
}

// OriginKind is what was done with it.
type OriginKind string

// What may be done with an older result.
const (
	ReadAgain OriginKind = "analysed-again" // from its journals, by today's rules
	ReadSized OriginKind = "sized-again"    // from its figures: it has no journals
	ReadAsIs  OriginKind = "as-saved"       // it has no journals, and its figures are those of its own rules
	ReadShort OriginKind = "damaged"        // its journals are, so that its saved figures stand
	ReadNewer OriginKind = "newer"          // its rules are newer than ours, and its figures are kept
)
