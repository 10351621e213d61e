package report

import (
	"cmp"
	"slices"
	"strings"

	"workermem/calibrate/say"
)

// The room of a row of bars: its name above, its bar below.
const (
	barRow    = 44
	barThick  = 14
	barsLeft  = 8
	barsRight = chartWide - 14
)

// longestBar is where the name of a row ends: what stands at its right needs room, too.
const longestBar = 34

// drawn is bars as a figure; without shapes if there is nothing to show.
func (b Bars) drawn() figure {
	f := figure{Title: b.Title, Shows: b.Shows, Width: chartWide, Notes: b.notes(), Numbers: b.numbers()}
	if len(b.Rows) == 0 {
		return f
	}
	d := drawing{left: barsLeft, right: barsRight}
	x := b.X.scaled(b.reach(), d.left, d.right)
	d.top = d.legend(b.keys()) + 8 + lineHeight*float64(len(b.Guides))
	d.bottom = d.top + barRow*float64(len(b.Rows)) + 8
	d.barAxis(b.X, x)
	for i, row := range b.Rows {
		d.bar(row, x, d.top+barRow*float64(i))
	}
	d.barGuides(b, x)
	d.barNames(b)
	f.Shapes, f.Height = d.shapes, int(d.bottom)+54
	return f
}

// reach are the ends of the bars, but for those far beyond a limit: of these the row says how long they are.
func (b Bars) reach() (ends []float64) {
	most := 0.0
	for _, g := range b.Guides {
		if !b.beyond(g) {
			ends, most = append(ends, g.At), max(most, g.At)
		}
	}
	for _, row := range b.Rows {
		end := row.end()
		if row.Low != nil {
			ends = append(ends, *row.Low)
		}
		if most > 0 {
			end = min(end, 1.3*most)
		}
		ends = append(ends, end)
	}
	return ends
}

// beyond says that a limit is far beyond all rows.
func (b Bars) beyond(g Guide) bool {
	most := 0.0
	for _, row := range b.Rows {
		most = max(most, row.end())
	}
	return most > 0 && g.At > farBeyond*most
}

// end is how far a row reaches.
func (r Bar) end() float64 {
	end := r.sum()
	for _, v := range []*float64{r.High, r.Predicted} {
		if v != nil {
			end = max(end, *v)
		}
	}
	return end
}

func (r Bar) sum() (sum float64) {
	for _, v := range r.Amounts {
		sum += v
	}
	return sum
}

// key is a colour of a drawing and what it stands for.
type key struct {
	name   string
	colour int
	tick   bool // it is the colour of an upright
}

// keys are the parts that some row has, in the order in which they stand, and what was predicted. One part alone is what the axis says.
func (b Bars) keys() (keys []key) {
	for i, name := range b.Parts {
		if slices.ContainsFunc(b.Rows, func(r Bar) bool { return r.Amounts[i] > 0 }) {
			keys = append(keys, key{name: name, colour: i % 5})
		}
	}
	if b.predicts() {
		keys = append(keys, key{predictedHead, orange, true})
	}
	if len(keys) < 2 {
		return nil
	}
	return keys
}

func (b Bars) predicts() bool {
	return slices.ContainsFunc(b.Rows, func(r Bar) bool { return r.Predicted != nil })
}

// predictedHead names what a row was predicted to come to.
const predictedHead = "predicted"

// legend names what the colours stand for, and returns what it takes of the height.
func (d *drawing) legend(keys []key) float64 {
	if len(keys) == 0 {
		return 0
	}
	x, y := d.left, 8.0
	for _, k := range keys {
		wide := 22 + widthOf(k.name) + 14
		if x+wide > d.right && x > d.left {
			x, y = d.left, y+lineHeight
		}
		if k.tick {
			d.path(stroked("M"+num(x+7)+" "+num(y-2)+"v18", k.colour, tickWide, ""))
		} else {
			d.path(filled(rectangle(x, y, x+14, y+14), k.colour, ""))
		}
		d.text(x+20, y+12, "", k.name)
		x += wide
	}
	return y + lineHeight - 8
}

// tickWide is how thick the upright is that marks what was predicted.
const tickWide = "4"

func (d *drawing) barAxis(a Axis, x scale) {
	for _, v := range x.ticks() {
		at := x.at(v)
		d.path(faint("M"+num(at)+" "+num(d.top)+"V"+num(d.bottom), false, "0.16"))
		half := widthOf(say.Number(v)) / 2
		switch {
		case at-half < 0:
			d.text(d.left, d.bottom+20, "start", say.Number(v))
		case at+half < chartWide:
			d.text(at, d.bottom+20, "middle", say.Number(v))
		}
	}
	d.text(d.right, d.bottom+44, "end", a.title())
	d.shapes[len(d.shapes)-1].Bold = true
}

