package server

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
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
		if got := strings.Join(uvicornOptions.Scan(strings.Fields(command)).Without(uvicornOverridden...), " "); got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

// Whatever the words, they are all there, none of what is overridden stays, and doing it twice changes nothing.
func FuzzUvicornWithout(f *testing.F) {
	f.Add("--host\nX\n--workers=3\napp:app")
	f.Add("--header\n--workers\n--\n--port")
	f.Add("--reload\n--reload=1\n-w\n--workers")
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Split(text, "\n")
		args := uvicornOptions.Scan(words)
		if all := args.Without(); !slices.Equal(all, words) {
			t.Fatalf("%q is read as %q", words, all)
		}
		once := args.Without(uvicornOverridden...)
		again := uvicornOptions.Scan(once)
		for _, arg := range again {
			if slices.Contains(uvicornOverridden, arg.Name) {
				t.Errorf("%q of %q stays in %q", arg.Name, words, once)
			}
		}
		if twice := again.Without(uvicornOverridden...); !slices.Equal(once, twice) {
			t.Errorf("once %q, twice %q", once, twice)
		}
	})
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
		commands = append(commands, slices.Concat(ours, uvicornOptions.Scan(strings.Fields(command)).Without(uvicornOverridden...)))
	}
	in, err := json.Marshal(commands)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		version, path string
		all           bool // it is the newest, which has all of our options
	}{{"new", "", true}, {"old", oldUvicorn(t), false}} {
		t.Run(c.version, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), venv(t, "python"), "-c", `
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
			checkUvicornTable(t, said.Options, c.all)
		})
	}
}

// checkUvicornTable compares our table of options with Uvicorn's own: each option, and whether it takes a value.
func checkUvicornTable(t *testing.T, options map[string]bool, all bool) {
	t.Helper()
	if len(options) < 40 {
		t.Fatalf("only %d options", len(options))
	}
	for option, valued := range options {
		if takes, known := takesValue(uvicornOptions, option); !known || takes != valued {
			t.Errorf("%s (takes a value: %v) is not in the table", option, valued)
		}
	}
	for _, o := range uvicornOptions.All {
		if _, ok := options["--"+o.Name]; all && !ok && o.Name != "help" {
			t.Errorf("--%s is in the table, and Uvicorn doesn't know it", o.Name)
		}
	}
}

// takesValue says whether a program's table knows an option, and has it take a value.
func takesValue(options cli.Options, option string) (takes, known bool) {
	arg := options.Scan([]string{option, "value"})[0]
	return len(arg.Words) == 2, arg.Name != ""
}
