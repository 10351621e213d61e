package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate/say"
)

// figure is a drawing, and what stands about it.
type figure struct {
	ID            int
	Top           bool // it stands below no heading but the page's
	Title, Shows  string
	Width, Height int
	Shapes        []shape
	Notes         []string // what is at which place, in words
	Numbers       Table
}

// Table is its numbers, as the template of a table takes them.
func (f figure) Table() htmlTable { return htmlTable{Table: f.Numbers, Caption: f.Title} }

// shape is a path, or a text.
type shape struct {
	Path, Fill, Stroke, Class string
	Wide, Dashes, Opacity     string
	Text, X, Y, Anchor        string
	Bold, Halo                bool
}

// colours are told apart by most who don't see all of them (after Okabe and Ito 2008), and have a contrast of 3 to 1 at least to
// white. The style block has lighter ones for the dark.
var colours = []string{"#0067a5", "#c24e00", "#00795a", "#9a4a8f", "#6b737c", "#b3261e"}

// Those that mean something.
const (
	orange = 1 // intervals
	grey   = 4 // limits
	redInk = 5 // limits that are not to be crossed
)

// letter is the width of a letter, and lineHeight that of a line, where a phone's style makes them largest.
const (
	letter     = 9.6
	lineHeight = 22
)

// widthOf is what a text takes at most, roughly.
func widthOf(text string) float64 { return letter * float64(columns(text)) }

// num is a coordinate: a tenth of a unit is less than can be seen.
func num(v float64) string { return strconv.FormatFloat(math.Round(10*v)/10, 'f', -1, 64) }

// drawing is shapes in a rectangle of an SVG.
type drawing struct {
	shapes                   []shape
	left, right, top, bottom float64
}

func (d *drawing) path(p shape) { d.shapes = append(d.shapes, p) }

// stroked is a line in a colour.
func stroked(path string, colour int, wide, dashes string) shape {
	return shape{Path: path, Fill: "none", Stroke: colours[colour], Class: "s" + strconv.Itoa(colour), Wide: wide, Dashes: dashes}
}

// filled is an area in a colour.
func filled(path string, colour int, opacity string) shape {
	return shape{Path: path, Fill: colours[colour], Stroke: "none", Class: "f" + strconv.Itoa(colour), Opacity: opacity}
}

// faint is a line or an area of the page's own ink.
func faint(path string, fill bool, opacity string) shape {
	if fill {
		return shape{Path: path, Fill: "currentColor", Stroke: "none", Opacity: opacity}
	}
	return shape{Path: path, Fill: "none", Stroke: "currentColor", Opacity: opacity}
}

func rectangle(left, top, right, bottom float64) string {
	return "M" + num(left) + " " + num(top) + "H" + num(right) + "V" + num(bottom) + "H" + num(left) + "Z"
}

// text writes a text at a place: from there on, about it or up to it.
func (d *drawing) text(x, y float64, anchor, text string) {
	d.shapes = append(d.shapes, shape{Text: said(text), X: num(x), Y: num(y), Anchor: anchor})
}

// label is a text that stands on a drawing.
func (d *drawing) label(x, y float64, anchor, text string) {
	d.text(x, y, anchor, text)
	d.shapes[len(d.shapes)-1].Halo = true
}

// scale turns what an axis counts into places.
type scale struct {
	low, high float64 // on the axis
	from, to  float64 // on the drawing
	step      float64 // between two ticks; 0 of a logarithmic one
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.step == 0 {
		v, low, high = math.Log10(max(v, s.low)), math.Log10(low), math.Log10(high)
	}
	return s.from + (s.to-s.from)*(v-low)/(high-low)
}

