package report

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// rulesSection is what the field's rules would choose: at a terminal one row a choice, since many rules come to the same
// one; on a page one row a rule, with its source.
func rulesSection(r calibrate.Result) []Block {
	if len(r.Formulas) == 0 {
		return nil
	}
	budget := r.Recommendation.BudgetBytes
	return section(Heading{Name: "What the field's rules would choose here"},
		Only{AtTerminal, []Block{choicesTable(r.Formulas, budget)}}, Only{OfPage, []Block{rulesTable(r.Formulas, budget)}})
}

func rulesTable(formulas []calibrate.Formula, budget int64) Table {
	t := Table{Columns: append(append([]Column{{Head: "rule", Left: true}}, choiceColumns...), Column{Head: "from", Left: true})}
	for _, f := range formulas {
		t.Rows = append(t.Rows, Row{Cells: append(append([]string{f.Name}, choiceCells(f, budget)...), orElse(f.Source, "-"))})
	}
	return t.withRates(formulas)
}

// withRates leaves out what so many serve where nobody knows that.
func (t Table) withRates(formulas []calibrate.Formula) Table {
	served := slices.ContainsFunc(formulas, func(f calibrate.Formula) bool { return f.Rate > 0 })
	return t.without(func(c Column) bool { return c == servesColumn && !served })
}

// ruleName is a rule by its name, the best known with its formula.
func ruleName(f calibrate.Formula) string {
	if f.Name == "gunicorn" {
		return "gunicorn (2c + 1)"
	}
	return f.Name
}

func choicesTable(formulas []calibrate.Formula, budget int64) Table {
	t := Table{Columns: append(append([]Column{}, choiceColumns...), Column{Head: "rules", Left: true, Keep: 9})}
	type shape struct{ workers, threads int }
	row := map[shape]int{}
	for _, f := range formulas {
		s := shape{f.Workers, f.Threads}
		if i, ok := row[s]; ok {
			t.Rows[i].Cells[len(choiceColumns)] += ", " + ruleName(f)
			continue
		}
		row[s] = len(t.Rows)
		t.Rows = append(t.Rows, Row{Cells: append(choiceCells(f, budget), ruleName(f))})
	}
	return t.withRates(formulas)
}

var choiceColumns = []Column{
	{Head: "workers", Keep: 9}, {Head: "threads", Keep: 9}, servesColumn, {Head: "total", Unit: "MB", Keep: 8}, {Head: "of budget", Keep: 7}, {Head: "fits", Left: true, Keep: 8},
}

func choiceCells(f calibrate.Formula, budget int64) []string {
	return []string{say.Count(f.Workers), say.Count(f.Threads), rateCell(f.Rate), mbCell(f.TotalBytes), percentCell(ratioOf(f.TotalBytes, budget)), orElse(when(f.TotalBytes > 0, "%s", yesNo(f.Fits)), "-")}
}

// ratioOf is 0 if there is no budget to be a share of.
func ratioOf(bytes, budget int64) float64 {
	if budget <= 0 {
		return 0
	}
	return float64(bytes) / float64(budget)
}
