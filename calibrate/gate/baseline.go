package gate

import (
	"slices"

	"workermem/calibrate"
)

// LeftOut are figures of a run that its baseline has not.
type LeftOut struct {
	Reason  calibrate.LimitReason // LimitNoise, LimitUnsettled, LimitCutShort
	Metrics []string
}

// Baseline is a run as a baseline, without the figures that are no measure for later runs: a time that neighbours spoilt would let a
// slower app pass, and of what hangs on whether memory creeps, if nobody knows, a creep that is proved later would be no change of the
// app. What is left out of it is told by reason.
func Baseline(r calibrate.Result, named ...calibrate.Metric) (calibrate.Baseline, []LeftOut) {
	b := calibrate.BaselineOf(r, named...)
	noise := Noise(r)
	spoilt := func(m calibrate.Metric) bool {
		return slices.ContainsFunc(noise, func(n calibrate.Noise) bool { return spoilsFigure(n, m.Rests()) })
	}
	left := []LeftOut{{Reason: calibrate.LimitNoise}, {Reason: calibrate.LimitUnsettled}, {Reason: calibrate.LimitCutShort}}
	for _, m := range calibrate.Metrics() {
		_, kept := b.Metrics[m.Name]
		switch {
		case kept && spoilt(m):
			left[0].Metrics = append(left[0].Metrics, m.Name)
			delete(b.Metrics, m.Name)
		case kept && m.Open(r):
			left[1].Metrics = append(left[1].Metrics, m.Name)
			delete(b.Metrics, m.Name)
		case m.CutShort(r) && m.Read(r).Known():
			left[2].Metrics = append(left[2].Metrics, m.Name)
		}
	}
	return b, slices.DeleteFunc(left, func(l LeftOut) bool { return len(l.Metrics) == 0 })
}
