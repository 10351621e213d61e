package uwsgi

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// A build that says nothing is not one that says it has no such option.
func TestUWSGIDelta(t *testing.T) {
	for help, want := range map[string]string{
		"echo '--max-requests --max-requests-delta'": "",
		"echo --max-requests":                        "no-jitter",
		"exit 1":                                     "jitter-unknown",
	} {
		u := servertest.Script(t, filepath.Join(t.TempDir(), "uwsgi"), help)
		l := &known.Launch{Env: os.Environ()}
		if _, err := askOptions(l, cli.Program{Argv: []string{u}}, config{}); err != nil {
			t.Fatal(err)
		}
		var got string
		for _, w := range l.Warnings() {
			got += w.Code
		}
		if got != want || l.Target.HasJitter != (want == "") {
			t.Errorf("%s: %q, want %q; %v", help, got, want, l.Target.HasJitter)
		}
	}
}

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, options, []string{"set"}, "--ini x.ini -S processes=3 --thread 4 --lazy-apps", "-S -x -- --json a:b")
}

// What is read of a file stands in it, whatever else does.
func FuzzParseFile(f *testing.F) {
	for kind, text := range map[string]string{
		".ini": "[uwsgi]\nprocesses = 3\n; x\nlazy\n[other]\nprocesses = 9\n", ".xml": "<uwsgi><processes>3</processes><lazy/></uwsgi>",
		".yaml": "uwsgi:\n  processes: 3\n  env:\n    - 'A=b'\n", ".json": `{"uwsgi": {"processes": 3, "env": ["A=b", "C=d"], "lazy": true}}`,
	} {
		f.Add(text, kind)
	}
	f.Fuzz(func(t *testing.T, text, kind string) {
		lines, err := parseFile([]byte(text), kind, "")
		for _, line := range lines {
			if kind == ".ini" && (strings.ContainsAny(line.Name+line.Value, "\n") || !strings.Contains(text, line.Name) || line.Value != "true" && !strings.Contains(text, line.Value)) {
				t.Errorf("%q = %q", line.Name, line.Value)
			}
			if err != nil || line.Written != line.Name || len(line.Words) > 0 {
				t.Errorf("%+v, %v", line, err)
			}
		}
	})
}

// What uWSGI shows of its configuration is without what was asked by, and without what has been done.
func FuzzParseShown(f *testing.F) {
	f.Add("processes = 3\nshow-config = true\nif-env = X\n" + oursBegin + "print = x\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, line := range parse(text).lines {
			if slices.Contains(done, line.Name) || strings.HasPrefix(line.Name, "if-") || !strings.Contains(text, " = "+line.Value) {
				t.Errorf("%q = %q", line.Name, line.Value)
			}
		}
	})
}
