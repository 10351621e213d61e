package report

import (
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
	d.top = d.legend(b.Parts) + 8 + lineHeight*float64(len(b.Guides))
	d.bottom = d.top + barRow*float64(len(b.Rows)) + 8
	d.barAxis(b.X, x)
	for i, row := range b.Rows {
		d.bar(row, x, d.top+barRow*float64(i))
	}
	d.barGuides(b.Guides, x)
	for i, row := range b.Rows {
		d.barName(b, row, d.top+barRow*float64(i)+17)
	}
	f.Shapes, f.Height = d.shapes, int(d.bottom)+54
	return f
}

// reach are the ends of the bars, but for those far beyond a limit: of these the row says how long they are.
func (b Bars) reach() (ends []float64) {
	most := 0.0
	for _, g := range b.Guides {
		ends, most = append(ends, g.At), max(most, g.At)
	}
	for _, row := range b.Rows {
		end := row.sum()
		if row.High != nil {
			end = max(end, *row.High)
		}
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

func (r Bar) sum() (sum float64) {
	for _, v := range r.Amounts {
		sum += v
	}
	return sum
}

// legendRows is how many lines the names of the parts take.
func (d *drawing) legendRows(parts []string) float64 {
	rows, at := 1.0, d.left
	for _, name := range parts {
		if at+partWidth(name) > d.right && at > d.left {
			rows, at = rows+1, d.left
		}
		at += partWidth(name)
	}
	if len(parts) < 2 {
		return 0
	}
	return rows
}

func partWidth(name string) float64 { return 22 + widthOf(name) + 14 }

// legend names the parts in the order in which they stand, and returns what it takes of the height.
func (d *drawing) legend(parts []string) float64 {
	if len(parts) < 2 {
		return 0
	}
	x, y := d.left, 8.0
	for i, name := range parts {
		if x+partWidth(name) > d.right && x > d.left {
			x, y = d.left, y+lineHeight
		}
		d.path(filled(rectangle(x, y, x+14, y+14), i%5, ""))
		d.text(x+20, y+12, "", name)
		x += partWidth(name)
	}
	return d.legendRows(parts) * lineHeight
}

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
}

// barName writes what a row is at its left, and what it comes to at its right.
func (d *drawing) barName(b Bars, row Bar, y float64) {
	name := cut(say.Line(row.Name), longestBar)
	switch row.Mark {
	case Good:
		name = pointer + name + ", recommended"
	case Bad:
		name += ", does not fit"
	}
	d.label(d.left, y, "start", name)
	d.shapes[len(d.shapes)-1].Bold = row.Mark == Good
	d.label(d.right, y, "end", say.Number(row.sum())+" "+b.X.Unit+when(row.Beside != "", ", %s %s", b.Beside, row.Beside))
}

// barGuides draws the limits, each with its name on a line of its own above the rows.
func (d *drawing) barGuides(guides []Guide, x scale) {
	for i, g := range guides {
		y := d.top - lineHeight*float64(len(guides)-i)
		d.path(stroked("M"+num(x.at(g.At))+" "+num(y+4)+"V"+num(d.bottom), guideColour(g), "2", "5 3"))
	}
	for i, g := range guides {
		name, at, anchor := g.Name+" "+say.Number(g.At), x.at(g.At)-5, "end"
		if at-widthOf(name) < d.left {
			at, anchor = x.at(g.At)+5, "start"
		}
		d.label(at, d.top-lineHeight*float64(len(guides)-i)+14, anchor, name)
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
