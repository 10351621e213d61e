package server

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// uvicornWith is a command that runs the app of a folder.
func uvicornWith(t *testing.T, dir string, args ...string) []string {
	return slices.Concat([]string{servertest.Venv(t, "uvicorn"), "--app-dir", dir}, args)
}

func TestE2EUvicornAlone(t *testing.T) {
	clearUvicorn(t)
	t.Setenv("WEB_CONCURRENCY", "5")
	t.Setenv("UVICORN_LIMIT_MAX_REQUESTS", "3")
	t.Setenv("UVICORN_UDS", filepath.Join(t.TempDir(), "sock"))
	r := start(t, known.Spec{
		Command: uvicornWith(t, servertest.Module(t, okASGI), "--workers", "3", "--host=0.0.0.0", "--port", "1", "--limit-max-requests=7", "--reload", "mod:app"),
		Env:     map[string]string{"UVICORN_FD": "9", "UVICORN_RELOAD": "true"},
	})
	r.answering()
	info := r.Info()
	if info.Server != "uvicorn" || info.ServerVersion == "" || info.Threads != 0 || info.HasThreads || !info.CanRecycle || !info.CanScale ||
		info.ConcurrencyLimit != 0 || info.WorkerRule.Kind != calibrate.RuleAlone {
		t.Errorf("%+v", info)
	}
	servertest.HasChange(t, info, "instead of file descriptor 9")
	servertest.HasChange(t, info, "instead of a new worker after 7 requests")
	servertest.HasChange(t, info, "does not watch files")
	servertest.HasChange(t, info, "WEB_CONCURRENCY")
	servertest.HasWarning(t, r.Warnings(), "reload")
	if tree := r.Tree(); len(tree) != 1 || r.worker() != r.guardian.AppPID() {
		t.Errorf("tree %v, want the server alone", tree)
	}
	if r.Backlog() != 0 {
		t.Errorf("backlog %d of an idle server", r.Backlog())
	}
	for range 20 { // more than the 3 and the 7
		r.get("/")
	}
	r.answering()
	if info.BootSeconds <= 0 || info.BootSeconds > 30 || info.WorkerBootSeconds <= 0 || info.WorkerBootSeconds > info.BootSeconds {
		t.Errorf("boot %v s, worker %v s", info.BootSeconds, info.WorkerBootSeconds)
	}
	if log, _ := os.ReadFile(r.log.Name()); strings.Contains(string(log), "GET / ") {
		t.Errorf("the access log is on: %s", log)
	}
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Killed != 0 || stopped.Left != 0 || stopped.Seconds <= 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
}

func TestE2EUvicornWorkers(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okASGI)
	for version, env := range map[string]map[string]string{"new": nil, "old": {"PYTHONPATH": servertest.OldUvicorn(t)}} {
		for workers, processes := range map[int]int{1: 1, 2: 4, 4: 6} { // beside more than one: the parent, and the resource tracker
			t.Run(fmt.Sprint(version, workers), func(t *testing.T) {
				r := start(t, known.Spec{
					Command: []string{servertest.Venv(t, "python"), "-m", "uvicorn", "--app-dir", dir, "--workers", "3", "mod:app"},
					Workers: workers, Env: env,
				})
				eventually(t, "the whole tree", func() bool { return len(r.Tree()) == processes })
				found, err := r.Workers()
				if err != nil || len(found) != workers {
					t.Fatalf("%v (%v) by %q, want %d; tree %v", found, err, r.Info().WorkerRule, workers, r.Tree())
				}
				eventually(t, "an answer of each worker", r.eachAnswers(found))
				if again, _ := r.Workers(); !slices.Equal(again, found) || r.watch.Replacements() != 0 {
					t.Errorf("found %v, then %v; %d replaced", found, again, r.watch.Replacements())
				}
				if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Seconds > 8 {
					t.Errorf("%+v %v", stopped, err)
				}
			})
		}
	}
}

// A title that the app gives itself at import hides Uvicorn from its rule, and is no end of a worker.
func TestE2EUvicornTitledAtImport(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, "import time, setproctitle\ntime.sleep(0.5)\nsetproctitle.setproctitle('shop')\ntime.sleep(3)\n"+okASGI)
	r := start(t, known.Spec{Command: uvicornWith(t, dir, "mod:app")})
	if found, err := r.Workers(); err != nil || len(found) != 1 || r.Info().BootSeconds < 3.5 {
		t.Errorf("%v (%v), booted in %v s", found, err, r.Info().BootSeconds)
	}
}

