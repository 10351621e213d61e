package report

import (
	"fmt"
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// sweepSection is the table of the candidates that were really run.
func sweepSection(r calibrate.Result) []Block {
	if r.Sweep == nil || len(r.Sweep.Runs) == 0 {
		return nil
	}
	return section(Heading{Name: sweepTitle(r)}, append([]Block{sweepTable(r), Only{InFull, []Block{Note{Text: sweepNote(r)}}}}, sweepCharts(r)...)...)
}

func sweepTitle(r calibrate.Result) string {
	n := len(r.Sweep.Runs)
	return "Really run" + when(!r.Sweep.RanOn(r.Cores(), r.Recommendation.BudgetBytes), " on the machine of the run, %s", say.Cores(r.Sweep.CPUs)) +
		when(n < r.Sweep.Wanted, ", %s of %s, then cut short", say.Count(n), say.Count(r.Sweep.Wanted))
}

// sweepTable has one row a candidate, the recommended one marked.
func sweepTable(r calibrate.Result) Table {
	t := Table{Columns: []Column{
		{Head: "workers", Keep: 9}, {Head: "threads", Keep: 8}, {Head: "served", Unit: "a second", Keep: 7}, foreseenColumn, offColumn, {Head: "p50", Keep: 1}, {Head: "p99", Keep: 5},
		foreseenP99Column,
		{Head: "memory", Unit: "MB", Keep: 6}, {Head: "predicted", Unit: "MB", Keep: 2}, {Head: "failed", Keep: 3}, {Head: "best", Left: true, Keep: 4},
		{Head: "end", Left: true, Keep: 8},
	}}
	for _, run := range r.Sweep.Runs {
		t.Rows = append(t.Rows, Row{
			Mark:  sweptMark(r, run),
			Cells: append([]string{say.Count(run.Workers), orDash(run.Threads)}, sweepCells(run, *r.Sweep)...),
		})
	}
	foreseen := slices.ContainsFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.PredictedRate > 0 })
	return t.without(func(c Column) bool {
		return (c == foreseenColumn || c == offColumn || c == foreseenP99Column) && !foreseen
	})
}

// sweptMark is Good if a run had the shape that is recommended, on the box that it is recommended for.
func sweptMark(r calibrate.Result, run calibrate.SweepRun) Mark {
	rec := r.Recommendation
	return recommended(r.Sweep.RanOn(r.Cores(), rec.BudgetBytes) && run.Workers == rec.Workers && run.Threads == rec.Threads)
}

// What the law of throughput has for a candidate, before it was run.
var (
	foreseenColumn    = Column{Head: "predicted", Unit: "a second", Keep: 6}
	offColumn         = Column{Head: "off by", Keep: 6}
	foreseenP99Column = Column{Head: "p99 predicted", Keep: 1}
)

// rateOff is by which share a candidate served more than was predicted; NaN where it can't be said.
func rateOff(run calibrate.SweepRun) float64 {
	if run.Failed != nil || run.PredictedRate <= 0 || run.RatePerSecond <= 0 {
		return math.NaN()
	}
	return run.RatePerSecond/run.PredictedRate - 1
}

func offCell(off float64) string {
	if math.IsNaN(off) {
		return "-"
	}
	return say.Difference(off)
}

func sweepCells(run calibrate.SweepRun, s calibrate.Sweep) []string {
	best := "-"
	if run.Failed == nil {
		best = yesNo(run.Unbeaten)
	}
	return []string{rateCell(run.RatePerSecond), rateCell(run.PredictedRate), offCell(rateOff(run)), latencyCell(run.Latency.P50), latencyCell(run.Latency.P99), waitCell(run.PredictedP99), mbCell(run.MeasuredBytes),
		mbCell(run.PredictedBytes), say.Count(run.Requests - run.Succeeded), best, sweepEnd(run, s)}
}

func latencyCell(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return knownSeconds(*seconds)
}

