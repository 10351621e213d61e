package report

import (
	"fmt"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// sweepReason says what the measured choice was found to do, and what the one did that the law alone would have
// recommended; "" if none was made by measurement.
func sweepReason(r calibrate.Result) string {
	chosen, ok := sweptChoice(r)
	if !ok {
		return ""
	}
	compared := 0
	for _, run := range r.Sweep.Runs {
		if run.Compared(r.Sweep.BudgetBytes) {
			compared++
		}
	}
	law, of := *r.Recommendation.Computed, fmt.Sprintf("of %s really run", say.Plural(compared, "candidate"))
	if chosen.Is(law) {
		return fmt.Sprintf("Confirmed by measurement: %s none was a better choice; it served %s.", of, sweptFigures(chosen))
	}
	text := fmt.Sprintf("Chosen by measurement: %s it served %s; %s", of, sweptFigures(chosen), law)
	i := slices.IndexFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Is(law) })
	switch {
	case i < 0:
		return text + " were computed, and not run."
	case r.Sweep.Runs[i].Compared(r.Sweep.BudgetBytes):
		return text + ", as computed, served " + sweptFigures(r.Sweep.Runs[i]) + "."
	case r.Sweep.Runs[i].Failed != nil:
		return text + ", as computed, can't be compared: " + r.Sweep.Runs[i].Failed.Words + "."
	}
	return text + ", as computed, can't be compared: they took more than the budget."
}

// sweptChoice is the run that the recommendation rests on.
func sweptChoice(r calibrate.Result) (calibrate.SweepRun, bool) {
	if r.Recommendation.Computed == nil || r.Sweep == nil {
		return calibrate.SweepRun{}, false
	}
	i := slices.IndexFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Chosen })
	if i < 0 {
		return calibrate.SweepRun{}, false
	}
	return r.Sweep.Runs[i], true
}

func sweptFigures(run calibrate.SweepRun) string {
	p99 := notMeasured
	if run.Latency.P99 != nil {
		p99 = say.Seconds(*run.Latency.P99)
	}
	return fmt.Sprintf("%s in %s (p99 %s)", say.RequestRate(run.RatePerSecond), say.MB(run.MeasuredBytes), p99)
}
