package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What measures says so on another system, before it does anything.
func TestMeasuringNeedsLinux(t *testing.T) {
	for _, args := range []string{
		"run -- gunicorn app:app", "demo", "attach --pid 1", "prove", "prove latest -- gunicorn app:app",
		"check --limit worker<=1GB -- gunicorn app:app", "compare -- gunicorn app:app", "compare --self -- gunicorn app:app",
	} {
		env, stdout, stderr := testEnv(t, nil)
		env.Foreign = "macOS"
		code := Main(context.Background(), env, strings.Fields(args))
		if said := stderr.String(); code != exitTool || !strings.Contains(said, "needs Linux, and this is macOS") || !strings.Contains(said, "virtual machine") || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %s%s", args, code, said, stdout)
		}
		if left, _ := os.ReadDir(env.Dir); len(left) > 0 {
			t.Errorf("%s: it made %v", args, left)
		}
	}
}

// Whoever has wrong flags learns that first, as on Linux.
func TestWrongFlagsOnAnotherSystem(t *testing.T) {
	env, _, stderr := testEnv(t, nil)
	env.Foreign = "macOS"
	if code := Main(context.Background(), env, []string{"run", "--no-such-flag"}); code != exitUsage {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// Saved runs are read, sized, checked and compared anywhere.
func TestSavedRunsOnAnotherSystem(t *testing.T) {
	run, other := filepath.Join(fixtures(t), "runs", "creeping"), filepath.Join(fixtures(t), "runs", "flat")
	for args, says := range map[string]string{
		"report " + run:                                  "max-requests",
		"report --format markdown " + run:                "max-requests",
		"size " + run + " --host 2c/1G,8c/16G":           "8",
		"check --limit worker<=10GB " + run:              "ok: 1 limit met",
		"compare --limit peak<=+5% " + run + " " + other: "no regression",
		"emit --for systemd " + run:                      "[Service]",
		"runs":                                           "",
		"schema":                                         "calibrate.result",
		"guide":                                          "exit-codes",
		"explain worker":                                 "WORKER_MEMORY_MB",
		"version":                                        "calibrate",
	} {
		env, stdout, stderr := testEnv(t, nil)
		env.Foreign = "Windows"
		if code := Main(context.Background(), env, strings.Fields(args)); code != 0 || !strings.Contains(stdout.String(), says) {
			t.Errorf("%s: exit code %d\n%s%s", args, code, stdout, stderr)
		}
	}
}

func TestDoctorOnAnotherSystem(t *testing.T) {
	env, stdout, _ := testEnv(t, nil)
	env.Foreign = "macOS"
	code := Main(context.Background(), env, []string{"doctor"})
	said := stdout.String()
	if code != exitTool || !strings.Contains(said, "calibrate measures on Linux alone, and this is macOS") ||
		!strings.Contains(said, "calibrate run can't work here") || strings.Contains(said, "servers") || strings.Contains(said, "/proc shows") {
		t.Errorf("exit code %d\n%s", code, said)
	}
}
