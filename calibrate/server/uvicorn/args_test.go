package uvicorn

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/servertest"
)

func TestUvicornWithout(t *testing.T) {
	for command, want := range map[string]string{
		"app:app":                               "app:app",
		"app:app --host X --port=1 --workers 4": "app:app",
		"--reload --reload-dir x app:app":       "app:app",
		"--uds /x --fd 3 --access-log a":        "a",
		"--limit-max-requests 5 a --no-access-log --limit-max-requests-jitter=2": "a",
		"--limit-concurrency 5 a":                  "--limit-concurrency 5 a",
		"--app-dir x --factory --loop uvloop a":    "--app-dir x --factory --loop uvloop a",
		"--http h11 --log-config c --env-file e a": "--http h11 --log-config c --env-file e a",
		"--header --workers --workers 4 a":         "--header --workers a", // click takes the next word, whatever it looks like
		"--work 4 a":                               "--work 4 a",           // no abbreviations: Uvicorn refuses it
		"--reload=1 a":                             "--reload=1 a",         // and this
		"a --workers":                              "a --workers",          // and this
		"--workers= a":                             "a",
		"-w 4 a":                                   "-w 4 a",
		"--unknown 3 --workers 3 a":                "--unknown 3 a",
		"--workers 3 -- a --workers 4":             "-- a --workers 4",
		"--":                                       "--",
		"":                                         "",
	} {
		if got := strings.Join(syntax.Scan(strings.Fields(command)).Without(overridden...), " "); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

func FuzzArgs(f *testing.F) {
	servertest.FuzzArgs(f, syntax, overridden, "--host X --workers=3 app:app", "--header --workers -- --port", "--reload --reload=1 -w --workers")
}

// Uvicorn's own parser is the oracle: it must know our table's options, and read what we rewrote as we mean it.
func TestE2EUvicornArgsAgree(t *testing.T) {
	t.Parallel()
	var commands [][]string
	for _, command := range []string{
		"app:app", "app:app --host X --port=1 --workers 4", "--reload --reload-delay 3 app:app", "--uds /x --fd 3 --access-log app:app",
		"--limit-max-requests 5 app:app --no-access-log --limit-max-requests-jitter=2", "--header --workers --workers 4 app:app",
		"--loop asyncio --no-proxy-headers --workers 3 -- app:app", "--http h11 app:app --port 9 --ws-max-size 3 --port=8",
	} {
		ours := []string{"--host", "127.0.0.1", "--port", "1", "--workers", "1", "--no-access-log"}
		commands = append(commands, slices.Concat(ours, syntax.Scan(strings.Fields(command)).Without(overridden...)))
	}
	in, err := json.Marshal(commands)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version, path string
		all           bool // it is the newest, which has all of our options
	}{{"new", "", true}, {"old", servertest.OldUvicorn(t), false}} {
		t.Run(c.version, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), servertest.Venv(t, "python"), "-c", `
import json, sys
from uvicorn.main import main
print(json.dumps({
    "read": [main.make_context("uvicorn", words).params for words in json.loads(sys.argv[1])],
    "options": {o: not p.is_flag for p in main.params if p.param_type_name == "option" for o in p.opts + p.secondary_opts},
}))`, string(in))
			cmd.Env = append(cmd.Environ(), "PYTHONPATH="+c.path)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			var said struct {
				Read    []map[string]any
				Options map[string]bool
			}
			if err := json.Unmarshal(out, &said); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for i, read := range said.Read {
				var got []any
				for _, name := range []string{"host", "port", "workers", "uds", "fd", "reload", "limit_max_requests", "access_log", "app"} {
					got = append(got, read[name])
				}
				if want := "[127.0.0.1 1 1 <nil> <nil> false <nil> false app:app]"; fmt.Sprint(got) != want {
					t.Errorf("%q is read as %s", commands[i], got)
				}
			}
			checkTable(t, said.Options, c.all)
		})
	}
}

// checkTable compares our table of options with Uvicorn's own: each option, and whether it takes a value.
func checkTable(t *testing.T, options map[string]bool, all bool) {
	t.Helper()
	if len(options) < 40 {
		t.Fatalf("only %d options", len(options))
	}
	for option, valued := range options {
		if takes, known := servertest.TakesValue(syntax, option); !known || takes != valued {
			t.Errorf("%s (takes a value: %v) is not in the table", option, valued)
		}
	}
	for _, o := range syntax.All {
		if _, ok := options["--"+o.Name]; all && !ok && o.Name != "help" {
			t.Errorf("--%s is in the table, and Uvicorn doesn't know it", o.Name)
		}
	}
}
