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
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestE2EGunicornSync(t *testing.T) {
	t.Setenv("WEB_CONCURRENCY", "5")
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "-w", "3", "-b0.0.0.0:1", "--max-requests=7", "mod:app")})
	r.answering()
	info := r.Info()
	if info.Server != "gunicorn" || info.ServerVersion == "" || info.Threads != 1 || !info.HasThreads || !info.CanRecycle || info.Preload {
		t.Errorf("%+v", info)
	}
	if !slices.Equal(info.Command[3:], []string{"-w", "3", "-b0.0.0.0:1", "--max-requests=7", "mod:app"}) {
		t.Errorf("the command as given is %q", info.Command)
	}
	servertest.HasChange(t, info, "instead of 0.0.0.0:1")
	servertest.HasChange(t, info, "1 worker instead of 3")
	servertest.HasChange(t, info, "instead of a new worker after 7 requests")
	servertest.HasChange(t, info, "WEB_CONCURRENCY")
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
	r := start(t, known.Spec{Threads: 4, Command: gunicornWith(t, servertest.Module(t, okApp), "--threads", "2", "mod:app")})
	r.answering()
	info := r.Info()
	if info.Threads != 4 || !info.HasThreads {
		t.Errorf("%+v", info)
	}
	servertest.HasChange(t, info, "4 threads a worker instead of 2")
	servertest.HasChange(t, info, "gthread")
	log, _ := os.ReadFile(r.log.Name())
	if !strings.Contains(string(log), "Using worker: gthread") {
		t.Errorf("log: %s", log)
	}
}

func TestE2EGunicornPreload(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, "import time\ntime.sleep(0.7)\n"+okApp)
	r := start(t, known.Spec{Command: gunicornWith(t, dir, "--preload", "mod:app")})
	r.answering()
	info := r.Info()
	if !info.Preload || info.BootSeconds < 0.7 || info.WorkerBootSeconds > 0.5 {
		t.Errorf("preload %v, boot %v, worker %v", info.Preload, info.BootSeconds, info.WorkerBootSeconds)
	}
}

func TestE2EGunicornConfigFile(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	access := filepath.Join(dir, "access.log")
	conf := filepath.Join(dir, "prod.conf.py")
	servertest.Write(t, conf, `
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
	r := start(t, known.Spec{Command: gunicornWith(t, dir, "-c", conf, "mod:app")})
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
	servertest.HasChange(t, info, "instead of 0.0.0.0:1, unix:/nonexistent/sock")
	servertest.HasChange(t, info, "1 worker instead of 4")
	servertest.HasChange(t, info, "after 5 requests")
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
	dir := servertest.Module(t, okApp)
	servertest.Write(t, filepath.Join(dir, "gunicorn.conf.py"), "threads = 2\nworkers = 3\n")
	gunicorn := servertest.Venv(t, "gunicorn")
	t.Chdir(dir)
	r := start(t, known.Spec{Command: []string{gunicorn, "mod:app"}})
	r.answering()
	if info := r.Info(); info.Threads != 2 || len(r.Tree()) != 2 {
		t.Errorf("%+v", info)
	}
}

func TestE2EGunicornCmdArgs(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{
		Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app"),
		Env:     map[string]string{"GUNICORN_CMD_ARGS": "--workers 3 --threads=2 --bind 0.0.0.0:1 --preload"},
	})
	r.answering()
	if info := r.Info(); info.Threads != 2 || !info.Preload || len(r.Tree()) != 2 {
		t.Errorf("%+v", info)
	}
	servertest.HasChange(t, r.Info(), "1 worker instead of 3")
}

func TestE2EGunicornBySeveralNames(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	python, gunicorn := servertest.Venv(t, "python"), servertest.Venv(t, "gunicorn")
	for name, command := range map[string][]string{
		"module":       {python, "-m", "gunicorn", "--chdir", dir, "mod:app"},
		"script":       {python, "-u", gunicorn, "--chdir", dir, "mod:app"},
		"env":          {"env", "A=B", gunicorn, "--chdir", dir, "mod:app"},
		"simple shell": {"sh", "-c", "A=b exec " + gunicorn + " --chdir '" + dir + "' mod:app"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, known.Spec{Command: command})
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
	dir := servertest.Module(t, `
import multiprocessing, time
multiprocessing.set_start_method("fork")
multiprocessing.Process(target=time.sleep, args=(60,), daemon=True).start()
`+okApp)
	servertest.Write(t, filepath.Join(dir, "setproctitle.py"), "raise ImportError('not installed')\n")
	r := start(t, known.Spec{
		Command: gunicornWith(t, dir, "--preload", "mod:app"),
		Env:     map[string]string{"PYTHONPATH": dir},
	})
	r.answering()
	if rule := r.Info().WorkerRule; rule.Kind != calibrate.RuleChild {
		t.Errorf("rule %q", rule)
	}
	if len(r.Tree()) != 3 {
		t.Errorf("tree %v, want master, worker and the app's own child", r.Tree())
	}
}

func TestE2EWorkerReplaced(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app")})
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
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app")})
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
			dir := servertest.Module(t, "from gunicorn.dirty.app import DirtyApp\nclass Background(DirtyApp): pass\n"+okApp)
			spec := known.Spec{Command: gunicornWith(t, dir, "--dirty-app", "mod:Background", "--dirty-workers", "1", "mod:app")}
			if !titles {
				spec.Env = map[string]string{"PYTHONPATH": noTitles(t)}
			}
			r := start(t, spec)
			eventually(t, "the background workers", func() bool { return len(r.Tree()) == 4 })
			r.answering()
			servertest.HasChange(t, r.Info(), "background workers of a running Gunicorn")
		})
	}
}

// Gunicorn with Uvicorn's worker class: Gunicorn's tree, and no threads to set.
func TestE2EGunicornWithUvicornWorker(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okASGI), "-k", "uvicorn.workers.UvicornWorker", "-w", "3", "--threads", "4", "--max-requests", "5", "mod:app"), Workers: 2})
	eventually(t, "both workers", func() bool { workers, _ := r.Workers(); return len(workers) == 2 })
	found, _ := r.Workers()
	eventually(t, "an answer of each worker", r.eachAnswers(found))
	if info := r.Info(); info.Server != "gunicorn" || info.Threads != 0 || info.HasThreads || !info.CanRecycle || info.ConcurrencyLimit != 0 {
		t.Errorf("%+v", info)
	}
	servertest.HasWarning(t, r.Warnings(), "threads-ignored")
}

func TestE2EBadConfiguration(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	conf := filepath.Join(dir, "bad.conf.py")
	servertest.Write(t, conf, "workers = undefined\n")
	f := failure(t, known.Spec{Command: gunicornWith(t, dir, "-c", conf, "mod:app")})
	says(t, f, calibrate.KindUsage, "can't read its configuration", "NameError")

	servertest.Write(t, conf, "daemon = True\n")
	f = failure(t, known.Spec{Command: gunicornWith(t, dir, "-c", conf, "mod:app")})
	says(t, f, calibrate.KindUsage, "daemon in bad.conf.py", "background")
}
