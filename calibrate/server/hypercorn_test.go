package server

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/hypercorn"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func fakeHypercorn(t *testing.T) string { return fakeHypercornOf(t, "0.18.0") }

// fakeHypercornOf is a program of that name in a virtual environment that has the version written down.
func fakeHypercornOf(t *testing.T, version string) string {
	t.Helper()
	venv := t.TempDir()
	servertest.Write(t, filepath.Join(venv, "lib", "python3.11", "site-packages", "hypercorn-"+version+".dist-info", "METADATA"), "")
	return servertest.Script(t, filepath.Join(venv, "bin", "hypercorn"), "")
}

func TestIsHypercorn(t *testing.T) {
	for command, want := range map[string]bool{
		"hypercorn app:app":                       true,
		"/venv/bin/hypercorn app:app":             true,
		"python3 -m hypercorn app:app":            true,
		"python /venv/bin/hypercorn app:app":      true,
		"env A=B nice uv run hypercorn app:app":   true,
		"python -c 'import hypercorn'":            false,
		"quart run":                               false,
		"gunicorn -k hypercorn.workers.X app:app": false,
	} {
		if got := (hypercorn.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

func TestHypercornMeasuredCommand(t *testing.T) {
	h := fakeHypercorn(t)
	const ours = "--bind {host}:{port} --workers 1"
	for command, want := range map[string]string{
		"H a:a":                           "H " + ours + " a:a",
		"H -b 0.0.0.0:80 -b unix:/x a:a":  "H " + ours + " a:a",
		"H -w4 --reload -D a:a":           "H " + ours + " -D a:a",
		"H -w=4 --workers 3 a:a":          "H " + ours + " a:a",
		"H --max-requests 5 -k uvloop a":  "H " + ours + " --max-requests 1000000000000 -k uvloop a",
		"H --max-requests-j 5 --bin=:1 a": "H " + ours + " a",
		"H -p x.pid --log-file e --access-logfile - --keep-alive 9 a": "H " + ours + " --keep-alive 9 a",
		"H --statsd-host s:8125 --statsd-prefix p --log-config l a":   "H " + ours + " a",
		"H -c python:conf a": "H " + ours + " --max-requests 1000000000000 --pid /dev/null --error-logfile - --access-logfile /dev/null -c python:conf a",
		"env A=B H -Dw 2 a":  "env A=B H " + ours + " -D a",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "H ", h+" "))})
		if got := strings.ReplaceAll(strings.Join(l.Info().MeasuredCommand, " "), h, "H"); got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		if info := l.Info(); info.Server != "hypercorn" || info.ServerVersion != "0.18.0" || !info.CanRecycle || info.HasJitter ||
			!info.CanScale || info.HasThreads || info.Threads != 0 {
			t.Errorf("%s: %+v", command, info)
		}
	}
	l := recognised(t, known.Spec{Command: []string{h, "a:a"}, Workers: 3, MaxRequests: 700, Jitter: 70})
	if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != "--bind {host}:{port} --workers 3 --max-requests 700 a:a" {
		t.Error(got)
	}
}

// Before 0.16 there is no --max-requests, by which it would not start.
func TestHypercornWithoutLimit(t *testing.T) {
	h := fakeHypercornOf(t, "0.14.4")
	l := recognised(t, known.Spec{Command: []string{h, "-c", "python:conf", "a"}})
	if got := l.Info(); got.CanRecycle || strings.Contains(strings.Join(got.MeasuredCommand, " "), "--max-requests") {
		t.Errorf("%+v", got)
	}
	if got := servertest.Codes(l.Warnings()); !slices.Equal(got, []string{"config-not-read", known.WorkerEndsServer}) {
		t.Errorf("%q", got)
	}
	_, err := Recognise(t.Context(), known.Spec{Command: []string{h, "a"}, MaxRequests: 5})
	servertest.Usage(t, err, "hypercorn 0.14.4 has no limit of requests")
}

func TestHypercornChanges(t *testing.T) {
	h := fakeHypercorn(t)
	file := filepath.Join(t.TempDir(), "hypercorn.toml")
	servertest.Write(t, file, "bind = [\"0.0.0.0:80\"] # all\nworkers = 3\nmax_requests = 1_000\naccesslog = \"-\"\npid_path = \"/run/x\"\n[ssl]\nkeyfile = \"k\"\n")
	for args, want := range map[string][]string{
		"a:a":                    nil,
		"-w 0 a:a":               {"1 worker below a parent, instead of none (--workers 0)"},
		"-b :80 -b :81 a":        {"it listens on a free loopback port instead of :80, :81"},
		"--statsd-host s:8125 a": {"--statsd-host is left out, so that production's figures and logs stay its own"},
		"--reload a":             {"it does not watch files to reload the app"},
		"-c " + file + " a": {
			"it listens on a free loopback port instead of 0.0.0.0:80", "1 worker instead of 3",
			"recycling is off, instead of a new worker after 1 000 requests",
			"the access log is off, so that the app's own words can be found in the log",
			"pid_path in " + file + " is left out, so that production's file stays as it is"},
		"-c " + file + " --access-logfile x -p y -b [::]:1 -w 1 --max-requests 7 a": {
			"it listens on a free loopback port instead of [::]:1",
			"recycling is off, instead of a new worker after 7 requests",
			"the access log is off, so that the app's own words can be found in the log",
			"-p is left out, so that production's file stays as it is"},
	} {
		l := recognised(t, known.Spec{Command: append([]string{h}, strings.Fields(args)...)})
		if got := l.Info().Changes; !slices.Equal(got, want) {
			t.Errorf("%s\n got  %q\n want %q", args, got, want)
		}
	}
}

