package puma

import (
	"slices"
	"testing"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/workers"
)

func TestPumaWorkers(t *testing.T) {
	tree := []linux.Process{
		{PID: 1, Args: []string{"sh", "-c", "bundle exec puma"}},
		{PID: 2, Parent: 1, Args: []string{"puma 5.6.5 (tcp://127.0.0.1:9292) [shop]"}},
		{PID: 3, Parent: 2, Args: []string{"puma: cluster worker 0: 2 [shop]"}},
		{PID: 4, Parent: 2, Args: []string{"puma 5.6.5 (tcp://127.0.0.1:9292) [shop]"}}, // a worker that has just been forked
		{PID: 5, Parent: 2, Args: []string{"node", "assets.js"}},
		{PID: 6, Parent: 3, Args: []string{"puma: cluster worker 1: 2 [shop]"}}, // --fork-worker
	}
	if found, rule := (Server{}).Workers(tree, nil); !slices.Equal(workers.PIDs(found), []int{3, 6}) || rule != ruleWorker {
		t.Errorf("%v by %q", workers.PIDs(found), rule)
	}
	if found, rule := (Server{single: true}).Workers(tree[:2], nil); !slices.Equal(workers.PIDs(found), []int{2}) || rule != ruleSingle {
		t.Errorf("%v by %q", workers.PIDs(found), rule)
	}
	if found, rule := (Server{}).Workers(tree[:1], nil); len(found) != 0 || rule != workers.NoRule {
		t.Errorf("before there is a title: %v by %q", found, rule)
	}
}
