package main

import (
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
)

// A quick run tells a leak from what settles within a minute or two, or says that it can't.
func TestE2EQuickRunDoubtsWhatMaySettle(t *testing.T) {
	skipShort(t)
	t.Parallel()
	for _, c := range []struct {
		name string
		env  []string
		code calibrate.Kind
		want []calibrate.Verdict
	}{
		{"a leak", []string{"CALIBRATE_KEEP_BYTES=16384"}, 0, []calibrate.Verdict{calibrate.Creeping}},
		{"settling with time over 80 s", []string{"CALIBRATE_SETTLE_MB=150", "CALIBRATE_SETTLE_SECONDS=80"}, calibrate.KindInconclusive,
			[]calibrate.Verdict{calibrate.Warming, calibrate.Inconclusive}},
		{"settling with requests", []string{"CALIBRATE_SETTLE_MB=300", "CALIBRATE_SETTLE_REQUESTS=40000"}, calibrate.KindInconclusive,
			[]calibrate.Verdict{calibrate.Warming, calibrate.Inconclusive}},
		{"150 KB kept for a minute, in few requests", []string{"CALIBRATE_KEEP_BYTES=150000", "CALIBRATE_EXPIRE_SECONDS=60", "CALIBRATE_HOLD_MS=100"},
			calibrate.KindInconclusive, []calibrate.Verdict{calibrate.Inconclusive}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := []string{"--quick"}
			if c.code == 0 {
				flags = append(flags, "--max-soak", "1m") // 3000 requests take a busy machine longer than 15 s
			}
			s := flask(t, c.env, flags...)
			s.endsWith(t, int(c.code), 2*time.Minute)
			r := s.report(t)
			if !slices.Contains(c.want, r.Creep.Verdict) {
				t.Errorf("%s, missing %+v, by %+v; want %v", r.Creep.Verdict, r.Creep.Missing, r.Creep.Rest, c.want)
			}
			if c.code == 0 && (r.Creep.Rest == nil || r.Recommendation.MaxRequests == 0) || c.code != 0 && r.Recommendation.MaxRequests != 0 {
				t.Errorf("rest %+v, max-requests %d", r.Creep.Rest, r.Recommendation.MaxRequests)
			}
			if len(r.LeftOut) != 2 {
				t.Errorf("left out %q: want a second worker, and other threads", r.LeftOut)
			}
		})
	}
}
