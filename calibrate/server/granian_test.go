package server

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/granian"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// fakeGranian is a program of that name that says its version, and no more.
func fakeGranian(t *testing.T) string { return fakeGranianOf(t, "2.8.7") }

func fakeGranianOf(t *testing.T, version string) string {
	t.Helper()
	return servertest.Script(t, filepath.Join(t.TempDir(), "granian"), "echo granian "+version)
}

func TestIsGranian(t *testing.T) {
	for command, want := range map[string]bool{
		"granian app:app":           true,
		"python -m granian app:app": true,
		"uv run granian app:app":    true,
		"python granian.py":         false,
		"python -c import granian":  false,
	} {
		if got := (granian.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
	if !(granian.Server{}).Recognises(cli.SeeThrough([]string{"granian wsgi 127.0.0.1:8000 src/app:app"})) {
		t.Error("a title isn't recognised")
	}
}

func TestGranianMeasuredCommand(t *testing.T) {
	g := fakeGranian(t)
	const ours = "--host {host} --port {port} --workers 1"
	for command, want := range map[string]string{
		"G a:a":                                     "G " + ours + " a:a",
		"G --interface asgi --workers 4 a:a":        "G " + ours + " --interface asgi a:a",
		"G --workers-lifetime 1h a:a":               "G " + ours + " a:a",
		"G --workers-max-rss=300 --uds /x a:a":      "G " + ours + " a:a",
		"G --reload --reload-paths x --metrics a:a": "G " + ours + " a:a",
		"G --pid-file x --access-log a:a":           "G " + ours + " a:a",
		"G --log-config x a:a":                      "G " + ours + " a:a",
		"G --backpressure 9 --port 1 a:a":           "G " + ours + " --backpressure 9 a:a",
		"env A=B GRANIAN_UDS=/x G a:a":              "env A=B G " + ours + " a:a",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "G ", g+" "))})
		if got := strings.ReplaceAll(strings.Join(l.Info().MeasuredCommand, " "), g, "G"); got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		if info := l.Info(); info.Server != "granian" || info.ServerVersion != "2.8.7" || info.CanRecycle || info.HasJitter ||
			!info.CanScale || info.HasThreads || info.Threads != 0 {
			t.Errorf("%s: %+v", command, info)
		}
	}
}

// A WSGI worker has threads: those named, or half of what it may be given at once.
func TestGranianThreads(t *testing.T) {
	g := fakeGranian(t)
	for name, c := range map[string]struct {
		args             string
		workers, threads int // of the spec
		want             int
	}{
		"by default":              {"--interface wsgi a", 1, 0, 512},
		"two workers":             {"--interface wsgi a", 2, 0, 256},
		"a backlog":               {"--interface wsgi --backlog 200 a", 1, 0, 100},
		"a bound":                 {"--interface wsgi --backpressure 9 a", 2, 0, 4},
		"a bound of one":          {"--interface wsgi --backpressure 1 a", 1, 0, 1},
		"named":                   {"--interface wsgi --blocking-threads 3 a", 2, 0, 3},
		"asked for":               {"--interface WSGI --blocking-threads 3 a", 2, 7, 7},
		"none of an event loop's": {"--interface asgi a", 1, 0, 0},
	} {
		l := recognised(t, known.Spec{Command: append([]string{g}, strings.Fields(c.args)...), Workers: c.workers, Threads: c.threads})
		info := l.Info()
		if info.Threads != c.want || info.HasThreads != (c.want > 0) {
			t.Errorf("%s: %+v", name, info)
		}
		if own := info.OwnQueueFrom == 1; own == (c.want == 0 || strings.Contains(c.args, "--backpressure")) {
			t.Errorf("%s: %+v", name, info)
		}
		if asked := strings.Contains(strings.Join(info.MeasuredCommand, " "), "--blocking-threads 7"); asked != (c.threads == 7) {
			t.Errorf("%s: %q", name, info.MeasuredCommand)
		}
	}
}

