package report

import (
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// routesSection is each route alone.
func routesSection(r calibrate.Result) []Block {
	if r.Routes == nil || len(r.Routes.Runs) == 0 {
		return nil
	}
	return section(Heading{"By route", "each alone, in a worker of its own"}, append([]Block{routeTable(*r.Routes), Note{Text: routesNote(r)}}, routeCharts(*r.Routes)...)...)
}

// routeTable has one row a route.
func routeTable(s calibrate.Routes) Table {
	t := Table{Columns: []Column{
		{Head: "route", Left: true, Keep: 9}, {Head: "of the load", Keep: 3}, {Head: "peak", Unit: "MB", Keep: 5}, {Head: "cost", Unit: "MB", Keep: 8},
		{Head: "creep", Unit: "a request", Keep: 7}, {Head: "interval", Keep: 6}, {Head: "requests", Keep: 1}, {Head: "end", Left: true, Keep: 4},
	}}
	for _, run := range s.Runs {
		cost := orElse(when(run.PeakRSSBytes > 0, "+%s", say.InMB(run.Bill())), "-")
		slope, interval := slopeCells(run.Creep)
		t.Rows = append(t.Rows, Row{Cells: []string{run.Name, say.Percent(run.Share), mbCell(run.PeakRSSBytes), cost, slope, interval,
			say.Count(run.Requests), soakedEnd(run.Soaked)}})
	}
	return t
}

func slopeCells(c *calibrate.CreepSeen) (slope, interval string) {
	if c == nil {
		return "-", "-"
	}
	return say.Bytes(c.BytesPerRequest), say.Range(c.Low, c.High)
}

func soakedEnd(s calibrate.Soaked) string {
	switch {
	case s.Failed != nil:
		return failedWords(s.Failed)
	case s.Creep == nil:
		return "too few readings"
	}
	return string(s.Creep.Verdict)
}

// routesNote says what the peak is of, what was left out, and how the routes' creeps compare with that of all together.
func routesNote(r calibrate.Result) string {
	left := r.Routes.Left
	s := "The peak is with every thread busy on that route. Its cost is the peak above an idle worker, without creep." +
		when(left > 0, " Not run alone: %s, %s of the load.", say.Plural(left, "rarer route"), say.Percent(r.Routes.LeftShare))
	if mean, _, ok := r.Routes.Creep(); ok && r.Creep.BytesPerRequest != nil {
		s += fmt.Sprintf(" Weighted by their shares of the load, the routes leak %s a request; all of them together leaked %s in the soak.",
			say.Bytes(mean), say.Bytes(r.Creep.Together().BytesPerRequest))
	}
	return s
}
