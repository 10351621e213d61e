package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// Apps that don't come up, each with its sentence.

func TestE2EImportError(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, "import nosuchmodule\n")
	f := failure(t, known.Spec{Command: gunicornWith(t, dir, "mod:app")})
	says(t, f, calibrate.KindApp, "exit code 3", "could not import", "nosuchmodule")
	f = failure(t, known.Spec{Command: gunicornWith(t, dir, "--preload", "mod:app")})
	says(t, f, calibrate.KindApp, "exit code 1", "nosuchmodule")
	if len(f.Log) == 0 || len(f.Log) > 15 {
		t.Errorf("%d lines of log", len(f.Log))
	}
}

func TestE2EMissingAttribute(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, "x = 1\n"), "mod:app")})
	says(t, f, calibrate.KindApp, "exit code 4", "not found", "'app'")
}

func TestE2ECrashLoop(t *testing.T) {
	t.Parallel()
	began := time.Now()
	f := failure(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, "import sys\nsys.exit('no database')\n"), "mod:app")})
	says(t, f, calibrate.KindApp, "over and over")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("said after %v, not at once", took)
	}
}

// Gunicorn 27 doesn't end a worker that takes longer than --timeout to boot: its watch begins with the worker's first
// sign of life (workers/workertmp.py: until then the file's time is the wall clock's, ahead of the monotonic one).
func TestE2EBootSlowerThanTimeout(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, "import time\ntime.sleep(3)\n"+okApp), "--timeout", "1", "mod:app")})
	r.answering()
}

func TestE2ERequestSlowerThanTimeout(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, "import time\ndef app(e, s): time.sleep(30)\n"), "--timeout", "1", "mod:app")})
	says(t, f, calibrate.KindApp, "never answered", "--timeout")
}

func TestE2ENeverAnswers(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{
		Command:      gunicornWith(t, servertest.Module(t, "import time\ndef app(e, s): time.sleep(30)\n"), "mod:app"),
		BootDeadline: 2 * time.Second,
	})
	says(t, f, calibrate.KindApp, "listens at", "never answered GET / in 2s")
}

func TestE2EAnswers500ForEver(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{
		Command:      gunicornWith(t, servertest.Module(t, "def app(e, s): raise KeyError('DATABASE_URL')\n"), "mod:app"),
		BootDeadline: 2 * time.Second,
	})
	says(t, f, calibrate.KindApp, "answered 500 to GET / until the deadline", "KeyError: 'DATABASE_URL'")
}

func TestE2EAnswers503WhileStarting(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, `
import time
began = time.time()
def app(environ, start_response):
    ready = time.time() - began > 1
    start_response("200 OK" if ready else "503 Wait", [])
    return [b""]
`), "mod:app")})
	if boot := r.Info().BootSeconds; boot < 1 {
		t.Errorf("ready after %v s, in which it answered 503", boot)
	}
}

func TestE2ESlowBoot(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, "import time\ntime.sleep(1.2)\n"+okApp), "mod:app")})
	if info := r.Info(); info.BootSeconds < 1.2 || info.WorkerBootSeconds < 1.2 {
		t.Errorf("boot %v s, worker %v s, the import takes 1.2", info.BootSeconds, info.WorkerBootSeconds)
	}
}

func TestE2EStatus(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, `
def app(environ, start_response):
    start_response(environ["PATH_INFO"][1:] + " x", [("Location", "/login?token=secret"), ("X-Host", environ["HTTP_HOST"])])
    return [b""]
`)
	command := gunicornWith(t, dir, "mod:app")
	f := failure(t, known.Spec{Command: command, Path: "/404"})
	says(t, f, calibrate.KindInconclusive, "GET /404 answers 404")
	if !strings.Contains(f.Try, "--path") {
		t.Errorf("try: %s", f.Try)
	}
	f = failure(t, known.Spec{Command: command, Path: "/403?key=secret"})
	says(t, f, calibrate.KindInconclusive, "GET /403 answers 403")
	if !strings.Contains(f.Try, "headers") || strings.Contains(f.Error(), "secret") {
		t.Errorf("%s; try: %s", f.Error(), f.Try)
	}
	f = failure(t, known.Spec{Command: command, Path: "/302?key=secret"})
	says(t, f, calibrate.KindInconclusive, "GET /302 answers 302 Found, a redirect to /login")
	if f.Refusal == nil || f.Refusal.Kind != calibrate.RefusalLogin || f.Try != calibrate.TryLogin || strings.Contains(f.Error(), "secret") {
		t.Errorf("%s; try: %s; %+v", f.Error(), f.Try, f.Refusal)
	}
	r := start(t, known.Spec{Command: command, Path: "/403", AnyAnswer: true})
	if warnings := r.ownWarnings(); len(warnings) != 0 {
		t.Errorf("%+v", warnings)
	}
}

