package uvicorn

import (
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/workers"
)

// Trees as they were seen with Uvicorn 0.29 and 0.54.
func TestUvicornWorkers(t *testing.T) {
	py := []string{"/v/bin/python", "/v/bin/uvicorn", "app:app"}
	tracker := []string{"/v/bin/python", "-c", "from multiprocessing.resource_tracker import main;main(6)"}
	spawned := []string{"/v/bin/python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7, pipe_handle=9)", "--multiprocessing-fork"}
	for name, c := range map[string]struct {
		tree       []linux.Process
		supervised bool
		want       []int
		rule       calibrate.WorkerRule
	}{
		"one worker":           {tree: []linux.Process{{PID: 1, Args: py}}, want: []int{1}, rule: ruleSelf},
		"python -m":            {tree: []linux.Process{{PID: 1, Args: []string{"python3", "-u", "-m", "uvicorn", "a:a"}}}, want: []int{1}, rule: ruleSelf},
		"below wrappers":       {tree: []linux.Process{{PID: 9, Args: []string{"uv", "run", "uvicorn", "a:a"}}, {PID: 1, Parent: 9, Args: py}}, want: []int{1}, rule: ruleSelf},
		"the app's own pool":   {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: tracker}, {PID: 3, Parent: 1, Args: spawned}}, want: []int{1}, rule: ruleSelf},
		"the app's own forks":  {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: py}}, want: []int{1}, rule: ruleSelf},
		"two workers":          {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: tracker}, {PID: 3, Parent: 1, Args: spawned}, {PID: 4, Parent: 1, Args: spawned}}, supervised: true, want: []int{3, 4}, rule: ruleChild},
		"a worker's own pool":  {tree: []linux.Process{{PID: 1, Args: py}, {PID: 3, Parent: 1, Args: spawned}, {PID: 4, Parent: 3, Args: tracker}, {PID: 5, Parent: 3, Args: spawned}}, supervised: true, want: []int{3}, rule: ruleChild},
		"a title of the app's": {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: tracker}, {PID: 3, Parent: 1, Args: []string{"shop"}}}, supervised: true, want: []int{3}, rule: ruleChild},
		"no worker yet":        {tree: []linux.Process{{PID: 1, Args: py}, {PID: 2, Parent: 1, Args: tracker}}, supervised: true, rule: ruleChild},
		"a title, one worker":  {tree: []linux.Process{{PID: 1, Args: []string{"shop"}}}, rule: workers.NoRule},
		"still a shell":        {tree: []linux.Process{{PID: 1, Args: []string{"sh", "-c", "sleep 1; uvicorn x"}}}, rule: workers.NoRule},
		"nothing":              {},
	} {
		got, rule := Server{Supervised: c.supervised}.Workers(c.tree, servertest.Holding(nil))
		if !slices.Equal(workers.PIDs(got), c.want) && len(got)+len(c.want) > 0 || rule != c.rule {
			t.Errorf("%s: %v by %q, want %v by %q", name, workers.PIDs(got), rule, c.want, c.rule)
		}
	}
}
