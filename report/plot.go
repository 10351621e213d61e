package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/guptarohit/asciigraph"

	"workermem/calibrate/say"
)

// A plot is drawn with ASCII alone, whatever the terminal's locale is: so two lines are told apart by their characters, without colour.
const (
	plotRows  = 8    // above the lowest, about
	leastRow  = 0.25 // MB: what moves by less has hardly moved, and is to look so
	plotAside = 8    // columns beside the lines and the names at their left: asciigraph's axis, and half the name of the last tick
	dashEvery = 4    // columns from one dash of a fitted line to the next: the measured one is seen between them
)

// plotMarks are what the lines of a plot are drawn with: the measured, and the fitted.
var plotMarks = []string{"*", "-"}

// inASCII are asciigraph's axes, for which it has no option.
var inASCII = strings.NewReplacer("┤", "|", "┼", "|", "└", " ", "─", "-", "┬", "+")

// plot are the curves of a chart in lines of at most so many columns.
func (c Chart) plot(width int) []string {
	c.Bands, c.Guides = nil, nil
	y := c.Y.scaled(c.values(func(p Point) float64 { return p.Y }, false), 0, 1)
	y = y.stepping(tickStep((y.high-y.low)*5/plotRows, leastRow)) // five steps at most go into a length
	height := func(v float64) string { return say.Fixed(v, decimals(y.step)) }
	names := max(len(height(y.low)), len(height(y.high)))
	x := c.X.scaled(c.values(func(p Point) float64 { return p.X }, true), 0, float64(width-names-plotAside))
	x = x.stepping(x.step)
	var lines [][]float64
	var marks []asciigraph.CharSet
	for i, s := range c.Series {
		lines = append(lines, dashed(s, s.columns(x)))
		marks = append(marks, asciigraph.CreateCharSet(plotMarks[i%len(plotMarks)]))
	}
	drawn := asciigraph.PlotMany(lines, asciigraph.SeriesChars(marks...), asciigraph.Height(y.steps()), asciigraph.LowerBound(y.low), asciigraph.UpperBound(y.high),
		asciigraph.YAxisValueFormatter(height), asciigraph.XAxisRange(x.low, x.high), asciigraph.XAxisTickCount(x.steps()+1),
		asciigraph.XAxisValueFormatter(say.Number[float64]), asciigraph.Caption(c.X.title()))
	return append([]string{fmt.Sprintf("%*s", names+1, c.Y.Unit)}, strings.Split(inASCII.Replace(drawn), "\n")...)
}

// legend says which line is which.
func (c Chart) legend() string {
	names := make([]string, len(c.Series))
	for i, s := range c.Series {
		names[i] = plotMarks[i%len(plotMarks)] + " " + when(s.Fitted, "fitted: ") + s.Name
	}
	return strings.Join(names, "; ")
}

// sure is a chart without a fit that is too doubtful to be drawn without its interval, and what is to be said of that.
func (c Chart) sure() (Chart, string) {
	all := len(c.Series)
	c.Series = slices.DeleteFunc(slices.Clone(c.Series), func(s Series) bool { return s.Fitted && s.Mark == Doubtful })
	return c, when(len(c.Series) < all, "; the fitted line is left out: its slope is not certain enough")
}

// fit is the line of a chart that is computed, if it has one.
func (c Chart) fit() (Series, bool) {
	i := slices.IndexFunc(c.Series, func(s Series) bool { return s.Fitted && len(s.Points) > 1 })
	if i < 0 {
		return Series{}, false
	}
	return c.Series[i], true
}

// columns are a line at places that are evenly apart, from one end of a scale to the other: straight between its points, and the highest
// of those that share a place, so that no peak is lost. NaN is where the line doesn't go.
func (s Series) columns(x scale) []float64 {
	values := slices.Repeat([]float64{math.NaN()}, int(x.to)+1)
	reach := func(i int, v float64) {
		if math.IsNaN(values[i]) || v > values[i] {
			values[i] = v
		}
	}
	last := -1 // the place of the point before; -1 where the line is parted
	for i, p := range s.Points {
		if math.IsNaN(p.Y) || p.X < x.low || p.X > x.high {
			last = -1
			continue
		}
		at := int(math.Round(x.at(p.X)))
		for between := last + 1; last >= 0 && between < at; between++ {
			before := s.Points[i-1].Y
			reach(between, before+(p.Y-before)*float64(between-last)/float64(at-last))
		}
		reach(at, p.Y)
		last = at
	}
	return values
}

// dashed leaves gaps in a fitted line.
func dashed(s Series, values []float64) []float64 {
	for i := range values {
		if s.Fitted && i%dashEvery > 0 {
			values[i] = math.NaN()
		}
	}
	return values
}

// decimals are how many digits behind the point tell multiples of a step apart.
func decimals(step float64) int {
	const most = 6
	for digits := range most {
		if scaled := step * math.Pow10(digits); math.Abs(scaled-math.Round(scaled)) < 1e-6 {
			return digits
		}
	}
	return most
}