func TestE2EHeaders(t *testing.T) {
	t.Parallel()
	start(t, known.Spec{
		Command: gunicornWith(t, servertest.Module(t, `
def app(environ, start_response):
    good = environ["HTTP_HOST"] == "shop.example" and environ.get("HTTP_AUTHORIZATION") == "Bearer x"
    start_response("200 OK" if good else "401 No", [])
    return [b""]
`), "mod:app"),
		Headers: http.Header{"Host": {"shop.example"}, "Authorization": {"Bearer x"}},
	})
}

func TestE2EPortInUse(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	f := failure(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "mod:app"), URL: other.URL})
	says(t, f, calibrate.KindUsage, "already listens at")
}

// The port is taken between the choice and the bind: a second one is tried.
func TestE2EPortTakenMeanwhile(t *testing.T) {
	t.Parallel()
	python := servertest.Venv(t, "python")
	dir := servertest.Module(t, `
import http.server, os, sys
try:
    os.mkdir("first")
    raise OSError(98, "Address already in use")
except FileExistsError:
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
`)
	r := start(t, known.Spec{Command: []string{"env", "-C", dir, python, "mod.py", "{port}"}})
	r.worker()
}

func TestE2EFixedPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	l.Close()
	r := start(t, known.Spec{Command: gunicornWith(t, servertest.Module(t, okApp), "-b", "0.0.0.0:9", "mod:app"), URL: url})
	r.answering()
	if got := r.Info().URL; got != url {
		t.Errorf("url %s, want %s", got, url)
	}
}

func TestE2EListensElsewhere(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{
		Command:      []string{servertest.Venv(t, "python"), "-c", "from http.server import *; HTTPServer(('127.0.0.1', 0), SimpleHTTPRequestHandler).serve_forever()"},
		Env:          map[string]string{"UNUSED": "{port}"},
		BootDeadline: 2 * time.Second,
	})
	says(t, f, calibrate.KindApp, "nothing listened at 127.0.0.1:", "it listens on port")
}

func TestE2EGoesIntoBackground(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{Command: []string{"sh", "-c", servertest.Venv(t, "python") + " -m http.server {port} & exit 0"}})
	says(t, f, calibrate.KindApp, "went into the background")
	if !strings.Contains(f.Try, "foreground") {
		t.Errorf("try: %s", f.Try)
	}
}

func TestE2EAnsweredByAnother(t *testing.T) {
	t.Parallel()
	// The server that answers is this test: it comes up after the check that the port is free.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	time.AfterFunc(700*time.Millisecond, func() {
		if l, err := net.Listen("tcp", addr); err == nil {
			server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
			time.AfterFunc(5*time.Second, func() { server.Close() })
			_ = server.Serve(l)
		}
	})
	f := failure(t, known.Spec{Command: []string{"sleep", "30"}, URL: "http://" + addr})
	says(t, f, calibrate.KindInconclusive, "a process that the command didn't start")
}

func TestE2EInterruptedBoot(t *testing.T) {
	t.Parallel()
	log := servertest.LogFile(t)
	mark := newMark(log)
	l, err := Recognise(t.Context(), mark.on(known.Spec{
		Command: gunicornWith(t, servertest.Module(t, "import time\ntime.sleep(30)\n"), "mod:app"), Log: log,
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, err = l.Start(ctx)
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindInterrupted || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("took %v", took)
	}
	noneLeft(t, mark, 0)
}

func TestE2ENotAProgram(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(file, []byte("not a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	f := failure(t, known.Spec{Command: []string{file, "{port}"}})
	says(t, f, calibrate.KindUsage, "can't be executed", "exec format error")
}
