package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/uvicorn"
)

// fakeUvicorn is a program of that name that says its version, and no more.
func fakeUvicorn(t *testing.T, version string) string {
	t.Helper()
	return servertest.Script(t, filepath.Join(t.TempDir(), "uvicorn"), "echo 'some warning 1.2'\necho 'Running uvicorn "+version+" with CPython 3.11.7 on Linux'")
}

// clearUvicorn keeps the tests' own environment out.
func clearUvicorn(t *testing.T) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "UVICORN_") || name == "WEB_CONCURRENCY" {
			t.Setenv(name, "")
		}
	}
}

func TestIsUvicorn(t *testing.T) {
	for command, want := range map[string]bool{
		"uvicorn app:app":                                   true,
		"/srv/venv/bin/uvicorn app:app":                     true,
		"python -m uvicorn app:app":                         true,
		"python3 -u -m uvicorn app:app":                     true,
		"python3.12 venv/bin/uvicorn a:a":                   true,
		"uv run uvicorn app:app":                            true,
		"env A=B nice -n 5 uvicorn app:app":                 true,
		"ddtrace-run uvicorn app:app":                       true,
		"gunicorn -k uvicorn.workers.UvicornWorker app:app": false,
		"python uvicorn.py":                                 false, // an app that calls uvicorn.run
		"python -m app.uvicorn":                             false,
		"fastapi run app.py":                                false,
		"python -c import uvicorn":                          false,
	} {
		if got := (uvicorn.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

func TestUvicornMeasuredCommand(t *testing.T) {
	clearUvicorn(t)
	u := fakeUvicorn(t, "0.54.0")
	const ours = "--host {host} --port {port} --workers 1 --no-access-log"
	const never = " --limit-max-requests 1000000000000"
	for command, want := range map[string]string{
		"U app:app":                        "U " + ours + " app:app",
		"U app:app --host ::1 --port 80":   "U " + ours + " app:app",
		"U app:app --workers 4 --reload":   "U " + ours + " app:app",
		"U --factory --app-dir x app:make": "U " + ours + " --factory --app-dir x app:make",
		"U --limit-concurrency 9 a:a":      "U " + ours + " --limit-concurrency 9 a:a",
		"U --limit-max-requests 5 a:a":     "U " + strings.Replace(ours, " --no-access-log", never+" --no-access-log", 1) + " a:a",
		"nice -n 5 env A=B U --port 1 a:a": "nice -n 5 env A=B U " + ours + " a:a",
		"U --workers {workers} --port {port} --limit-max-requests {max_requests} a:a": "U " + ours + " a:a",
		"env UVICORN_RELOAD=1 A=B UVICORN_LIMIT_MAX_REQUESTS=5 UVICORN_WORKERS=3 U a": "env A=B UVICORN_WORKERS=3 U " + strings.Replace(ours, " --no-access-log", never+" --no-access-log", 1) + " a",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "U ", u+" "))})
		got := strings.ReplaceAll(strings.Join(l.Info().MeasuredCommand, " "), u, "U")
		if got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		info := l.Info()
		if info.Server != "uvicorn" || info.ServerVersion != "0.54.0" || !info.CanRecycle || !info.CanScale || info.HasThreads ||
			info.Threads != 0 || info.Preload || info.ConcurrencyFlag != "--limit-concurrency" {
			t.Errorf("%s: %+v", command, info)
		}
	}
}

