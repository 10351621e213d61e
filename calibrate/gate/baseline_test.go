package gate

import (
	"slices"
	"testing"
	"time"

	"workermem/calibrate"
)

// What noise, or creep that isn't known, has made of a run's figures is no measure for later ones: a baseline is without them, and says so.
func TestBaselineLeavesOut(t *testing.T) {
	times := []string{"boot", "capacity", "p99"}
	for _, tc := range []struct {
		name   string
		work   calibrate.Work
		change func(*calibrate.Result)
		reason calibrate.LimitReason
		want   []string
	}{
		{"quiet", calibrate.Work{Seconds: 10, Others: 4.9, Steal: 0.9}, nil, "", nil},
		{"neighbours", calibrate.Work{Seconds: 10, Others: 5.1}, nil, calibrate.LimitNoise, times},
		{"steal", calibrate.Work{Seconds: 10, Steal: 1.1}, nil, calibrate.LimitNoise, append(slices.Clone(times), "cpu")},
		{"want of memory", calibrate.Work{Seconds: 10, Stalled: 0.6}, nil, calibrate.LimitNoise, append(slices.Clone(times), "cpu")},
		{"creep that isn't known", calibrate.Work{Seconds: 10}, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Inconclusive }, calibrate.LimitUnsettled, []string{"worker", "workers"}},
		{"cut short", calibrate.Work{Seconds: 10}, func(r *calibrate.Result) { r.Steps = []calibrate.Step{{Phase: calibrate.PhaseScale}} }, calibrate.LimitCutShort, []string{"workers"}},
	} {
		r := run(100, 1000, 100, 0.010)
		r.Recommendation.WorkerMemoryMB = 110
		r.Phases = []calibrate.Phase{{Name: calibrate.PhaseSoak, Work: &tc.work}}
		if tc.change != nil {
			tc.change(&r)
		}
		b, left := Baseline(r)
		var got []string
		for _, l := range left {
			if got = append(got, l.Metrics...); l.Reason != tc.reason {
				t.Errorf("%s: %q are left out for %q, want %q", tc.name, l.Metrics, l.Reason, tc.reason)
			}
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: without %q, want %q", tc.name, got, tc.want)
		}
		for _, name := range []string{"peak", "creep", "worker", "workers", "cpu", "boot", "capacity", "p99"} {
			if _, kept := b.Metrics[name]; kept == slices.Contains(tc.want, name) {
				t.Errorf("%s: the baseline has %s: %v", tc.name, name, kept)
			}
		}
	}
}

// Metrics that are named are told, too, each once.
func TestBaselineLeavesOutWhatIsNamed(t *testing.T) {
	r := run(100, 1000, 100, 0.010)
	r.Law = calibrate.Law{Basis: calibrate.BasisMeasured, WorkerBytes: 100 << 20}
	r.Target.Threads, r.Steps = 4, []calibrate.Step{{Phase: calibrate.PhaseScale}}
	b, left := Baseline(r, limits(t, "total(4x4) <= 1GB", "total(4x4) <= +5%", "workers >= -5%", "peak <= +5%").Metrics()...)
	want := []string{"shared", "workers", "total(4x4)"}
	if len(left) != 1 || left[0].Reason != calibrate.LimitCutShort || !slices.Equal(left[0].Metrics, want) {
		t.Errorf("it is without %+v, want %q", left, want)
	}
	for _, name := range want {
		if _, kept := b.Metrics[name]; kept {
			t.Errorf("the baseline has %s", name)
		}
	}
}

