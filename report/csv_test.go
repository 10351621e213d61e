package report

import (
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

// keptRun is a recorded run with its journals.
func keptRun(t testing.TB, name string) (SavedRun, calibrate.Measured) {
	t.Helper()
	m, err := calibrate.LoadFolder(filepath.Join("..", "fixtures", "runs", name))
	if err != nil {
		t.Fatal(err)
	}
	m.Result = analyse.Today(m)
	return Saved(name, m, nil), m
}

// tablesOf writes runs as tables, and reads these back.
func tablesOf(t rapid.TB, add func(CSV)) map[string][]map[string]string {
	t.Helper()
	c := NewCSV()
	add(c)
	read := map[string][]map[string]string{}
	for _, table := range CSVTables {
		read[table] = rowsOf(t, string(c.Text(table)))
	}
	return read
}

// rowsOf reads CSV. Go's reader refuses rows of another length than the head's.
func rowsOf(t rapid.TB, text string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(all) == 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	rows := make([]map[string]string, len(all)-1)
	for i, cells := range all[1:] {
		rows[i] = map[string]string{}
		for j, cell := range cells {
			rows[i][all[0][j]] = cell
		}
		if len(rows[i]) != len(cells) {
			t.Fatalf("a head stands twice: %q", all[0])
		}
	}
	return rows
}

// Every recorded run comes back as it was: as many rows, bytes as whole numbers, times in RFC 3339, and no dash or null where a
// figure isn't known.
func TestCSVReadsBack(t *testing.T) {
	counts := map[string]int{}
	read := tablesOf(t, func(c CSV) {
		for name := range recorded(t) {
			if name == "empty" {
				continue
			}
			s, m := keptRun(t, name)
			c.Add(s, m)
			counts["runs"]++
			counts["samples"] += len(m.Samples)
			counts["load"] += len(m.Buckets)
			counts["candidates"] += len(m.Result.Candidates)
			if m.Result.Routes != nil {
				counts["routes"] += len(m.Result.Routes.Runs)
			}
		}
	})
	number := regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	for table, rows := range read {
		if len(rows) != counts[table] || len(rows) == 0 {
			t.Errorf("%s has %d rows, want %d", table, len(rows), counts[table])
		}
		for _, row := range rows {
			if row["run"] == "" {
				t.Fatalf("%s: a row without its run: %v", table, row)
			}
			for head, cell := range row {
				var err error
				switch {
				case cell == "":
				case strings.HasSuffix(head, "_bytes"):
					_, err = strconv.ParseInt(cell, 10, 64)
				case head == "time" || head == "started_at":
					_, err = time.Parse(time.RFC3339, cell)
				case regexp.MustCompile(`_(seconds|ratio|per_second|per_request|low|high)$`).MatchString(head) && !number.MatchString(cell):
					err = errors.New("no number")
				}
				if err != nil || cell == "-" || cell == "NaN" {
					t.Fatalf("%s.%s is %q: %v", table, head, cell, err)
				}
			}
		}
	}
	i := slices.IndexFunc(read["runs"], func(row map[string]string) bool { return row["service"] == "creeping" })
	for head, want := range map[string]string{"peak_bytes": "110329856", "max_requests": "33000", "started_at": "2026-11-29T07:17:06.111Z", "now_bytes": "", "state": "whole",
		"command": "gunicorn --threads 4 app:app", "proposed_bytes": "352148332", "verdict": "creeping"} {
		if got := read["runs"][i][head]; got != want {
			t.Errorf("%s is %q, want %q", head, got, want)
		}
	}
}

// Every figure of a journal, a candidate and a route is in a column: one that joins is not forgotten.
func TestCSVHasEveryField(t *testing.T) {
	everyField(t, sampleColumns, calibrate.Sample{Held: 1 << 20})
	everyField(t, loadColumns(), calibrate.Bucket{}, "Errors", "Over") // has columns of its own; is in a page alone
	everyField(t, candidateColumns, calibrate.Candidate{})
	everyField(t, routeColumns, calibrate.RouteRun{}, "Creep", "Ended", "Failed")
}

// everyField changes one field after another, and expects that to be seen in the row.
func everyField[T any](t *testing.T, columns []csvColumn[T], zero T, but ...string) {
	t.Helper()
	began := time.Now()
	s := SavedRun{ID: "a", StartedAt: &began}
	was := cellsOf(columns, s, zero)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if field.Anonymous || slices.Contains(but, field.Name) || field.Tag.Get("json") == "-" {
			continue
		}
		row := zero
		switch v := reflect.ValueOf(&row).Elem().FieldByIndex(field.Index); v.Kind() {
		case reflect.String:
			v.SetString("x")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Float64:
			v.SetFloat(7)
		default:
			v.SetInt(7)
		}
		if slices.Equal(cellsOf(columns, s, row), was) {
			t.Errorf("%T.%s is in no column", zero, field.Name)
		}
	}
}

// What isn't known is empty, and a zero that was measured is 0.
func TestCSVKnowsZero(t *testing.T) {
	m := calibrate.Measured{Samples: []calibrate.Sample{{Phase: "soak"}, {Phase: "soak", Held: 1 << 20}}, Buckets: []calibrate.Bucket{{Phase: "soak"}}}
	read := tablesOf(t, func(c CSV) { c.Add(Saved("shop", m, nil), m) })
	for _, want := range []struct {
		table      string
		row        int
		head, cell string
	}{
		{"samples", 0, "rss_bytes", ""}, {"samples", 0, "tree_shared_bytes", ""}, {"samples", 1, "tree_shared_bytes", "0"}, {"samples", 0, "requests", "0"},
		{"samples", 0, "time", ""}, {"load", 0, "p50_seconds", ""}, {"load", 0, "errors_timeout", "0"}, {"runs", 0, "started_at", ""}, {"runs", 0, "now_workers", ""},
	} {
		if got := read[want.table][want.row][want.head]; got != want.cell {
			t.Errorf("%s.%s of row %d is %q, want %q", want.table, want.head, want.row, got, want.cell)
		}
	}
}

// No text of an app's is computed by a spreadsheet, whichever mark parts its columns, and none breaks out of its cell.
func TestCSVOfHostileStrings(t *testing.T) {
	starts := regexp.MustCompile(`(^|;)[\s"']*[=+\-@＝＋－＠]`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(hostile).Draw(t, "text") + rapid.SampledFrom([]string{"", ";", " -x"}).Draw(t, "end")
		r := calibrate.Result{ID: text, Target: calibrate.TargetInfo{Server: text, ServerVersion: text, Command: []string{text}}}
		r.Routes = &calibrate.Routes{Runs: []calibrate.RouteRun{{Route: calibrate.Route{Name: text}}}}
		m := calibrate.Measured{Result: r, Samples: []calibrate.Sample{{Phase: text}}, Buckets: []calibrate.Bucket{{Phase: text}}}
		for table, rows := range tablesOf(t, func(c CSV) { c.Add(Saved(text, m, nil), m) }) {
			if table != "candidates" && len(rows) != 1 {
				t.Fatalf("%s has %d rows", table, len(rows))
			}
			for _, row := range rows {
				for head, cell := range row {
					if found := starts.FindString(cell); found != "" && !strings.Contains(found, "'") || strings.ContainsAny(cell, "\n\r\t\x1b") {
						t.Fatalf("%s.%s: %q", table, head, cell)
					}
				}
			}
		}
	})
}

func TestCSVOfNoRun(t *testing.T) {
	if err := Render(io.Discard, Metrics(), "csv", Options{}); err == nil {
		t.Error("a page without a table was written")
	}
}
