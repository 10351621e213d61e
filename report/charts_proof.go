package report

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// proofCharts are those of what was to be proved, and of one worker more where that was tried: it shows why there is none.
func proofCharts(trials []calibrate.Trial) []Block {
	proved := trials[0]
	charts := proofChart("Predicted and observed memory", proved)
	i := slices.IndexFunc(trials, func(t calibrate.Trial) bool { return t.Workers == proved.Workers+1 && t.Threads == proved.Threads })
	if i < 0 {
		return charts
	}
	return append(charts, proofChart("One worker more, predicted and observed", trials[i])...)
}

// proofChart is what a trial took as it went on, beside what the law has for the requests by then.
func proofChart(title string, t calibrate.Trial) []Block {
	if len(t.Curve) < 2 {
		return nil
	}
	x, unit := timeAxis("since the first request", t.Curve[len(t.Curve)-1].Seconds)
	observed, expected, recycles := Series{Name: "observed"}, Series{Name: "predicted", Fitted: true}, 0
	c := Chart{Title: title, X: x, Y: Axis{Name: "memory of the whole app", Unit: "MB", Zero: true},
		Shows: "What all processes took as time went on, and what the formula has for the requests served by then."}
	for _, p := range t.Curve {
		observed.Points = append(observed.Points, Point{p.Seconds / unit, inMB(p.Bytes)})
		if p.ExpectedBytes > 0 {
			expected.Points = append(expected.Points, Point{p.Seconds / unit, inMB(p.ExpectedBytes)})
		}
		if p.Recycles > recycles {
			c.Guides = append(c.Guides, Guide{Name: when(recycles == 0, "a worker is replaced"), At: p.Seconds / unit, OnX: true})
			recycles = p.Recycles
		}
	}
	if recycles > 0 {
		c.Shows += " Each upright is a worker's replacement: after the first nobody knows what the workers that went took with them, so the prediction ends there."
	}
	if t.OOMKills > 0 {
		c.Shows += " The kernel killed " + say.Plural(t.OOMKills, "process") + " at the limit."
	}
	c.Series = []Series{observed}
	if len(expected.Points) > 1 {
		c.Series = append(c.Series, expected)
	}
	if t.LimitBytes > 0 {
		c.Guides = append(c.Guides, Guide{Name: "limit", At: inMB(t.LimitBytes), Mark: Bad})
	}
	if t.MostBytes > 0 {
		c.Guides = append(c.Guides, Guide{Name: "all workers at their largest", At: inMB(t.MostBytes)})
	}
	return []Block{c}
}