// Settings that no option turns off are taken out of the environment, also where the user gave them for this run.
func TestUvicornEnvironment(t *testing.T) {
	clearUvicorn(t)
	t.Setenv("UVICORN_LIMIT_MAX_REQUESTS", "5")
	t.Setenv("UVICORN_UDS", "/x")
	t.Setenv("UVICORN_LIMIT_CONCURRENCY", "9")
	t.Setenv("WEB_CONCURRENCY", "4")
	l := recognised(t, known.Spec{Command: []string{fakeUvicorn(t, "0.54.0"), "app:app"}, Env: map[string]string{"UVICORN_RELOAD": "1", "A": "b"}})
	for _, name := range []string{"UVICORN_LIMIT_MAX_REQUESTS", "UVICORN_UDS", "UVICORN_RELOAD", "WEB_CONCURRENCY"} {
		if value := cli.Getenv(l.Env, name); value != "" {
			t.Errorf("%s=%s stays", name, value)
		}
	}
	if cli.Getenv(l.Env, "UVICORN_LIMIT_CONCURRENCY") != "9" || cli.Getenv(l.Env, "A") != "b" {
		t.Error("what is no matter of ours has gone")
	}
	if l.Info().ConcurrencyLimit != 8 {
		t.Errorf("a limit of 9 lets a worker take %d requests", l.Info().ConcurrencyLimit)
	}
	for _, text := range []string{"instead of the Unix socket /x", "a new worker after 5 requests", "does not watch files", "access log is off", "WEB_CONCURRENCY"} {
		servertest.HasChange(t, l.Info(), text)
	}
}

// Jitter is told to those that have it (from 0.41).
func TestUvicornRecycling(t *testing.T) {
	for version, want := range map[string]string{
		"0.30.0": "--limit-max-requests 1000",
		"0.54.0": "--limit-max-requests 1000 --limit-max-requests-jitter 100",
	} {
		l := recognised(t, known.Spec{Command: []string{fakeUvicorn(t, version), "app:app"}, Workers: 2, MaxRequests: 1000, Jitter: 100})
		if got := strings.Join(l.Info().MeasuredCommand, " "); !strings.HasSuffix(got, "--workers 2 "+want+" --no-access-log app:app") {
			t.Error(version, got)
		}
	}
}

func TestUvicornChanges(t *testing.T) {
	clearUvicorn(t)
	u := fakeUvicorn(t, "0.54.0")
	for args, want := range map[string][]string{
		"app:app --no-access-log":                           nil,
		"app:app --no-access-log --workers 1 --port {port}": nil,
		"app:app":                                           {"the access log is off, so that the app's own words can be found in the log"},
		"app:app --no-access-log --access-log":              {"the access log is off, so that the app's own words can be found in the log"},
		"app:app --no-access-log --host 0.0.0.0":            {"it listens on a free loopback port instead of 0.0.0.0:8000"},
		"app:app --no-access-log --workers 4":               {"1 worker instead of 4"},
		"app:app --no-access-log --limit-max-requests 1000": {"recycling is off, instead of a new worker after 1 000 requests"},
		"app:app --no-access-log --reload --workers 4":      {"it does not watch files to reload the app"},
		"app:app --access-log --no-access-log --fd 3":       {"it listens on a free loopback port instead of file descriptor 3"},
	} {
		l := recognised(t, known.Spec{Command: append([]string{u}, strings.Fields(args)...)})
		if got := l.Info().Changes; !slices.Equal(got, want) {
			t.Errorf("%s\n got  %q\n want %q", args, got, want)
		}
	}
	t.Setenv("UVICORN_ACCESS_LOG", "false")
	if got := recognised(t, known.Spec{Command: []string{u, "app:app"}}).Info().Changes; got != nil {
		t.Errorf("%q", got)
	}
}

