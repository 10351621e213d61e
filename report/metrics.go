package report

import "workermem/calibrate"

// explained is a metric for programs.
type explained struct {
	calibrate.Metric
	Run string `json:"run,omitempty"` // of which the reading is
	*calibrate.Reading
}

// Explain is the page of one metric, and of what a run says of it if there is one.
func Explain(m calibrate.Metric, run *calibrate.Result) Document {
	d := Document{Title: m.Name}
	if run != nil {
		m = m.In(*run)
	}
	data := explained{Metric: m}
	facts := factsOf(fact("meaning", m.Meaning), fact("how", m.Got), fact("unit", m.Unit.Words()), fact("better", better(m.Better)),
		fact("write", when(m.Argument() != "", "%s", m.Example)))
	if run != nil {
		reading := m.Read(*run)
		facts = append(facts, fact("value", m.Say(reading)+when(run.ID != "", ", by run %s", run.ID)))
		data.Run, data.Reading = run.ID, &reading
	}
	d.Blocks, d.Data = []Block{Only{AtTerminal, []Block{Heading{Name: m.Name}}}, Facts{Rows: facts}}, data
	if run != nil {
		d.Blocks = append(d.Blocks, readingNote(*run)...)
	}
	return d
}

func better(d calibrate.Direction) string {
	if d == calibrate.NeitherIsBetter {
		return "neither"
	}
	return string(d)
}

// Metrics is the page of all metrics: on the terminal what each means, on a page what else there is to know.
func Metrics() Document {
	all := calibrate.Metrics()
	var means []Fact
	table := Table{Columns: []Column{{Head: "metric", Left: true}, {Head: "unit", Left: true}, {Head: "better", Left: true}, {Head: "meaning", Left: true}, {Head: "how it is measured", Left: true}}}
	for _, m := range all {
		means = append(means, fact(m.Name, m.Meaning))
		table.Rows = append(table.Rows, Row{Cells: []string{m.Name, m.Unit.Words(), better(m.Better), m.Meaning, m.Got}})
	}
	return Document{Title: "Metrics", Data: all, Blocks: []Block{
		Only{AtTerminal, []Block{Facts{Rows: means}, Note{Text: "calibrate explain METRIC says how one is measured, and what the latest run says of it."}}},
		Only{OfPage, []Block{table}},
	}}
}
