package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestE2EHTTPServer(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: []string{servertest.Venv(t, "python"), "-m", "http.server", "--bind", "{host}", "{port}"}})
	if r.worker() != r.guardian.AppPID() {
		t.Errorf("worker %d, the server is %d", r.worker(), r.guardian.AppPID())
	}
	info := r.Info()
	if info.Server != "command" || info.HasThreads || info.CanRecycle || info.WorkerRule.Kind != calibrate.RuleAlone {
		t.Errorf("%+v", info)
	}
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
}

func TestE2EPortInEnvironment(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{
		Command: []string{"sh", "-c", `exec "$0" -m http.server "$PORT"`, servertest.Venv(t, "python")},
		Env:     map[string]string{"PORT": "{port}"},
	})
	r.worker()
}

// A shell that stays is no worker; the server below it is.
func TestE2EShellWrapper(t *testing.T) {
	t.Parallel()
	command := strings.Join(gunicornWith(t, servertest.Module(t, okApp), "-b", "127.0.0.1:{port}", "-w", "{workers}", "mod:app"), " ")
	r := start(t, known.Spec{Command: []string{"sh", "-c", "echo starting; " + command + "; echo ended"}})
	for range 300 {
		r.get("/")
	}
	r.answering()
	if len(r.Tree()) != 3 {
		t.Errorf("tree %v, want shell, master and worker", r.Tree())
	}
	if w := r.ownWarnings(); len(w) != 1 || w[0].Code != "shell-wrapper" {
		t.Errorf("%+v", w)
	}
}

// A front that holds the socket and a worker behind it that doesn't: the worker is found by what it does.
func TestE2EFront(t *testing.T) {
	t.Parallel()
	python := servertest.Venv(t, "python")
	dir := servertest.Module(t, `
import http.server, os, socket, sys
back, front = socket.socketpair()
if os.fork() == 0:
    front.close()
    while back.recv(1):
        for _ in range(300000): pass
        back.send(b"%10d" % os.getpid())
    os._exit(0)
class Front(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        for _ in range(100000): pass
        front.send(b"x")
        body = front.recv(10)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
if os.fork() == 0:
    back.close()
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Front).serve_forever()
back.close()
front.close()
os.wait()
`)
	r := start(t, known.Spec{Command: []string{python, filepath.Join(dir, "mod.py"), "{port}"}})
	if found, _ := r.Workers(); len(found) != 1 || r.Info().WorkerRule.Kind != calibrate.RuleGuess {
		t.Errorf("before any traffic: %v by %q", found, r.Info().WorkerRule)
	}
	r.loadUntilKnown()
	r.answering()
	if rule := r.Info().WorkerRule; rule.Kind != calibrate.RuleServes {
		t.Errorf("rule %q", rule)
	}
	if n := r.watch.Replacements(); n != 0 {
		t.Errorf("a change of mind counts as %d replacements", n)
	}
}

// Nothing but stdin, stdout and stderr reaches the app, and no secret of ours.
func TestE2EDescriptors(t *testing.T) {
	t.Parallel()
	python := servertest.Venv(t, "python")
	leaky, err := os.Open("/dev/zero") // Go opens close-on-exec; this one is made to leak, as a parent shell's would
	if err != nil {
		t.Fatal(err)
	}
	defer leaky.Close()
	dup, err := dupWithoutCloexec(leaky)
	if err != nil {
		t.Fatal(err)
	}
	defer dup.Close()
	dir := servertest.Module(t, `
import http.server, os, sys
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(started.encode())
started = " ".join(sorted(os.readlink("/proc/self/fd/" + fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)))
started += " env:" + os.environ.get("CALIBRATE_GUARD", "none") + " pgrp:" + str(os.getpgrp() == os.getpid()) + " sid:" + str(os.getsid(0))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), App).serve_forever()
`)
	r := start(t, known.Spec{Command: []string{python, filepath.Join(dir, "mod.py"), "{port}"}})
	want := fmt.Sprintf("/dev/null %s %s env:none pgrp:True sid:%d", r.log.Name(), r.log.Name(), r.guardian.PID)
	if got := r.get("/"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A thread that the kernel refuses is told with the way out: the worker ends of it, or its requests fail.
func TestE2EThreadRefused(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{
		Command: []string{"sh", "-c", "ulimit -v 300000; exec " + servertest.Venv(t, "gunicorn") + " --chdir " + servertest.Fixture(t, "wsgi") + " -b 127.0.0.1:{port} --threads 64 app:app"},
		Env:     knobs("HOLD_MS", "1000"), Path: "/pid",
	})
	before := r.worker()
	client := plainClient()
	client.Timeout = 3 * time.Second
	for range 60 {
		go func() {
			if res, err := client.Get(r.Info().URL + "/"); err == nil {
				res.Body.Close()
			}
		}()
	}
	eventually(t, "the worker's end", func() bool {
		s, err := linux.Here.Stat(before)
		return err != nil || !s.Alive()
	})
	f := r.Failure(calibrate.PhasePeak)
	if !strings.Contains(f.Why, "refused it another thread") || !strings.Contains(f.Why, "can't start new thread") || !strings.Contains(f.Try, "ulimit -s") {
		t.Errorf("%s: %s: %s", f.What, f.Why, f.Try)
	}
}

// Its port is nobody else's while an app lives; then, and if its start failed, no descriptor of calibrate's keeps it.
func TestE2EPortIsKeptWhileTheAppLives(t *testing.T) {
	t.Parallel()
	kept := func(port int) bool {
		release, reserved := linux.ReservePort(port)
		release()
		return !reserved
	}
	r := start(t, known.Spec{Command: []string{servertest.Venv(t, "python"), "-m", "http.server", "--bind", "{host}", "{port}"}})
	if !kept(r.address.Port) {
		t.Error("another may have its port")
	}
	if _, err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if kept(r.address.Port) {
		t.Error("it is kept after the end")
	}
	said := filepath.Join(t.TempDir(), "port")
	failure(t, known.Spec{Command: []string{"sh", "-c", "echo {port} >" + said + "; exit 3"}})
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	if port, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || kept(port) {
		t.Errorf("the port %q of an app that didn't start is kept: %v", text, err)
	}
}
