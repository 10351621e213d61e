package report

import (
	"math"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// The room of a chart, in units of its drawing. A phone shows it at a little more than half its size.
const (
	chartWide   = 560
	chartHigh   = 312
	chartLeft   = 64
	chartRight  = chartWide - 14
	chartTop    = 50
	chartBottom = chartHigh - 54
)

// drawn is a chart as a figure; without shapes if there is nothing to show.
func (c Chart) drawn() figure {
	f := figure{Title: c.Title, Shows: strings.TrimSpace(c.Shows + " " + c.How), Width: chartWide, Height: chartHigh, Notes: c.notes(), Numbers: c.numbers()}
	if len(f.Numbers.Rows) == 0 {
		return f
	}
	d := drawing{left: chartLeft, right: chartRight, top: chartTop, bottom: chartBottom}
	x := c.X.scaled(c.values(func(p Point) float64 { return p.X }, true), d.left, d.right)
	y := c.Y.scaled(c.values(func(p Point) float64 { return p.Y }, false), d.bottom, d.top).roomy()
	d.spans(c.Spans, x)
	d.axes(c.X, c.Y, x, y)
	for i, b := range c.Bands {
		back := slices.Clone(b.High)
		slices.Reverse(back)
		d.path(filled(polyline(slices.Concat(b.Low, back), x, y)+"Z", orange+i, "0.3"))
	}
	d.guides(slices.DeleteFunc(slices.Clone(c.Guides), c.beyond), x, y)
	for i, s := range c.Series {
		d.path(strokeOf(i, s, polyline(s.Points, x, y)))
	}
	d.labels(c, x, y)
	f.Shapes = d.shapes
	return f
}

func strokeOf(i int, s Series, path string) shape {
	if s.Fitted {
		return stroked(path, i%5, "2.5", []string{"", "8 3"}[i%2])
	}
	return stroked(path, i%5, "2", []string{"", "6 3", "2 2"}[i%3])
}

// values are all that a scale is to show.
func (c Chart) values(of func(Point) float64, onX bool) (all []float64) {
	for _, s := range c.Series {
		for _, p := range s.Points {
			all = append(all, of(p))
		}
	}
	for _, b := range c.Bands {
		for _, p := range slices.Concat(b.Low, b.High) {
			all = append(all, of(p))
		}
	}
	for _, g := range c.Guides {
		if g.OnX == onX && !c.beyond(g) {
			all = append(all, g.At)
		}
	}
	return all
}

// farBeyond is from which multiple of what a chart shows a limit is left out of its scale: with it there, nothing else could be told.
const farBeyond = 4

// beyondWords stand behind the name of a limit that is left out of a scale.
const beyondWords = ", off the chart"

// beyond says that a limit is far above all curves of a scale that begins at 0.
func (c Chart) beyond(g Guide) bool {
	if g.OnX || !c.Y.Zero {
		return false
	}
	most := 0.0
	for _, s := range c.Series {
		for _, p := range s.Points {
			if p.Y > most { // which nothing is to a NaN
				most = p.Y
			}
		}
	}
	return most > 0 && g.At > farBeyond*most
}

// spans shades every other stretch of the x axis, and names those that have room for their name.
func (d *drawing) spans(spans []Span, x scale) {
	for i, s := range spans {
		from, to := x.at(max(s.From, x.low)), x.at(min(s.To, x.high))
		if to <= from {
			continue
		}
		if i%2 == 1 {
			d.path(faint(rectangle(from, d.top, to, d.bottom), true, "0.07"))
		}
		if widthOf(s.Name) <= to-from {
			d.text((from+to)/2, d.top-8, "middle", s.Name)
		}
	}
}

func (d *drawing) axes(xAxis, yAxis Axis, x, y scale) {
	for _, v := range y.ticks() {
		d.path(faint("M"+num(d.left)+" "+num(y.at(v))+"H"+num(d.right), false, "0.16"))
		d.text(d.left-6, y.at(v)+4.5, "end", say.Number(v))
	}
	d.path(faint("M"+num(d.left)+" "+num(d.bottom)+"H"+num(d.right), false, "0.6"))
	last := math.Inf(-1)
	for _, v := range x.ticks() {
		label, at := say.Number(v), x.at(v)
		half := widthOf(label) / 2
		if at-half < last+letter || at+half > d.right+14 {
			continue
		}
		last = at + half
		d.path(faint("M"+num(at)+" "+num(d.bottom)+"v5", false, "0.6"))
		d.text(at, d.bottom+22, "middle", label)
	}
	d.text(4, 18, "start", yAxis.title())
	d.shapes[len(d.shapes)-1].Bold = true
	d.text(d.right, d.bottom+46, "end", xAxis.title())
	d.shapes[len(d.shapes)-1].Bold = true
}

// says is a value with its unit.
func (a Axis) says(v float64) string { return say.Number(v) + when(a.Unit != "", " %s", a.Unit) }

func (a Axis) title() string { return a.Name + when(a.Unit != "", ", %s", a.Unit) }

// guides draws the lines of limits. Their names come later, above all curves.
func (d *drawing) guides(guides []Guide, x, y scale) {
	for _, g := range guides {
		path := "M" + num(d.left) + " " + num(y.at(g.At)) + "H" + num(d.right)
		if g.OnX {
			path = "M" + num(x.at(g.At)) + " " + num(d.top) + "V" + num(d.bottom)
		}
		d.path(stroked(path, guideColour(g), "1.5", "5 4"))
	}
}

func guideColour(g Guide) int {
	if g.Mark == Bad {
		return redInk
	}
	return grey
}

// labels names every curve at its end, and every limit at the left. None stands on another.
func (d *drawing) labels(c Chart, x, y scale) {
	var all []label
	for _, g := range c.Guides {
		switch {
		case g.OnX && g.Name != "":
			all = append(all, d.besideLine(g.Name, x.at(g.At)))
		case c.beyond(g):
			all = append(all, label{g.Name + " " + c.Y.says(g.At) + beyondWords, "start", d.left + 6, d.top + 14})
		case !g.OnX:
			all = append(all, label{g.Name + when(g.At != 0, " %s", c.Y.says(g.At)), "start", d.left + 6, y.at(g.At) - 6})
		}
	}
	for _, l := range spread(slices.Concat(all, d.endLabels(c, x, y)), d.top+14, d.bottom-6) {
		d.label(l.x, l.y, l.anchor, l.text)
	}
}

// besideLine is the name of an upright: behind it, or before one that is near the right edge.
func (d *drawing) besideLine(name string, x float64) label {
	if x+5+widthOf(name) > d.right {
		return label{name, "end", max(x-5, d.left+widthOf(name)), d.top + 16}
	}
	return label{name, "start", x + 5, d.top + 16}
}

// endLabels are the names of the curves, each above the end of its own, but below if another ends right there. The only curve of what
// its axis is named after needs none.
func (d *drawing) endLabels(c Chart, x, y scale) (all []label) {
	if len(c.Series) == 1 && c.Series[0].Name == c.Y.Name {
		return nil
	}
	ends := map[int]label{} // by series: its name, at the height of its end
	for i, s := range c.Series {
		if p, ok := lastOf(s.Points); ok {
			ends[i] = d.endLabel(s.Name, x.at(p.X), y.at(p.Y))
		}
	}
	for i, s := range c.Series {
		l, ok := ends[i]
		if !ok {
			continue
		}
		crowded := false
		for k, other := range ends {
			crowded = crowded || k != i && l.meets(other) && (other.y < l.y || other.y == l.y && k > i) && l.y-other.y < 2*lineHeight
		}
		if l.anchor == "end" {
			l.y = clearOf(s, l, x, y, crowded)
		}
		all = append(all, l)
	}
	return all
}

// clearOf is the height at which a label is above all of a curve that is at its place, or below it.
func clearOf(s Series, l label, x, y scale, below bool) float64 {
	from, to := l.reach()
	highest, lowest := l.y, l.y
	for i, p := range s.Points {
		if i == 0 || math.IsNaN(p.Y) || math.IsNaN(s.Points[i-1].Y) {
			continue
		}
		x0, y0, x1, y1 := x.at(s.Points[i-1].X), y.at(s.Points[i-1].Y), x.at(p.X), y.at(p.Y)
		if x1 < from || x0 > to {
			continue
		}
		if x0 < from { // where the line comes in
			y0 += (y1 - y0) * (from - x0) / (x1 - x0)
		}
		highest, lowest = min(highest, y0, y1), max(lowest, y0, y1)
	}
	if below {
		return lowest + 18
	}
	return highest - 8
}

// endLabel stands before the end of a curve, or behind that of one that ends early.
func (d *drawing) endLabel(text string, x, y float64) label {
	if x < (d.left+d.right)/2 && x+widthOf(text) < d.right {
		return label{text, "start", x + 4, y}
	}
	return label{text, "end", max(x, d.left+widthOf(text)), y}
}

func lastOf(points []Point) (Point, bool) {
	for i := len(points) - 1; i >= 0; i-- {
		if !math.IsNaN(points[i].Y) {
			return points[i], true
		}
	}
	return Point{}, false
}

// notes are the limits and stretches in words.
func (c Chart) notes() (notes []string) {
	var limits, stretches []string
	for _, g := range c.Guides {
		axis := c.Y
		if g.OnX {
			axis = c.X
		}
		if g.Name == "" && len(limits) > 0 {
			limits[len(limits)-1] += ", " + say.Number(g.At)
			continue
		}
		limits = append(limits, orElse(g.Name, axis.Name)+" at "+axis.says(g.At))
	}
	for _, s := range c.Spans {
		stretches = append(stretches, s.Name+" "+say.Number(s.From)+" to "+c.X.says(s.To))
	}
	for _, all := range [][]string{limits, stretches} {
		if len(all) > 0 {
			notes = append(notes, "Marked: "+strings.Join(all, "; ")+".")
		}
	}
	return notes
}

// rowsOfCurve is how many points of a curve stand in the table of its numbers.
const rowsOfCurve = 20

// numbers are the curves as a table: some of each one's points, the first, the last and the highest among them.
func (c Chart) numbers() Table {
	t := Table{Columns: []Column{{Head: c.X.Name, Unit: c.X.Unit}}}
	var xs []float64
	for _, s := range c.Series {
		t.Columns = append(t.Columns, Column{Head: s.Name, Unit: c.Y.Unit})
		for _, i := range picked(s.Points) {
			xs = append(xs, s.Points[i].X)
		}
	}
	for _, b := range c.Bands {
		t.Columns = append(t.Columns, Column{Head: b.Name + " low", Unit: c.Y.Unit}, Column{Head: b.Name + " high", Unit: c.Y.Unit})
	}
	slices.Sort(xs)
	for _, x := range slices.Compact(xs) {
		cells := []string{say.Number(x)}
		for _, s := range c.Series {
			cells = append(cells, cellAt(s.Points, x))
		}
		for _, b := range c.Bands {
			cells = append(cells, cellAt(b.Low, x), cellAt(b.High, x))
		}
		t.Rows = append(t.Rows, Row{Cells: cells})
	}
	return t
}

// cellAt is what a curve has at a place, if it has a point there. One that only parts the line stands where another does.
func cellAt(points []Point, x float64) (cell string) {
	for _, p := range points {
		switch {
		case p.X != x:
		case math.IsNaN(p.Y):
			cell = say.Unknown
		default:
			return say.Number(p.Y)
		}
	}
	return cell
}

// picked are the places of a curve's points that are evenly apart, and of its highest.
func picked(points []Point) (places []int) {
	highest := -1
	for i, p := range points {
		if math.IsNaN(p.Y) {
			continue
		}
		if highest < 0 || p.Y > points[highest].Y {
			highest = i
		}
	}
	if highest < 0 {
		return nil
	}
	places = []int{highest, len(points) - 1}
	for k := range rowsOfCurve {
		places = append(places, k*(len(points)-1)/(rowsOfCurve-1))
	}
	slices.Sort(places)
	return slices.DeleteFunc(slices.Compact(places), func(i int) bool {
		return math.IsNaN(points[i].Y) && cellAt(points, points[i].X) != say.Unknown
	})
}