// The traps, by version and command.
func TestUvicornWarnings(t *testing.T) {
	clearUvicorn(t)
	for name, c := range map[string]struct {
		version, args string
		shape         int // workers measured
		want          []string
		recycles      bool
		jitter        bool
	}{
		"new":                      {"0.54.0", "a:a", 1, []string{"limit-ends-server"}, true, true},
		"new, measured with 2":     {"0.54.0", "a:a", 2, nil, true, true},
		"new, 2 in production":     {"0.54.0", "--workers 2 --limit-max-requests 5 a:a", 1, []string{"limit-ends-server"}, true, true},
		"the first with jitter":    {"0.41.0", "a:a", 2, nil, true, true},
		"without jitter":           {"0.40.0", "a:a", 2, []string{"no-jitter"}, true, false},
		"the first that replaces":  {"0.30.0", "a:a", 1, []string{"no-jitter", "limit-ends-server"}, true, false},
		"replaces none":            {"0.29.0", "a:a", 1, []string{"workers-not-replaced"}, false, false},
		"replaces none, one limit": {"0.17.6", "--limit-max-requests 5 a:a", 1, []string{"workers-not-replaced", "limit-ends-server"}, false, false},
		"1.0":                      {"1.0", "a:a", 2, nil, true, true},
		"reload":                   {"0.54.0", "--reload a:a", 2, []string{"reload"}, true, true},
		"a bound":                  {"0.54.0", "--limit-concurrency 100 a:a", 2, []string{"limit-concurrency"}, true, true},
	} {
		l := recognised(t, known.Spec{Command: append([]string{fakeUvicorn(t, c.version)}, strings.Fields(c.args)...), Workers: c.shape})
		var got []string
		for _, w := range l.Warnings() {
			got = append(got, w.Code)
			if w.Text == "" || w.Try == "" {
				t.Errorf("%s: %+v", name, w)
			}
		}
		if !slices.Equal(got, c.want) || l.Info().CanRecycle != c.recycles || l.Info().HasJitter != c.jitter {
			t.Errorf("%s: %q, can recycle %v, jitter %v; want %q, %v, %v", name, got, l.Info().CanRecycle, l.Info().HasJitter, c.want, c.recycles, c.jitter)
		}
	}
}

// The trap's own sentence differs where the command as given would run into it.
func TestUvicornWarnsOfItsEnd(t *testing.T) {
	clearUvicorn(t)
	u := fakeUvicorn(t, "0.54.0")
	for args, want := range map[string]string{
		"a:a":                          "uvicorn 0.54.0: one worker with --limit-max-requests ends the server at the limit, with status 0",
		"--limit-max-requests 500 a:a": "uvicorn 0.54.0: --limit-max-requests 500, with one worker, ends the whole server after so many requests, with status 0",
	} {
		w := recognised(t, known.Spec{Command: append([]string{u}, strings.Fields(args)...)}).Warnings()
		if len(w) != 1 || w[0].Text != want || !strings.Contains(w[0].Try, "Restart=always") {
			t.Errorf("%s: %+v", args, w)
		}
	}
}

// Each refusal, as a whole sentence, before anything has been started.
func TestUvicornRefusals(t *testing.T) {
	clearUvicorn(t)
	const never = "/nonexistent/uvicorn"
	const threads = "8 threads asked for, but uvicorn has none to set: a worker is one event loop, which takes as many requests at once as come"
	const tls = " makes uvicorn serve TLS, and calibrate measures plain HTTP"
	refuse := func(spec known.Spec, want string) {
		t.Helper()
		l := &known.Launch{Spec: withDefaults(spec), Argv: spec.Command, Env: cli.Environment(nil, spec.Env)}
		_, err := uvicorn.Server{}.Plan(l, cli.Program{Name: "uvicorn", Argv: l.Argv})
		servertest.Usage(t, err, want)
		if err != nil && err.Error() != want {
			t.Errorf("%q: %s", spec.Command, err)
		}
	}
	for args, want := range map[string]string{
		"--ssl-certfile x.pem app:app":  "--ssl-certfile" + tls,
		"--ssl-keyfile=x.pem app:app":   "--ssl-keyfile" + tls,
		"--version":                     "the command only prints, it serves nothing",
		"app:app --help":                "the command only prints, it serves nothing",
		"--limit-concurrency 1 app:app": "--limit-concurrency 1 makes uvicorn answer 503 to every request",
		"--limit-concurrency=0 app:app": "--limit-concurrency 0 makes uvicorn answer 503 to every request",
		"--workers abc app:app":         `--workers "abc" is not a number`,
		"--workers 1.5 app:app":         `--workers "1.5" is not a number`,
		"--workers 1__0 app:app":        `--workers "1__0" is not a number`,
		"--reload --workers=x app:app":  `--workers "x" is not a number`,
		"--port $PORT app:app":          `--port "$PORT" is not a number`,
		"--fd three app:app":            `--fd "three" is not a number`,
		"--limit-concurrency abc a:a":   `--limit-concurrency "abc" is not a number`,
		"--limit-max-requests abc a:a":  `--limit-max-requests "abc" is not a number`,
	} {
		refuse(known.Spec{Command: append([]string{never}, strings.Fields(args)...)}, want)
	}
	refuse(known.Spec{Command: []string{never, "app:app"}, Threads: 8}, threads)
	refuse(known.Spec{Command: []string{never, "app:app"}, Env: map[string]string{"UVICORN_SSL_KEYFILE": "x"}}, "UVICORN_SSL_KEYFILE"+tls)
	refuse(known.Spec{Command: []string{never, "app:app"}, Env: map[string]string{"UVICORN_LIMIT_CONCURRENCY": "1"}},
		"UVICORN_LIMIT_CONCURRENCY 1 makes uvicorn answer 503 to every request")
}