func TestE2EUvicornBySeveralNames(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okASGI)
	python, uvicorn := servertest.Venv(t, "python"), servertest.Venv(t, "uvicorn")
	for name, command := range map[string][]string{
		"script":       {uvicorn, "--app-dir", dir, "mod:app"},
		"module":       {python, "-u", "-m", "uvicorn", "--app-dir", dir, "mod:app"},
		"python":       {python, uvicorn, "--app-dir", dir, "mod:app"},
		"env":          {"env", "UVICORN_LIMIT_MAX_REQUESTS=1", uvicorn, "--app-dir", dir, "mod:app"},
		"simple shell": {"sh", "-c", "UVICORN_UDS=/nonexistent/x exec " + uvicorn + " --app-dir '" + dir + "' mod:app"},
		"no app":       {"env", "UVICORN_APP=mod:app", uvicorn, "--app-dir", dir},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, known.Spec{Command: command})
			r.answering()
			r.answering()
			if info := r.Info(); info.Server != "uvicorn" || info.ServerVersion == "" {
				t.Errorf("%+v", info)
			}
		})
	}
}

// Only workers come from --env-file: its UVICORN_ variables are read too late to matter, to Uvicorn and so to us.
func TestE2EUvicornEnvFile(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okASGI)
	file := filepath.Join(dir, "production.env")
	servertest.Write(t, file, "WEB_CONCURRENCY=3\nUVICORN_LIMIT_MAX_REQUESTS=2\nUVICORN_HOST=203.0.113.1\n")
	// Uvicorn reads such a file by python-dotenv, which is not among the fixtures; what it does is little.
	servertest.Write(t, filepath.Join(dir, "dotenv.py"), `
import os
def load_dotenv(dotenv_path):
    for line in open(dotenv_path):
        os.environ.setdefault(*line.strip().split("=", 1))
`)
	r := start(t, known.Spec{Command: uvicornWith(t, dir, "--env-file", file, "mod:app"), Env: map[string]string{"PYTHONPATH": dir}})
	for range 10 {
		r.answering()
	}
	servertest.HasChange(t, r.Info(), "1 worker instead of 3")
}

// An app that starts Uvicorn itself is any command: its settings are its own.
func TestE2EUvicornRun(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okASGI)
	servertest.Write(t, filepath.Join(dir, "serve.py"), `
import sys, uvicorn
if __name__ == "__main__":
    uvicorn.run("mod:app", host="127.0.0.1", port=int(sys.argv[1]), workers=int(sys.argv[2]))
`)
	for _, workers := range []int{1, 2} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			r := start(t, known.Spec{Command: []string{servertest.Venv(t, "python"), filepath.Join(dir, "serve.py"), "{port}", "{workers}"}, Workers: workers})
			var found []int
			eventually(t, "as many workers as were asked for", func() bool { // who gets a connection is chance
				r.load(t, 100)
				found, _ = r.Workers()
				return len(found) == workers
			})
			if r.Info().Server != "command" {
				t.Fatalf("%v by %q; tree %v", found, r.Info().WorkerRule, r.Tree())
			}
			eventually(t, "an answer of each worker", r.eachAnswers(found))
		})
	}
}

// Bounds: a limit of N lets a worker take N-1 requests at once, and answers 503 to the next.
func TestE2EUvicornConcurrencyLimit(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okASGI)
	for version, env := range map[string]map[string]string{"new": nil, "old": {"PYTHONPATH": servertest.OldUvicorn(t)}} {
		t.Run(version, func(t *testing.T) {
			r := start(t, known.Spec{Command: []string{servertest.Venv(t, "python"), "-m", "uvicorn", "--app-dir", dir, "--limit-concurrency", "4", "mod:app"}, Env: env})
			most := r.Info().ConcurrencyLimit
			if most != 3 || r.Info().ConcurrencyFlag != "--limit-concurrency" {
				t.Fatalf("%+v", r.Info())
			}
			if w := servertest.HasWarning(t, r.Warnings(), "limit-concurrency"); !strings.Contains(w.Text, "takes 3 requests at once") {
				t.Error(w.Text)
			}
			if refused := r.refused(most, 100, "/ms/5"); refused != 0 {
				t.Errorf("%d of %d requests were refused to %d clients", refused, 100*most, most)
			}
			if refused := r.refused(most+1, 1, "/ms/2000"); refused == 0 { // all of them, if all connect before the first is served
				t.Errorf("none of %d requests at once was refused", most+1)
			}
		})
	}
}

