package calibrate

// Unsettled says that it is not known whether memory creeps.
func (c Creep) Unsettled() bool {
	return c.Verdict == Inconclusive || c.Verdict == Warming
}

// Outcome is how a run that was measured to its end is to be taken: 0, or the kind of failure that it amounts to.
// Not enough evidence is never a pass.
func (r Result) Outcome() Kind {
	switch {
	case r.Recommendation.Withheld != nil:
		return KindInconclusive
	case r.Recommendation.NothingFits:
		return KindNothingFits
	case r.Creep.Unsettled():
		return KindInconclusive
	}
	return 0
}