// scaled is a scale for some values. What is not a number is none of them.
func (a Axis) scaled(values []float64, from, to float64) scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) || a.Log && v <= 0 {
			continue
		}
		low, high = min(low, v), max(high, v)
	}
	switch {
	case low > high:
		low, high = 0, 1
	case a.Log:
		return scale{low: math.Pow(10, math.Floor(math.Log10(low))), high: math.Pow(10, math.Max(math.Ceil(math.Log10(high)), math.Floor(math.Log10(low))+1)), from: from, to: to}
	}
	if a.Zero {
		low = min(low, 0)
	}
	if !(high > low) {
		high = low + max(math.Abs(low)/10, 1)
	}
	return scale{low: low, high: high, from: from, to: to, step: tickStep(high-low, say.Step(max(math.Abs(low), math.Abs(high))))}
}

// roomy is a scale that ends at ticks, and leaves room above its highest value for what is written there.
func (s scale) roomy() scale {
	if s.step == 0 {
		return s
	}
	s.high += 0.12 * (s.high - s.low)
	return s.stepping(s.step)
}

// stepping is a scale that begins and ends at multiples of a step.
func (s scale) stepping(step float64) scale {
	s.step, s.low, s.high = step, step*math.Floor(s.low/step), step*math.Ceil(s.high/step)
	return s
}

// steps are how many it has.
func (s scale) steps() int { return int(math.Round((s.high - s.low) / s.step)) }

// tickStep is a round number of which three to five go into a length; fewer if the ticks would else be finer than they are said.
func tickStep(length, finest float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(length)))
	for _, part := range []float64{0.2, 0.25, 0.5, 1, 2, 2.5, 5} {
		times := part * step / finest
		if whole := math.Round(times); length/(part*step) <= 5 && whole > 0 && math.Abs(times-whole) < 1e-6*whole {
			return part * step
		}
	}
	return max(step, finest)
}

// mostTicks is how many an axis has room for.
const mostTicks = 16

// ticks are the values that an axis names.
func (s scale) ticks() (all []float64) {
	first, end := math.Ceil(s.low/s.step-1e-9), s.high+s.step*1e-9
	if s.step == 0 {
		end = s.high * 1.001
	}
	for i := range mostTicks {
		v := (first + float64(i)) * s.step
		if s.step == 0 {
			v = s.low * math.Pow10(i)
		}
		if v > end {
			break
		}
		if i == 0 || v > all[len(all)-1] { // values so large are no finer than that
			all = append(all, v)
		}
	}
	return all
}

// polyline is a path through points. One that is not a number parts it.
func polyline(points []Point, x, y scale) string {
	var b strings.Builder
	pen := "M"
	for _, p := range points {
		if math.IsNaN(p.Y) || math.IsInf(p.Y, 0) {
			pen = "M"
			continue
		}
		b.WriteString(pen + num(x.at(p.X)) + " " + num(y.at(p.Y)))
		pen = "L"
	}
	return b.String()
}

// label is a text at a place: from there on, or up to it.
type label struct {
	text, anchor string
	x, y         float64
}

// reach is from where to where it stands.
func (l label) reach() (from, to float64) {
	if l.anchor == "end" {
		return l.x - widthOf(l.text), l.x
	}
	return l.x, l.x + widthOf(l.text)
}

func (l label) meets(other label) bool {
	from, to := l.reach()
	begins, ends := other.reach()
	return from < ends && begins < to
}

// spread moves labels that would stand on each other apart, upwards first, since each stands above what it names; and keeps them
// between two heights.
func spread(labels []label, top, bottom float64) []label {
	all := slices.Clone(labels)
	slices.SortStableFunc(all, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for i := len(all) - 1; i >= 0; i-- {
		all[i].y = min(all[i].y, bottom)
		for _, below := range all[i+1:] {
			if below.meets(all[i]) {
				all[i].y = min(all[i].y, below.y-lineHeight)
			}
		}
	}
	for i := range all {
		all[i].y = max(all[i].y, top)
		for _, above := range all[:i] {
			if above.meets(all[i]) {
				all[i].y = max(all[i].y, above.y+lineHeight)
			}
		}
	}
	return all
}
