package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/nowlms"
	"workermem/calibrate/server/servertest"
)

func fakeLMS(t *testing.T) string { return installed(t, "lmsctl", "now_lms-2.0.4", "gunicorn-26.0.0") }

// clearLMS keeps the tests' own environment out.
func clearLMS(t *testing.T) {
	t.Helper()
	for _, name := range slices.Concat(strings.Fields("DEBUG CI DEV DEVELOPMENT FLASK_ENV DJANGO_DEBUG NODE_ENV ENV APP_ENV PYTEST_CURRENT_TEST PYTEST_VERSION"), []string{"LMS_PORT", "PORT", "NOW_LMS_WORKERS", "WORKERS", "NOW_LMS_THREADS", "THREADS"}) {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
}

func TestIsNowLMS(t *testing.T) {
	for command, want := range map[string]bool{
		"lmsctl serve": true, "/v/bin/lmsctl serve": true, "python /v/bin/lmsctl serve": true, "python -m now_lms": true,
		"env A=b uv run lmsctl serve": true, "python now_lms": false, "flask --app now_lms run": false, "gunicorn now_lms:lms_app": false,
	} {
		if got := (nowlms.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

// What is started: the command itself, and variables.
func TestNowLMSMeasured(t *testing.T) {
	clearLMS(t)
	x := fakeLMS(t)
	const socket = "the control socket is off (XDG_RUNTIME_DIR=/proc), so that a running Gunicorn keeps its own"
	for name, c := range map[string]struct {
		command, env string
		threads      int // asked for
		workers      int // the same
		want         string
		set          string
		changes      []string
		scales       bool
	}{
		"gunicorn": {
			"X serve --wsgi-server gunicorn", "", 0, 0, "X serve --wsgi-server gunicorn", "LMS_PORT={port} NOW_LMS_WORKERS=1 NOW_LMS_THREADS=1 XDG_RUNTIME_DIR=/proc",
			[]string{"1 worker (NOW_LMS_WORKERS) instead of as many as NOW LMS works out for the machine", socket}, true,
		},
		"gunicorn, 2 workers": {
			"X serve --wsgi-server=Gunicorn", "NOW_LMS_WORKERS=2 THREADS=4", 0, 2, "X serve --wsgi-server=Gunicorn",
			"LMS_PORT={port} NOW_LMS_WORKERS=2 NOW_LMS_THREADS=4", []string{socket}, true,
		},
		"waitress": {"X serve", "", 0, 0, "X serve", "LMS_PORT={port} NOW_LMS_WORKERS=1 NOW_LMS_THREADS=1", nil, false},
		"waitress with threads": {
			"X serve", "PORT=80 NOW_LMS_THREADS=2 WORKERS=3", 8, 1, "X serve", "LMS_PORT={port} NOW_LMS_THREADS=8",
			[]string{"it listens on a free port instead of 80 (LMS_PORT)", "8 threads a worker (NOW_LMS_THREADS) instead of 2"}, false,
		},
		"by click's variable": {
			"X -A now_lms serve", "FLASK_SERVE_WSGI_SERVER=gunicorn WORKERS=4 XDG_RUNTIME_DIR=/x", 0, 0, "X -A now_lms serve", "NOW_LMS_WORKERS=1 XDG_RUNTIME_DIR=/x",
			[]string{"1 worker (NOW_LMS_WORKERS) instead of 4"}, true,
		},
		"variables in the command": {
			"env NOW_LMS_WORKERS=4 A=b LMS_PORT=80 X serve --wsgi-server gunicorn", "", 0, 0, "env A=b X serve --wsgi-server gunicorn", "LMS_PORT={port} NOW_LMS_WORKERS=1",
			[]string{"it listens on a free port instead of 80 (LMS_PORT)", "1 worker (NOW_LMS_WORKERS) instead of 4", socket}, true,
		},
		"placeholders": {
			"X serve --wsgi-server gunicorn", "LMS_PORT={port} NOW_LMS_WORKERS={workers}", 0, 0, "X serve --wsgi-server gunicorn", "LMS_PORT={port} NOW_LMS_WORKERS=1",
			[]string{socket}, true,
		},
		"threads that are no number": {"X serve", "NOW_LMS_THREADS=abc", 0, 0, "X serve", "NOW_LMS_THREADS=1", nil, false},
	} {
		given := map[string]string{}
		for _, v := range strings.Fields(c.env) {
			variable, value, _ := strings.Cut(v, "=")
			given[variable] = value
		}
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(c.command, "X ", x+" ")), Env: given, Threads: c.threads, Workers: c.workers})
		info := l.Info()
		if got := strings.ReplaceAll(strings.Join(info.MeasuredCommand, " "), x, "X"); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
		for _, v := range strings.Fields(c.set) {
			variable, value, _ := strings.Cut(v, "=")
			if cli.Getenv(l.Env, variable) != value {
				t.Errorf("%s: %s=%s, want %s", name, variable, cli.Getenv(l.Env, variable), value)
			}
		}
		if !slices.Equal(info.Changes, c.changes) {
			t.Errorf("%s\n got  %q\n want %q", name, info.Changes, c.changes)
		}
		if info.Server != "lmsctl" || info.ServerVersion != "2.0.4" || info.CanRecycle || info.HasJitter || !info.HasThreads || info.CanScale != c.scales || info.Preload != c.scales {
			t.Errorf("%s: %+v", name, info)
		}
		warned := []string{"no-request-limit", "listens-everywhere"}
		if !c.scales {
			warned = slices.Insert(warned, 0, "waitress-by-default")
		}
		if got := servertest.Codes(l.Warnings()); !slices.Equal(got, warned) {
			t.Errorf("%s: warned of %q, want %q", name, got, warned)
		}
	}
}

// The variables are the run's own: a caller's are left alone, and {port} in them counts.
func TestNowLMSPort(t *testing.T) {
	clearLMS(t)
	given := map[string]string{"A": "b"}
	l := recognised(t, known.Spec{Command: []string{fakeLMS(t), "serve"}, Env: given})
	env := cli.ExpandEnv(l.Env, l.Spec.Env, map[string]string{"port": "1234"})
	if cli.Getenv(env, "LMS_PORT") != "1234" || cli.Getenv(env, "A") != "b" || len(given) != 1 {
		t.Errorf("port %q, given %v", cli.Getenv(env, "LMS_PORT"), given)
	}
}

// CI and its like are taken out where they are only inherited, and refused where the run asks for them.
func TestNowLMSAsInProduction(t *testing.T) {
	lms := []string{fakeLMS(t), "serve"}
	own := t.TempDir()
	servertest.Write(t, filepath.Join(own, "wsgi.py"), "from now_lms import lms_app as app\n")
	servertest.Write(t, filepath.Join(own, "shop.py"), "app = None\n")
	g := fakeGunicorn(t, "26.0.0")
	for _, command := range [][]string{lms, {g, "now_lms:lms_app"}, {g, "--chdir", own, "wsgi:app"}} {
		for _, v := range []string{"CI=true", "CI=false", "DEBUG=1", "ENV=Development", "NODE_ENV=dev", "PYTEST_CURRENT_TEST="} {
			clearLMS(t)
			name, value, _ := strings.Cut(v, "=")
			t.Setenv(name, value)
			l := recognised(t, known.Spec{Command: command})
			if slices.ContainsFunc(l.Env, func(have string) bool { return strings.HasPrefix(have, name+"=") }) {
				t.Errorf("%q: %s stays", command, v)
			}
			servertest.HasChange(t, l.Info(), name+" is taken out of the environment: NOW LMS would run as in development or in its own tests")
			want := name + " makes NOW LMS run as in development or in its own tests"
			refusal(t, known.Spec{Command: command, Env: map[string]string{name: value}}, want)
			refusal(t, known.Spec{Command: slices.Concat([]string{"env", v}, command)}, want)
		}
		for _, v := range []string{"CI=", "DEBUG=0", "ENV=production", "FLASK_ENV=production"} {
			clearLMS(t)
			name, value, _ := strings.Cut(v, "=")
			t.Setenv(name, value)
			if l := recognised(t, known.Spec{Command: command}); cli.Getenv(l.Env, name) != value || strings.Contains(strings.Join(l.Info().Changes, " "), name+" is taken out") {
				t.Errorf("%q: %s is no matter of ours", command, v)
			}
		}
	}
	clearLMS(t)
	t.Setenv("CI", "true")
	for _, app := range []string{"shop:app", "wsgi:app", "now_lms_like:app"} { // no wsgi.py in this folder
		if l := recognised(t, known.Spec{Command: []string{g, app}}); cli.Getenv(l.Env, "CI") != "true" {
			t.Errorf("CI is taken out of the environment of %s", app)
		}
	}
}

func TestNowLMSRefusals(t *testing.T) {
	clearLMS(t)
	x := fakeLMS(t)
	for args, want := range map[string]string{
		"":                "lmsctl without a command only prints, it serves nothing",
		"--version serve": "lmsctl --version only prints, it serves nothing",
		"serve --help":    "lmsctl serve --help only prints, it serves nothing",
		"run":             "lmsctl run is not what production serves with",
		"-e .env shell":   "lmsctl shell is not what production serves with",
		"database init":   "lmsctl database is not what production serves with",
	} {
		refusal(t, known.Spec{Command: append([]string{x}, strings.Fields(args)...)}, want)
	}
	gunicorn := []string{x, "serve", "--wsgi-server", "gunicorn"}
	refusal(t, known.Spec{Command: []string{x, "serve"}, Workers: 2}, "2 workers asked for, but waitress is one process")
	for _, command := range [][]string{gunicorn, {x, "serve"}} {
		refusal(t, known.Spec{Command: command, MaxRequests: 500}, "a new worker after 500 requests is asked for, but lmsctl has no setting for it")
	}
}
