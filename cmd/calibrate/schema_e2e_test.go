package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"workermem/calibrate"
)

// Every recorded run, as it was written and as today's rules have it, and the baseline of one, are as their schema says; by
// Python's jsonschema, which knows nothing of the types that the schemas are made of.
func TestE2ESchemasHold(t *testing.T) {
	t.Parallel()
	python := consumer(t, "python")
	runs, err := filepath.Glob(filepath.Join(fixtures(t), "runs", "*", "result.json"))
	if err != nil || len(runs) < 10 {
		t.Fatalf("%d recorded runs: %v", len(runs), err)
	}
	results := runs
	for _, run := range runs {
		results = append(results, written(t, filepath.Base(filepath.Dir(run)), "json"))
	}
	schema := printed(t, "schema", "result")
	readBy[any](t, "valid", append([]string{schema}, results...)...)

	baseline := filepath.Join(t.TempDir(), "baseline.json")
	printed(t, "check", filepath.Dir(runs[0]), "--update-baseline", "--baseline", baseline)
	readBy[any](t, "valid", printed(t, "schema", "baseline"), baseline)

	// It would have complained.
	broken := filepath.Join(t.TempDir(), "result.json")
	text, err := os.ReadFile(results[len(results)-1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, []byte(strings.Replace(string(text), `"peak_rss_bytes": `, `"peak_rss_bytes": -0.5`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, filepath.Join(fixtures(t), "consumers", "read.py"), "valid", schema, broken).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "peak_rss_bytes") {
		t.Errorf("half a byte: %v\n%s", err, out)
	}
}

// asSchemaSays holds a result that was measured just now to the schema, by the validator of the library that made it.
func asSchemaSays(t *testing.T, path string) {
	t.Helper()
	var schema jsonschema.Schema
	if err := json.Unmarshal([]byte(calibrate.ResultJSONSchema), &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var result any
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(result); err != nil {
		t.Errorf("%s: %v", path, err)
	}
}

// printed is what a command writes to stdout, as a file.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	env, stdout, stderr := inCI(t, nil)
	if code := Main(t.Context(), env, args); code != 0 {
		t.Fatalf("%q: %d: %s", args, code, stderr)
	}
	path := filepath.Join(t.TempDir(), args[0])
	if err := os.WriteFile(path, stdout.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
