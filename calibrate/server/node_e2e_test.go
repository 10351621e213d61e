package server

import (
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// nodeEnv is what fixtures/node/server.js takes its port and its number of workers from.
func nodeEnv(pairs ...string) map[string]string {
	env := knobs(pairs...)
	env["PORT"], env["WORKERS"] = "{port}", "{workers}"
	return env
}

// The primary of a cluster accepts every connection and answers none. It is above its worker, so the worker is found by
// being busy at the end of the tree; before any traffic that is a guess, and a right one.
func TestE2ENodeCluster(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: []string{servertest.OnPath(t, "node"), servertest.Fixture(t, "node", "server.js")}, Env: nodeEnv("KEEP_BYTES", "65536")})
	r.answering()
	if rule := r.Info().WorkerRule; rule.Kind != calibrate.RuleGuess {
		t.Errorf("before any traffic by %q", rule)
	}
	within(t, "bytes a request", r.growth(t, r.worker(), 600, 800), 65536, 0.15)
	r.loadUntilKnown()
	r.answering()
	if info := r.Info(); info.WorkerRule.Kind != calibrate.RuleServes || !info.CanScale || info.CanRecycle || len(r.Tree()) != 2 || r.watch.Replacements() != 0 {
		t.Errorf("%+v, tree %v, %d replacements", info, r.Tree(), r.watch.Replacements())
	}
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 || stopped.Left != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
}

// The shell goes, and the cluster is at its place.
func TestE2ENodeClusterInShell(t *testing.T) {
	t.Parallel()
	script := "cd '" + servertest.Fixture(t, "node") + "' && exec " + servertest.OnPath(t, "node") + " server.js"
	r := start(t, known.Spec{Command: []string{"sh", "-c", script}, Workers: 2, Env: nodeEnv()})
	answered := r.loadUntilKnown()
	found, _ := r.Workers()
	if len(found) != 2 || len(r.Tree()) != 3 || r.Info().WorkerRule.Kind != calibrate.RuleServes {
		t.Fatalf("workers %v of %v by %q", found, r.Tree(), r.Info().WorkerRule)
	}
	if !slices.Equal(answered, found) {
		t.Errorf("answered by %v, the workers found are %v", answered, found)
	}
}