// Granian 1 has another default, and another name for its option --threads.
func TestGranianThreadsBefore2(t *testing.T) {
	g := fakeGranianOf(t, "1.7.6")
	command := []string{g, "--interface", "wsgi", "--threads", "2", "--workers", "4", "a"}
	l := recognised(t, known.Spec{Command: command})
	if info := l.Info(); info.Threads != 0 || !info.HasThreads {
		t.Errorf("%+v", info)
	}
	if got := servertest.Codes(l.Warnings()); !slices.Equal(got, []string{"threads-unknown", "no-request-limit", known.WorkerEndsServer}) {
		t.Errorf("%q", got)
	}
	l = recognised(t, known.Spec{Command: command, Threads: 3})
	servertest.HasChange(t, l.Info(), "3 threads a worker")
	if info := l.Info(); info.Threads != 3 || !slices.Contains(info.MeasuredCommand, "--blocking-threads") {
		t.Errorf("%+v", info)
	}
}

func TestGranianChangesAndWarnings(t *testing.T) {
	g := fakeGranian(t)
	t.Setenv("GRANIAN_WORKERS_LIFETIME", "3600")
	l := recognised(t, known.Spec{
		Command: append([]string{g}, strings.Fields("--workers 3 --port 80 --reload --metrics --access-log --pid-file x --workers-max-rss 300 --interface wsgi --backpressure 8 a")...),
		Threads: 2, Env: map[string]string{"GRANIAN_UDS": "", "GRANIAN_RELOAD": "1", "GRANIAN_LOG_CONFIG": "/x.json"},
	})
	want := []string{
		"it listens on a free loopback port instead of 127.0.0.1:80", "1 worker instead of 3",
		"GRANIAN_WORKERS_LIFETIME 3600 is left out: no worker is replaced in the middle",
		"--workers-max-rss 300 is left out: no worker is replaced in the middle",
		"it does not watch files to reload the app",
		"the access log is off, so that the app's own words can be found in the log",
		"its metrics are off: their port may be production's", "--pid-file is left out",
		"GRANIAN_LOG_CONFIG is left out", "2 threads a worker instead of 4",
	}
	if got := l.Info().Changes; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, name := range []string{"GRANIAN_WORKERS_LIFETIME", "GRANIAN_RELOAD", "GRANIAN_LOG_CONFIG"} {
		if cli.Getenv(l.Env, name) != "" {
			t.Errorf("%s stays", name)
		}
	}
	if info := l.Info(); info.ConcurrencyLimit != 8 || info.ConcurrencyFlag != "--backpressure" {
		t.Errorf("%+v", info)
	}
	for _, code := range []string{"reload", "no-request-limit", known.WorkerEndsServer, "stop-is-lost", "threads-by-default"} {
		servertest.HasWarning(t, l.Warnings(), code)
	}
	l = recognised(t, known.Spec{Command: []string{g, "--respawn-failed-workers", "--workers-kill-timeout", "9", "--interface", "wsgi", "--blocking-threads", "2", "a"}})
	if w := l.Warnings(); len(w) != 1 || w[0].Code != "no-request-limit" {
		t.Errorf("%+v", w)
	}
}