// sweepEnd says why a row is no choice, or what its latency is really of.
func sweepEnd(run calibrate.SweepRun, s calibrate.Sweep) string {
	switch {
	case run.Failed != nil:
		return failedWords(run.Failed)
	case run.MeasuredBytes > s.BudgetBytes:
		return "over budget"
	case run.Unsteady():
		return say.Percent(run.Spread()) + " apart"
	case run.RateSent < calibrate.RateReached*s.RateAsked:
		return "took " + say.Rate(run.RateSent) + " of " + say.Rate(s.RateAsked)
	}
	return "ok"
}

// sweepNote says what the columns rest on.
func sweepNote(r calibrate.Result) string {
	of := "as in the soak"
	if r.Sweep.RateBasis == calibrate.BasisGiven {
		of = "as expected in production"
	}
	note := fmt.Sprintf("Served and memory (without creep) are with every thread busy, p50 and p99 at %s for all, %s. Each is the better of two rounds.",
		say.Rate(r.Sweep.RateAsked), of)
	compared := slices.ContainsFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Unbeaten })
	return note + when(compared, " %s", bestNote(*r.Sweep)) + foreseenNote(*r.Sweep)
}

// bestNote says which candidates are the best.
func bestNote(s calibrate.Sweep) string {
	if !s.TellsTimes() {
		return fmt.Sprintf("Best: no other candidate serves as much with as little memory, and is better in one of them; %s of throughput count as noise. "+
			"The p99s are of too few answers (%s at most) to tell one from another.", say.Percent(calibrate.RateNoise), say.Count(mostTimed(s)))
	}
	return fmt.Sprintf("Best: no other candidate serves as much, with as little memory and as low a p99, and is better in one of them; "+
		"%s of throughput and %s of p99 count as noise.", say.Percent(calibrate.RateNoise), say.Percent(calibrate.P99Noise))
}

// mostTimed is of how many answers a p99 is, at most.
func mostTimed(s calibrate.Sweep) (most int64) {
	for _, run := range s.Runs {
		most = max(most, run.LatencyRequests)
	}
	return most
}

// foreseenNote is how far the predicted rates were off, and what they are of.
func foreseenNote(s calibrate.Sweep) string {
	sum, worst, n := 0.0, 0.0, 0
	var of calibrate.SweepRun
	for _, run := range s.Runs {
		off := rateOff(run)
		if math.IsNaN(off) {
			continue
		}
		sum, n = sum+math.Abs(off), n+1
		if n == 1 || math.Abs(off) > math.Abs(worst) {
			worst, of = off, run
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" Predicted is what one worker's CPU time and waiting promise on this machine, which also sends the load: it was %s off on average, at worst %s (%s).",
		say.Percent(sum/float64(n)), say.Difference(worst), calibrate.Shape{Workers: of.Workers, Threads: of.Threads})
}

// sweptWhy is what the choice was found to do; "" if none was made by measurement.
func sweptWhy(r calibrate.Result) string {
	run, ok := sweptChoice(r)
	if !ok {
		return ""
	}
	c, _ := chosen(r)
	beside := when(c.Rate > 0 && say.Rate(c.Rate) != say.Rate(run.RatePerSecond), " beside calibrate's load") // else the page has two rates
	text := fmt.Sprintf("the best of %s really run: %s%s, p99 %s at %s", say.Plural(len(r.Sweep.Runs), "candidate"),
		say.Rate(run.RatePerSecond), beside, latencyCell(run.Latency.P99), say.Rate(r.Sweep.RateAsked))
	if !r.Recommendation.Sum.Unmet {
		return text
	}
	return text + "; none serves " + wantedOf(r.Plan.ProductionRate, r.Plan.P99Seconds) + "; " + neededBox(r)
}

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
		return text + ", as computed, can't be compared: " + r.Sweep.Runs[i].Failed.Error() + "."
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