// Apps that don't come up, each with its sentence; with a parent well before the deadline, though the parent lives on.
func TestE2EUvicornFailures(t *testing.T) {
	t.Parallel()
	const startup = `
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        raise_in_vain = 1 / 0
`
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"import":    {"import nosuchmodule\n", []string{"ModuleNotFoundError: No module named 'nosuchmodule'"}},
		"attribute": {"x = 1\n", []string{"the app was not found", `Attribute "app" not found in module "mod"`}},
		"startup":   {startup, []string{"startup (lifespan) failed", "ZeroDivisionError"}},
	} {
		for version, env := range map[string]map[string]string{"new": nil, "old": {"PYTHONPATH": servertest.OldUvicorn(t)}} {
			for _, workers := range []int{1, 2} {
				t.Run(fmt.Sprint(name, " ", version, " ", workers), func(t *testing.T) {
					t.Parallel()
					dir := servertest.Module(t, c.text)
					began := time.Now()
					f := failure(t, known.Spec{
						Command: []string{servertest.Venv(t, "python"), "-m", "uvicorn", "--app-dir", dir, "--lifespan", "on", "mod:app"},
						Workers: workers, Env: env,
					})
					says(t, f, calibrate.KindApp, c.want...)
					if workers == 1 {
						says(t, f, calibrate.KindApp, "uvicorn ended with exit code", "before it answered")
					}
					if len(f.Log) == 0 {
						t.Error("no log")
					}
					if took := time.Since(began); took > 30*time.Second {
						t.Errorf("said after %v", took)
					}
				})
			}
		}
	}
}

func TestE2EUvicornOptionRefused(t *testing.T) {
	t.Parallel()
	dir := servertest.Module(t, okASGI)
	f := failure(t, known.Spec{Command: uvicornWith(t, dir, "--no-such-option", "mod:app")})
	says(t, f, calibrate.KindApp, "exit code 2", "No such option")
	f = failure(t, known.Spec{Command: uvicornWith(t, dir)})
	says(t, f, calibrate.KindApp, "exit code 2", "Missing argument 'APP'")
}

// The port is taken between the choice and the bind, twice: by whom it was found free the first time.
func TestE2EUvicornPortInUse(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := l.Addr().String()
		l.Close()
		log := servertest.LogFile(t)
		launch, err := Recognise(t.Context(), newMark(log).on(known.Spec{Command: uvicornWith(t, servertest.Module(t, okASGI), "mod:app"), URL: "http://" + address, Workers: workers, Log: log}))
		if err != nil {
			t.Fatal(err)
		}
		launch.Address.Fixed = false // or Start would see what we do now
		launch.Argv = slices.Concat(launch.Argv, []string{"--port", address[strings.LastIndexByte(address, ':')+1:]})
		if l, err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
		_, err = launch.Start(t.Context())
		l.Close()
		var f *calibrate.Failure
		if !errors.As(err, &f) {
			t.Fatalf("%v", err)
		}
		showFailure(t, f)
		says(t, f, calibrate.KindApp, "another process has its port")
		if !launch.portTaken(err) {
			t.Error("a port taken meanwhile is not seen as such")
		}
	}
}

// The fixture app, with an async and a sync handler.
func TestE2EUvicornFixture(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../fixtures/asgi")
	if err != nil {
		t.Fatal(err)
	}
	command := uvicornWith(t, dir, "app:app")
	r := start(t, known.Spec{Command: command, Env: map[string]string{"CALIBRATE_HOLD_MB": "1", "CALIBRATE_KEEP_BYTES": "16", "CALIBRATE_WARM_MB": "1"}})
	if got := r.get("/") + r.get("/sync") + r.get("/slow?ms=1"); got != "okokok" {
		t.Error(got)
	}
	if got := r.get("/pid"); atoi(t, got) != r.worker() {
		t.Errorf("pid %s, worker %d", got, r.worker())
	}
	f := failure(t, known.Spec{Command: command, Env: map[string]string{"CALIBRATE_FAIL": "startup"}})
	says(t, f, calibrate.KindApp, "exit code 3", "startup (lifespan) failed", "CALIBRATE_FAIL=startup")
	f = failure(t, known.Spec{Command: command, Env: map[string]string{"CALIBRATE_FAIL": "import"}})
	says(t, f, calibrate.KindApp, "exit code 1", "ImportError: CALIBRATE_FAIL=import")
}
