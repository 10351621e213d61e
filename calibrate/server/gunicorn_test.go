package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/gunicorn"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// fakeGunicorn is a program of that name that says its version, and no more.
func fakeGunicorn(t *testing.T, version string) string {
	t.Helper()
	return servertest.Script(t, filepath.Join(t.TempDir(), "gunicorn"), "echo 'some warning 1.2'\necho \"gunicorn (version "+version+")\"")
}

func TestGunicornMeasuredCommand(t *testing.T) {
	g := fakeGunicorn(t, "27.0.1")
	const ours = "--bind {host}:{port} --workers 1 --max-requests 0"
	for command, want := range map[string]string{
		"G app:app":                                          "G " + ours + " --no-control-socket app:app",
		"G -w 4 -b :80 --threads 2 app:app":                  "G " + ours + " --no-control-socket --threads 2 app:app",
		"env A=B G --max-requests 5 app:app":                 "env A=B G " + ours + " --no-control-socket app:app",
		"nice -n 5 env A=B G app:app":                        "nice -n 5 env A=B G " + ours + " --no-control-socket app:app",
		"G app:app --access-logfile /x --error-logfile /y":   "G " + ours + " --no-control-socket --access-logfile /dev/null --error-logfile - app:app",
		"G --control-socket /x --no-control-socket app:app":  "G " + ours + " --no-control-socket app:app",
		"G --dirty-app m:D --dirty-workers 2 app:app":        "G " + ours + " --no-control-socket --name calibrate-{port} --dirty-app m:D --dirty-workers 2 app:app",
		"G -w {workers} -b {host}:{port} --max-requests 0 a": "G " + ours + " --no-control-socket a",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "G", g))})
		got := strings.ReplaceAll(strings.Join(l.Info().MeasuredCommand, " "), g, "G")
		if got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		if info := l.Info(); info.Server != "gunicorn" || info.ServerVersion != "27.0.1" || !info.CanRecycle || !info.HasJitter || strings.Join(info.Command, " ") != strings.ReplaceAll(command, "G", g) {
			t.Errorf("%+v", info)
		}
	}
}

// What is measured is not to be counted as production's: by an option that can be left out; else it is told.
func TestGunicornStatsD(t *testing.T) {
	l := recognised(t, known.Spec{Command: []string{fakeGunicorn(t, "27.0.1"), "--statsd-host=s:8125", "--statsd-prefix", "p", "a:a"}})
	servertest.HasChange(t, l.Info(), "--statsd-host is left out, so that production's figures stay its own")
	if got := strings.Join(l.Info().MeasuredCommand, " "); strings.Contains(got, "statsd") {
		t.Error(got)
	}
	l = recognised(t, known.Spec{Command: []string{fakeGunicorn(t, "27.0.1"), "a:a"}, Env: map[string]string{"GUNICORN_CMD_ARGS": "--statsd-host s:8125"}})
	servertest.HasWarning(t, l.Warnings(), known.ToProduction)
}

func TestGunicornRecycling(t *testing.T) {
	g := fakeGunicorn(t, "27.0.1")
	l := recognised(t, known.Spec{Command: []string{g, "--max-requests", "5", "app:app"}, Workers: 3, MaxRequests: 1000, Jitter: 100})
	if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != "--bind {host}:{port} --workers 3 --max-requests 1000 --max-requests-jitter 100 --no-control-socket app:app" {
		t.Error(got)
	}
	servertest.HasChange(t, l.Info(), "a new worker after 1 000 requests instead of 5")
	_, err := Recognise(t.Context(), known.Spec{Command: []string{g, "app:app"}, MaxRequests: -1})
	servertest.Usage(t, err, "can't be negative")
}

func TestGunicornPidFile(t *testing.T) {
	l := recognised(t, known.Spec{Command: []string{fakeGunicorn(t, "20.1.0"), "-p", "/run/app.pid", "app:app"}})
	argv := l.Info().MeasuredCommand
	at := slices.Index(argv, "--pid")
	if at < 0 || !strings.HasPrefix(argv[at+1], os.TempDir()) || slices.Contains(argv, "-p") {
		t.Errorf("%q", argv)
	}
	if slices.Contains(argv, "--no-control-socket") {
		t.Errorf("gunicorn 20.1 has no control socket: %q", argv)
	}
}

func TestGunicornThreadsAndWorkers(t *testing.T) {
	g := fakeGunicorn(t, "25.1.0")
	l := recognised(t, known.Spec{Command: []string{g, "--threads", "2", "app:app"}, Threads: 8, Workers: 2})
	if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != "--bind {host}:{port} --workers 2 --threads 8 --max-requests 0 --no-control-socket app:app" {
		t.Error(got)
	}
	if l.Info().Threads != 8 || !l.Info().HasThreads {
		t.Errorf("%+v", l.Info())
	}
	for class, queue := range map[string]int{"sync": 2, "gthread": 1, "gunicorn.workers.gthread.ThreadWorker": 1,
		"gevent": 0, "uvicorn.workers.UvicornWorker": 0, "asgi": 0, "tornado": 0} {
		l := recognised(t, known.Spec{Command: []string{g, "-k", class, "--threads", "4", "app:app"}})
		if l.Info().HasThreads != (queue > 0) || l.Info().OwnQueueFrom != queue {
			t.Errorf("%s: %+v", class, l.Info())
		}
		if warned := len(l.Warnings()) == 1 && l.Warnings()[0].Code == "threads-ignored"; warned == (queue > 0) {
			t.Errorf("%s: %+v", class, l.Warnings())
		}
	}
}

