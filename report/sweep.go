package report

import (
	"fmt"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// writeSweep is the table of the candidates that were really run.
func writeSweep(p *page, r calibrate.Result) {
	if r.Sweep == nil || len(r.Sweep.Runs) == 0 {
		return
	}
	p.heading(sweepTitle(r))
	p.block(sweepGrid(r).text(p.width), ">")
	for _, note := range sweepNotes(r) {
		p.text(plain, " "+note)
	}
}

func sweepTitle(r calibrate.Result) string {
	s := "Really run"
	if !sweptHere(r) {
		s += " on the machine of the run, " + say.Plural(r.Sweep.CPUs, "core")
	}
	if n := len(r.Sweep.Runs); n < r.Sweep.Wanted {
		s += fmt.Sprintf(", %s of %s, then cut short", say.Count(n), say.Count(r.Sweep.Wanted))
	}
	return s
}

// sweptHere says that the candidates were run on the box that the recommendation is for.
func sweptHere(r calibrate.Result) bool {
	return coresOf(r) == r.Sweep.CPUs && r.Recommendation.BudgetBytes == r.Sweep.BudgetBytes
}

// sweepGrid has one row a candidate, the recommended one marked.
func sweepGrid(r calibrate.Result) grid {
	g := grid{columns: []column{
		{"workers", false, 9}, {"threads", false, 8}, {"served\na second", false, 7}, {"p50", false, 1}, {"p99", false, 5},
		{"memory\nMB", false, 6}, {"computed\nMB", false, 2}, {"failed", false, 3}, {"best", true, 4}, {"end", true, 8},
	}}
	rec := r.Recommendation
	for _, run := range r.Sweep.Runs {
		mark := ""
		if sweptHere(r) && run.Workers == rec.Workers && run.Threads == rec.Threads {
			mark = "> "
		}
		g.rows = append(g.rows, append([]string{mark + say.Count(run.Workers), orDash(run.Threads)}, sweepCells(run, *r.Sweep)...))
	}
	return g
}

func sweepCells(run calibrate.SweepRun, s calibrate.Sweep) []string {
	served := "-"
	if run.RatePerSecond > 0 {
		served = strings.TrimSuffix(say.Rate(run.RatePerSecond), "/s")
	}
	best := "-"
	if run.Failed == "" {
		best = yesNo(run.Pareto)
	}
	return []string{served, latencyCell(run.Latency.P50), latencyCell(run.Latency.P99), mbCell(run.MeasuredBytes),
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
	case run.Failed != "":
		return run.Failed
	case run.MeasuredBytes > s.BudgetBytes:
		return "over budget"
	case run.Unsteady():
		return say.Percent(run.Spread()) + " apart"
	case run.RateSent < 0.9*s.RateAsked:
		return "took " + say.Rate(run.RateSent) + " of " + say.Rate(s.RateAsked)
	}
	return "ok"
}

// sweepNotes say what the columns rest on.
func sweepNotes(r calibrate.Result) []string {
	of := "as in the soak"
	if r.Sweep.RateBasis == "given" {
		of = "as expected in production"
	}
	notes := []string{fmt.Sprintf("Served and memory (creep apart) with every thread busy; p50 and p99 at %s for all, %s. Of two rounds the better.", say.Rate(r.Sweep.RateAsked), of)}
	if slices.ContainsFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Pareto }) {
		notes = append(notes, "Best: no other has as much throughput, as little memory and as low a p99, and more of one; 5 % of throughput "+
			"and 10 % of p99 count as noise.")
	}
	return notes
}

// writeSweepSection is the same in Markdown.
func writeSweepSection(b *strings.Builder, r calibrate.Result) {
	if r.Sweep == nil || len(r.Sweep.Runs) == 0 {
		return
	}
	writeSection(b, sweepTitle(r), sweepGrid(r).markdown()+"\n"+escape(strings.Join(sweepNotes(r), " "))+"\n")
}

// sweptWhy is what the choice was found to do; "" where none was made by measurement.
func sweptWhy(r calibrate.Result) string {
	if r.Recommendation.Measured == "" || r.Sweep == nil {
		return ""
	}
	i := slices.IndexFunc(r.Sweep.Runs, func(run calibrate.SweepRun) bool { return run.Chosen })
	if i < 0 {
		return ""
	}
	run := r.Sweep.Runs[i]
	return fmt.Sprintf("the best of %s really run: %s, p99 %s at %s", say.Plural(len(r.Sweep.Runs), "candidate"),
		say.Rate(run.RatePerSecond), latencyCell(run.Latency.P99), say.Rate(r.Sweep.RateAsked))
}
