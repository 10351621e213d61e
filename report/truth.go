package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// truthSection sets what the demo app says of itself beside what was measured.
func truthSection(r calibrate.Result) []Block {
	if r.Truth == nil {
		return nil
	}
	return section(Heading{"Truth", "what the demo app says of itself"}, Facts{Rows: factsOf(
		fact("creep", keptAgainst(*r.Truth, r.Creep)), fact("peak", peakAgainst(*r.Truth, r.Worker)),
		fact("CPU", demandAgainst(*r.Truth, r.Speed)), fact("waiting", waitingAgainst(*r.Truth, r.Speed)), fact("serves", rateAgainst(r)),
	)})
}

func keptAgainst(t calibrate.Truth, c calibrate.Creep) string {
	s := fmt.Sprintf("it keeps %s a request; ", say.Bytes(t.KeptBytesPerRequest))
	if c.Low == nil || c.High == nil {
		return s + "no interval was measured"
	}
	holds := *c.Low <= t.KeptBytesPerRequest && t.KeptBytesPerRequest <= *c.High
	return fmt.Sprintf("%sthe interval %s contains that: %s", s, say.Range(*c.Low, *c.High), yesNo(holds))
}

func peakAgainst(t calibrate.Truth, w calibrate.Worker) string {
	s := fmt.Sprintf("it reaches %s; measured %s", knownMB(t.PeakRSSBytes), knownMB(w.PeakRSSBytes))
	return s + when(t.PeakRSSBytes > 0 && w.PeakRSSBytes > 0, " (error %s)", say.Difference(ratioOf(w.PeakRSSBytes-t.PeakRSSBytes, t.PeakRSSBytes)))
}

// demandAgainst and the next two are "" where the app doesn't say, or nothing was measured.
func demandAgainst(t calibrate.Truth, s *calibrate.Speed) string {
	if t.DemandSeconds <= 0 || s == nil {
		return ""
	}
	return fmt.Sprintf("a request computes for %s; measured %s%s", say.CPU(t.DemandSeconds), say.CPU(costOf(*s)), errorOf(costOf(*s), t.DemandSeconds))
}

func waitingAgainst(t calibrate.Truth, s *calibrate.Speed) string {
	if t.WaitingSeconds <= 0 || s == nil {
		return ""
	}
	return fmt.Sprintf("a request waits for %s; measured %s%s", say.CPU(t.WaitingSeconds), say.CPU(s.Waiting.Value), errorOf(s.Waiting.Value, t.WaitingSeconds))
}

// rateAgainst is of the recommendation.
func rateAgainst(r calibrate.Result) string {
	c, ok := chosen(r)
	if !ok || c.Rate <= 0 {
		return ""
	}
	law := r.Truth.Rate(c.Workers, c.Threads, r.Recommendation.Sum.CPUs)
	return when(law > 0, "%s with %s each serve %s by its own law; predicted %s%s", say.Plural(c.Workers, "worker"), say.Plural(c.Threads, "thread"),
		say.RequestRate(law), say.RequestRate(c.Rate), errorOf(c.Rate, law))
}

func errorOf(measured, truth float64) string {
	return fmt.Sprintf(" (error %s)", say.Difference(measured/truth-1))
}
