package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
)

func TestE2EGunicornSync(t *testing.T) {
	t.Setenv("WEB_CONCURRENCY", "5")
	r := start(t, Spec{Command: gunicornWith(t, module(t, okApp), "-w", "3", "-b0.0.0.0:1", "--max-requests=7", "mod:app")})
	r.answering()
	info := r.Info()
	if info.Server != "gunicorn" || info.ServerVersion == "" || info.Threads != 1 || !info.HasThreads || !info.CanRecycle || info.Preload {
		t.Errorf("%+v", info)
	}
	if !slices.Equal(info.Command[3:], []string{"-w", "3", "-b0.0.0.0:1", "--max-requests=7", "mod:app"}) {
		t.Errorf("the command as given is %q", info.Command)
	}
	hasChange(t, info, "instead of 0.0.0.0:1")
	hasChange(t, info, "1 worker instead of 3")
	hasChange(t, info, "instead of a new worker after 7 requests")
	hasChange(t, info, "WEB_CONCURRENCY")
	if tree := r.Tree(); len(tree) != 2 {
		t.Errorf("tree %v, want master and worker", tree)
	}
	if r.Backlog() != 0 {
		t.Errorf("backlog %d of an idle server", r.Backlog())
	}
	for range 20 { // more than the 7 of the command
		r.get("/")
	}
	r.answering()
	if info.BootSeconds <= 0 || info.BootSeconds > 30 || info.WorkerBootSeconds <= 0 || info.WorkerBootSeconds > info.BootSeconds {
		t.Errorf("boot %v s, worker %v s", info.BootSeconds, info.WorkerBootSeconds)
	}
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds <= 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
	if again, err := r.Stop(t.Context()); err != nil || again != stopped {
		t.Errorf("stopped twice: %+v, then %+v %v", stopped, again, err)
	}
	if workers, err := r.Workers(); len(workers) != 0 || err != nil || len(r.Tree()) != 0 {
		t.Errorf("after the end: %v %v %v", workers, err, r.Tree())
	}
}

func TestE2EGunicornThreads(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Threads: 4, Command: gunicornWith(t, module(t, okApp), "--threads", "2", "mod:app")})
	r.answering()
	info := r.Info()
	if info.Threads != 4 || !info.HasThreads {
		t.Errorf("%+v", info)
	}
	hasChange(t, info, "4 threads a worker instead of 2")
	hasChange(t, info, "gthread")
	log, _ := os.ReadFile(r.log.Name())
	if !strings.Contains(string(log), "Using worker: gthread") {
		t.Errorf("log: %s", log)
	}
}

func TestE2EGunicornPreload(t *testing.T) {
	t.Parallel()
	dir := module(t, "import time\ntime.sleep(0.7)\n"+okApp)
	r := start(t, Spec{Command: gunicornWith(t, dir, "--preload", "mod:app")})
	r.answering()
	info := r.Info()
	if !info.Preload || info.BootSeconds < 0.7 || info.WorkerBootSeconds > 0.5 {
		t.Errorf("preload %v, boot %v, worker %v", info.Preload, info.BootSeconds, info.WorkerBootSeconds)
	}
}

func TestE2EGunicornConfigFile(t *testing.T) {
	t.Parallel()
	dir := module(t, okApp)
	access := filepath.Join(dir, "access.log")
	conf := filepath.Join(dir, "prod.conf.py")
	write(t, conf, `
bind = ["0.0.0.0:1", "unix:/nonexistent/sock"]
workers = 4
threads = 3
max_requests = 5
max_requests_jitter = 2
preload_app = True
accesslog = "`+access+`"
errorlog = "`+dir+`/error.log"
pidfile = "`+dir+`/prod.pid"
`)
	r := start(t, Spec{Command: gunicornWith(t, dir, "-c", conf, "mod:app")})
	for range 12 {
		r.get("/")
	}
	r.answering()
	if _, err := os.Stat(r.temporary); err != nil {
		t.Error(err)
	}
	info := r.Info()
	if info.Threads != 3 || !info.Preload || len(r.Tree()) != 2 {
		t.Errorf("%+v, tree %v", info, r.Tree())
	}
	hasChange(t, info, "instead of 0.0.0.0:1, unix:/nonexistent/sock")
	hasChange(t, info, "1 worker instead of 4")
	hasChange(t, info, "after 5 requests")
	if _, err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, file := range []string{"access.log", "error.log", "prod.pid"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
			t.Errorf("%s of production was touched", file)
		}
	}
	if _, err := os.Stat(r.temporary); err == nil || r.temporary == "" {
		t.Errorf("the pid file %q is left", r.temporary)
	}
}

func TestE2EGunicornConfigOfTheFolder(t *testing.T) {
	dir := module(t, okApp)
	write(t, filepath.Join(dir, "gunicorn.conf.py"), "threads = 2\nworkers = 3\n")
	gunicorn := venv(t, "gunicorn")
	t.Chdir(dir)
	r := start(t, Spec{Command: []string{gunicorn, "mod:app"}})
	r.answering()
	if info := r.Info(); info.Threads != 2 || len(r.Tree()) != 2 {
		t.Errorf("%+v", info)
	}
}

