package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// startsServer is a program of somebody's own that starts a server by words which calibrate never sees.
const startsServer = "import os, sys\nwords = %s.split()\nos.execv(words[0], [w.replace('PORT', sys.argv[1]) for w in words])\n"

func hidden(t *testing.T, words string) (command []string) {
	t.Helper()
	dir := servertest.Module(t, okApp)
	servertest.Write(t, filepath.Join(dir, "serve.py"), fmt.Sprintf(startsServer, "'''"+strings.ReplaceAll(words, "DIR", dir)+"'''"))
	return []string{servertest.Venv(t, "python"), filepath.Join(dir, "serve.py"), "{port}"}
}

// What a server's own command says of its threads is known, and that command is advised.
func TestE2EServerFoundWithThreads(t *testing.T) {
	t.Parallel()
	waitress := servertest.Venv(t, "waitress-serve")
	command := hidden(t, waitress+" --listen=127.0.0.1:PORT --threads=3 mod:app")
	r := start(t, known.Spec{Command: command, Env: map[string]string{"PYTHONPATH": filepath.Dir(command[1])}})
	if info := r.Info(); info.Threads != 3 || info.HasThreads || info.WorkerRule.Words != "the waitress process, which serves alone" {
		t.Errorf("%+v", info)
	}
	want := "calibrate sets, with the variables that this one gives it; what else this one runs isn't counted then: calibrate run -- " + waitress + " --listen=" + strings.TrimPrefix(r.Info().URL, "http://") + " --threads=3 mod:app"
	if w := servertest.HasWarning(t, r.ownWarnings(), "server-found"); !strings.HasSuffix(w.Try, want) {
		t.Errorf("%s\nwant %s", w.Try, want)
	}
}

// A server that is found at run time is treated as that: its own rule finds the workers, its own option is named when it
// replaces one, and its control socket leaves that of a running server alone.
func TestE2EServerFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		server, words, rule, option string
	}{
		{"gunicorn", servertest.Venv(t, "gunicorn") + " --chdir DIR -b 127.0.0.1:PORT --threads 2 --max-requests 20 mod:app", "child of the Gunicorn master", "--max-requests 0"},
		{"uwsgi", strings.Join(uwsgiWith(t, "DIR"), " ") + " --http-socket 127.0.0.1:PORT --master --max-requests 20 --min-worker-lifetime 0 --auto-procname", "titled uWSGI worker", "max-requests = 0"},
	} {
		t.Run(c.server, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			r := start(t, known.Spec{Command: hidden(t, c.words), Env: map[string]string{"HOME": home}})
			info := r.Info()
			if info.Server != calibrate.OtherServer || info.CanScale || info.HasThreads || !strings.HasPrefix(info.WorkerRule.Words, c.rule) {
				t.Errorf("%+v", info)
			}
			if w := servertest.HasWarning(t, r.ownWarnings(), "server-found"); !strings.Contains(w.Text, "starts "+c.server) {
				t.Errorf("%+v", w)
			}
			first := r.worker()
			eventually(t, "another worker", func() bool {
				r.get("/")
				now, _ := r.Workers()
				return len(now) == 1 && now[0] != first
			})
			f := r.Failure("soak")
			showFailure(t, f)
			says(t, f, calibrate.KindInconclusive, "the worker was replaced", "max-requests")
			if !strings.Contains(f.Try, c.option) {
				t.Error(f.Try)
			}
			if _, err := os.Stat(filepath.Join(home, ".gunicorn")); err == nil {
				t.Error("it took the control socket")
			}
		})
	}
}
