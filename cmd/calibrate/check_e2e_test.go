package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// TestE2ECheck is a gate as a CI job has it: a run that becomes the baseline, the same app again, a change that leaks, and one that
// doesn't start. What is deployed is read from the command.
func TestE2ECheck(t *testing.T) {
	skipShort(t)
	t.Parallel()
	gunicorn, baseline := needServer(t, "gunicorn"), filepath.Join(t.TempDir(), calibrate.BaselineFile)
	check := func(t *testing.T, env []string, app string, flags ...string) *session {
		t.Helper()
		measure := []string{"check", "--json", "--quick", "--max-soak", "1m", "--memory", "1G", "--baseline", baseline, "--limit", "worker <= 500MB"}
		return start(t, env, slices.Concat(measure, flags, []string{"--", gunicorn, "--workers", "3", "--threads", "4", "--max-requests", "5000", app})...)
	}
	judged := func(t *testing.T, s *session, want int) (c calibrate.Check) {
		t.Helper()
		if code := s.end(t, 5*time.Minute); code != want {
			t.Fatalf("exit code %d, want %d\n%s%s", code, want, s.stdout.String(), s.stderr.String())
		}
		if err := json.Unmarshal([]byte(s.stdout.String()), &c); err != nil || int(c.ExitCode) != want {
			t.Fatalf("%v: %s", err, s.stdout.String())
		}
		return c
	}

	first := check(t, nil, "app:app", "--update-baseline")
	c := judged(t, first, 0)
	if d := c.Deployed; d == nil || d.Workers != 3 || d.Threads != 4 || d.MaxRequests != 5000 || d.Memory.Verdict != calibrate.LimitWithin {
		t.Errorf("deployed is %+v", c.Deployed)
	} else if r := first.result(t); *d.Memory.Value < 3*float64(r.Law.WorkerBytes) {
		t.Errorf("3 workers take %v, and one takes %v", *d.Memory.Value, r.Law.WorkerBytes)
	}
	if said := first.stderr.String(); !strings.Contains(said, "wrote ") {
		t.Error(said)
	}
	text, err := os.ReadFile(baseline)
	if err != nil {
		t.Fatal(err)
	}
	b, err := calibrate.ParseBaseline(text)
	on := b.Fingerprint
	if err != nil || !strings.HasPrefix(on.Interpreter, "Python 3.") || !strings.HasPrefix(on.Libc, "glibc 2.") && on.Libc != "musl" || on.Allocator != "libc" ||
		on.Arch == "" || on.PageBytes == 0 || on.Targets == "" || on.ServerVersion == "" {
		t.Errorf("%v, %+v", err, on)
	}

	t.Run("the same app again", func(t *testing.T) {
		t.Parallel()
		again := judged(t, check(t, nil, "app:app"), 0)
		if again.Baseline == nil || len(again.Baseline.Differs) > 0 || len(again.Limits) != 3 {
			t.Errorf("%+v", again)
		}
	})
	t.Run("16 KB a request", func(t *testing.T) {
		t.Parallel()
		leaking := judged(t, check(t, []string{"CALIBRATE_KEEP_BYTES=16384"}, "app:app"), 11)
		if i := slices.IndexFunc(leaking.Limits, func(j calibrate.Judged) bool { return j.Limit.Name == "creep" }); i < 0 || leaking.Limits[i].Verdict != calibrate.LimitExceeded {
			t.Errorf("%+v", leaking.Limits)
		}
	})
	t.Run("one that doesn't start", func(t *testing.T) {
		t.Parallel()
		broken := check(t, nil, "app:none")
		broken.endsWith(t, 3, time.Minute)
		if broken.stdout.String() != "" {
			t.Error(broken.stdout.String())
		}
	})
}
