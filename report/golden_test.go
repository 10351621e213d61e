package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
)

var update = flag.Bool("update", false, "write the goldens")

// recorded are the results that every renderer is tried on.
func recorded(t testing.TB) map[string]calibrate.Result {
	t.Helper()
	readOnce.Do(func() { results = readAll(t) })
	return results
}

var (
	readOnce sync.Once
	results  map[string]calibrate.Result
)

func readAll(t testing.TB) map[string]calibrate.Result {
	files, err := filepath.Glob("../fixtures/results/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("recorded results: %d, %v", len(files), err)
	}
	all := map[string]calibrate.Result{}
	for _, file := range files {
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = load(t, file)
	}
	return all
}

func load(t testing.TB, file string) calibrate.Result {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // a key that the result no longer has must not linger in a fixture
	var r calibrate.Result
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return r
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (make it: go test ./report -update)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func textOf(t testing.TB, r calibrate.Result, o TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func markdownOf(t testing.TB, r calibrate.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextGolden(t *testing.T) {
	for name, r := range recorded(t) {
		t.Run(name, func(t *testing.T) { golden(t, name+".txt", textOf(t, r, TextOptions{})) })
	}
}

func TestMarkdownGolden(t *testing.T) {
	for name, r := range recorded(t) {
		t.Run(name, func(t *testing.T) { golden(t, name+".md", markdownOf(t, r)) })
	}
}

func TestJSONGolden(t *testing.T) {
	var b bytes.Buffer
	if err := JSON(&b, recorded(t)["creeping"]); err != nil {
		t.Fatal(err)
	}
	golden(t, "creeping.json", b.String())
}