func TestUvicornThatIsNone(t *testing.T) {
	file := servertest.Script(t, filepath.Join(t.TempDir(), "uvicorn"), "echo \"No module named 'click'\"; exit 1")
	_, err := Recognise(t.Context(), known.Spec{Command: []string{file, "app:app"}})
	servertest.Usage(t, err, "does not start Uvicorn: No module named 'click'")
}

func TestUvicornExplains(t *testing.T) {
	code := func(n int) known.Ending { return known.Ending{Over: true, Code: n} }
	for name, c := range map[string]struct {
		end  known.Ending
		log  string
		want string
	}{
		"no attribute":       {code(3), "ERROR:    Error loading ASGI app. Attribute \"app\" not found in module \"mod\".", "the app was not found (Attribute \"app\" not found in module \"mod\")"},
		"no module":          {code(1), "ERROR:    Error loading ASGI app. Could not import module \"mod\".", "the app was not found (Could not import module \"mod\")"},
		"with a parent":      {code(0), "ERROR:    Error loading ASGI app. Attribute \"app\" not found in module \"mod\".\nERROR:    Child process [7] failed to start, stopping the parent process.", "Attribute \"app\" not found"},
		"no module:name":     {code(3), "ERROR:    Error loading ASGI app. Import string \"x\" must be in format \"<module>:<attribute>\".", "must be in format"},
		"port":               {code(3), "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 80): address already in use", "another process has its port"},
		"startup":            {code(3), "ERROR:    Traceback (most recent call last):\n  x\nRuntimeError: no database\nERROR:    Application startup failed. Exiting.", "startup (lifespan) failed (RuntimeError: no database)"},
		"startup, no reason": {code(3), "ERROR:    Application startup failed. Exiting.", "startup (lifespan) failed"},
		"option":             {code(2), "Usage: uvicorn [OPTIONS] APP\nError: No such option: --foo", "No such option: --foo"},
		"limit":              {code(0), "INFO:     Maximum request limit of 5 exceeded. Terminating process.", "request limit that calibrate did not see"},
		"replaced":           {known.Ending{}, "INFO:     Child process [7] died", "Child process [7] died"},
		"import, respawned":  {known.Ending{}, "Traceback (most recent call last):\n  x\nImportError: y\nINFO:     Child process [7] died", ""}, // the exception says more
		"import":             {code(1), "Traceback (most recent call last):\n  x\nImportError: y", ""},                                          // and here
		"nothing to say":     {known.Ending{}, "all is well", ""},
	} {
		why, try := uvicorn.Server{}.Explain(c.end, known.LogOf([]byte(c.log)))
		if c.want == "" && why != "" || !strings.Contains(why, c.want) || why != "" && try == "" {
			t.Errorf("%s: %q, try %q; want %q", name, why, try, c.want)
		}
	}
}