// What a run has no figure of is told if it is named, and then by what kept it from having one. Nobody names all that there is.
func TestBaselineLeavesOutWhatIsNotMeasured(t *testing.T) {
	r := run(100, 1000, 100, 0.010)
	r.Creep = calibrate.Creep{}
	if _, left := Baseline(r); len(left) != 0 {
		t.Errorf("nothing is named, and it is without %+v", left)
	}
	_, left := Baseline(r, calibrate.UsualChanges().Metrics()...)
	if want := []string{"creep", "after(10k)"}; len(left) != 1 || left[0].Reason != calibrate.LimitNotMeasured || !slices.Equal(left[0].Metrics, want) {
		t.Errorf("it is without %+v, want %q", left, want)
	}
	r.Target.Threads, r.Steps = 4, []calibrate.Step{{Phase: calibrate.PhaseScale}}
	_, left = Baseline(r, limits(t, "total(4x4) <= +5%").Metrics()...)
	if i := slices.IndexFunc(left, func(l LeftOut) bool { return slices.Contains(l.Metrics, "total(4x4)") }); i < 0 || left[i].Reason != calibrate.LimitCutShort {
		t.Errorf("it is without %+v", left)
	}
}

// What limits are held against and the baseline would be without stands in its way: not what has a bound of its own, or is excused.
func TestMissed(t *testing.T) {
	left := []LeftOut{{calibrate.LimitNoise, []string{"boot", "p99"}}, {calibrate.LimitUnsettled, []string{"worker", "after(10000)"}}}
	for _, tc := range []struct {
		limits  []string
		excused string
		want    []string
	}{
		{[]string{"p99 <= +10%", "peak <= +5%"}, "", []string{"p99"}},
		{[]string{"p99 <= +10%", "boot <= +10%", "worker <= +5%"}, "", []string{"boot", "p99", "worker"}},
		{[]string{"p99 <= 1s", "peak <= +5%"}, "", nil},
		{[]string{"p99 <= +10%", "worker <= +5%"}, "p99", []string{"worker"}},
		{[]string{"after(10000) <= 300MB", "after(10k) <= +5%"}, "", []string{"after(10000)"}}, // one figure, spelt otherwise
	} {
		now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		later := Against{Limits: limits(t, tc.limits...), Now: now, Ignored: []calibrate.Ignore{{Metric: tc.excused, Until: "2027-01-31"}}}
		var got []string
		for _, l := range later.Missed(left) {
			got = append(got, l.Metrics...)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q, want %q", tc.limits, got, tc.want)
		}
	}
	if !slices.Equal(left[0].Metrics, []string{"boot", "p99"}) {
		t.Errorf("what is left out is now %q", left[0].Metrics)
	}
}

// A worker that other rules recommended is no measure for one of today: it may have other threads.
func TestWorkerOfOtherRules(t *testing.T) {
	before, now := run(100, 1000, 100, 0.010), run(100, 1000, 100, 0.010)
	before.Recommendation.WorkerMemoryMB, before.Tool.Rules = 100, calibrate.RulesOf(calibrate.GroundAnswers)-1
	now.Recommendation.WorkerMemoryMB, now.Tool.Rules = 120, calibrate.Rules
	base, _ := Baseline(before)
	if c := Check(now, Against{Limits: limits(t, "worker <= +5%"), Baseline: &base}); c.ExitCode != calibrate.KindInconclusive || c.Limits[0].Reason != calibrate.LimitOtherPrint {
		t.Errorf("exit code %d: %+v", c.ExitCode, c.Limits[0])
	}
}

// A creep that is proved later is no change of the app.
func TestProvedCreepIsNoRegression(t *testing.T) {
	before, now := run(100, 1000, 2000, 0.010), run(100, 1000, 100, 0.010)
	before.Creep.Verdict, before.Recommendation.WorkerMemoryMB, now.Recommendation.WorkerMemoryMB = calibrate.Inconclusive, 100, 150
	base, _ := Baseline(before)
	c := Check(now, Against{Limits: limits(t, "worker <= +5%"), Baseline: &base})
	if one := c.Limits[0]; c.ExitCode != calibrate.KindInconclusive || one.Reason != calibrate.LimitNotInBaseline {
		t.Errorf("exit code %d: %+v", c.ExitCode, one)
	}
}
