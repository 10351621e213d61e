package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"workermem/calibrate"
)

// TestE2EPoolOf40 measures a FastAPI route that takes 4 MB in one of the 40 threads that Starlette has for it: 60 MB at first,
// 160 more with 40 at once, and no more with more. The recommendation must hold with that. On a busy machine requests pile up
// before, and the heap keeps some of what they took.
func TestE2EPoolOf40(t *testing.T) {
	skipShort(t)
	t.Parallel()
	uvicorn, app := needServer(t, "uvicorn"), filepath.Join(fixtures(t), "asgi")
	out := filepath.Join(t.TempDir(), "run")
	holds := []string{"CALIBRATE_HOLD_MB=4", "CALIBRATE_HOLD_MS=50"}
	s := start(t, holds, "run", "--rate", "20", "--duration", "5s", "--path", "/sync", "--memory", "700M", "--max-workers", "2", "--json", "--out", out,
		"--", uvicorn, "--app-dir", app, "--log-level", "warning", "app:app")
	if code := s.end(t, 4*time.Minute); code != 0 && code != 4 { // 5 s don't tell whether it creeps
		t.Fatalf("exit code %d\n%s", code, s.stderr.String())
	}
	var r calibrate.Result
	if err := json.Unmarshal([]byte(s.stdout.String()), &r); err != nil {
		t.Fatal(err)
	}
	bend := r.Concurrency.Bend
	t.Logf("%+v, bend %+v, %d MB a worker, %d workers", r.Concurrency, bend, r.Recommendation.WorkerMemoryMB, r.Recommendation.Workers)
	if bend == nil || bend.Below > 40 || bend.Clients < 40 || bend.Clients > 128 || r.Concurrency.RequestBytes < 3*calibrate.MiB || r.Concurrency.Bound != 0 {
		t.Errorf("%+v, bend %+v; want 4 MB each up to about 40, and no bound", r.Concurrency, bend)
	}
	if mb := r.Recommendation.WorkerMemoryMB; mb < 190 || mb > 290 || r.Recommendation.Workers != 2 {
		t.Errorf("%d workers of %d MB, want 2 of 60 + 160", r.Recommendation.Workers, mb)
	}

	s = startIn(t, s.dir, holds, "prove", "--json", out)
	s.endsWith(t, 0, 3*time.Minute)
	if err := json.Unmarshal([]byte(s.stdout.String()), &r); err != nil {
		t.Fatal(err)
	}
	one := r.Proof.Trials[0]
	t.Logf("%+v", one)
	if r.Proof.Verdict != calibrate.ProofHolds || one.PeakBytes < one.ExpectedBytes-one.CrowdBytes/2 {
		t.Errorf("%s with %d bytes of %d", r.Proof.Verdict, one.PeakBytes, one.ExpectedBytes)
	}
}
