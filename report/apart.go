package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// What the runs beside the main one have shown: each route alone, and the creep in other circumstances.

// writeApart is both, as far as they were run.
func writeApart(p *page, r calibrate.Result) {
	if s := r.Routes; s != nil && len(s.Runs) > 0 {
		p.heading(routesTitle)
		p.block(routeGrid(*s).text(p.width), "")
		p.text(plain, " "+routesNote(r))
	}
	if t := r.Triage; t != nil && len(t.Runs) > 0 {
		p.heading(triageTitle)
		p.facts([]fact{{triageVerdict(*t), t.Reason}})
		p.block(triageGrid(r).text(p.width), "")
	}
}

// writeApartSections is the same in Markdown.
func writeApartSections(b *strings.Builder, r calibrate.Result) {
	if s := r.Routes; s != nil && len(s.Runs) > 0 {
		writeSection(b, routesTitle, routeGrid(*s).markdown()+"\n"+escape(routesNote(r))+"\n")
	}
	if t := r.Triage; t != nil && len(t.Runs) > 0 {
		writeSection(b, triageTitle, factList([]fact{{triageVerdict(*t), t.Reason}})+"\n"+triageGrid(r).markdown())
	}
}

const (
	routesTitle = "By route: each alone, in a worker of its own"
	triageTitle = "Where the creep comes from"
)

// routeGrid has one row a route.
func routeGrid(s calibrate.Routes) grid {
	g := grid{columns: []column{
		{"route", true, 9}, {"of the\nload", false, 3}, {"peak\nMB", false, 5}, {"bill\nMB", false, 8}, {"creep\na request", false, 7},
		{"interval", false, 6}, {"requests", false, 1}, {"end", true, 4},
	}}
	for _, run := range s.Runs {
		peak, above := "-", "-"
		if run.PeakRSSBytes > 0 {
			peak, above = mbCell(run.PeakRSSBytes), "+"+say.InMB(run.Bill())
		}
		slope, interval := slopeCells(run.Creep)
		g.rows = append(g.rows, []string{run.Name, say.Percent(run.Share), peak, above, slope, interval, say.Count(run.Requests), soakedEnd(run.Soaked)})
	}
	return g
}

func slopeCells(c *calibrate.CreepSeen) (slope, interval string) {
	if c == nil {
		return "-", "-"
	}
	return say.Bytes(c.BytesPerRequest), say.Range(c.Low, c.High)
}

func soakedEnd(s calibrate.Soaked) string {
	switch {
	case s.Failed != "":
		return s.Failed
	case s.Creep == nil:
		return "too few readings"
	}
	return s.Creep.Verdict
}

// routesNote says what the peak is of, what was left out, and how the routes' creeps compare with that of all together.
func routesNote(r calibrate.Result) string {
	s := "Peak with every thread busy with that route; its bill is the peak above an idle worker, creep apart."
	if n := r.Routes.Left; n > 0 {
		s += fmt.Sprintf(" Not run alone: %s, %s of the load.", say.Plural(n, "rarer route"), say.Percent(r.Routes.LeftShare))
	}
	if mean, _, ok := r.Routes.Creep(); ok && r.Creep.BytesPerRequest != nil {
		s += fmt.Sprintf(" By their shares of the load the creeps come to %s a request; the soak of all together had %s.",
			say.Bytes(mean), say.Bytes(r.Creep.Together().BytesPerRequest))
	}
	return s
}

func triageVerdict(t calibrate.Triage) string {
	return map[string]string{
		calibrate.TriageApp: "the app", calibrate.TriageAllocator: "the allocator", calibrate.TriageThreads: "threads",
		calibrate.TriageUnclear: "unclear",
	}[t.Verdict]
}

// triageGrid has the main run first, then one row a variation.
func triageGrid(r calibrate.Result) grid {
	g := grid{columns: []column{
		{"with", true, 9}, {"creep\na request", false, 8}, {"interval", false, 6}, {"gone", false, 7}, {"peak\nMB", false, 5},
		{"requests", false, 1}, {"end", true, 4},
	}}
	if c := r.Creep; c.BytesPerRequest != nil && c.Low != nil && c.High != nil {
		all := c.Together()
		slope, interval := slopeCells(&all)
		g.rows = append(g.rows, []string{"nothing changed", slope, interval, "-", mbCell(r.Worker.PeakRSSBytes), say.Count(r.Worker.Requests), all.Verdict})
	}
	for _, run := range r.Triage.Runs {
		gone := "-"
		if run.Tellable() {
			gone = say.PercentRange(max(*run.GoneLow, 0), min(max(*run.GoneHigh, 0), 1))
		}
		slope, interval := slopeCells(run.Creep)
		peak := "-"
		if run.PeakRSSBytes > 0 {
			peak = mbCell(run.PeakRSSBytes)
		}
		g.rows = append(g.rows, []string{run.Name, slope, interval, gone, peak, say.Count(run.Requests), soakedEnd(run.Soaked)})
	}
	return g
}
