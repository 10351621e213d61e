package report

import (
	"slices"

	"workermem/calibrate"
)

// exportOfComparison is the head's figures, and a case a limit. Where all limits are ignored its one case is the comparison.
func exportOfComparison(c calibrate.Comparison) *Export {
	e := &Export{App: appNamed(calibrate.TargetInfo{Server: calibrate.OtherServer, Command: c.Head.Command}), Seconds: c.DurationSeconds}
	for _, one := range c.Compared {
		m, err := calibrate.ParseMetric(one.Metric)
		if err == nil && one.Head != nil {
			e.Figures = append(e.Figures, Figure{m, calibrate.Reading{Value: one.Head}})
		}
		if one.Limit != nil {
			e.Cases = append(e.Cases, caseOfCompared(c, one))
		}
	}
	if len(e.Cases) == 0 {
		e.Cases = []Case{{wholeRun, CaseHeld, passedLine(c)}}
	}
	slices.SortStableFunc(e.Figures, func(a, b Figure) int { return registered(a) - registered(b) })
	return e
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