// Each refusal, as a whole sentence, before anything has been started.
func TestGunicornRefusals(t *testing.T) {
	const never = "/nonexistent/gunicorn-is-never-run"
	for args, want := range map[string]string{
		"-D app:app":                 "-D sends gunicorn to the background, where it can't be measured",
		"--daemon app:app":           "--daemon sends gunicorn to the background, where it can't be measured",
		"--dae app:app":              "--dae sends gunicorn to the background, where it can't be measured",
		"-RDw3 app:app":              "-D sends gunicorn to the background, where it can't be measured",
		"--reload app:app":           "--reload watches files and restarts workers, which is not what production does",
		"--spew app:app":             "--spew prints every line the app runs",
		"--check-config app:app":     "the command only checks the configuration, it serves nothing",
		"--certfile x.pem app:app":   "--certfile makes gunicorn serve TLS, and calibrate measures plain HTTP",
		"--keyfile=x.pem -w 3 a:app": "--keyfile makes gunicorn serve TLS, and calibrate measures plain HTTP",
	} {
		l := &known.Launch{Spec: withDefaults(known.Spec{}), Argv: append([]string{never}, strings.Fields(args)...)}
		_, err := gunicorn.Server{}.Plan(l, cli.Program{Name: "gunicorn", Argv: l.Argv})
		servertest.Usage(t, err, want)
		if err != nil && err.Error() != want {
			t.Errorf("%s: %s", args, err)
		}
	}
	l := &known.Launch{Spec: withDefaults(known.Spec{}), Argv: []string{never}, Env: []string{"GUNICORN_CMD_ARGS=--reload"}}
	_, err := gunicorn.Server{}.Plan(l, cli.Program{Name: "gunicorn", Argv: l.Argv})
	servertest.Usage(t, err, "--reload in GUNICORN_CMD_ARGS watches files")
	l.Env = []string{"GUNICORN_CMD_ARGS='"}
	_, err = gunicorn.Server{}.Plan(l, cli.Program{Name: "gunicorn", Argv: l.Argv})
	servertest.Usage(t, err, "GUNICORN_CMD_ARGS can't be split")
}

func TestGunicornThatIsNone(t *testing.T) {
	file := servertest.Script(t, filepath.Join(t.TempDir(), "gunicorn"), "echo \"No module named 'gunicorn'\"; exit 1")
	_, err := Recognise(t.Context(), known.Spec{Command: []string{file, "app:app"}})
	servertest.Usage(t, err, "does not start Gunicorn: No module named 'gunicorn'")
}

func TestGunicornExplains(t *testing.T) {
	code := func(n int) known.Ending { return known.Ending{Over: true, Code: n} }
	for name, c := range map[string]struct {
		end  known.Ending
		log  string
		want string
	}{
		"import":          {code(3), "Traceback (most recent call last):\n  x\nModuleNotFoundError: No module named 'y'", "could not import the app (ModuleNotFoundError: No module named 'y')"},
		"attribute":       {code(4), "Failed to find attribute 'app' in 'mod'.", "the app was not found (Failed to find attribute 'app' in 'mod'.)"},
		"port":            {code(1), "[ERROR] Connection in use: ('127.0.0.1', 80)", "another process has its port"},
		"preload":         {code(1), "Traceback (most recent call last):\n  x\nValueError: z", "ValueError: z"},
		"option":          {code(2), "usage: gunicorn\ngunicorn: error: unrecognized arguments: --foo", "unrecognized arguments: --foo"},
		"config":          {code(1), "\nError: No application module specified.\n", "No application module specified."},
		"timeout":         {known.Ending{}, "[CRITICAL] WORKER TIMEOUT (pid:7)", "longer than --timeout"},
		"killed, 20":      {known.Ending{}, "Worker with pid 5 was terminated due to signal 9", "somebody killed it"},
		"killed, 27":      {known.Ending{}, "Worker (pid:5) was sent SIGKILL! Perhaps out of memory?", "somebody killed it"},
		"exit":            {known.Ending{}, "Worker (pid:5) exited with code 1.", "exited with code 1"},
		"nothing to say":  {known.Ending{}, "all is well", ""},
		"signal, no code": {known.Ending{Over: true, Signal: syscall.SIGKILL}, "", ""},
	} {
		why, try := gunicorn.Server{}.Explain(c.end, known.LogOf([]byte(c.log)))
		if c.want == "" && why != "" || !strings.Contains(why, c.want) || why != "" && try == "" {
			t.Errorf("%s: %q, try %q; want %q", name, why, try, c.want)
		}
	}
}

func TestWebConcurrency(t *testing.T) {
	t.Setenv("WEB_CONCURRENCY", "4")
	l := recognised(t, known.Spec{Command: []string{"sleep", "{port}"}})
	if cli.Getenv(l.Env, "WEB_CONCURRENCY") != "" || len(l.Info().Changes) != 1 {
		t.Errorf("%q", l.Info().Changes)
	}
	l = recognised(t, known.Spec{Command: []string{"sleep", "{port}"}, Env: map[string]string{"WEB_CONCURRENCY": "{workers}"}})
	if cli.Getenv(l.Env, "WEB_CONCURRENCY") != "{workers}" || len(l.Info().Changes) != 0 {
		t.Errorf("what the user names is kept: %q", l.Info().Changes)
	}
}
