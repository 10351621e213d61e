package main

import (
	"strings"
	"testing"
	"time"

	"workermem/calibrate"
)

// A bill that was planted on one route is found there within 5 %, and nowhere else.
func TestE2EByRoute(t *testing.T) {
	t.Parallel()
	skipShort(t)
	const threads, spike, often = 2, 24 << 20, 8
	flags := []string{"--quick", "--verbose", "--by-route", "--threads", "2", "--path", "/spike?mb=24&ms=5"}
	for range often {
		flags = append(flags, "--path", "/keep/16384")
	}
	s := flask(t, nil, flags...)
	code := s.end(t, 3*time.Minute)
	if code != 0 && code != int(calibrate.KindInconclusive) { // a short soak of mixed requests may be too little for a verdict
		t.Fatalf("exit code %d\n%s%s", code, s.stdout.String(), s.stderr.String())
	}
	r := s.report(t)
	if r.Routes == nil || len(r.Routes.Runs) != 2 || r.Routes.Runs[0].Creep == nil || r.Routes.Runs[1].Creep == nil {
		t.Fatalf("routes: %+v\n%s", r.Routes, s.stdout.String())
	}
	keep, spikes := r.Routes.Runs[0], r.Routes.Runs[1]
	within(t, "share of /keep", keep.Share, often/float64(often+1), 1e-6)
	within(t, "creep of /keep", keep.Creep.BytesPerRequest, keptBytes(16<<10), 0.05)
	within(t, "peak of /spike", float64(spikes.Bill()), threads*spike, 0.05)
	if spikes.Creep.Verdict == "creeping" || keep.Bill() > spike/4 {
		t.Errorf("a bill was found where none was planted: %+v, %+v", keep, spikes)
	}
	for _, said := range []string{"By route", "/keep/{n}", "/spike"} {
		if !strings.Contains(s.stdout.String(), said) {
			t.Errorf("the report doesn't say %q:\n%s", said, s.stdout.String())
		}
	}
	s.nothingLeft(t)
}

// A creep that only threads make goes away with one thread, and with no allocator.
func TestE2ETriage(t *testing.T) {
	t.Parallel()
	skipShort(t)
	s := flask(t, []string{"CALIBRATE_HANDOVER_BYTES=16384"}, "--quick", "--max-soak", "1m", "--triage")
	if code := s.end(t, 3*time.Minute); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, s.stdout.String(), s.stderr.String())
	}
	r := s.report(t)
	if r.Triage == nil || r.Triage.Verdict != calibrate.TriageThreads || len(r.Triage.Runs) != 3 {
		t.Fatalf("triage: %+v\n%s", r.Triage, s.stdout.String())
	}
	for i, run := range r.Triage.Runs {
		switch {
		case run.Name == "jemalloc" && run.Failed != nil && run.Failed.Kind == calibrate.MissNotHad: // it isn't installed
		case run.Gone == nil:
			t.Errorf("%s: %v", run.Name, run.Failed)
		case (i == 2) != (*run.Gone > 0.9):
			t.Errorf("%.0f %% went away with %s", 100**run.Gone, run.Name)
		}
	}
	s.nothingLeft(t)
}
