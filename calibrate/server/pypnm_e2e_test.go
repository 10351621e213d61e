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
	// One after the other: Uvicorn kills a worker that does not answer it for 5 s, and PyPNM's import takes 4 s of a core.
	for name, c := range map[string]struct {
		workers, processes int
		args               []string
		rule               calibrate.RuleKind
	}{
		"1 worker":                  {1, 1, nil, calibrate.RuleAlone},
		"1 worker, where 2 are set": {1, 1, []string{"--workers", "2", "--limit-max-requests=3", "--host-all"}, calibrate.RuleAlone},
		"2 workers":                 {2, 4, []string{"--limit-max", "3"}, calibrate.RuleChild},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, known.Spec{Command: append([]string{pypnm, "serve"}, c.args...), Workers: c.workers})
			eventually(t, "the whole tree", func() bool { return len(r.Tree()) == c.processes })
			found, err := r.Workers()
			if err != nil || len(found) != c.workers || r.Info().WorkerRule.Kind != c.rule {
				t.Fatalf("workers %v (%v) by %q, tree %v", found, err, r.Info().WorkerRule, r.Tree())
			}
			for range 10 { // more than the 3
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
			if stopped, err := r.Stop(t.Context()); err != nil || c.workers == 1 && stopped.Killed != 0 || stopped.Left != 0 {
				t.Errorf("%+v %v", stopped, err)
			}
		})
	}
	t.Run("recycles", func(t *testing.T) {
		pypnmRecycles(t, pypnm)
	})
	t.Run("recycles its only worker", func(t *testing.T) {
		pypnmEnds(t, pypnm)
	})
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
