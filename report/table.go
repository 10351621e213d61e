package report

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// column is one column of a table. Where the table is too wide, the column with the lowest keep goes first.
type column struct {
	head string // a line break parts it in two on the terminal
	left bool
	keep int
}

// grid is a table before it is drawn.
type grid struct {
	columns []column
	rows    [][]string
}

// cellWidth is the most that one cell may take of a line.
const cellWidth = 48

// text draws the table for a terminal, without lines: ASCII alone, each column as wide as it must be.
func (g grid) text(width int) string {
	g = g.mapped(func(s string) string { return cut(ascii(s), cellWidth) }).shrunk(width).narrowed(width)
	return draw(g, renderer.NewBlueprint(tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: tw.NewSymbols(tw.StyleASCII),
		Settings: tw.Settings{
			Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off, ShowHeader: tw.Off},
			Lines:      tw.Lines{ShowHeaderLine: tw.Off, ShowTop: tw.Off, ShowBottom: tw.Off},
		},
	}))
}

// markdown draws it in Markdown. A table without rows would lack its ruler, so it is not drawn at all.
func (g grid) markdown() string {
	g = g.mapped(escape)
	g.columns = slices.Clone(g.columns)
	for i := range g.columns {
		g.columns[i].head = oneLine.Replace(g.columns[i].head)
	}
	return draw(g, renderer.NewMarkdown())
}

// oneLine joins a head of two lines, and one that was parted within a word.
var oneLine = strings.NewReplacer("-\n", "-", "\n", " ")

func draw(g grid, r tw.Renderer) string {
	if len(g.rows) == 0 {
		return ""
	}
	var b bytes.Buffer
	heads, aligns := make([]string, len(g.columns)), make(tw.Alignment, len(g.columns))
	for i, c := range g.columns {
		heads[i], aligns[i] = c.head, tw.AlignRight
		if c.left {
			aligns[i] = tw.AlignLeft
		}
	}
	// Auto-format mangles heads, auto-wrap breaks rows.
	t := tablewriter.NewTable(&b, tablewriter.WithRenderer(r),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: aligns}),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithAlignment(aligns))
	t.Header(heads)
	for _, row := range g.rows {
		if err := t.Append(row); err != nil {
			return err.Error() + "\n"
		}
	}
	if err := t.Render(); err != nil {
		return err.Error() + "\n"
	}
	return b.String()
}

func (g grid) mapped(change func(string) string) grid {
	rows := make([][]string, len(g.rows))
	for i, row := range g.rows {
		rows[i] = make([]string, len(row))
		for j, cell := range row {
			rows[i][j] = change(cell)
		}
	}
	return grid{g.columns, rows}
}

// narrowed drops columns until the table fits.
func (g grid) narrowed(width int) grid {
	for len(g.columns) > 1 && g.width() > width {
		drop := 0
		for i, c := range g.columns {
			if c.keep < g.columns[drop].keep {
				drop = i
			}
		}
		g = g.without(drop)
	}
	return g
}

func (g grid) without(drop ...int) grid {
	var left grid
	for i, c := range g.columns {
		if !slices.Contains(drop, i) {
			left.columns = append(left.columns, c)
		}
	}
	for _, row := range g.rows {
		var cells []string
		for i, cell := range row {
			if !slices.Contains(drop, i) {
				cells = append(cells, cell)
			}
		}
		left.rows = append(left.rows, cells)
	}
	return left
}

// shrunk cuts the last column to the room that the others leave.
func (g grid) shrunk(width int) grid {
	last := len(g.columns) - 1
	room := width - g.without(last).width() - 2
	if last < 1 || room < 12 {
		return g
	}
	for _, row := range g.rows {
		row[last] = cut(row[last], room)
	}
	return g
}

// width is what the table takes of a line: its cells, and a space on each side of each.
func (g grid) width() int {
	total := 0
	for i, c := range g.columns {
		widest := 0
		for _, head := range strings.Split(c.head, "\n") {
			widest = max(widest, len(head))
		}
		for _, row := range g.rows {
			widest = max(widest, len(row[i]))
		}
		total += widest + 2
	}
	return total
}

// candidateGrid has one row a choice of workers and threads, the recommended one marked.
func candidateGrid(candidates []calibrate.Candidate, verdict string) grid {
	g := grid{columns: []column{
		{"workers", false, 9}, {"threads", false, 9}, {"total\nMB", false, 8}, {"of\nbudget", false, 5},
		{"requests\nat once", false, 4}, {"fits", true, 7}, {"bound\nby", true, 3}, {"basis", true, 1}, {"max-\nrequests", false, 6},
	}}
	for _, c := range candidates {
		mark := ""
		if c.Recommended {
			mark = "> "
		}
		g.rows = append(g.rows, []string{
			mark + say.Count(c.Workers), orDash(c.Threads), mbCell(c.TotalBytes), percentCell(c.BudgetRatio),
			orDash(c.Concurrency), yesNo(c.Fits), orElse(c.BoundBy, "-"), orElse(c.Basis, "-"), recycleCell(c, verdict),
		})
	}
	return g
}