// Each refusal comes before anything has been started.
func TestGranianRefusals(t *testing.T) {
	const never = "/nonexistent/granian"
	for args, want := range map[string]string{
		"--version":                "the command only prints, it serves nothing",
		"--ssl-certificate x a":    "--ssl-certificate makes granian serve TLS",
		"--http 2 a":               "--http 2 makes granian answer HTTP/2 alone",
		"--workers=0 a":            "--workers 0 is less than 1",
		"--workers -1 a":           "--workers -1 is less than 1",
		"--blocking-threads 0 a":   "--blocking-threads 0 is less than 1",
		"--workers many a":         `--workers "many" is not a number`,
		"--blocking-threads 1.5 a": `--blocking-threads "1.5" is not a number`,
	} {
		l := &known.Launch{Spec: withDefaults(known.Spec{}), Argv: append([]string{never}, strings.Fields(args)...)}
		_, err := granian.Server{}.Plan(l, cli.Program{Name: "granian", Argv: l.Argv})
		servertest.Usage(t, err, want)
	}
	for env, want := range map[string]string{
		"GRANIAN_WORKERS=0":                "GRANIAN_WORKERS 0 is less than 1",
		"GRANIAN_RELOAD=maybe":             `GRANIAN_RELOAD "maybe" is neither true nor false`,
		"GRANIAN_LOG_ACCESS_ENABLED=maybe": `GRANIAN_LOG_ACCESS_ENABLED "maybe" is neither true nor false`,
		"GRANIAN_METRICS_ENABLED=maybe":    `GRANIAN_METRICS_ENABLED "maybe" is neither true nor false`,
	} {
		l := &known.Launch{Spec: withDefaults(known.Spec{}), Argv: []string{never, "a:a"}, Env: []string{env}}
		_, err := granian.Server{}.Plan(l, cli.Program{Name: "granian", Argv: l.Argv})
		servertest.Usage(t, err, want)
	}
	for want, spec := range map[string]known.Spec{
		"2 threads asked for, but a worker of granian is one event loop": {Threads: 2},
		"granian has no limit of requests":                               {MaxRequests: 5},
	} {
		l := &known.Launch{Spec: spec, Argv: []string{never, "a:a"}}
		_, err := granian.Server{}.Plan(l, cli.Program{Name: "granian", Argv: l.Argv})
		servertest.Usage(t, err, want)
	}
}

func TestAttachKnowsGranian(t *testing.T) {
	const title = "granian wsgi 127.0.0.1:8000 app:app"
	const line = "/venv/bin/python3 /venv/bin/granian --interface wsgi --blocking-threads 3 app:app"
	for name, c := range map[string]struct {
		master, worker string
		threads        int
	}{
		"by titles":       {title, title + " worker-1", 0},
		"by command line": {line, line, 3},
	} {
		fs := servertest.ProcWith(t, servertest.Proc{PID: 10, Parent: 1, Session: 10, Args: c.master}, servertest.Proc{PID: 12, Parent: 10, Session: 10, Args: c.worker})
		for pid, text := range map[string]string{"10": c.master, "12": c.worker} { // a title is one word
			if text != line {
				servertest.Write(t, filepath.Join(fs.Proc, pid, "cmdline"), text+"\x00\x00\x00")
			}
		}
		r, err := attachIn(fs, AttachSpec{PID: 12})
		if err != nil {
			t.Fatal(err)
		}
		workers, _ := r.Workers()
		if !slices.Equal(workers, []int{12}) || r.Info().Server != "granian" || r.Info().PID != 10 || r.Info().Threads != c.threads || !r.Info().HasThreads {
			t.Errorf("%s: workers %v, %+v", name, workers, r.Info())
		}
	}
}

func TestGranianExplains(t *testing.T) {
	over := known.Ending{Over: true, Code: 1}
	for name, c := range map[string]struct {
		end       known.Ending
		log, want string
	}{
		"no module": {over, "RuntimeError: Could not import 'nosuch'.", "the app was not found (Could not import 'nosuch')"},
		"an option": {known.Ending{Over: true, Code: 2}, "Error: No such option '--x'.", "No such option '--x'"},
		"a worker":  {over, "[ERROR] Unexpected exit from worker-1", "a worker of it ended, and with it the whole server"},
		"living":    {known.Ending{}, "[ERROR] Unexpected exit from worker-1", ""},
	} {
		if why, _ := (granian.Server{}).Explain(c.end, []string{c.log}); why != c.want {
			t.Errorf("%s: %q, want %q", name, why, c.want)
		}
	}
}
