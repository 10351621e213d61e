package waitress

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/workers"
)

// The option table is complete: the real one has no other, and no option takes what another doesn't.
func TestE2EWaitressOptions(t *testing.T) {
	t.Parallel()
	const list = `
from waitress.adjustments import Adjustments, asbool
for name, cast in Adjustments._params:
    for prefix in ["", "no-"] if cast is asbool else [""]:
        print(prefix + name.replace("_", "-"), cast is asbool)
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

func TestWaitressWorkers(t *testing.T) {
	p := func(pid, parent int, command string) linux.Process {
		return linux.Process{PID: pid, Parent: parent, Args: strings.Fields(command)}
	}
	for name, c := range map[string]struct {
		tree []linux.Process
		want []int
		rule calibrate.WorkerRule
	}{
		"alone":              {[]linux.Process{p(10, 1, "python3 /venv/bin/waitress-serve a:a")}, []int{10}, ruleAlone},
		"as a module":        {[]linux.Process{p(10, 1, "python3 -m waitress a:a")}, []int{10}, ruleAlone},
		"below a wrapper":    {[]linux.Process{p(9, 1, "uv run waitress-serve a:a"), p(10, 9, "python3 /venv/bin/waitress-serve a:a")}, []int{10}, ruleAlone},
		"the app's own":      {[]linux.Process{p(10, 1, "python3 /venv/bin/waitress-serve a:a"), p(11, 10, "convert image")}, []int{10}, ruleAlone},
		"no process is it":   {[]linux.Process{p(10, 1, "python3 serve.py")}, nil, workers.NoRule},
		"a file of its name": {[]linux.Process{p(10, 1, "vi waitress")}, nil, workers.NoRule},
	} {
		if found, rule := (Server{}).Workers(c.tree, nil); !slices.Equal(workers.PIDs(found), c.want) || rule != c.rule {
			t.Errorf("%s: %v by %q", name, workers.PIDs(found), rule)
		}
	}
}

// More workers than it has are as many services; without threads there is nothing to type.
func TestWaitressIsTold(t *testing.T) {
	c := Server{}.Configuration(calibrate.Wanted{Workers: 3, Threads: 8}, calibrate.TargetInfo{})
	if !slices.ContainsFunc(c, func(l calibrate.Line) bool { return strings.Contains(l.Text, "3 workers are as many of it") }) {
		t.Errorf("%+v", c)
	}
	for threads, want := range map[int]string{0: "", 8: "waitress-serve --threads 8"} {
		typed := Server{}.Typed(calibrate.Wanted{Workers: 1, Threads: threads}, calibrate.TargetInfo{})
		if got := strings.Join(typed.Words, " "); got != want || (typed.Why == "") != (want != "") {
			t.Errorf("%d threads: %q, %q", threads, got, typed.Why)
		}
	}
}

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden, "--listen=*:8080 --thread 4 app:app", "--no-ipv6 --call --port 1 app:app --port 2")
}
