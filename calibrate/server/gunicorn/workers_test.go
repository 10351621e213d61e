package gunicorn

import (
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/workers"
)

// Trees as they were seen with Gunicorn 20.1 and 27.0.
func TestGunicornWorkers(t *testing.T) {
	py := []string{"/v/bin/python", "/v/bin/gunicorn", "app:app"}
	title := func(text string) []string { return []string{text} }
	for name, c := range map[string]struct {
		tree []linux.Process
		held []int
		bg   bool
		want []int
		rule calibrate.WorkerRule
	}{
		"one worker":  {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: py}}, want: []int{2}, rule: ruleChild},
		"three":       {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: py}, {PID: 3, Parent: 1, Args: py}, {PID: 4, Parent: 1, Args: py}}, held: []int{1, 2, 3, 4}, want: []int{2, 3, 4}, rule: ruleChild},
		"no worker":   {tree: []linux.Process{{PID: 1, Args: py}}, rule: ruleChild},
		"titles":      {tree: []linux.Process{{PID: 1, Args: title("gunicorn: master [app:app]")}, {PID: 2, Parent: 1, Args: title("gunicorn: worker [app:app]")}}, want: []int{2}, rule: ruleTitle},
		"just forked": {tree: []linux.Process{{PID: 1, Args: title("gunicorn: master [x]")}, {PID: 2, Parent: 1, Args: title("gunicorn: master [x]")}}, want: []int{2}, rule: ruleChild},
		"background workers": {tree: []linux.Process{{PID: 1, Args: title("gunicorn: master [x]")}, {PID: 2, Parent: 1, Args: title("gunicorn: dirty-arbiter")},
			{PID: 3, Parent: 1, Args: title("gunicorn: worker [x]")}, {PID: 4, Parent: 2, Args: title("gunicorn: dirty-worker [x]")}}, want: []int{3}, rule: ruleTitle},
		"only background workers yet": {tree: []linux.Process{{PID: 1, Args: title("gunicorn: master [x]")}, {PID: 2, Parent: 1, Args: title("gunicorn: dirty-arbiter")}}, rule: ruleChild},
		"background workers, no titles": {bg: true, tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: py}, {PID: 3, Parent: 1, Args: py},
			{PID: 4, Parent: 2, Args: py}}, held: []int{1, 2, 3, 4}, want: []int{3}, rule: ruleChild},
		"resource tracker": {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: []string{"/v/bin/python", "-c", "from multiprocessing.resource_tracker import main;main(5)"}},
			{PID: 3, Parent: 1, Args: py}}, want: []int{3}, rule: ruleChild},
		"a preloaded app's own process": {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: py}, {PID: 3, Parent: 1, Args: py}}, held: []int{1, 3}, want: []int{3}, rule: ruleChild},
		"a worker's own pool":           {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: py}, {PID: 3, Parent: 2, Args: py}}, want: []int{2}, rule: ruleChild},
		"a title of the app's":          {tree: []linux.Process{{PID: 1, Args: title("gunicorn: master [x]")}, {PID: 2, Parent: 1, Args: title("shop worker")}}, want: []int{2}, rule: ruleChild},
		"below wrappers":                {tree: []linux.Process{{PID: 9, Args: []string{"uv", "run", "gunicorn", "app:app"}}, {PID: 1, Parent: 9, Args: py}, {PID: 2, Parent: 1, Args: py}}, want: []int{2}, rule: ruleChild},
		"python -m":                     {tree: []linux.Process{{PID: 1, Args: []string{"python", "-m", "gunicorn", "a"}}, {PID: 2, Parent: 1, Args: []string{"python", "-m", "gunicorn", "a"}}}, want: []int{2}, rule: ruleChild},
		"still a shell":                 {tree: []linux.Process{{PID: 1, Args: []string{"sh", "-c", "sleep 1; gunicorn x"}}}, rule: workers.NoRule},
		"nothing":                       {},
	} {
		got, rule := Server{background: c.bg}.Workers(c.tree, servertest.Holding(c.held))
		if !slices.Equal(workers.PIDs(got), c.want) && len(got)+len(c.want) > 0 || rule != c.rule {
			t.Errorf("%s: %v by %q, want %v by %q", name, workers.PIDs(got), rule, c.want, c.rule)
		}
	}
}
