package server

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/waitress"
)

func fakeWaitress(t *testing.T) string { return installed(t, "waitress-serve", "waitress-3.0.2") }

func TestIsWaitress(t *testing.T) {
	for command, want := range map[string]bool{
		"waitress-serve a:a": true, "/v/bin/waitress-serve a:a": true, "python /v/bin/waitress-serve a:a": true, "python -m waitress a:a": true,
		"env A=b uv run waitress-serve a:a": true, "waitress": false, "python waitress": false, "pserve production.ini": false, "lmsctl serve": false,
	} {
		if got := (waitress.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

// The command as it is written, and as it is measured. Behind the app there are no options, and waitress says so.
func TestWaitressMeasured(t *testing.T) {
	w := fakeWaitress(t)
	const free = "it listens on a free loopback port instead of "
	for command, c := range map[string]struct {
		threads int // asked for
		want    string
		changes []string
	}{
		"a:a": {0, "--threads 4 a:a", nil},
		"--host=0.0.0.0 --port=80 --threads 8 a:a":         {0, "--threads 8 a:a", []string{free + "0.0.0.0:80"}},
		"--port 80 --call a:make":                          {2, "--threads 2 --call a:make", []string{free + "0.0.0.0:80", "2 threads a worker instead of 4"}},
		"--listen=*:80 --listen=[::1]:81 --no-ipv6 a:a":    {0, "--threads 4 a:a", []string{free + "*:80, [::1]:81"}},
		"--unix-socket /run/a --unix-socket-perms=666 a:a": {0, "--threads 4 a:a", []string{free + "the Unix socket /run/a"}},
		"--thr 6 --lis :80 --connection-limit 500 a:a":     {0, "--threads 6 --connection-limit 500 a:a", []string{free + ":80"}},
		"--ident --threads a:a":                            {0, "--threads 4 --ident --threads a:a", nil},
		"a:a --threads 8":                                  {0, "--threads 4 a:a --threads 8", nil},
		"--threads={threads} --port={port} a:a":            {3, "--threads 3 a:a", nil},
	} {
		l := recognised(t, known.Spec{Command: append([]string{w}, strings.Fields(command)...), Threads: c.threads})
		info := l.Info()
		if got, want := strings.Join(info.MeasuredCommand, " "), w+" --listen {host}:{port} "+c.want; got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		if !slices.Equal(info.Changes, c.changes) {
			t.Errorf("%s: %q", command, info.Changes)
		}
		if info.Server != "waitress" || info.ServerVersion != "3.0.2" || !info.HasThreads || info.CanScale || info.CanRecycle || info.MaxWorkers != 1 ||
			!strings.Contains(strings.Join(info.MeasuredCommand, " "), "--threads "+strings.Fields(c.want)[1]) {
			t.Errorf("%s: %+v", command, info)
		}
		if got := servertest.Codes(l.Warnings()); !slices.Equal(got, []string{known.NoRequestLimit, "stopping-cuts", "connections-wait"}) {
			t.Errorf("%s: %q", command, got)
		}
	}
}

// Each refusal comes before anything has been started.
func TestWaitressRefusals(t *testing.T) {
	w := fakeWaitress(t)
	for args, want := range map[string]string{
		"--help":                                "the command only prints, it serves nothing",
		"--port=http a:a":                       `--port "http" is not a number`,
		"--threads=many a:a":                    `--threads "many" is not a number`,
		"--threads 0 a:a":                       "--threads 0 leaves nobody to answer: waitress starts, and every request waits",
		"--host ::1 --listen=:80 a:a":           "waitress does not start with --host beside --listen",
		"--port 80 --unix-socket /run/a a:a":    "waitress does not start with --unix-socket beside --port",
		"--listen=:80 --unix-socket /run/a a:a": "waitress does not start with --unix-socket beside --listen",
	} {
		refusal(t, known.Spec{Command: append([]string{w}, strings.Fields(args)...)}, want)
	}
	refusal(t, known.Spec{Command: []string{w, "a:a"}, Workers: 2}, "2 workers asked for, but waitress is one process")
	refusal(t, known.Spec{Command: []string{w, "a:a"}, MaxRequests: 5},
		"a new worker after 5 requests is asked for, but waitress has no limit of requests")
}

func TestAttachKnowsWaitress(t *testing.T) {
	for name, c := range map[string]struct {
		args           string
		asked, threads int
	}{
		"by default":  {"/venv/bin/python3 /venv/bin/waitress-serve --port=80 a:a", 0, 4},
		"as it says":  {"/venv/bin/python3 -m waitress --threads=9 a:a", 0, 9},
		"as is named": {"/venv/bin/python3 /venv/bin/waitress-serve --threads=9 a:a", 2, 2},
	} {
		fs := servertest.ProcWith(t, servertest.Proc{PID: 10, Parent: 1, Session: 10, Args: c.args})
		r, err := attachIn(fs, AttachSpec{PID: 10, Threads: c.asked})
		if err != nil {
			t.Fatal(err)
		}
		found, _ := r.Workers()
		if info := r.Info(); !slices.Equal(found, []int{10}) || info.Server != "waitress" || info.Threads != c.threads || !info.HasThreads || info.MaxWorkers != 1 {
			t.Errorf("%s: %v, %+v", name, found, info)
		}
		servertest.HasWarning(t, r.Warnings(), "stopping-cuts")
	}
}
