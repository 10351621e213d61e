package uwsgi

import (
	"os"
	"path/filepath"
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
