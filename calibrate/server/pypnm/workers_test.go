package pypnm

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/uvicorn"
	"workermem/calibrate/server/workers"
)

// Trees as recorded from pypnm 1.6.4.
func TestPyPNMWorkers(t *testing.T) {
	p := func(pid, parent int, title string) linux.Process {
		return linux.Process{PID: pid, Parent: parent, Args: strings.Split(title, " ")}
	}
	const serve = "/v/bin/python3 /v/bin/pypnm serve --workers 2"
	const tracker = "/v/bin/python3 -B -c from multiprocessing.resource_tracker import main;main(6)"
	const spawn = "/v/bin/python3 -B -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7, pipe_handle=9) --multiprocessing-fork"
	tree := []linux.Process{p(1, 0, serve), p(2, 1, tracker), p(3, 1, spawn), p(4, 1, spawn)}
	if found, rule := (Server{uvicorn.Server{Supervised: true}}).Workers(tree, nil); !slices.Equal(workers.PIDs(found), []int{3, 4}) || rule.Kind != calibrate.RuleChild {
		t.Errorf("%v by %q", workers.PIDs(found), rule)
	}
	if found, rule := (Server{}).Workers(tree[:1], nil); !slices.Equal(workers.PIDs(found), []int{1}) || rule.Kind != calibrate.RuleAlone {
		t.Errorf("%v by %q", workers.PIDs(found), rule)
	}
	if found, rule := (Server{}).Workers(tree[1:], nil); found != nil || rule != workers.NoRule {
		t.Errorf("%v by %q", workers.PIDs(found), rule)
	}
}
