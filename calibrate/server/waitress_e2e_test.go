package server

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/waitress"
)

// slowApp answers with its pid, after so many milliseconds as the path says (/ms/500); make makes it.
const slowApp = `
import os, time
def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/ms/"):
        time.sleep(int(path[4:]) / 1000)
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
def make():
    return app
`

// waitressSpec runs the app of a folder, which waitress finds as Python finds any module.
func waitressSpec(t *testing.T, dir string, words ...string) known.Spec {
	return known.Spec{Command: slices.Concat([]string{servertest.Venv(t, "waitress-serve")}, words), Env: map[string]string{"PYTHONPATH": dir}}
}

// One process is found, by either name of the program; its leak is seen; production's socket stays as it is.
func TestE2EWaitress(t *testing.T) {
	t.Parallel()
	for name, program := range map[string][]string{
		"waitress-serve":     {servertest.Venv(t, "waitress-serve")},
		"python -m waitress": {servertest.Venv(t, "python"), "-m", "waitress"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			socket := filepath.Join(t.TempDir(), "socket")
			servertest.Write(t, socket, "production's")
			r := start(t, known.Spec{
				Command: slices.Concat(program, []string{"--unix-socket", socket, "app:app"}),
				Env:     map[string]string{"CALIBRATE_KEEP_BYTES": "65536", "PYTHONPATH": servertest.Fixture(t, "wsgi")},
			})
			info := r.Info()
			if info.Server != "waitress" || !strings.HasPrefix(info.ServerVersion, "3.") || info.Threads != 4 || info.WorkerRule.Kind != calibrate.RuleAlone {
				t.Errorf("%+v", info)
			}
			if got := r.get("/pid"); atoi(t, got) != r.worker() || len(r.Tree()) != 1 {
				t.Errorf("answered by %s, the worker found is %d; tree %v", got, r.worker(), r.Tree())
			}
			within(t, "bytes a request", r.growth(t, r.worker(), 300, 800), 65536, 0.15)
			if text, err := os.ReadFile(socket); err != nil || string(text) != "production's" {
				t.Errorf("production's socket is now %q, %v", text, err)
			}
			if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds > 3 {
				t.Errorf("%+v %v", stopped, err)
			}
		})
	}
}

// So many requests at once as threads; the others wait. Attached to, it is the same.
func TestE2EWaitressThreads(t *testing.T) {
	t.Parallel()
	spec := waitressSpec(t, servertest.Module(t, slowApp), "--threads", "8", "--call", "mod:make")
	spec.Threads = 2
	r := start(t, spec)
	if tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", r.worker())); err != nil || len(tasks) != 3 { // its loop, and two for requests
		t.Errorf("%d threads, %v", len(tasks), err)
	}
	r.answering()
	began := time.Now()
	if refused := r.refused(8, 1, "/ms/300"); refused != 0 {
		t.Errorf("%d requests were refused", refused)
	}
	if took := time.Since(began); took < 1100*time.Millisecond { // 8 requests of 0.3 s, 2 at once
		t.Errorf("8 requests in %v: more than 2 at once", took)
	}
	attached, err := Attach(AttachSpec{PID: r.worker()})
	if err != nil {
		t.Fatal(err)
	}
	found, err := attached.Workers()
	if info := attached.Info(); err != nil || !slices.Equal(found, []int{r.worker()}) || info.Server != "waitress" || info.Threads != 2 || info.ServerVersion == "" {
		t.Errorf("attached to %v %v, %+v", found, err, info)
	}
}

// Why a start fails: the app, the options, and what the app does at its import.
func TestE2EWaitressFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		words []string
		want  []string
	}{
		"import":    {"import nosuchmodule\n", []string{"mod:app"}, []string{"exit code 1", "the app could not be imported (No module named 'nosuchmodule')"}},
		"attribute": {"x = 1\n", []string{"mod:app"}, []string{"exit code 1", "the app could not be imported (module 'mod' has no attribute 'app')"}},
		"raises":    {"raise RuntimeError('no database')\n", []string{"mod:app"}, []string{"exit code 1", "RuntimeError: no database"}},
		"leaves":    {"import sys\nsys.exit('leaving')\n", []string{"mod:app"}, []string{"exit code 1"}},
		"option":    {okApp, []string{"--no-such", "mod:app"}, []string{"exit code 1", "option --no-such not recognized"}},
		"behind it": {okApp, []string{"mod:app", "--ident=x"}, []string{"exit code 1", "it takes one app, behind all options"}},
		"no number": {okApp, []string{"--backlog=x", "mod:app"}, []string{"exit code 1", "invalid literal for int"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, failure(t, waitressSpec(t, servertest.Module(t, c.text), c.words...)), calibrate.KindApp, c.want...)
		})
	}
}

