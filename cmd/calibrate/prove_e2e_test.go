package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
)

// TestE2EProve measures a creeping app, which a quick run finds, and proves the recommendation in little memory: it holds, one
// worker more is killed, and nothing is left, however the proof ends. It keeps so much that its workers are soon recycled.
func TestE2EProve(t *testing.T) {
	skipShort(t)
	t.Parallel()
	const keeps = "CALIBRATE_KEEP_BYTES=16384" // of 64 KB an undisturbed worker grows by a twentieth between two readings
	run := filepath.Join(t.TempDir(), "run")
	// 3000 requests take a busy machine longer than the 15 s of a quick run.
	measured := flask(t, nil, "--quick", "--max-soak", "1m", "--env", keeps, "--memory", "256M", "--reserve", "0%", "--out", run)
	measured.endsWith(t, 0, 2*time.Minute)
	if m, err := calibrate.LoadFolder(run); err != nil || m.Result.Creep.Verdict != calibrate.Creeping || m.Result.Creep.Rest == nil || m.Result.Recommendation.MaxRequests == 0 {
		t.Errorf("%v, %+v, max-requests %d", err, m.Result.Creep, m.Result.Recommendation.MaxRequests)
	} else if left := m.Result.LeftOut; len(left) != 2 {
		t.Errorf("left out %q: want a second worker, and other threads", left)
	}

	t.Run("what is not kept is asked for", func(t *testing.T) {
		t.Parallel()
		s := startIn(t, measured.dir, nil, "prove", run)
		s.endsWith(t, 2, time.Minute)
		if said := s.stderr.String(); !strings.Contains(said, "--env=CALIBRATE_KEEP_BYTES=***") {
			t.Error(said)
		}
	})
	prove := func(t *testing.T, flags ...string) *session {
		return startIn(t, measured.dir, nil, slices.Concat([]string{"prove", "--json", "--env", keeps}, flags, []string{run})...)
	}
	t.Run("it holds", func(t *testing.T) {
		t.Parallel()
		s := prove(t, "--one-more")
		s.endsWith(t, 0, 5*time.Minute)
		s.nothingLeft(t)
		if left := groupsOf(s.Process.Pid); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		var r calibrate.Result
		if err := json.Unmarshal([]byte(s.stdout.String()), &r); err != nil || r.Proof == nil {
			t.Fatal(err, s.stdout.String())
		}
		held(t, r)
	})
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "proof")
			s := prove(t, "--out", out)
			s.until(t, "recycles seen", time.Minute)
			if err := s.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code, want := s.end(t, 20*time.Second), map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGKILL: -1}[signal]; code != want {
				t.Errorf("exit code %d, want %d\n%s", code, want, s.stderr.String())
			}
			s.nothingLeft(t)
			if m, err := calibrate.LoadFolder(out); err != nil || m.Result.Proof == nil || m.Result.Proof.Complete || m.Result.Proof.Interrupted == nil {
				t.Errorf("what is kept of it: %v, %+v", err, m.Result.Proof)
			}
			if left := groupsOf(s.Process.Pid); len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

// held checks the proof against the kernel's own words, where it could set a limit.
func held(t *testing.T, r calibrate.Result) {
	t.Helper()
	proof, one := *r.Proof, r.Proof.Trials[0]
	t.Logf("%s: %s; %d recycles, %d of %d requests failed, at most %s of %s", proof.Verdict, proof.Reason, one.Recycles,
		one.Requests-one.Succeeded, one.Requests, say.MB(one.PeakBytes), say.MB(one.LimitBytes))
	if proof.Verdict != calibrate.ProofHolds || one.OOMKills != 0 || one.Recycles < 2*one.Workers || one.Workers < 2 {
		t.Errorf("%+v", one)
	}
	if used := float64(one.PeakBytes) / float64(one.LimitBytes); used < 0.75 { // the workers' peaks don't meet on a busy machine
		t.Errorf("%.0f %% of the limit used", 100*used)
	}
	if proof.Limit != calibrate.LimitByKernel {
		needGroup(t, proof.NoLimit)
		return
	}
	// When workers are recycled is chance: one more is killed, or all but.
	if more := proof.Trials[1]; more.OOMKills == 0 && float64(more.PeakBytes) < 0.95*float64(more.LimitBytes) {
		t.Errorf("one worker more was not killed: %+v", more)
	}
	if err := server.GroupPossible(); err != nil {
		t.Error(err)
	}
}
