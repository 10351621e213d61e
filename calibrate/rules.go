package calibrate

// Rules is the version of the analysis: it grows when the same journals would give another result. A saved run of other
// rules is analysed again when it is read.
const Rules = 11

// grounds are all there are, with the rules since which the same journals give their metrics' figures as today. 0 is always.
var grounds = []struct {
	Ground
	since int // rules
}{{GroundMemory, 8}, {GroundCPU, 10}, {GroundTimes, 0}, {GroundServed, 11}, {GroundErrors, 0}, {GroundAnswers, 11}}

// RulesOf is the rules since which figures that rest on this ground are got as they are today.
func RulesOf(ground Ground) int {
	for _, g := range grounds {
		if g.Ground == ground {
			return g.since
		}
	}
	return Rules
}

// changedBetween are the grounds whose figures two rules get in different ways: such a difference would be calibrate's, and no
// change of the app. Of rules that are newer than ours nothing is known.
func changedBetween(a, b int) []Ground {
	changed := []Ground{}
	older, newer := min(a, b), max(a, b)
	for _, g := range grounds {
		if newer > Rules || older < g.since && g.since <= newer {
			changed = append(changed, g.Ground)
		}
	}
	return changed
}

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
