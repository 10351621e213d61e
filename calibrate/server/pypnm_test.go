package server

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/pypnm"
	"workermem/calibrate/server/servertest"
)

func fakePyPNM(t *testing.T, uvicorn string) string {
	return installed(t, "pypnm", "pypnm_docsis-1.6.4.0", "uvicorn-"+uvicorn)
}

func TestIsPyPNM(t *testing.T) {
	for command, want := range map[string]bool{
		"pypnm serve": true, "/v/bin/pypnm serve": true, "python -m pypnm.cli serve": true, "uv run pypnm serve": true,
		"pypnm-software-qa-checker": false, "uvicorn pypnm.api.main:app": false,
	} {
		if got := (pypnm.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

func TestPyPNMMeasuredCommand(t *testing.T) {
	x := fakePyPNM(t, "0.34.2")
	const ours = "X serve --host {host} --port {port} --workers 1 --limit-max-requests 0 --no-access-log"
	for command, want := range map[string]string{
		"X serve": ours,
		"X serve --host 0.0.0.0 --port=80 --workers 4":       ours,
		"X serve --host-all --lim 1000 --wo=2 --no-acc":      ours, // argparse's abbreviations
		"X serve --reload --reload-dir src --reload-i *.py":  ours,
		"X serve --log-level debug --mute-tags a,b":          ours + " --log-level debug --mute-tags a,b",
		"X serve --mute-tags-hard --mute-tags a":             ours + " --mute-tags-hard --mute-tags a",
		"X serve --mute a":                                   ours + " --mute a", // it fits two
		"X serve --ho h":                                     ours + " --ho h",   // and this
		"X serve --workers --port 1":                         ours + " --workers",
		"X serve --unknown 3 --workers 3":                    ours + " --unknown 3",
		"env A=B X serve --port {port} --workers {workers}":  "env A=B " + ours,
		"X serve --no-access-log=1 --limit-max-requests=500": ours + " --no-access-log=1",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "X ", x+" "))})
		info := l.Info()
		if got := strings.ReplaceAll(strings.Join(info.MeasuredCommand, " "), x, "X"); got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		if info.Server != "pypnm" || info.ServerVersion != "1.6.4.0" || !info.CanRecycle || info.HasJitter || !info.CanScale || info.HasThreads || info.Threads != 0 {
			t.Errorf("%s: %+v", command, info)
		}
	}
	l := recognised(t, known.Spec{Command: []string{x, "serve"}, Workers: 2, MaxRequests: 1000, Jitter: 100})
	if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != "serve --host {host} --port {port} --workers 2 --limit-max-requests 1000 --no-access-log" {
		t.Error(got)
	}
}

func TestPyPNMChanges(t *testing.T) {
	x := fakePyPNM(t, "0.34.2")
	for args, want := range map[string][]string{
		"--no-access-log": {"1 worker instead of as many as PyPNM's profile of the machine says",
			"recycling is off, instead of after as many requests as PyPNM's profile of the machine says"},
		"--no-access-log --workers 1 --limit-max-requests 0": nil,
		"--no-access-log --workers 4 --limit-max-requests 2000 --host-all": {"it listens on a free loopback port instead of 0.0.0.0:8000",
			"1 worker instead of 4", "recycling is off, instead of a new worker after 2 000 requests"},
		"--workers 1 --limit-max-requests 0 --reload": {"it does not watch files to reload the app",
			"the access log is off, so that the app's own words can be found in the log"},
	} {
		l := recognised(t, known.Spec{Command: append([]string{x, "serve"}, strings.Fields(args)...)})
		if got := l.Info().Changes; !slices.Equal(got, want) {
			t.Errorf("%s\n got  %q\n want %q", args, got, want)
		}
	}
}

// The traps, by version and command.
func TestPyPNMWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		uvicorn, args, path string
		workers             int
		want                []string
		recycles            bool
	}{
		"the profile's numbers":  {"0.34.2", "", "", 1, []string{"health-only", known.LimitEndsServer, "no-jitter"}, true},
		"another path":           {"0.34.2", "", "/docs", 1, []string{known.LimitEndsServer, "no-jitter"}, true},
		"measured with 2":        {"0.34.2", "", "/docs", 2, []string{"no-jitter"}, true},
		"its own smallest row":   {"0.34.2", "--workers 1 --limit-max-requests 1000", "/docs", 1, []string{known.LimitEndsServer, "no-jitter"}, true},
		"a Uvicorn of long ago":  {"0.29.0", "--workers 2 --limit-max-requests 1000", "/docs", 1, []string{"no-jitter"}, false},
		"watching files instead": {"0.34.2", "--reload", "/docs", 2, []string{"reload", "no-jitter"}, true},
	} {
		l := recognised(t, known.Spec{Command: append([]string{fakePyPNM(t, c.uvicorn), "serve"}, strings.Fields(c.args)...), Workers: c.workers, Path: c.path})
		if got := servertest.Codes(l.Warnings()); !slices.Equal(got, c.want) || l.Info().CanRecycle != c.recycles {
			t.Errorf("%s: %q, can recycle %v", name, got, l.Info().CanRecycle)
		}
	}
}

// The command that would end its own server says so in its own numbers.
func TestPyPNMWarnsOfItsEnd(t *testing.T) {
	l := recognised(t, known.Spec{Command: []string{fakePyPNM(t, "0.34.2"), "serve", "--workers", "1", "--limit-max-requests", "1000"}})
	w := servertest.HasWarning(t, l.Warnings(), known.LimitEndsServer)
	if w.Text != "pypnm: --limit-max-requests 1000, with one worker, ends the whole server after so many requests, with status 0" {
		t.Error(w.Text)
	}
}

func TestPyPNMRefusals(t *testing.T) {
	x := fakePyPNM(t, "0.34.2")
	for args, want := range map[string]string{
		"":                       "only pypnm serve starts a server",
		"-v":                     "only pypnm serve starts a server",
		"config-menu":            "only pypnm serve starts a server",
		"serve -h":               "-h makes the command only print, it serves nothing",
		"serve --ssl":            "--ssl makes pypnm serve TLS, and calibrate measures plain HTTP",
		"serve --run":            "--run sends pypnm to the background, where it can't be measured",
		"serve --workers four":   `--workers "four" is not a number`,
		"serve --limit-max=1e3":  `--limit-max "1e3" is not a number`,
		"serve --port http --ss": "--ss makes pypnm serve TLS, and calibrate measures plain HTTP",
	} {
		refusal(t, known.Spec{Command: append([]string{x}, strings.Fields(args)...)}, want)
	}
	refusal(t, known.Spec{Command: []string{x, "serve"}, Threads: 4},
		"4 threads asked for, but pypnm has none to set: a worker is one event loop of uvicorn, which takes as many requests at once as come")
}