func (d *drawing) bar(row Bar, x scale, top float64) {
	from, low, high := 0.0, top+24, top+24+barThick
	for i, v := range row.Amounts {
		left, right := x.at(min(from, x.high)), x.at(min(from+v, x.high))
		if from += v; right > left {
			d.path(filled(rectangle(left, low, right, high), i%5, ""))
		}
	}
	if row.Low != nil && row.High != nil {
		from, to, middle := num(x.at(*row.Low)), num(x.at(*row.High)), (low+high)/2
		whiskers := "v12M" + to + " " + num(middle-6) + "v12"
		d.path(stroked("M"+from+" "+num(middle)+"H"+to+"M"+from+" "+num(middle-6)+whiskers, orange, "2", ""))
	}
	if row.Predicted != nil {
		d.path(stroked("M"+num(x.at(min(*row.Predicted, x.high)))+" "+num(low-3)+"V"+num(high+3), orange, tickWide, ""))
	}
}

// boldly is how much wider bold letters are, where they are widest.
const boldly = 1.35

// barNames writes what each row is, and beside that what it comes to, in a column: at their right the limits are.
func (d *drawing) barNames(b Bars) {
	names, widest := make([]string, len(b.Rows)), 0.0
	for i, row := range b.Rows {
		names[i] = cut(say.Line(row.Name), longestBar)
		switch row.Mark {
		case Good:
			names[i] = pointer + names[i] + ", recommended"
		case Bad:
			names[i] += ", does not fit"
		}
		widest = max(widest, boldly*widthOf(names[i]))
	}
	for i, row := range b.Rows {
		y := d.top + barRow*float64(i) + 17
		d.label(d.left, y, "start", names[i])
		d.shapes[len(d.shapes)-1].Bold = row.Mark == Good
		d.label(d.left+widest+letter, y, "start", b.comesTo(row))
	}
}

// comesTo is a row in figures.
func (b Bars) comesTo(row Bar) string {
	s := b.X.says(row.sum()) + when(row.Beside != "", ", %s %s", b.Beside, row.Beside)
	if row.Predicted != nil {
		s += ", " + predictedHead + " " + say.Number(*row.Predicted)
	}
	return s
}

// barGuides draws the limits, each with its name on a line of its own above the rows: that of the least one lowest, so that no line
// goes through the name of another.
func (d *drawing) barGuides(b Bars, x scale) {
	guides := slices.SortedStableFunc(slices.Values(b.Guides), func(a, b Guide) int { return cmp.Compare(b.At, a.At) })
	for i, g := range guides {
		y := d.top - lineHeight*float64(len(guides)-i)
		name, at, anchor := g.Name+" "+say.Number(g.At), x.at(g.At)-5, "end"
		switch {
		case b.beyond(g):
			name, at = name+beyondWords, d.right
		case at-widthOf(name) < d.left:
			at, anchor = x.at(g.At)+5, "start"
		}
		if !b.beyond(g) {
			d.path(stroked("M"+num(x.at(g.At))+" "+num(y+4)+"V"+num(d.bottom), guideColour(g), "2", "5 3"))
		}
		d.label(at, y+14, anchor, name)
	}
}

func (b Bars) notes() []string { return Chart{X: b.X, Y: b.X, Guides: b.Guides}.notes() }

// numbers are the bars as a table.
func (b Bars) numbers() Table {
	t := Table{Columns: []Column{{Head: b.Of, Left: true}}}
	for _, part := range b.Parts {
		t.Columns = append(t.Columns, Column{Head: part, Unit: b.X.Unit})
	}
	several := len(b.Parts) > 1
	interval := slices.ContainsFunc(b.Rows, func(r Bar) bool { return r.Low != nil })
	if several {
		t.Columns = append(t.Columns, Column{Head: "in all", Unit: b.X.Unit})
	}
	if interval {
		t.Columns = append(t.Columns, Column{Head: "interval", Unit: b.X.Unit})
	}
	if b.predicts() {
		t.Columns = append(t.Columns, Column{Head: predictedHead, Unit: b.X.Unit})
	}
	if b.Beside != "" {
		t.Columns = append(t.Columns, Column{Head: b.Beside})
	}
	for _, row := range b.Rows {
		cells := []string{row.Name}
		for _, v := range row.Amounts {
			cells = append(cells, say.Number(v))
		}
		if several {
			cells = append(cells, say.Number(row.sum()))
		}
		if interval {
			cells = append(cells, row.interval())
		}
		if b.predicts() {
			cells = append(cells, row.predicted())
		}
		if b.Beside != "" {
			cells = append(cells, row.Beside)
		}
		t.Rows = append(t.Rows, Row{Cells: cells, Mark: recommended(row.Mark == Good)})
	}
	return t
}

func (r Bar) interval() string {
	if r.Low == nil || r.High == nil {
		return ""
	}
	return strings.Join([]string{say.Number(*r.Low), say.Number(*r.High)}, " to ")
}

func (r Bar) predicted() string {
	if r.Predicted == nil {
		return "-"
	}
	return say.Number(*r.Predicted)
}