// What is refused before anything has started is what waitress does not start with.
func TestE2EWaitressRefused(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okApp)
	for _, words := range [][]string{{"--listen=127.0.0.1:0", "--host=127.0.0.1"}, {"--unix-socket=x", "--port=0"}, {"--unix-socket=x", "--listen=127.0.0.1:0"}, {"--threads=many"}, {"--port=http"}} {
		spec := waitressSpec(t, dir, append(words, "mod:app")...)
		cmd := exec.CommandContext(t.Context(), spec.Command[0], spec.Command[1:]...)
		cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "PYTHONPATH="+dir)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "ValueError: ") {
			t.Errorf("%q starts: %v\n%s", words, err, out)
		}
		if _, err := Recognise(t.Context(), spec); err == nil {
			t.Errorf("%q isn't refused", words)
		}
	}
}

// waitressByHand runs waitress as production would, and returns its address and its command.
func waitressByHand(t *testing.T, words ...string) (url string, cmd *exec.Cmd) {
	t.Helper()
	servertest.NotShort(t)
	return byHand(t, []string{"PYTHONPATH=" + servertest.Module(t, slowApp)},
		slices.Concat([]string{servertest.Venv(t, "waitress-serve"), "--listen=127.0.0.1:{port}"}, words, []string{"mod:app"})...)
}

// A port that is taken ends it with 1, and with the kernel's words for that.
func TestE2EWaitressPortTaken(t *testing.T) {
	t.Parallel()
	url, first := waitressByHand(t)
	cmd := exec.CommandContext(t.Context(), first.Path, first.Args[1:]...)
	cmd.Env = first.Env
	out, _ := cmd.CombinedOutput()
	end := known.Ending{Over: true, Code: cmd.ProcessState.ExitCode()}
	if why, try := (waitress.Server{}).Explain(end, known.LogOf(out)); !end.ExitedWith(1) || why != "another process has its port" || try == "" {
		t.Errorf("%v: %q, %q\n%s", end, why, try, out)
	}
	if _, ok := pidAt(url); !ok {
		t.Error("the first one answers no more")
	}
}

// stopping-cuts: a request under way is lost by SIGTERM, and answered by SIGINT.
func TestE2EWaitressStopping(t *testing.T) {
	t.Parallel()
	for signal, want := range map[syscall.Signal]struct{ status, code int }{
		syscall.SIGTERM: {0, -1}, // -1 is a signal's
		syscall.SIGINT:  {http.StatusOK, 0},
	} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			url, cmd := waitressByHand(t)
			answered := make(chan int, 1)
			go func() {
				res, err := plainClient().Get(url + "/ms/1500")
				if err != nil {
					answered <- 0
					return
				}
				res.Body.Close()
				answered <- res.StatusCode
			}()
			time.Sleep(500 * time.Millisecond) // it is under way by then
			_ = cmd.Process.Signal(signal)
			_ = cmd.Wait()
			if got := <-answered; got != want.status || cmd.ProcessState.ExitCode() != want.code {
				t.Errorf("answered by %d, %v", got, cmd.ProcessState)
			}
		})
	}
}

// connections-wait: of a limit of 5 two are its own; the fourth client waits until another leaves.
func TestE2EWaitressConnectionsWait(t *testing.T) {
	t.Parallel()
	url, _ := waitressByHand(t, "--connection-limit=5")
	ask := func(limit time.Duration) (leave func(), ok bool) { // by a connection of its own, which stays open
		client := &http.Client{Transport: &http.Transport{}, Timeout: limit}
		res, err := client.Get(url)
		if err != nil {
			return client.CloseIdleConnections, false
		}
		buf := make([]byte, 64)
		for err == nil {
			_, err = res.Body.Read(buf)
		}
		res.Body.Close()
		return client.CloseIdleConnections, true
	}
	var leave []func()
	eventually(t, "three connections that are answered", func() bool { // the first answer's own may be open still
		closeOne, ok := ask(5 * time.Second)
		if ok {
			leave = append(leave, closeOne)
		}
		return len(leave) == 3
	})
	if _, ok := ask(2 * time.Second); ok {
		t.Error("the fourth was answered")
	}
	leave[0]()
	if closeOne, ok := ask(10 * time.Second); !ok {
		t.Error("the next waits though one has left")
	} else {
		closeOne()
	}
	for _, closeOne := range leave[1:] {
		closeOne()
	}
}