func TestE2EGunicornCmdArgs(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{
		Command: gunicornWith(t, module(t, okApp), "mod:app"),
		Env:     map[string]string{"GUNICORN_CMD_ARGS": "--workers 3 --threads=2 --bind 0.0.0.0:1 --preload"},
	})
	r.answering()
	if info := r.Info(); info.Threads != 2 || !info.Preload || len(r.Tree()) != 2 {
		t.Errorf("%+v", info)
	}
	hasChange(t, r.Info(), "1 worker instead of 3")
}

func TestE2EGunicornBySeveralNames(t *testing.T) {
	t.Parallel()
	dir := module(t, okApp)
	python, gunicorn := venv(t, "python"), venv(t, "gunicorn")
	for name, command := range map[string][]string{
		"module":       {python, "-m", "gunicorn", "--chdir", dir, "mod:app"},
		"script":       {python, "-u", gunicorn, "--chdir", dir, "mod:app"},
		"env":          {"env", "A=B", gunicorn, "--chdir", dir, "mod:app"},
		"simple shell": {"sh", "-c", "A=b exec " + gunicorn + " --chdir '" + dir + "' mod:app"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, Spec{Command: command})
			r.answering()
			if info := r.Info(); info.Server != "gunicorn" || info.ServerVersion == "" {
				t.Errorf("%+v", info)
			}
		})
	}
}

// Without setproctitle, master and workers look alike, and so does what a preloaded app has forked.
func TestE2EGunicornWithoutTitles(t *testing.T) {
	t.Parallel()
	dir := module(t, `
import multiprocessing, time
multiprocessing.set_start_method("fork")
multiprocessing.Process(target=time.sleep, args=(60,), daemon=True).start()
`+okApp)
	write(t, filepath.Join(dir, "setproctitle.py"), "raise ImportError('not installed')\n")
	r := start(t, Spec{
		Command: gunicornWith(t, dir, "--preload", "mod:app"),
		Env:     map[string]string{"PYTHONPATH": dir},
	})
	r.answering()
	if rule := r.Info().WorkerRule; rule != ruleGunicornChild {
		t.Errorf("rule %q", rule)
	}
	if len(r.Tree()) != 3 {
		t.Errorf("tree %v, want master, worker and the app's own child", r.Tree())
	}
}

func TestE2EWorkerReplaced(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Command: gunicornWith(t, module(t, okApp), "mod:app")})
	before := r.worker()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another worker", func() bool {
		workers, _ := r.Workers()
		return len(workers) == 1 && workers[0] != before
	})
	r.answering()
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, 4, "the worker was replaced once", "SIGKILL")
	select {
	case <-r.Exited():
		t.Error("the server itself has not ended")
	default:
	}
}

func TestE2EServerDies(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Command: gunicornWith(t, module(t, okApp), "mod:app")})
	if err := syscall.Kill(r.guardian.AppPID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.Exited():
	case <-time.After(5 * time.Second):
		t.Fatal("Exited is not closed")
	}
	f := r.Failure("soak")
	showFailure(t, f)
	says(t, f, 3, "signal 9", "in the middle of the run", "counts no out-of-memory kill")
}

// Gunicorn's background workers (--dirty-app, from 25.0) are no workers, and those of production are left alone.
func TestE2EGunicornBackgroundWorkers(t *testing.T) {
	t.Parallel()
	for name, titles := range map[string]bool{"titles": true, "no titles": false} {
		t.Run(name, func(t *testing.T) {
			dir := module(t, "from gunicorn.dirty.app import DirtyApp\nclass Background(DirtyApp): pass\n"+okApp)
			spec := Spec{Command: gunicornWith(t, dir, "--dirty-app", "mod:Background", "--dirty-workers", "1", "mod:app")}
			if !titles {
				spec.Env = map[string]string{"PYTHONPATH": noTitles(t)}
			}
			r := start(t, spec)
			eventually(t, "the background workers", func() bool { return len(r.Tree()) == 4 })
			r.answering()
			hasChange(t, r.Info(), "background workers of a running Gunicorn")
		})
	}
}

// Gunicorn with Uvicorn's worker class: Gunicorn's tree, and no threads to set.
func TestE2EGunicornWithUvicornWorker(t *testing.T) {
	t.Parallel()
	r := start(t, Spec{Command: gunicornWith(t, module(t, okASGI), "-k", "uvicorn.workers.UvicornWorker", "-w", "3", "--threads", "4", "--max-requests", "5", "mod:app"), Workers: 2})
	eventually(t, "both workers", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	found, _ := r.Workers()
	eventually(t, "an answer of each worker", r.eachAnswers(found))
	if info := r.Info(); info.Server != "gunicorn" || info.Threads != 0 || info.HasThreads || !info.CanRecycle || info.ConcurrencyLimit != 0 {
		t.Errorf("%+v", info)
	}
	hasWarning(t, r.Warnings(), "threads-ignored")
}

func TestE2EBadConfiguration(t *testing.T) {
	t.Parallel()
	dir := module(t, okApp)
	conf := filepath.Join(dir, "bad.conf.py")
	write(t, conf, "workers = undefined\n")
	f := failure(t, Spec{Command: gunicornWith(t, dir, "-c", conf, "mod:app")})
	says(t, f, calibrate.KindUsage, "can't read its configuration", "NameError")

	write(t, conf, "daemon = True\n")
	f = failure(t, Spec{Command: gunicornWith(t, dir, "-c", conf, "mod:app")})
	says(t, f, calibrate.KindUsage, "daemon in bad.conf.py", "background")
}
