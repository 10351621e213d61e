package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate"
)

// pandas and DuckDB take every column of the tables for what it is, and come to the same sums.
func TestE2ETablesAreRead(t *testing.T) {
	t.Parallel()
	python := consumer(t, "python")
	var runs []string
	var samples, rss int64
	for _, name := range []string{"apart", "creeping", "cores", "partial", "attach-log", "nothing-fits", "proof"} {
		runs = append(runs, filepath.Join(fixtures(t), "runs", name))
		m, err := calibrate.LoadFolder(runs[len(runs)-1])
		if err != nil {
			t.Fatal(err)
		}
		samples += int64(len(m.Samples))
		for _, s := range m.Samples {
			rss += s.RSS
		}
	}
	folder := filepath.Join(t.TempDir(), "tables")
	printed(t, append([]string{"report", "--csv", folder}, runs...)...)
	var read map[string]map[string]struct {
		Rows  int64
		Types map[string]string
		Sums  map[string]int64
	}
	out := output(t, python, filepath.Join(fixtures(t), "consumers", "tables.py"), folder)
	if err := json.Unmarshal([]byte(out), &read); err != nil || len(read) != 5 {
		t.Fatalf("%v\n%s", err, out)
	}
	kinds := map[string]map[string]string{
		"pandas": {"_bytes": "Int64", "time": "datetime64[us, UTC]", "started_at": "datetime64[us, UTC]", "fits": "boolean", "phase": "string"},
		"duckdb": {"_bytes": "BIGINT", "time": "TIMESTAMP WITH TIME ZONE", "started_at": "TIMESTAMP WITH TIME ZONE", "fits": "BOOLEAN", "phase": "VARCHAR"},
	}
	for table, by := range read {
		for reader, of := range by {
			if other := by["pandas"]; of.Rows != other.Rows || of.Rows == 0 {
				t.Errorf("%s has %d rows for %s, and %d for pandas", table, of.Rows, reader, other.Rows)
			}
			for column, kind := range of.Types {
				for end, want := range kinds[reader] {
					if (column == end || end == "_bytes" && strings.HasSuffix(column, end)) && kind != want {
						t.Errorf("%s takes %s.%s for %s, not %s", reader, table, column, kind, want)
					}
				}
			}
			for column, sum := range of.Sums {
				if sum != by["pandas"].Sums[column] {
					t.Errorf("%s: the sum of %s.%s is %d", reader, table, column, sum)
				}
			}
		}
	}
	if of := read["samples"]["duckdb"]; of.Rows != samples || of.Sums["rss_bytes"] != rss {
		t.Errorf("%d samples of %d bytes, want %d of %d", of.Rows, of.Sums["rss_bytes"], samples, rss)
	}
}
