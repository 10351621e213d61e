package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"workermem/calibrate"
	"workermem/calibrate/server"
)

// The test binary is calibrate itself: under that name in the scripts, and as the guard that it starts.
func TestMain(m *testing.M) {
	if code, isGuard := server.GuardMain(os.Args); isGuard {
		os.Exit(code)
	}
	if len(os.Args) > 1 && os.Args[1] == costAppCommand {
		costAppMain(os.Args[2:])
	}
	if len(os.Args) > 1 && os.Args[1] == demoAppCommand {
		calibrateMain() // the demo starts its app from its own binary, under the binary's own name
	}
	state := filepath.Join(os.TempDir(), "calibrate-test-"+strconv.Itoa(os.Geteuid())) // the key to runs is not kept in this user's home
	// What the tests start is often this binary, which under the race detector would sleep for a second before it exits.
	race := os.Getenv(raceVariable) + " atexit_sleep_ms=0"
	if errors.Join(os.MkdirAll(state, 0o700), os.Setenv("XDG_STATE_HOME", state), os.Setenv(raceVariable, race)) != nil {
		os.Exit(1)
	}
	testscript.Main(m, map[string]func(){"calibrate": calibrateMain})
}

// raceVariable sets up the race detector of a program that is built with it.
const raceVariable = "GORACE"

func calibrateMain() {
	ctx, stop := withSignals(context.Background())
	defer stop()
	env := catchCrashes(System(), os.Args[1:])
	switch os.Getenv(crashVariable) {
	case "panic":
		time.AfterFunc(3*time.Second, func() { defer calibrate.Caught(); panic("a planted fault") })
	case "fatal":
		time.AfterFunc(3*time.Second, new(sync.Mutex).Unlock)
	}
	code := Main(ctx, env, os.Args[1:])
	if file := os.Getenv(peakVariable); file != "" {
		text, _ := os.ReadFile("/proc/self/status")
		_ = os.WriteFile(file, text, 0o600)
	}
	os.Exit(code)
}

// crashVariable plants a panic in a goroutine of calibrate's, or what no goroutine can catch.
const crashVariable = "CALIBRATE_TEST_CRASH"

// peakVariable names a file for what the kernel says of the process at its end. (The rusage of a child begins with the highest memory of
// the test itself, which forked it.)
const peakVariable = "CALIBRATE_TEST_PEAK"

// The scripts in testdata/usage start nothing: they are what is refused, and the exit codes.
func TestUsage(t *testing.T) { runScripts(t, "usage") }

// The scripts in testdata/size start nothing: sizing alone needs no server.
func TestSize(t *testing.T) { runScripts(t, "size") }

// The scripts in testdata/settings start nothing: they are which calibrate.yaml holds, and what is taken from it.
func TestSettings(t *testing.T) { runScripts(t, "settings") }

func runScripts(t *testing.T, folder string) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", folder),
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", venvBin(t)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("FIXTURES", fixtures(t))
			e.Setenv("SOON", time.Now().AddDate(0, 1, 0).Format(time.DateOnly))
			e.Setenv(raceVariable, os.Getenv(raceVariable))
			return nil
		},
	})
}

// exits runs `exits CODE COMMAND...`: a command whose exit code matters.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real servers under real load")
	}
}

func fixtures(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func venvBin(t *testing.T) string {
	t.Helper()
	return filepath.Join(fixtures(t), ".venv", "bin")
}

// needServer skips where a server isn't installed, but not where every server is required, as in CI.
func needServer(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(venvBin(t), name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is not installed: run make servers", name)
	}
	t.Skipf("%s is not installed: run make servers", name)
	return ""
}
