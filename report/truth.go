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
	return section(Heading{"Truth", "what the demo app says of itself"},
		Facts{Rows: []Fact{fact("creep", keptAgainst(*r.Truth, r.Creep)), fact("peak", peakAgainst(*r.Truth, r.Worker))}})
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
