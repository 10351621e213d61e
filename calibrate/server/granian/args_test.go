package granian

import (
	"os/exec"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

// The option table is complete: the real one has no other.
func TestE2EGranianOptions(t *testing.T) {
	t.Parallel()
	const list = `
from granian.cli import cli
for p in cli.params:
    if p.param_type_name == "option" and p.name != "version":
        for o in p.opts + p.secondary_opts:
            print(o[2:], p.is_flag)
`
	out, err := exec.CommandContext(t.Context(), servertest.Venv(t, "python"), "-c", list).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		name, isFlag, _ := strings.Cut(strings.TrimSpace(line), " ")
		if takes, known := servertest.TakesValue(syntax, "--"+name); !known || takes == (isFlag == "True") {
			t.Errorf("--%s (flag: %s) isn't known", name, isFlag)
		}
	}
}

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden, "--interface wsgi --workers 3 app:app", "--no-reload --host=x -- --port 1")
}
