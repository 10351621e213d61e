package report

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	// The user chose tablewriter for tables. It pads and aligns; what a cell says, and which columns fit, is decided here.
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"workermem/calibrate/say"
)

// A Table has one row a thing.
type Table struct {
	Columns []Column
	Rows    []Row

	// If these are set, a dialect may show the rows of the lowest rank alone, and then says so.
	Of    string // what a row is: "candidate"
	Whole string // where all of them are: "result.json"
}

// A Column is aligned to the right, as numbers are, unless it says otherwise.
type Column struct {
	Head, Unit string
	Left       bool
	Keep       int    // the column with the lowest goes first if the table is too wide
	Least      int    // of the last column: how far it may be cut before another goes; 0 for the usual
	For        Reader // if it isn't for everybody
}

// A Row has a cell a column.
type Row struct {
	Cells []string
	Mark  Mark    // the recommended one is Good
	Rank  float64 // the lower, the more worth a look
}

// pointer stands before the first cell of a marked row.
const pointer = "> "

// of is the table without the columns that are for others.
func (t Table) of(r Reader) Table {
	return t.without(func(c Column) bool { return c.For != Everybody && c.For != r })
}

// without leaves out columns.
func (t Table) without(drop func(Column) bool) Table {
	left := Table{Of: t.Of, Whole: t.Whole}
	var keep []int
	for i, c := range t.Columns {
		if !drop(c) {
			keep, left.Columns = append(keep, i), append(left.Columns, c)
		}
	}
	for _, row := range t.Rows {
		cells := make([]string, len(keep))
		for i, k := range keep {
			cells[i] = row.Cells[k]
		}
		left.Rows = append(left.Rows, Row{cells, row.Mark, row.Rank})
	}
	return left
}

// top is the table with the rows that are most worth a look, in their order, and a sentence on the others.
func (t Table) top(limit int) (Table, string) {
	first, others := t.parted(limit)
	return first, when(len(others.Rows) > 0, "%s left out; %s has them all.", say.Plural(len(others.Rows), "more "+t.Of), t.Whole)
}

// parted is the table with the rows that are most worth a look, and the same with the others, each in their order.
func (t Table) parted(limit int) (first, others Table) {
	others = t
	others.Rows = nil
	if t.Whole == "" || len(t.Rows) <= limit {
		return t, others
	}
	order := make([]int, len(t.Rows))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return t.Rows[order[a]].Rank < t.Rows[order[b]].Rank })
	order = order[:limit]
	first = others
	for i, row := range t.Rows {
		if slices.Contains(order, i) {
			first.Rows = append(first.Rows, row)
		} else {
			others.Rows = append(others.Rows, row)
		}
	}
	return first, others
}

// mapped changes every cell, and points to the marked rows.
func (t Table) mapped(change func(string) string) Table {
	rows := make([]Row, len(t.Rows))
	for i, row := range t.Rows {
		rows[i] = Row{make([]string, len(row.Cells)), row.Mark, row.Rank}
		for j, cell := range row.Cells {
			rows[i].Cells[j] = change(cell)
		}
		if row.Mark != Plain && len(row.Cells) > 0 {
			rows[i].Cells[0] = pointer + rows[i].Cells[0]
		}
	}
	t.Rows = rows
	return t
}

// cellWidth is the most that one cell may take of a terminal's line.
const cellWidth = 48

// terminal draws the table without lines: ASCII alone, each column as wide as it must be. It returns how many lines of
// these are the heads.
func (t Table) terminal(width int) (lines []string, heads int) {
	if len(t.Rows) == 0 {
		return nil, 0
	}
	t = t.mapped(func(s string) string { return cut(ascii(s), cellWidth) }).narrowed(width).shrunk(width)
	drawn := make([]string, len(t.Columns))
	for i := range t.Columns {
		parts := t.headLines(i)
		drawn[i], heads = strings.Join(parts, "\n"), max(heads, len(parts))
	}
	text := t.drawn(drawn, renderer.NewBlueprint(tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleASCII),
		Settings: tw.Settings{
			Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off, ShowHeader: tw.Off},
			Lines:      tw.Lines{ShowHeaderLine: tw.Off, ShowTop: tw.Off, ShowBottom: tw.Off},
		},
	}))
	return strings.Split(strings.TrimRight(text, "\n"), "\n"), heads
}

// headLines is a head in at most two lines: its unit below it, and a head that is wider than its cells parted.
func (t Table) headLines(column int) []string {
	c := t.Columns[column]
	if c.Unit != "" {
		return []string{c.Head, c.Unit}
	}
	cells := 0
	for _, row := range t.Rows {
		cells = max(cells, len(row.Cells[column]))
	}
	if len(c.Head) <= cells {
		return []string{c.Head}
	}
	best := []string{c.Head}
	for i, r := range c.Head {
		if r != ' ' && r != '-' {
			continue
		}
		parts := []string{strings.TrimRight(c.Head[:i+1], " "), c.Head[i+1:]}
		if max(len(parts[0]), len(parts[1])) < widest(best) {
			best = parts
		}
	}
	return best
}

func widest(texts []string) int {
	most := 0
	for _, s := range texts {
		most = max(most, len(s))
	}
	return most
}

// markdown draws it in Markdown. A table without rows would lack its ruler, so it is not drawn at all.
func (t Table) markdown() string {
	heads := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = strings.TrimSpace(c.Head + " " + c.Unit)
	}
	return t.mapped(escape).drawn(heads, renderer.NewMarkdown())
}

func (t Table) drawn(heads []string, r tw.Renderer) string {
	if len(t.Rows) == 0 {
		return ""
	}
	var b bytes.Buffer
	aligns := make(tw.Alignment, len(t.Columns))
	for i, c := range t.Columns {
		aligns[i] = tw.AlignRight
		if c.Left {
			aligns[i] = tw.AlignLeft
		}
	}
	// Auto-format mangles heads, auto-wrap breaks rows.
	w := tablewriter.NewTable(&b, tablewriter.WithRenderer(r),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithAlignment(aligns))
	w.Header(heads)
	for _, row := range t.Rows {
		if err := w.Append(row.Cells); err != nil {
			return err.Error() + "\n"
		}
	}
	if err := w.Render(); err != nil {
		return err.Error() + "\n"
	}
	return b.String()
}

// narrowed drops columns until the table fits, with its last column cut.
func (t Table) narrowed(width int) Table {
	for len(t.Columns) > 1 && t.shrunk(width).width() > width {
		least := slices.MinFunc(t.Columns, func(a, b Column) int { return a.Keep - b.Keep })
		t = t.without(func(c Column) bool { return c == least })
	}
	return t
}

// shrunk cuts the last column to the room that the others leave.
func (t Table) shrunk(width int) Table {
	last := len(t.Columns) - 1
	others := t.without(func(c Column) bool { return c == t.Columns[last] })
	room := width - others.width() - 2
	if last < 1 || room < max(t.Columns[last].Least, 12) {
		return t
	}
	for _, row := range t.Rows {
		row.Cells[last] = cut(row.Cells[last], room)
	}
	return t
}

// width is what the table takes of a line: its cells, and a space on each side of each.
func (t Table) width() int {
	total := 0
	for i := range t.Columns {
		most := widest(t.headLines(i))
		for _, row := range t.Rows {
			most = max(most, len(row.Cells[i]))
		}
		total += most + 2
	}
	return total
}
