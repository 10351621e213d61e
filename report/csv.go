package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Tables of CSV (RFC 4180), for spreadsheets, data frames and databases. A head has its unit; bytes are whole numbers; times are
// RFC 3339, in UTC; what isn't known is empty. Each row begins with its run, so that tables of several runs are one.

// CSVTables are the names of the tables that a run has, as files are called after them.
var CSVTables = []string{"runs", "candidates", "routes", "samples", "load"}

// CSV are the tables of runs.
type CSV map[string]*csvTable

type csvTable struct {
	text bytes.Buffer
	rows int
}

// NewCSV has the heads of each table.
func NewCSV() CSV {
	c := CSV{}
	for name, heads := range map[string][]string{
		"runs": headsOf(runColumns()), "candidates": headsOf(candidateColumns), "routes": headsOf(routeColumns), "samples": headsOf(sampleColumns), "load": headsOf(loadColumns()),
	} {
		c[name] = &csvTable{}
		c[name].write(heads)
	}
	return c
}

// Add adds a run's rows.
func (c CSV) Add(s SavedRun, m calibrate.Measured) {
	addRows(c["runs"], runColumns(), s, []SavedRun{s})
	addRows(c["candidates"], candidateColumns, s, s.result.Candidates)
	if s.result.Routes != nil {
		addRows(c["routes"], routeColumns, s, s.result.Routes.Runs)
	}
	addRows(c["samples"], sampleColumns, s, m.Samples)
	addRows(c["load"], loadColumns(), s, m.Buckets)
}

// Text is a table's.
func (c CSV) Text(table string) []byte { return c[table].text.Bytes() }

// Said is how many rows each has: "runs.csv (1 row), candidates.csv (42 rows)".
func (c CSV) Said() string {
	parts := make([]string, len(CSVTables))
	for i, name := range CSVTables {
		parts[i] = name + ".csv (" + say.Plural(c[name].rows, "row") + ")"
	}
	return strings.Join(parts, ", ")
}

// write adds lines. Nothing goes wrong with a text in memory.
func (t *csvTable) write(lines ...[]string) { _ = csv.NewWriter(&t.text).WriteAll(lines) }

// writeCSV writes the runs of a page: a row each.
func writeCSV(w io.Writer, d Document, _ Options) error {
	if d.Saved == nil {
		return calibrate.Usage("calibrate report --csv DIR, of a run", "this page has no table for programs")
	}
	var t csvTable
	t.write(headsOf(runColumns()))
	for _, s := range d.Saved {
		addRows(&t, runColumns(), s, []SavedRun{s})
	}
	_, err := w.Write(t.text.Bytes())
	return err
}

// csvColumn is a head, and what stands below it: a text, a number, a time, a truth, or nil for unknown.
type csvColumn[T any] struct {
	head string
	of   func(SavedRun, T) any
}

func headsOf[T any](columns []csvColumn[T]) []string {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.head
	}
	return heads
}

func cellsOf[T any](columns []csvColumn[T], s SavedRun, row T) []string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = csvCell(c.of(s, row))
	}
	return cells
}

func addRows[T any](t *csvTable, columns []csvColumn[T], s SavedRun, rows []T) {
	lines := make([][]string, len(rows))
	for i, row := range rows {
		lines[i] = cellsOf(columns, s, row)
	}
	t.write(lines...)
	t.rows += len(rows)
}

func csvCell(v any) string {
	switch v := v.(type) {
	case string:
		return csvText(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		if !v.IsZero() {
			return v.UTC().Format("2006-01-02T15:04:05.000Z07:00")
		}
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
	case *float64:
		if v != nil {
			return csvCell(*v)
		}
	}
	return ""
}

// csvFormula is where a spreadsheet would compute a text: at its beginning, or behind a semicolon where those part the columns.
var csvFormula = regexp.MustCompile(`(^|;)([\s"']*[=+\-@＝＋－＠])`)

// csvText is a foreign text on one line, of which a spreadsheet makes no formula.
func csvText(s string) string {
	return csvFormula.ReplaceAllString(strings.TrimSpace(plainText(s)), "$1'$2")
}

// someAmount is nil for a zero that says that nobody knows.
func someAmount[N ~int | ~int64 | ~float64](n N) any {
	if n <= 0 {
		return nil
	}
	return float64(n)
}

// someCount is the same of bytes and counts.
func someCount[N ~int | ~int64](n N) any {
	if n <= 0 {
		return nil
	}
	return int64(n)
}
