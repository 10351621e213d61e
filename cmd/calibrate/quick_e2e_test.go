package main

import (
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
)

// A quick run doesn't take for a leak what settles within a minute or two. That it finds a leak is seen by TestE2EProve.
func TestE2EQuickRunDoubtsWhatMaySettle(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, c := range []struct {
		name string
		env  []string
		want []calibrate.Verdict
	}{
		{"settling with time over 80 s", []string{"CALIBRATE_SETTLE_MB=150", "CALIBRATE_SETTLE_SECONDS=80"},
			[]calibrate.Verdict{calibrate.Warming, calibrate.Inconclusive}},
		{"150 KB kept for a minute, in few requests", []string{"CALIBRATE_KEEP_BYTES=150000", "CALIBRATE_EXPIRE_SECONDS=60", "CALIBRATE_HOLD_MS=100"},
			[]calibrate.Verdict{calibrate.Inconclusive}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := flask(t, c.env, "--quick")
			s.endsWith(t, int(calibrate.KindInconclusive), 2*time.Minute)
			r := s.report(t)
			if !slices.Contains(c.want, r.Creep.Verdict) {
				t.Errorf("%s, missing %+v, by %+v; want %v", r.Creep.Verdict, r.Creep.Missing, r.Creep.Rest, c.want)
			}
			if r.Recommendation.MaxRequests != 0 {
				t.Errorf("max-requests %d", r.Recommendation.MaxRequests)
			}
		})
	}
}
