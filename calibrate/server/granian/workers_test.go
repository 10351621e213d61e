package granian

import (
	"slices"
	"testing"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/workers"
)

func TestGranianWorkers(t *testing.T) {
	const title = "granian wsgi 127.0.0.1:8000 src/app:app"
	tree := []linux.Process{
		{PID: 9, Parent: 1, Args: []string{"uv", "run", "granian", "a:a"}},
		{PID: 10, Parent: 9, Args: []string{title}},
		{PID: 11, Parent: 10, Args: []string{"python", "-c", "from multiprocessing.resource_tracker import main;main(4)"}},
		{PID: 12, Parent: 10, Args: []string{title + " worker-1"}},
		{PID: 13, Parent: 12, Args: []string{"convert", "image"}},
	}
	if found, rule := (Server{}).Workers(tree, nil); !slices.Equal(workers.PIDs(found), []int{12}) || rule != ruleChild {
		t.Errorf("%v by %q", found, rule)
	}
	tree[1].Args, tree[3].Args = []string{"python3", "/venv/bin/granian", "a:a"}, []string{"python3", "/venv/bin/granian", "a:a"}
	if found, _ := (Server{}).Workers(tree, nil); !slices.Equal(workers.PIDs(found), []int{12}) {
		t.Errorf("%v without titles", found)
	}
}
