package server

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

var (
	who     = flag.Bool("who", false, "count how often the worker is found, quiet and beside busy neighbours (make who)")
	whoRuns = flag.Int("who-runs", 10, "how often each app is run")
)

// whoCase is an app with other processes beside its worker. It answers with the number of the process that did the work.
type whoCase struct {
	name string
	spec func(t *testing.T) known.Spec
}

var whoCases = []whoCase{
	{"sleepers", beside("sleepers")},
	{"helper", beside("helper")},
	{"consumers", beside("consumers")},
	{"pool", beside("pool")},
}

func beside(kind string) func(t *testing.T) known.Spec {
	return func(t *testing.T) known.Spec {
		return known.Spec{Command: []string{servertest.Venv(t, "python"), servertest.Fixture(t, "beside", "app.py"), kind, "{port}"}}
	}
}

// TestWho counts how often the right process is taken for the worker.
func TestWho(t *testing.T) {
	if !*who {
		t.Skip("runs for many minutes: make who")
	}
	for _, busy := range []bool{false, true} {
		for _, c := range whoCases {
			t.Run(fmt.Sprintf("%s busy=%v", c.name, busy), func(t *testing.T) {
				if busy {
					defer busyNeighbours(t, 2)()
				}
				right := 0
				for range *whoRuns {
					if c.right(t) {
						right++
					}
				}
				t.Logf("%s: right %d of %d", c.name, right, *whoRuns)
				if right != *whoRuns {
					t.Errorf("right %d of %d", right, *whoRuns)
				}
			})
		}
	}
}

func (c whoCase) right(t *testing.T) bool {
	r := start(t, c.spec(t))
	defer r.Stop(t.Context())
	before, _ := r.Workers()
	answered := r.loadFor(4 * time.Second)
	found, _ := r.Workers()
	rule := r.Info().WorkerRule
	ok := slices.Equal(found, answered) && rule.Kind != calibrate.RuleGuess
	t.Logf("%v by %q; answered: %v; before the load: %v; %v", found, rule, answered, before, ok)
	return ok
}

// busyNeighbours keep so many cores busy until the returned function is called.
func busyNeighbours(t *testing.T, n int) (stop func()) {
	t.Helper()
	var all []*exec.Cmd
	for range n {
		c := exec.Command("timeout", "300", "sh", "-c", "while :; do :; done")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return func() {
		for _, c := range all {
			_ = c.Process.Signal(os.Interrupt)
			_ = c.Wait()
		}
	}
}
