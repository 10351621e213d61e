package server

import (
	"flag"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"syscall"
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

// whoCase is an app with other processes beside its workers. It answers with the number of the process that did the work.
type whoCase struct {
	name  string
	start func(t *testing.T) (app calibrate.App, stop func())
}

var whoCases = []whoCase{
	{"sleepers", launched(beside("sleepers"))},
	{"helper", launched(beside("helper"))},
	{"consumers", launched(beside("consumers"))},
	{"pool", launched(beside("pool"))},
	{"sanic", launched(sanic)},
	{"node cluster", launched(nodeCluster)},
	{"node cluster whose primary is slow", nodeWithSlowPrimary},
	{"php-fpm behind Apache", launched(func(t *testing.T) known.Spec { return known.Spec{Command: phpFPM(t), Threads: 1, Env: phpEnv()} })},
	{"attach to uWSGI with http", uwsgiWithFront},
}

func beside(kind string) func(t *testing.T) known.Spec {
	return func(t *testing.T) known.Spec {
		return known.Spec{Command: []string{servertest.Venv(t, "python"), servertest.Fixture(t, "beside", "app.py"), kind, "{port}"}}
	}
}

func nodeCluster(t *testing.T) known.Spec {
	return known.Spec{Command: []string{servertest.OnPath(t, "node"), servertest.Fixture(t, "node", "server.js")}, Env: nodeEnv()}
}

// nodeWithSlowPrimary has a queue before the worker, as on a machine where others keep the primary from the cores: it holds
// connections at every look, its worker at few.
func nodeWithSlowPrimary(t *testing.T) (calibrate.App, func()) {
	r := start(t, nodeCluster(t))
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, r.Tree()[0], 19); err != nil {
		t.Fatal(err)
	}
	return r, func() { _, _ = r.Stop(t.Context()) }
}

// sanic has its manager beside the worker (make servers).
func sanic(t *testing.T) known.Spec {
	return known.Spec{
		Command: []string{servertest.Venv(t, "../sanic/bin/python"), "-m", "sanic", "sanic_app:app", "--host", "{host}", "--port", "{port}", "--workers", "{workers}"},
		Env:     map[string]string{"PYTHONPATH": servertest.Fixture(t, "beside")},
	}
}

func launched(spec func(t *testing.T) known.Spec) func(t *testing.T) (calibrate.App, func()) {
	return func(t *testing.T) (calibrate.App, func()) {
		r := start(t, spec(t))
		return r, func() { _, _ = r.Stop(t.Context()) }
	}
}

// uwsgiWithFront is a uWSGI of somebody else, whose workers and router have no titles.
func uwsgiWithFront(t *testing.T) (calibrate.App, func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	words := uwsgiWith(t, servertest.Module(t, okApp), "--plugin", "http", "--http", address, "--master", "--processes", "2", "--die-on-term")
	cmd := exec.Command(words[0], words[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an answer", func() bool { _, err := ask("http://" + address); return err == nil })
	attached, err := Attach(AttachSpec{PID: cmd.Process.Pid, URL: "http://" + address})
	if err != nil {
		t.Fatal(err)
	}
	app, err := attached.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return app, func() {
		_, _ = app.Stop(t.Context())
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
}

// The worker is found once the load shows it, whatever else the tree has. How often that is right, make who counts.
func TestE2EWho(t *testing.T) {
	for _, c := range whoCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if !c.right(t) {
				t.Error("other processes were taken for the workers than those that answered")
			}
		})
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
					defer servertest.BusyNeighbours(t, 2)()
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

// right loads the app until its workers are known, as a run does by and by, and says whether they are those that answered.
func (c whoCase) right(t *testing.T) bool {
	app, stop := c.start(t)
	defer stop()
	before, _ := app.Workers()
	began := time.Now()
	answered := loadUntilKnown(app)
	found, _ := app.Workers()
	rule := app.Info().WorkerRule
	ok := slices.Equal(found, answered) && rule.Kind != calibrate.RuleGuess
	t.Logf("%v by %q after %.1f s; answered: %v; before the load: %v; %v", found, rule, time.Since(began).Seconds(), answered, before, ok)
	return ok
}