// orDash is for a count that isn't known.
func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return say.Count(n)
}

func recycleCell(c calibrate.Candidate, verdict string) string {
	switch {
	case c.MaxRequests > 0:
		return say.Count(c.MaxRequests)
	case c.Fits && verdict == verdictFlat:
		return "off"
	}
	return "-"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// formulaGrid has one row a rule of the field.
func formulaGrid(formulas []calibrate.Formula, budget int64) grid {
	g := grid{columns: []column{
		{"rule", true, 9}, {"workers", false, 9}, {"threads", false, 9}, {"total MB", false, 8}, {"of budget", false, 7}, {"fits", true, 8}, {"from", true, 1},
	}}
	for _, f := range formulas {
		g.rows = append(g.rows, []string{
			f.Name, say.Count(f.Workers), say.Count(f.Threads), mbCell(f.TotalBytes), percentCell(ratioOf(f.TotalBytes, budget)), yesNo(f.Fits), orElse(f.Source, "-"),
		})
	}
	return g
}

// ratioOf is 0 where there is no budget to be a share of.
func ratioOf(bytes, budget int64) float64 {
	if budget <= 0 {
		return 0
	}
	return float64(bytes) / float64(budget)
}

// rulesGrid has one row a choice: many rules come to the same one. The sources are in the Markdown.
func rulesGrid(formulas []calibrate.Formula, budget int64) grid {
	g := grid{columns: []column{
		{"workers", false, 9}, {"threads", false, 9}, {"total MB", false, 8}, {"of budget", false, 7}, {"fits", true, 8}, {"says", true, 9},
	}}
	type shape struct{ workers, threads int }
	row := map[shape]int{}
	for _, f := range formulas {
		s := shape{f.Workers, f.Threads}
		if i, ok := row[s]; ok {
			g.rows[i][5] += ", " + f.Name
			continue
		}
		row[s] = len(g.rows)
		g.rows = append(g.rows, []string{say.Count(f.Workers), say.Count(f.Threads), mbCell(f.TotalBytes),
			percentCell(ratioOf(f.TotalBytes, budget)), yesNo(f.Fits), f.Name})
	}
	return g
}

// choose picks the candidates worth a look: the recommended one; for every number of threads the largest that fits
// and the smallest that doesn't; then those nearest to the recommended one. It keeps their order.
func choose(all []calibrate.Candidate, limit int) (chosen []calibrate.Candidate, leftOut int) {
	if len(all) <= limit {
		return all, 0
	}
	rank := ranks(all)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return rank[order[a]] < rank[order[b]] })
	order = order[:limit]
	sort.Ints(order)
	for _, i := range order {
		chosen = append(chosen, all[i])
	}
	return chosen, len(all) - limit
}

func ranks(all []calibrate.Candidate) []float64 {
	var best calibrate.Candidate
	largest, smallest := map[int]int{}, map[int]int{} // by threads: the largest that fits, the smallest that doesn't
	for i, c := range all {
		if c.Recommended {
			best = c
		}
		if j, ok := largest[c.Threads]; c.Fits && (!ok || c.Workers > all[j].Workers) {
			largest[c.Threads] = i
		}
		if j, ok := smallest[c.Threads]; !c.Fits && (!ok || c.Workers < all[j].Workers) {
			smallest[c.Threads] = i
		}
	}
	rank := make([]float64, len(all))
	for i, c := range all {
		apart := distance(c, best)
		switch {
		case c.Recommended:
			rank[i] = 0
		case c.Fits && largest[c.Threads] == i:
			rank[i] = 1 + apart
		case !c.Fits && smallest[c.Threads] == i:
			rank[i] = 2 + apart
		default:
			rank[i] = 3 + apart
		}
	}
	return rank
}

// distance is below 1, so that it only orders candidates of one kind.
func distance(a, b calibrate.Candidate) float64 {
	d := absInt(a.Workers-b.Workers) + absInt(a.Threads-b.Threads)
	return d / (d + 1)
}

func absInt(n int) float64 { return max(float64(n), -float64(n)) }

// leftOutNote is "" where nothing was left out.
func leftOutNote(n int, whole string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s left out; %s has them all.", say.Plural(n, "more candidate"), whole)
}

// What holds the candidates that a table has no room for.
const (
	inResult = "result.json"
	inJSON   = "--json"
)
