package nowlms

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/workers"
)

// Trees as recorded from lmsctl 2.0.4.
func TestNowLMSWorkers(t *testing.T) {
	p := func(pid, parent int, title string) linux.Process {
		return linux.Process{PID: pid, Parent: parent, Args: strings.Split(title, " ")}
	}
	const lms = "/v/bin/python3 /v/bin/lmsctl serve"
	const withGunicorn = lms + " --wsgi-server gunicorn"
	for name, c := range map[string]struct {
		server Server
		tree   []linux.Process
		holds  []int
		want   []int
		rule   calibrate.RuleKind
	}{
		"gunicorn":              {Server{}, []linux.Process{p(1, 0, withGunicorn), p(2, 1, withGunicorn), p(3, 1, withGunicorn)}, []int{1, 2, 3}, []int{2, 3}, calibrate.RuleChild},
		"gunicorn, titled":      {Server{}, []linux.Process{p(1, 0, "gunicorn: master [lmsctl]"), p(2, 1, "gunicorn: worker [lmsctl]")}, nil, []int{2}, calibrate.RuleTitle},
		"gunicorn, in a shell":  {Server{}, []linux.Process{p(1, 0, "sh -c lmsctl"), p(2, 1, withGunicorn), p(3, 2, withGunicorn)}, []int{2, 3}, []int{3}, calibrate.RuleChild},
		"waitress":              {Server{true}, []linux.Process{p(1, 0, lms)}, []int{1}, []int{1}, calibrate.RuleAlone},
		"waitress, not yet":     {Server{true}, []linux.Process{p(1, 0, lms)}, nil, []int{1}, calibrate.RuleAlone},
		"Flask's instead of it": {Server{true}, []linux.Process{p(1, 0, lms), p(2, 1, "/v/bin/python3 -m flask run")}, []int{2}, nil, workers.NoRule.Kind},
		"nothing of it":         {Server{true}, []linux.Process{p(1, 0, "sh")}, nil, nil, workers.NoRule.Kind},
	} {
		holds := func(pid int) (held, known bool) { return slices.Contains(c.holds, pid), c.holds != nil }
		found, rule := c.server.Workers(c.tree, holds)
		if got := workers.PIDs(found); !slices.Equal(got, c.want) || rule.Kind != c.rule {
			t.Errorf("%s: %v by %q", name, got, rule)
		}
	}
}
