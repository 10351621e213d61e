package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func granianWith(t *testing.T, dir, iface string, args ...string) []string {
	return slices.Concat([]string{servertest.Venv(t, "granian"), "--interface", iface, "--working-dir", dir}, args, []string{"mod:app"})
}

// Both interfaces: one worker found, its threads, its leak, and nothing left.
func TestE2EGranian(t *testing.T) {
	t.Parallel()
	for iface, threads := range map[string]int{"asgi": 0, "wsgi": 4} {
		t.Run(iface, func(t *testing.T) {
			t.Parallel()
			r := start(t, known.Spec{
				Command: []string{servertest.Venv(t, "python"), "-m", "granian", "--interface", iface, "--workers", "3", "--workers-max-rss", "1",
					"--rss-sample-interval", "1", "--working-dir", servertest.Fixture(t, iface), "app:app"},
				Threads: threads,
				Env:     map[string]string{"CALIBRATE_KEEP_BYTES": "65536", "GRANIAN_WORKERS_LIFETIME": "60"},
			})
			info := r.Info()
			if info.Server != "granian" || !strings.HasPrefix(info.ServerVersion, "2.") || info.Threads != threads || info.WorkerRule.Kind != calibrate.RuleChild {
				t.Errorf("%+v", info)
			}
			if got := r.get("/pid"); atoi(t, got) != r.worker() || len(r.Tree()) != 2 {
				t.Errorf("answered by %s, the worker found is %d; tree %v", got, r.worker(), r.Tree())
			}
			within(t, "bytes a request", r.growth(t, r.worker(), 300, 800), 65536, 0.15)
			if r.watch.Replacements() != 0 {
				t.Errorf("%d replacements, though no bound of memory was to be left", r.watch.Replacements())
			}
			if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds > 8 {
				t.Errorf("%+v %v", stopped, err)
			}
		})
	}
}

// More requests than --backpressure wait: none is refused.
func TestE2EGranianWorkersAndBound(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: granianWith(t, servertest.Module(t, okASGI), "asgi", "--backpressure", "2"), Workers: 2})
	eventually(t, "both workers", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	found, _ := r.Workers()
	eventually(t, "an answer of each worker", r.eachAnswers(found))
	began := time.Now()
	if refused := r.refused(12, 1, "/ms/300"); refused != 0 {
		t.Errorf("%d requests were refused", refused)
	}
	if took := time.Since(began); took < 800*time.Millisecond { // 12 requests of 0.3 s, 4 at once
		t.Errorf("12 requests in %v: more than 2 at once in a worker", took)
	}
	attached, err := Attach(AttachSpec{PID: found[0]})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := attached.Workers(); err != nil || !slices.Equal(again, found) || attached.Info().Server != "granian" {
		t.Errorf("attached to %v %v, %+v", again, err, attached.Info())
	}
}

// worker-ends-server: status 1, as production would run into it.
func TestE2EGranianWorkerEndsServer(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: granianWith(t, servertest.Module(t, okASGI), "asgi"), Workers: 2})
	servertest.HasWarning(t, r.Warnings(), known.WorkerEndsServer)
	eventually(t, "both workers", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	found, _ := r.Workers()
	eventually(t, "an answer of each worker", r.eachAnswers(found)) // else stop-is-lost: the other one boots
	if err := syscall.Kill(atoi(t, strings.TrimSpace(r.get("/"))), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.guardian.Exited():
	case <-time.After(10 * time.Second):
		t.Fatal("it lives on")
	}
	says(t, r.Failure("soak"), calibrate.KindApp, "exit code 1", "a worker of it ended")
}

// stop-is-lost: as production would run into it.
func TestE2EGranianStopIsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "mod.py"), "import time\nopen('"+dir+"/booting', 'w').close()\ntime.sleep(1)\n"+okASGI)
	args := granianWith(t, dir, "asgi", "--port", "0")
	cmd := exec.Command(args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	eventually(t, "the app's import", func() bool { _, err := os.Stat(filepath.Join(dir, "booting")); return err == nil })
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		t.Errorf("it ended: %v", err)
	case <-time.After(4 * time.Second): // the import is over since 3 s
		for _, p := range linux.Here.Descendants(cmd.Process.Pid) { // the worker, for which it waits
			_ = syscall.Kill(p, syscall.SIGKILL)
		}
		<-ended
	}
}

func TestE2EGranianFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		args []string
		want []string
	}{
		"import":    {"import nosuchmodule\n", nil, []string{"exit code 1", "No module named 'nosuchmodule'"}},
		"attribute": {"x = 1\n", nil, []string{"exit code 1", "module 'mod' has no attribute 'app'"}},
		"leaves":    {"import sys\nsys.exit('leaving')\n", nil, []string{"a worker of it ended, and with it the whole server"}},
		"loop":      {"import sys\nsys.exit('leaving')\n", []string{"--respawn-failed-workers"}, []string{"exit code 1", "its worker ended over and over"}},
		"startup":   {failedStartup, nil, []string{"startup (lifespan) failed"}},
		"option":    {okASGI, []string{"--no-such"}, []string{"exit code 2", "No such option"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, failure(t, known.Spec{Command: granianWith(t, servertest.Module(t, c.text), "asgi", c.args...)}), calibrate.KindApp, c.want...)
		})
	}
}
