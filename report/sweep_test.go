package report

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// sweepTable is the part of a report from "Really run" to the next heading.
func sweepRows(t *testing.T, out string) string {
	t.Helper()
	_, after, ok := strings.Cut(out, "\nReally run")
	if !ok {
		t.Fatalf("no candidate was really run:\n%s", out)
	}
	table, _, _ := strings.Cut(after, "\n\n")
	return table
}

// The choice is marked on the box that was swept. On another, the table is only what was measured on that machine.
func TestSweepIsOfItsBox(t *testing.T) {
	r := recorded(t)["sweep"]
	here := sweepRows(t, textOf(t, r, Options{}))
	if strings.Count(here, "> ") != 1 || strings.Contains(here, "machine of the run") {
		t.Errorf("on its own box:\n%s", here)
	}
	r.Plan.CPUs, r.Plan.MemoryBytes = 8, 16<<30
	page := sizeText(t, []calibrate.Result{analyse.Resized(r)}, Options{})
	there := sweepRows(t, page)
	if strings.Contains(there, "> ") || !strings.HasPrefix(there, " on the machine of the run, 2 cores\n") || !strings.Contains(page, "sweep-undecided") {
		t.Errorf("on another box:\n%s", page)
	}
}

func TestSweepRows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*calibrate.Sweep)
		says   string
	}{
		"failed":          {func(s *calibrate.Sweep) { s.Runs[1].Failed = &calibrate.Miss{Words: "no third worker today"} }, "-     no third worker today"},
		"unsteady":        {func(s *calibrate.Sweep) { s.Runs[1].Rates = []float64{1000, 500} }, "50 % apart"},
		"over the budget": {func(s *calibrate.Sweep) { s.Runs[1].MeasuredBytes = 1 << 40 }, "over budget"},
		"slower than asked": {func(s *calibrate.Sweep) {
			s.RateAsked, s.Runs[1].RateSent, s.Runs[1].Rates = 100, 50, []float64{500, 500}
		}, "took 50/s of 100/s"},
		"cut short": {func(s *calibrate.Sweep) { s.Runs = s.Runs[:2] }, ", 2 of 5, then cut short"},
		"given":     {func(s *calibrate.Sweep) { s.RateBasis = "given" }, "as expected in production"},
	} {
		r := recorded(t)["sweep"]
		s := *r.Sweep
		s.Runs = slices.Clone(s.Runs)
		c.change(&s)
		r.Sweep = &s
		if out := strings.Join(strings.Split(sweepRows(t, textOf(t, r, Options{Width: 100})), "\n"), " "); !strings.Contains(out, c.says) {
			t.Errorf("%s: no %q in:\n%s", name, c.says, out)
		}
		if out := strings.Join(strings.Fields(markdownOf(t, r)), " "); !strings.Contains(out, strings.Join(strings.Fields(strings.TrimLeft(c.says, "- ")), " ")) {
			t.Errorf("%s: no %q in the Markdown", name, c.says)
		}
	}
}

// The p99 of a few answers has no say in which candidate is the best, which the note says.
func TestSweepNoteOfFewAnswers(t *testing.T) {
	r := recorded(t)["sweep"]
	s := *r.Sweep
	s.Runs = slices.Clone(s.Runs)
	r.Sweep = &s
	const few = "The p99s are of too few answers (30 at most) to tell one from another."
	for timed, says := range map[int64]bool{0: false, 30: true, 300: false} {
		for i := range s.Runs {
			s.Runs[i].LatencyRequests = timed
		}
		if note := sweepNote(r); strings.Contains(note, few) != says || strings.Contains(note, "of p99 count as noise") == says {
			t.Errorf("%d answers: %s", timed, note)
		}
	}
}
