package gate

import (
	"slices"

	"workermem/calibrate"
)

// LeftOut are figures of a run that its baseline has not.
type LeftOut struct {
	Reason  calibrate.LimitReason // LimitNoise, LimitUnsettled, LimitCutShort, LimitNotMeasured
	Metrics []string
}

// Missed are those left out of a baseline that limits are held against: with it no later run would pass. A limit that is excused isn't
// held against anything.
func (a Against) Missed(left []LeftOut) (missed []LeftOut) {
	held := func(name string) bool {
		m, err := calibrate.ParseMetric(name)
		return err == nil && slices.ContainsFunc(a.Limits, func(l calibrate.Limit) bool { return l.Relative() && m.Same(l.Metric()) && a.excuse(l) == nil })
	}
	for _, l := range left {
		l.Metrics = slices.DeleteFunc(slices.Clone(l.Metrics), func(name string) bool { return !held(name) })
		if len(l.Metrics) > 0 {
			missed = append(missed, l)
		}
	}
	return missed
}

// Baseline is a run as a baseline, without the figures that are no measure for later runs: a time that neighbours spoilt would let a
// slower app pass, and of what hangs on whether memory creeps, if nobody knows, a creep that is proved later would be no change of the
// app. What is left out of it is told by reason, and of metrics that are named also what the run has no figure of.
func Baseline(r calibrate.Result, named ...calibrate.Metric) (calibrate.Baseline, []LeftOut) {
	b := calibrate.BaselineOf(r, named...)
	noise := Noise(r)
	spoilt := func(m calibrate.Metric) bool {
		return slices.ContainsFunc(noise, func(n calibrate.Noise) bool { return spoilsFigure(n, m.Rests()) })
	}
	left := []LeftOut{{Reason: calibrate.LimitNoise}, {Reason: calibrate.LimitUnsettled}, {Reason: calibrate.LimitCutShort}, {Reason: calibrate.LimitNotMeasured}}
	for _, m := range metricsWith(named) {
		_, kept := b.Metrics[m.Name]
		wanted := slices.ContainsFunc(named, m.Same)
		switch {
		case kept && spoilt(m):
			left[0].Metrics = append(left[0].Metrics, m.Name)
			delete(b.Metrics, m.Name)
		case kept && m.Open(r):
			left[1].Metrics = append(left[1].Metrics, m.Name)
			delete(b.Metrics, m.Name)
		case m.CutShort(r) && (wanted || m.Read(r).Known()):
			left[2].Metrics = append(left[2].Metrics, m.Name)
		case wanted && !kept:
			left[3].Metrics = append(left[3].Metrics, m.Name)
		}
	}
	return b, slices.DeleteFunc(left, func(l LeftOut) bool { return len(l.Metrics) == 0 })
}

// metricsWith are all metrics, and those with an argument that are named, each once.
func metricsWith(named []calibrate.Metric) []calibrate.Metric {
	all := calibrate.Metrics()
	for _, m := range named {
		if !slices.ContainsFunc(all, m.Same) {
			all = append(all, m)
		}
	}
	return all
}
