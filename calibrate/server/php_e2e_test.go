package server

import (
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// phpFPM is a command that runs fixtures/php by php-fpm behind Apache (make servers).
func phpFPM(t *testing.T) []string {
	t.Helper()
	servertest.OnPath(t, "/usr/sbin/php-fpm*")
	servertest.OnPath(t, "/usr/sbin/apache2")
	return []string{servertest.Fixture(t, "php", "serve.sh")}
}

// phpEnv is where its configuration takes its numbers from.
func phpEnv(pairs ...string) map[string]string {
	env := knobs(pairs...)
	env["PORT"], env["PHP_WORKERS"], env["PHP_MAX_REQUESTS"] = "{port}", "{workers}", "{max_requests}"
	return env
}

// php-fpm behind Apache is a command like any other: its processes are found by their titles, not the front's.
func TestE2EPHP(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: phpFPM(t), Threads: 1, Env: phpEnv("KEEP_BYTES", "65536")})
	r.answering()
	info := r.Info()
	if info.Server != "command" || info.WorkerRule.Kind != calibrate.RuleTitle || info.Threads != 1 || info.HasThreads || !info.CanScale || !info.CanRecycle {
		t.Errorf("%+v", info)
	}
	within(t, "bytes a request", r.growth(t, r.worker(), 100, 500), 65536, 0.15)
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
}

func TestE2EPHPRecycles(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: phpFPM(t), Threads: 1, Workers: 2, MaxRequests: 20, Env: phpEnv()})
	before, _ := r.Workers()
	if len(before) != 2 {
		t.Fatalf("workers %v by %q", before, r.Info().WorkerRule)
	}
	eventually(t, "other workers", func() bool {
		r.load(t, 10)
		now, _ := r.Workers()
		return len(now) == 2 && !slices.ContainsFunc(now, func(pid int) bool { return slices.Contains(before, pid) })
	})
}

// Two at once need a place for them in the command.
func TestPHPThreads(t *testing.T) {
	_, err := Recognise(t.Context(), known.Spec{Command: []string{servertest.Fixture(t, "php", "serve.sh")}, Threads: 2, Env: map[string]string{"PORT": "{port}"}})
	servertest.Usage(t, err, "has no place for them")
}
