package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// proofReason is what a proof's verdict rests on.
func proofReason(p calibrate.Proof) string {
	const notRun = "the recommendation was not run to its end"
	if len(p.Trials) == 0 {
		return notRun
	}
	t := p.Trials[0]
	switch p.Reason {
	case calibrate.ProofKill:
		return "the kernel killed for memory at the limit of " + say.MB(t.LimitBytes)
	case calibrate.ProofTooMuch:
		return fmt.Sprintf("it took %s of a limit of %s, which nothing but calibrate holds here", say.MB(t.PeakBytes), say.MB(t.LimitBytes))
	case calibrate.ProofFailed:
		return failedWords(t.Failed)
	case calibrate.ProofUnbidden:
		return say.Plural(t.Recycles, "worker") + " ended, and none was to be replaced"
	case calibrate.ProofEarly:
		return fmt.Sprintf("%s ended in %s, before their limit of %s each", say.Plural(t.Recycles, "worker"), say.Plural(t.Requests, "request"), say.Count(t.MaxRequests))
	case calibrate.ProofErrors:
		return fmt.Sprintf("%s of %s failed, more than a proof can rest on", say.Count(t.Requests-t.Succeeded), say.Plural(t.Requests, "request"))
	case calibrate.ProofUnreadable:
		return "the memory of its processes could not be read"
	case calibrate.ProofAboveMost:
		return fmt.Sprintf("it took %s, more than the %s of all workers at the end of their lives", say.MB(t.PeakBytes), say.MB(t.MostBytes))
	case calibrate.ProofFar:
		return comparedOf(t) + ", where " + say.Percent(p.Tolerance) + " are allowed"
	case calibrate.ProofNear:
		return comparedOf(t)
	}
	return notRun
}

func comparedOf(t calibrate.Trial) string {
	when := ""
	if t.Recycles > 0 {
		when = ", up to the first worker's replacement"
	}
	return fmt.Sprintf("%s expected for the requests served, %s observed (%s)%s", say.MB(t.ExpectedBytes), say.MB(t.ObservedBytes), say.Difference(t.Off()), when)
}

// failedWords is why a run beside the main one says nothing; "" if it does.
func failedWords(m *calibrate.Miss) string {
	if m == nil {
		return ""
	}
	return orElse(m.Words, string(m.Kind))
}
