package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/server"
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
	files, err := filepath.Glob("../fixtures/runs/*/result.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("recorded runs: %d, %v", len(files), err)
	}
	all := map[string]calibrate.Result{"empty": analyse.Analyse(calibrate.Measured{})}
	for _, file := range files {
		folder := filepath.Dir(file)
		all[filepath.Base(folder)] = load(t, folder)
	}
	all["proof"] = analyse.Resized(all["proof"]) // the journals of a proof are those of its trials
	return all
}

// load reads a recorded run. What is analysed of it is never that of the file.
func load(t testing.TB, folder string) calibrate.Result {
	t.Helper()
	r, err := analyse.Load(folder)
	if err != nil {
		t.Fatal(err)
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

// drawn is a document in a format.
func drawn(t testing.TB, d Document, format string, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, d, format, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// textOf is all that is said of a run at a terminal.
func textOf(t testing.TB, r calibrate.Result, o Options) string {
	o.Verbose = true
	return drawn(t, Run(r, server.Known()), "text", o)
}

// recordedPage is the page of a recorded run, with the curves of its journals.
func recordedPage(t testing.TB, name string) Document {
	t.Helper()
	r := recorded(t)[name]
	m, err := calibrate.LoadFolder(filepath.Join("..", "fixtures", "runs", name))
	if err != nil {
		return Run(r, server.Known())
	}
	return Drawn(r, m.Curves(), server.Known())
}

func markdownOf(t testing.TB, r calibrate.Result) string {
	return drawn(t, Run(r, server.Known()), "markdown", Options{})
}

func TestTextGolden(t *testing.T) {
	for name, r := range recorded(t) {
		t.Run(name, func(t *testing.T) { golden(t, name+".txt", textOf(t, r, Options{})) })
	}
}

// What a user sees first, at the usual width; of one run also on narrow and on wide terminals.
func TestShortGolden(t *testing.T) {
	for name := range recorded(t) {
		t.Run(name, func(t *testing.T) { golden(t, name+"-short.txt", drawn(t, recordedPage(t, name), "text", Options{})) })
	}
	for _, width := range []int{60, 140} {
		golden(t, fmt.Sprintf("creeping-short-%d.txt", width), drawn(t, recordedPage(t, "creeping"), "text", Options{Width: width}))
	}
}

func TestMarkdownGolden(t *testing.T) {
	for name := range recorded(t) {
		t.Run(name, func(t *testing.T) { golden(t, name+".md", drawn(t, recordedPage(t, name), "markdown", Options{})) })
	}
}

func TestJSONGolden(t *testing.T) {
	golden(t, "creeping.json", drawn(t, Run(recorded(t)["creeping"], server.Known()), "json", Options{}))
}

// A silenced warning is counted alone; one without a name can't be silenced.
func TestSilencedWarnings(t *testing.T) {
	var r calibrate.Result
	r.Warnings = []calibrate.Warning{
		{Code: "worker-replaced", Text: "the worker was replaced twice", Try: "look at its log"},
		{Code: "shared-cpu", Text: "load and app share 2 cores"},
		{Text: "nameless"},
	}
	r.Plan.Silenced = []string{"shared-cpu", "never-heard-of"}
	for format, want := range map[string]string{
		"text":     "\nWarnings\n  ! worker-replaced: the worker was replaced twice\n    try: look at its log\n  ! unnamed: nameless\n1 warning silenced.\n",
		"markdown": "\n## Warnings\n\n- **worker-replaced**: the worker was replaced twice. Try: look at its log.\n- **unnamed**: nameless.\n\n1 warning silenced.\n",
	} {
		if got := drawn(t, Run(r, server.Known()), format, Options{}); !strings.Contains(got, want) {
			t.Errorf("%s: %q isn't in\n%s", format, want, got)
		}
	}
	r.Warnings = nil
	if got := textOf(t, r, Options{}); strings.Contains(got, "Warnings") {
		t.Errorf("of nothing: %q", got)
	}
}

func TestUnknownFormat(t *testing.T) {
	var failure *calibrate.Failure
	err := Render(&bytes.Buffer{}, Document{}, "pdf", Options{})
	if !errors.As(err, &failure) || failure.Kind != calibrate.KindUsage || !strings.HasPrefix(failure.Try, "one of text, markdown, json, html, benchfmt") {
		t.Errorf("%v: %+v", err, failure)
	}
}
