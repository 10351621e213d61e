package report

import (
	"cmp"
	"slices"

	"workermem/calibrate"
)

// exportOfComparison is the head's figures, and a case a limit. Where all limits are ignored its one case is the comparison.
func exportOfComparison(c calibrate.Comparison) *Export {
	e := &Export{App: appNamed(calibrate.TargetInfo{Server: calibrate.OtherServer, Command: c.Head.Command}), Seconds: c.DurationSeconds}
	if len(c.Pairs) > 0 { // all runs of the head are set up alike
		head := c.Pairs[0].Head
		e.App = appNamed(calibrate.TargetInfo{Server: cmp.Or(head.Fingerprint.Server, calibrate.OtherServer), Command: c.Head.Command})
		e.Setup, e.Threads = setupOf(head.Fingerprint, c.Tool), head.Threads
	}
	for _, one := range c.Compared {
		m, err := calibrate.ParseMetric(one.Metric)
		if err == nil && one.Head != nil {
			e.Figures = append(e.Figures, Figure{m, ofHead(c, m, *one.Head)})
		}
		if one.Limit != nil {
			e.Cases = append(e.Cases, caseOfCompared(c, one))
		}
	}
	if len(e.Cases) == 0 {
		result := CaseHeld
		if len(c.Ignored) > 0 { // nothing was held to anything: no pass
			result = CaseUnclear
		}
		e.Cases = []Case{{wholeRun, result, passedLine(c)}}
	}
	slices.SortStableFunc(e.Figures, func(a, b Figure) int { return registered(a) - registered(b) })
	return e
}

// ofHead is the head's figure with an interval that reaches as far as the median of those that its runs have; of an even number the
// farther one.
func ofHead(c calibrate.Comparison, m calibrate.Metric, value float64) calibrate.Reading {
	var below, above []float64
	for _, p := range c.Pairs {
		if f := p.Head.Figures[m.Name]; f.Known() && f.Low != nil && f.High != nil {
			below, above = append(below, *f.Value-*f.Low), append(above, *f.High-*f.Value)
		}
	}
	if len(below) == 0 {
		return calibrate.Reading{Value: &value}
	}
	slices.Sort(below)
	slices.Sort(above)
	half := len(below) / 2
	return calibrate.Reading{Value: &value, Low: calibrate.Figure(value - below[half]), High: calibrate.Figure(value + above[half])}
}

// registered is where a figure stands in the register.
func registered(f Figure) int {
	return slices.IndexFunc(calibrate.Metrics(), func(m calibrate.Metric) bool { return m.Word() == f.Word() })
}

func caseOfCompared(c calibrate.Comparison, one calibrate.Compared) Case {
	out := Case{Name: one.Limit.String(), Result: CaseUnclear, Says: "limited to " + one.Limit.Amounts() + ", and " + measuredChange(one) + ", of " + amountOr(one.Unit, one.Base) + ": " + orElse(limitSaid(c, one), "can't be told yet")}
	switch {
	case one.Verdict == calibrate.LimitExceeded:
		out.Result, out.Says = CaseRegressed, whyExceeded(c, one)
	case one.Verdict == calibrate.LimitNoData:
		out.Says = "limited to " + one.Limit.Amounts() + ": " + whyNoData(c, one.Reason)
	case one.Verdict == calibrate.LimitWithin || c.Verdict == calibrate.CompareMeasured:
		out.Result = CaseHeld
	}
	return out
}
