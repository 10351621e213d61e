package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"workermem/calibrate"
)

// speedRules are rules of the field, as calibrate names them and as the table does.
var speedRules = []struct{ name, title string }{
	{"gunicorn", "2c+1"}, {"now-lms", "NOW LMS"}, {"puma", "Puma"}, {"passenger", "Passenger"},
}

// speedChoice is what the choices for an app really served: the recommended one is that of no rule.
type speedChoice struct {
	app    string
	shapes map[string]speedShape // by the name of the rule
	rates  map[string]float64    // 0: not run
	best   float64               // of all candidates that fit
	at     speedShape            // which that was

	finals []speedFinal // of the recommended one, and of those that served more in their one look
}

// speedFinal is what a shape served in further looks, in turn with the others: the most of many single looks is mostly the luckiest.
type speedFinal struct {
	speedShape
	rates []float64
}

// mean is that of its looks.
func (f speedFinal) mean() (rate float64) {
	for _, one := range f.rates {
		rate += one / float64(len(f.rates))
	}
	return rate
}

// speedFinalists is how many shapes are looked at again beside the recommended one, and speedLooks how often.
const speedFinalists, speedLooks = 3, 3

// finalists are the recommended shape and the candidates that served more than it: none where nothing did, or it wasn't run.
func (l *speedLab) finalists(c speedChoice, r calibrate.Result) (all []speedFinal) {
	candidates := candidatesOf(r)
	rows := slices.Clone(l.rows)
	slices.SortStableFunc(rows, func(a, b speedRow) int { return cmp.Compare(b.measured, a.measured) })
	for _, row := range rows {
		if len(all) < speedFinalists && row.failed == "" && row.measured > c.rates[""] && slices.Contains(candidates, row.speedShape) {
			all = append(all, speedFinal{speedShape: row.speedShape})
		}
	}
	if len(all) == 0 || c.rates[""] == 0 {
		return nil
	}
	return append(all, speedFinal{speedShape: c.shapes[""]})
}

// decide takes what the finalists served in their further looks.
func (c *speedChoice) decide() {
	if len(c.finals) > 0 {
		c.best = 0
	}
	for _, f := range c.finals {
		rate := f.mean()
		for name, s := range c.shapes {
			if s == f.speedShape {
				c.rates[name] = rate
			}
		}
		if rate > c.best {
			c.best, c.at = rate, f.speedShape
		}
	}
}

// choose looks the rows up that candidates, rules and the recommendation have in the lab.
func (l *speedLab) choose(app string, r calibrate.Result) speedChoice {
	c := speedChoice{app: app, shapes: map[string]speedShape{"": recommended(r)}, rates: map[string]float64{}}
	for _, rule := range speedRules {
		if s, found := ruleShape(r, rule.name); found {
			c.shapes[rule.name] = s
		}
	}
	candidates := candidatesOf(r)
	for _, row := range l.rows {
		if row.failed != "" {
			continue
		}
		for name, s := range c.shapes {
			if s == row.speedShape {
				c.rates[name] = row.measured
			}
		}
		if slices.Contains(candidates, row.speedShape) && row.measured > c.best {
			c.best, c.at = row.measured, row.speedShape
		}
	}
	return c
}

// recommended is the shape of the recommendation, no workers where there is none.
func recommended(r calibrate.Result) speedShape {
	return speedShape{workers: r.Recommendation.Workers, threads: r.Recommendation.Threads}
}

// candidatesOf are those that fit.
func candidatesOf(r calibrate.Result) (all []speedShape) {
	for _, one := range r.Candidates {
		if one.Fits {
			all = append(all, speedShape{workers: one.Workers, threads: one.Threads})
		}
	}
	return all
}

// ruleShape is what a rule of the field would choose, whether or not it fits. A server without threads to set takes the workers.
func ruleShape(r calibrate.Result, name string) (speedShape, bool) {
	for _, f := range r.Formulas {
		if f.Name == name {
			s := speedShape{workers: f.Workers, threads: f.Threads}
			if recommended(r).threads == 0 {
				s.threads = 0
			}
			return s, true
		}
	}
	return speedShape{}, false
}

func (l *speedLab) rowsTable() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "app\twaiting\tshape\tpredicted /s\tmeasured /s\toff\tlaw alone\tCPU ms\tslower\tdisturbed\tbound by\tnever run\tp99 ms at half\tmeasured\toff\tlaw alone\tslower\tp99 ms at 80 %\tmeasured\toff\tlaw alone\tslower\t")
	for _, r := range l.rows {
		measured, off := fmt.Sprintf("%.0f", r.measured), fmt.Sprintf("%+.1f %%\t%+.1f %%", 100*r.off(), 100*r.lawOff())
		if r.failed != "" {
			measured, off = r.failed, "-\t-"
		}
		fmt.Fprintf(w, "%s\t%.0f %%\t%s\t%.0f\t%s\t%s\t%.2f\t%+.0f %%\t%.0f %%\t%s\t%s\t", r.app, 100*r.waiting, r.speedShape, r.predicted, measured, off,
			1000*(r.cost+r.own), 100*r.slower, 100*r.disturbed, r.by, yes(!r.ran))
		for _, at := range r.at {
			fmt.Fprintf(w, "%.1f\t%.1f\t%+.0f %%\t%+.0f %%\t%+.0f %%\t", 1000*at.predicted, 1000*at.measured, 100*at.off(), 100*at.lawOff(), 100*at.slower)
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	mean, worst := l.errors(speedRow.off)
	lawMean, lawWorst := l.errors(speedRow.lawOff)
	return fmt.Sprintf("%sof those that no calibration ran, undisturbed: mean error %.1f %%, worst %.1f %%; of the law alone, by the CPU time that a request took in the load, mean %.1f %%, worst %.1f %%\n",
		b.String(), 100*mean, 100*worst, 100*lawMean, 100*lawWorst)
}

func yes(it bool) string {
	if it {
		return "yes"
	}
	return "no"
}

func (l *speedLab) choicesTable() string {
	if len(l.choices) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "app\tbest of the candidates\trecommended\tof the best\t")
	for _, rule := range speedRules {
		fmt.Fprintf(w, "%s\tof the best\t", rule.title)
	}
	fmt.Fprintln(w)
	for _, c := range l.choices {
		fmt.Fprintf(w, "%s\t%s: %.0f/s\t%s", c.app, c.at, c.best, c.cells(""))
		for _, rule := range speedRules {
			fmt.Fprint(w, c.cells(rule.name))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	for _, c := range l.choices {
		for _, f := range c.finals {
			fmt.Fprintf(&b, "%s, %s again: %.0f/s\n", c.app, f.speedShape, f.rates)
		}
	}
	return b.String()
}

// cells are what a rule chose, and what that served of the best.
func (c speedChoice) cells(rule string) string {
	shape, found := c.shapes[rule]
	switch {
	case !found || shape.workers == 0:
		return "-\t-\t"
	case c.rates[rule] == 0 || c.best == 0:
		return fmt.Sprintf("%s\tnot run\t", shape)
	}
	return fmt.Sprintf("%s: %.0f/s\t%.0f %%\t", shape, c.rates[rule], 100*c.rates[rule]/c.best)
}
