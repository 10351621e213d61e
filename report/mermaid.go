package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// mermaidPoints are as many as a line has on a page.
const mermaidPoints = 40

// mermaidColours are those of the page's charts: the first of Mermaid's own is all but white.
var mermaidColours = `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "` + strings.Join(colours[:2], ", ") + `"}}}}%%`

// mermaid is a chart with a fitted line as an xychart of Mermaid 10.5 or later, as GitHub and GitLab draw it; "" where that would show
// something else. The values of a line stand evenly apart there, over the whole axis: so all lines are as long as the fitted, and none is
// parted.
func (c Chart) mermaid() string {
	fit, has := c.fit()
	if !has || fit.Points[0].X >= fit.Points[1].X {
		return ""
	}
	x := scale{low: fit.Points[0].X, high: fit.Points[1].X, to: mermaidPoints - 1, step: 1}
	var lines strings.Builder
	var all []float64
	for _, s := range c.Series {
		values := s.columns(x)
		if slices.ContainsFunc(values, math.IsNaN) {
			return ""
		}
		all = append(all, values...)
		lines.WriteString("    line [" + strings.Join(plainNumbers(values), ", ") + "]\n")
	}
	y := c.Y.scaled(all, 0, 1)
	y = y.stepping(max(y.step, 4*leastRow))
	return fmt.Sprintf("```mermaid\n%s\nxychart-beta\n    title %q\n    x-axis %q %s\n    y-axis %q %s\n%s```\n", mermaidColours, c.Title, c.X.title(), x.fromTo(), c.Y.title(), y.fromTo(), lines.String())
}

// fromTo are the ends of an axis.
func (s scale) fromTo() string { return strings.Join(plainNumbers([]float64{s.low, s.high}), " --> ") }

// plainNumbers are as a program reads them, to a hundredth.
func plainNumbers(values []float64) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = strconv.FormatFloat(math.Round(100*v)/100, 'f', -1, 64)
	}
	return all
}
