package server

import (
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// The real PyPNM, whose own numbers would be its profile's of this machine.
func TestE2EPyPNM(t *testing.T) {
	pypnm := servertest.Venv(t, "../pypnm/bin/pypnm")
	t.Chdir(t.TempDir()) // it makes its folders where it is started
	t.Run("one", func(t *testing.T) {
		t.Run("recycles its only worker", func(t *testing.T) {
			t.Parallel()
			pypnmEnds(t, pypnm)
		})
		t.Run("where 2 are set", func(t *testing.T) {
			t.Parallel()
			pypnmServes(t, 1, 1, calibrate.RuleAlone, pypnm, "serve", "--workers", "2", "--limit-max-requests=3", "--host-all")
		})
	})
	// Then one after the other: Uvicorn kills a worker that does not answer it for 5 s, and PyPNM's import takes 4 s of a core.
	t.Run("2 workers", func(t *testing.T) {
		pypnmServes(t, 2, 4, calibrate.RuleChild, pypnm, "serve", "--limit-max", "3")
	})
	t.Run("recycles", func(t *testing.T) {
		pypnmRecycles(t, pypnm)
	})
}

// pypnmServes more requests than the 3 that its command has for a limit.
func pypnmServes(t *testing.T, workers, processes int, rule calibrate.RuleKind, command ...string) {
	t.Helper()
	r := start(t, known.Spec{Command: command, Workers: workers})
	eventually(t, "the whole tree", func() bool { return len(r.Tree()) == processes })
	found, err := r.Workers()
	if err != nil || len(found) != workers || r.Info().WorkerRule.Kind != rule {
		t.Fatalf("workers %v (%v) by %q, tree %v", found, err, r.Info().WorkerRule, r.Tree())
	}
	for range 10 {
		if body := r.get("/health"); !strings.Contains(body, `"status":"ok"`) {
			t.Fatalf("%.200s", body)
		}
	}
	if again, _ := r.Workers(); !slices.Equal(again, found) || r.watch.Replacements() != 0 {
		t.Errorf("found %v, then %v", found, again)
	}
	info := r.Info()
	if !strings.HasPrefix(info.ServerVersion, "1.") || !info.CanRecycle || info.HasJitter {
		t.Errorf("%+v", info)
	}
	// One of two may still import PyPNM, and hears nothing until it has: seconds on a busy machine.
	if stopped, err := r.Stop(t.Context()); err != nil || workers == 1 && stopped.Killed != 0 || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
}

// Two workers with a limit are replaced, one after the other.
func pypnmRecycles(t *testing.T, pypnm string) {
	t.Helper()
	r := start(t, known.Spec{Command: []string{pypnm, "serve"}, Workers: 2, MaxRequests: 5})
	eventually(t, "two workers", func() bool { found, _ := r.Workers(); return len(found) == 2 })
	client := plainClient()
	eventually(t, "a new worker", func() bool {
		if res, err := client.Get(r.Info().URL + "/health"); err == nil { // Uvicorn resets some when it recycles
			res.Body.Close()
		}
		_, _ = r.Workers()
		return r.watch.Replacements() > 0
	})
}

// The trap of one worker with a limit is the server's end.
func pypnmEnds(t *testing.T, program string) {
	t.Helper()
	servertest.HasWarning(t, recognised(t, known.Spec{Command: []string{program, "serve"}}).Warnings(), known.LimitEndsServer)
	const itself = `exec "$0" serve --host {host} --port {port} --workers 1 --limit-max-requests 5` // calibrate would leave the limit out
	one := start(t, known.Spec{Command: []string{"sh", "-c", itself, program}, Path: "/health"})
	for range 4 { // the first answer was one of the five
		one.get("/health")
	}
	eventually(t, "the end of the server", func() bool { return one.ending().Exited() })
	if end := one.ending(); end.Code != 0 {
		t.Errorf("it %s", end)
	}
}
