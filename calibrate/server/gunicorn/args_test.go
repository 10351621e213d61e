package gunicorn

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

func TestWithoutOverridden(t *testing.T) {
	ours := overridden(known.Spec{Threads: 2})
	for command, want := range map[string]string{
		"app:app":                               "app:app",
		"-b X -w 3 app:app":                     "app:app",
		"-bX -w3 app:app":                       "app:app",
		"-b=X -w=3 app:app":                     "app:app",
		"--bind X --bind=Y --workers 3 app:app": "app:app",
		"--bi X --worker 3 app:app":             "--worker 3 app:app", // --worker fits two: Gunicorn refuses it
		"--max-requests 5 --max-requests-jitter=2 app:app": "app:app",
		"--max-requests-j 2 a":                             "a",
		"--thread 8 a":                                     "a",
		"--threads=8 -k gthread a":                         "-k gthread a",
		"a --workers 3 -t 30":                              "a -t 30",
		"-n -w3 a":                                         "a -n", // -n lacks its value, and Gunicorn says so
		"-n w3 a":                                          "-n w3 a",
		"--name --bind X a":                                "a --name",
		"-Rw4 a":                                           "-R a",
		"-Rw 4 a":                                          "-R a",
		"-Rbw a":                                           "-R a", // -b's value is w
		"-RDn name a":                                      "-RDn name a",
		"--preload -t 30 -e A=-w a":                        "--preload -t 30 -e A=-w a",
		"--access-logfile - --error-logfile=x --log-file y -p p a": "a",
		"--control-socket s --no-control-socket a":                 "a",
		"-w 3 -- -w 4 app":           "-- -w 4 app",
		"--unknown 3 -w 3 --other=x": "--unknown 3 --other=x",
		"-- ":                        "--",
		"-w":                         "-w", // it lacks its value, and Gunicorn says so
		"-w -5 a":                    "a",
		"--proxy-protocol auto a":    "--proxy-protocol auto a",
		"--proxy-protocol -w 4 a":    "a --proxy-protocol", // whose value the app must not become
		"-x -w3 -":                   "-x -",
	} {
		if got := strings.Join(syntax.Scan(strings.Fields(command)).Without(ours...), " "); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

func TestThreadsStayWhenNotAskedFor(t *testing.T) {
	words := strings.Fields("--threads 8 app:app")
	if got := syntax.Scan(words).Without(overridden(known.Spec{})...); !slices.Equal(got, words) {
		t.Errorf("%q", got)
	}
}

func TestAValueWithABlankIsNoOption(t *testing.T) {
	words := []string{"--access-logformat", "-%(h)s x", "-w", "3", "a"}
	if got := syntax.Scan(words).Without("bind", "workers"); !slices.Equal(got, []string{"--access-logformat", "-%(h)s x", "a"}) {
		t.Errorf("%q", got)
	}
}

// A blank is no reason to pass over an option that there is.
func TestAnOptionWithABlankInItsValue(t *testing.T) {
	words := []string{"--pid=/run/my app.pid", "-b unix:/x y", "a"}
	if got := syntax.Scan(words).Without(overridden(known.Spec{})...); !slices.Equal(got, []string{"a"}) {
		t.Errorf("%q", got)
	}
}

func TestGunicornSettings(t *testing.T) {
	read := func(command, in string) settings {
		return settingsOf(syntax.Scan(strings.Fields(command)).Layer(in))
	}
	c := read("-w 2 -w 0x3 -b A --bind=B -DR --thr 1_0 --preload -k=gthread app", "")
	if c.Number("workers", 1) != 3 || c.Number("threads", 1) != 10 || c.Number("max_requests", 7) != 7 ||
		!c.On("daemon") || !c.On("preload_app") || c.On("reload") || c.Text("worker_class") != "gthread" ||
		!slices.Equal(c.List("bind"), []string{"A", "B"}) || c.From("daemon") != "-D" {
		t.Errorf("%+v", c)
	}
	if c := read("--daemon", "GUNICORN_CMD_ARGS"); c.From("daemon") != "--daemon in GUNICORN_CMD_ARGS" {
		t.Errorf("%+v", c)
	}
}

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden(known.Spec{Threads: 1}), "-b X -w3 --max-requests 5 app:app", "-Rw4 -n -w -- --bind", "-bw -wb --bind=--workers -p")
}

// Gunicorn's own parser is the oracle: it must know our table's options, and read what we rewrote as we mean it.
func TestE2EGunicornArgsAgree(t *testing.T) {
	t.Parallel()
	ours := []string{"--bind", "127.0.0.1:1", "--workers", "1", "--max-requests", "0", "--max-requests-jitter", "0", "--threads", "2"}
	var commands [][]string
	for _, command := range []string{
		"app:app", "-b X -w 3 app:app", "-bX -w3 app:app", "-b=X -w=3 app:app", "--bind X --bind=Y --workers 3 app:app", "--bi X app:app",
		"--max-requests 5 --max-requests-jitter=2 app:app", "--max-requests-j 2 app:app", "--thread 8 app:app", "app:app --workers 3 -t 30",
		"-n w3 app:app", "-Rw4 app:app", "-Rw 4 app:app", "-Rbw app:app", "--preload -t 30 -e A=-w app:app", "-w 3 -- app:app",
		"--access-logfile - --log-file y app:app", "--proxy-protocol -w 4 app:app", "--proxy-protocol auto -w 4 app:app", "-k gevent --threads=9 app:app -b Z",
	} {
		commands = append(commands, slices.Concat(ours, syntax.Scan(strings.Fields(command)).Without(overridden(known.Spec{Threads: 2})...)))
	}
	in, err := json.Marshal(commands)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), servertest.Venv(t, "python"), "-c", `
import json, sys
from gunicorn.config import Config, KNOWN_SETTINGS
parser = Config().parser()
print(json.dumps({
    "read": [vars(parser.parse_args(words)) for words in json.loads(sys.argv[1])],
    "options": {name: [s.name, s.action or "", s.nargs or ""] for s in KNOWN_SETTINGS for name in s.cli or ()},
}))`, string(in))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var said struct {
		Read    []map[string]any
		Options map[string][3]string
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, read := range said.Read {
		got := fmt.Sprint(read["bind"], read["workers"], read["max_requests"], read["max_requests_jitter"], read["threads"], read["args"])
		if want := "[127.0.0.1:1]1002[app:app]"; strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("%q is read as %s", commands[i], got)
		}
	}
	checkTable(t, said.Options)
}

// checkTable compares our table of options with Gunicorn's own.
func checkTable(t *testing.T, options map[string][3]string) {
	t.Helper()
	if len(options) < 50 {
		t.Fatalf("only %d options", len(options))
	}
	for name, o := range options {
		setting, action, nargs := o[0], o[1], o[2]
		at := slices.IndexFunc(syntax.All, func(o cli.Option) bool { return o.Name == setting })
		if at < 0 {
			t.Errorf("%s (%s) is not in the table", name, setting)
			continue
		}
		ours, want := syntax.All[at], cli.AValue
		switch {
		case strings.HasPrefix(action, "store_"):
			want = cli.Nothing
		case nargs == "?":
			want = cli.AtMost
		}
		if ours.Takes != want || !slices.Contains(ours.Long, strings.TrimPrefix(name, "--")) && name != "-"+ours.Short {
			t.Errorf("%s: the table has %+v, Gunicorn %q", name, ours, o)
		}
		if (action == "append") != slices.Contains(repeatable, setting) {
			t.Errorf("%s: action %q", name, action)
		}
	}
}