func TestHypercornWarnings(t *testing.T) {
	h := fakeHypercorn(t)
	file := filepath.Join(t.TempDir(), "h.toml")
	servertest.Write(t, file, "statsd_host = 's:8125'\n")
	always := []string{known.WorkerEndsServer, known.RecyclingCuts}
	for args, more := range map[string][]string{
		"a:a":                          nil,
		"--max-requests 5 a:a":         nil,
		"--max-requests-jitter 5 a:a":  {"jitter-is-limit"},
		"-w 0 --max-requests 5 a:a":    {"limit-needs-parent"},
		"-w 0 a:a":                     nil,
		"-D a:a":                       {"daemon-stays"},
		"--reload a:a":                 {"reload"},
		"-c python:some.module -w 2 a": {"config-not-read"},
		"-c /nonexistent a":            {"config-not-read"},
		"-c " + file + " a":            {known.ToProduction},
	} {
		l := recognised(t, known.Spec{Command: append([]string{h}, strings.Fields(args)...)})
		var got []string
		for _, w := range l.Warnings() {
			got = append(got, w.Code)
			if w.Text == "" || w.Try == "" {
				t.Errorf("%s: %+v", args, w)
			}
		}
		want := slices.Concat(always, more)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", args, got, want)
		}
	}
}

// Each refusal comes before anything has been started.
func TestHypercornRefusals(t *testing.T) {
	h := fakeHypercorn(t)
	dir := t.TempDir()
	servertest.Write(t, filepath.Join(dir, "r.py"), "use_reloader = True\n")
	servertest.Write(t, filepath.Join(dir, "tls.toml"), "certfile = 'x.pem'\n")
	for args, want := range map[string]string{
		"-h":                             "the command only prints, it serves nothing",
		"--certfile x a":                 "--certfile makes hypercorn serve TLS, and calibrate measures plain HTTP",
		"-c " + dir + "/tls.toml a":      "certfile in " + dir + "/tls.toml makes hypercorn serve TLS",
		"-c file:" + dir + "/r.py a":     "with use_reloader in file:" + dir + "/r.py hypercorn loads the app in its parent too",
		"-w lots a":                      `-w "lots" is not a number`,
		"--max-requests=1.5 a":           `--max-requests "1.5" is not a number`,
		"--max-requests-jitter some a:a": `--max-requests-jitter "some" is not a number`,
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: append([]string{h}, strings.Fields(args)...)})
		servertest.Usage(t, err, want)
	}
	_, err := Recognise(t.Context(), known.Spec{Command: []string{h, "a:a"}, Threads: 2})
	servertest.Usage(t, err, "2 threads asked for, but hypercorn has none to set")
}

func TestHypercornExplains(t *testing.T) {
	over := known.Ending{Over: true}
	for name, c := range map[string]struct {
		end       known.Ending
		log, want string
	}{
		"no module":   {over, "hypercorn.utils.NoAppError: Cannot load application from 'x:app', module not found.", "the app was not found (Cannot load application from 'x:app', module not found)"},
		"the port":    {known.Ending{Over: true, Code: 1}, "OSError: [Errno 98] Address already in use", "another process has its port"},
		"an option":   {known.Ending{Over: true, Code: 2}, "hypercorn: error: unrecognized arguments: --x", "unrecognized arguments: --x"},
		"a worker":    {over, "leaving", "a worker of it ended, and with it the whole server"},
		"another's":   {known.Ending{Over: true, Code: 241}, "leaving", "a worker of it ended, and with it the whole server"},
		"the app's":   {over, "ValueError: no", "ValueError: no"},
		"nothing yet": {known.Ending{}, "leaving", ""},
	} {
		if why, _ := (hypercorn.Server{}).Explain(c.end, []string{c.log}); why != c.want {
			t.Errorf("%s: %q, want %q", name, why, c.want)
		}
	}
}

// A pipe would be read empty, or waited for without end.
func TestHypercornConfigInPipe(t *testing.T) {
	h := fakeHypercorn(t)
	pipe := filepath.Join(t.TempDir(), "h.toml")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	l := recognised(t, known.Spec{Command: []string{h, "-c", pipe, "a:a"}})
	servertest.HasWarning(t, l.Warnings(), "config-not-read")
}
