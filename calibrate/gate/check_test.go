package gate

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"workermem/calibrate"
)

// run is one with a peak, a creep with its interval, and what a request costs.
func run(peakMB, creep, half, cpu float64) calibrate.Result {
	figure := calibrate.Figure
	return calibrate.Result{
		ID: "run", Complete: true,
		Host:           calibrate.Host{CPUs: 2},
		Target:         calibrate.TargetInfo{Server: "gunicorn", ServerVersion: "27.0.1", BootSeconds: 1.5},
		Worker:         calibrate.Worker{PeakRSSBytes: int64(peakMB * calibrate.MiB)},
		Creep:          calibrate.Creep{Verdict: calibrate.Creeping, BytesPerRequest: figure(creep), Low: figure(creep - half), High: figure(creep + half)},
		Load:           calibrate.LoadInfo{LatencySeconds: calibrate.Latency{P99: figure(0.2)}, Capacity: 100},
		Speed:          &calibrate.Speed{Demand: calibrate.Span{Value: cpu, Low: cpu * 0.97, High: cpu * 1.03}},
		Recommendation: calibrate.Recommendation{Workers: 2},
	}
}

func limits(t rapid.TB, texts ...string) (all calibrate.Limits) {
	t.Helper()
	for _, text := range texts {
		var err error
		if all, err = all.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Each row is a limit, and what becomes of it of a run with a peak of 100 MB, a creep of 1000 +- 100 B and 10 ms +- 3 % a request.
func TestLimits(t *testing.T) {
	base := calibrate.BaselineOf(run(98, 900, 100, 0.009))
	for _, tc := range []struct {
		limit string
		want  calibrate.LimitVerdict
		code  calibrate.Kind
	}{
		{"peak <= 100MB", calibrate.LimitWithin, 0}, // at the bound is within it
		{"peak <= 99MB", calibrate.LimitExceeded, 10},
		{"creep <= 1100B", calibrate.LimitWithin, 0},   // its upper end
		{"creep <= 1099B", calibrate.LimitTooClose, 4}, // the interval lies across
		{"creep <= 900B", calibrate.LimitTooClose, 4},
		{"creep <= 899B", calibrate.LimitExceeded, 10},
		{"cpu <= 9ms", calibrate.LimitExceeded, 10},
		{"cpu <= 10ms", calibrate.LimitTooClose, 4},
		{"capacity >= 100/s", calibrate.LimitWithin, 0},
		{"capacity >= 101/s", calibrate.LimitExceeded, 10},
		{"workers >= 3", calibrate.LimitExceeded, 10},
		{"plateau <= 1GB", calibrate.LimitNoData, 4}, // not measured: no pass
		{"total(4x64) <= 9GB", calibrate.LimitNoData, 4},

		{"peak <= +5%", calibrate.LimitWithin, 0},
		{"peak <= +1%", calibrate.LimitExceeded, 11},
		{"peak <= +1% or +4MB", calibrate.LimitWithin, 0}, // real, and doesn't matter
		{"capacity >= -1%", calibrate.LimitWithin, 0},
		{"creep <= +64B", calibrate.LimitTooClose, 4}, // 100 +- 141 more
		{"creep <= +300B", calibrate.LimitWithin, 0},  //
		{"cpu <= +5%", calibrate.LimitExceeded, 11},   // 11 % +- 4 % more
		{"cpu <= +11%", calibrate.LimitTooClose, 4},   //
		{"plateau <= +5%", calibrate.LimitNoData, 4},  // the baseline has none
	} {
		c := Check(run(100, 1000, 100, 0.010), Against{Limits: limits(t, tc.limit), Baseline: &base})
		if got := c.Limits[0]; got.Verdict != tc.want || c.ExitCode != tc.code || got.Verdict == calibrate.LimitNoData && got.Reason == "" {
			t.Errorf("%s: %s (%s), exit code %d; want %s and %d", tc.limit, got.Verdict, got.Reason, c.ExitCode, tc.want, tc.code)
		}
	}
}

// Whatever else there is, the worst decides.
func TestExitCode(t *testing.T) {
	base := calibrate.BaselineOf(run(90, 1000, 0, 0.010))
	fits := func(total float64) *calibrate.Deployed {
		return &calibrate.Deployed{Memory: calibrate.Bounded{Reading: calibrate.Reading{Value: &total}, Bound: calibrate.Figure(100)}}
	}
	for _, tc := range []struct {
		name   string
		texts  []string
		fits   *calibrate.Deployed
		change func(*calibrate.Result)
		want   calibrate.Kind
	}{
		{"nothing asked", nil, nil, nil, 0},
		{"fits", []string{"peak <= 1GB"}, fits(99), nil, 0},
		{"doesn't fit", []string{"peak <= 1MB", "peak <= +1%", "plateau <= 1MB"}, fits(101), nil, 5},
		{"a limit before a regression", []string{"peak <= 1MB", "peak <= +1%", "plateau <= 1MB"}, fits(99), nil, 10},
		{"a regression before what isn't known", []string{"peak <= +1%", "plateau <= 1MB"}, nil, nil, 11},
		{"no pass with what isn't known", []string{"peak <= 1GB", "plateau <= 1MB"}, nil, nil, 4},
		{"partial", []string{"peak <= 1MB"}, fits(101), func(r *calibrate.Result) { r.Complete = false }, 4},
		{"withheld", []string{"peak <= 1GB"}, nil, func(r *calibrate.Result) {
			r.Recommendation.Withheld = &calibrate.Withheld{Kind: calibrate.WithheldErrors}
		}, 4},
		{"nothing fits", []string{"peak <= 1GB"}, nil, func(r *calibrate.Result) { r.Recommendation.NothingFits = true }, 5},
		{"nothing fits, but this does", nil, fits(99), func(r *calibrate.Result) { r.Recommendation.NothingFits = true }, 0},
		{"memory that may creep", nil, fits(99), func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Warming }, 4},
		{"memory that may creep, and doesn't fit already", nil, fits(101), func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Warming }, 5},
		{"growth that may settle", []string{"creep <= 1B"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Warming }, 4},
		{"growth that may settle, and is little", []string{"creep <= 1MB"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Warming }, 0},
		{"a worker with its creep", []string{"worker <= 150MB", "workers >= 2"}, nil, nil, 0},
		{"a worker that may creep", []string{"worker <= 150MB"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Inconclusive }, 4},
		{"a worker that may creep, and is too much already", []string{"worker <= 99MB"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Inconclusive }, 10},
		{"workers that may creep", []string{"workers >= 2"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Warming }, 4},
		{"workers that may creep, and are too few already", []string{"workers >= 3"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Warming }, 10},
		{"the peak of a worker that may creep", []string{"peak <= 1GB"}, nil, func(r *calibrate.Result) { r.Creep.Verdict = calibrate.Inconclusive }, 0},
	} {
		r := run(100, 1000, 0, 0.010)
		r.Recommendation.WorkerMemoryMB = 100
		if tc.change != nil {
			tc.change(&r)
		}
		if c := Check(r, Against{Limits: limits(t, tc.texts...), Baseline: &base, Deployed: tc.fits}); c.ExitCode != tc.want {
			t.Errorf("%s: exit code %d, want %d (%+v)", tc.name, c.ExitCode, tc.want, c.Limits)
		}
	}
}

// What is deployed has to leave room by what it is reckoned to serve, and to serve what is wanted at worst: here 70/s, so 100 with room.
func TestDeployedRate(t *testing.T) {
	for _, tc := range []struct {
		value, low, high float64
		want             calibrate.LimitVerdict
		code             calibrate.Kind
	}{
		{100, 70, 130, calibrate.LimitWithin, 0},
		{100, 69, 130, calibrate.LimitTooClose, calibrate.KindInconclusive},
		{130, 101, 150, calibrate.LimitWithin, 0},
		{99, 90, 110, calibrate.LimitTooClose, calibrate.KindInconclusive},
		{90, 80, 99, calibrate.LimitExceeded, calibrate.KindNothingFits},
	} {
		c := Check(run(100, 1000, 100, 0.010), Against{Deployed: &calibrate.Deployed{
			WantedRate: 70, Memory: calibrate.Bounded{Reading: calibrate.Reading{Value: calibrate.Figure(99)}, Bound: calibrate.Figure(100)},
			Rate: &calibrate.Bounded{Reading: calibrate.Reading{Value: &tc.value, Low: &tc.low, High: &tc.high}, Unit: calibrate.UnitRate, Least: true, Bound: calibrate.Figure(100)},
		}})
		if got := c.Deployed.Rate.Verdict; got != tc.want || c.ExitCode != tc.code {
			t.Errorf("%v (%v to %v): %s, exit code %d; want %s and %d", tc.value, tc.low, tc.high, got, c.ExitCode, tc.want, tc.code)
		}
	}
}

// A run that was killed in the scaling is judged by what was measured of its one worker. What follows from the missing phase can't be
// told, and is in no baseline.
func TestCutShort(t *testing.T) {
	deployed := calibrate.Deployed{Memory: calibrate.Bounded{Reading: calibrate.Reading{Value: calibrate.Figure(99)}, Bound: calibrate.Figure(100)}}
	for _, tc := range []struct {
		name    string
		undone  string
		limit   string
		fits    *calibrate.Deployed
		nothing bool // fits, by what is computed
		want    calibrate.Kind
	}{
		{"of the one worker, within", calibrate.PhaseScale, "creep <= 1100B", nil, false, 0},
		{"of the one worker, exceeded", calibrate.PhaseScale, "creep <= 899B", nil, false, calibrate.KindLimit},
		{"of the choice", calibrate.PhaseScale, "workers >= 1", nil, false, calibrate.KindInconclusive},
		{"of the choice, exceeded by what is computed", calibrate.PhaseScale, "workers >= 3", nil, false, calibrate.KindInconclusive},
		{"of the choice, without the sweep", calibrate.PhaseSweep, "workers >= 1", nil, false, calibrate.KindInconclusive},
		{"of the choice, without the routes", calibrate.PhaseRoutes, "workers >= 1", nil, false, 0},
		{"deployed", calibrate.PhaseScale, "creep <= 1100B", &deployed, false, calibrate.KindInconclusive},
		{"deployed, without the routes", calibrate.PhaseRoutes, "creep <= 1100B", &deployed, false, 0},
		{"nothing fits", calibrate.PhaseScale, "creep <= 1100B", nil, true, calibrate.KindInconclusive},
		{"nothing fits, and a limit is exceeded", calibrate.PhaseScale, "creep <= 899B", nil, true, calibrate.KindLimit},
		{"nothing fits, without the routes", calibrate.PhaseRoutes, "creep <= 1100B", nil, true, calibrate.KindNothingFits},
	} {
		r := run(100, 1000, 100, 0.010)
		r.Steps = []calibrate.Step{{Phase: calibrate.PhaseSoak, Done: true}, {Phase: tc.undone}}
		r.Recommendation.NothingFits = tc.nothing
		c := Check(r, Against{Limits: limits(t, tc.limit), Deployed: tc.fits})
		if c.ExitCode != tc.want || c.Untrusted || len(c.Undone) != 1 {
			t.Errorf("%s: exit code %d, want %d (%+v)", tc.name, c.ExitCode, tc.want, c)
		}
		if c.ExitCode == calibrate.KindInconclusive && c.OnlyAgainstBaseline() { // nothing here is relative to one
			t.Errorf("%s: it would pass as a baseline", tc.name)
		}
		_, kept := calibrate.BaselineOf(r).Metrics["workers"]
		if kept != (tc.undone == calibrate.PhaseRoutes) {
			t.Errorf("%s: a baseline has the workers: %v", tc.name, kept)
		}
	}
}

// What differs spoils what rests on it, and nothing else.
func TestFingerprint(t *testing.T) {
	for _, tc := range []struct {
		name             string
		change           func(*calibrate.Fingerprint)
		peak, cpu, times calibrate.LimitVerdict
	}{
		{"nothing", func(*calibrate.Fingerprint) {}, calibrate.LimitWithin, calibrate.LimitWithin, calibrate.LimitWithin},
		{"cpu_model", func(f *calibrate.Fingerprint) { f.CPUModel = "another" }, calibrate.LimitWithin, calibrate.LimitNoData, calibrate.LimitNoData},
		{"cores", func(f *calibrate.Fingerprint) { f.Cores = 64 }, calibrate.LimitWithin, calibrate.LimitWithin, calibrate.LimitNoData},
		{"libc", func(f *calibrate.Fingerprint) { f.Libc = "musl" }, calibrate.LimitNoData, calibrate.LimitWithin, calibrate.LimitWithin},
		{"interpreter", func(f *calibrate.Fingerprint) { f.Interpreter = "Python 3.9.1" }, calibrate.LimitNoData, calibrate.LimitNoData, calibrate.LimitNoData},
		{"server_version", func(f *calibrate.Fingerprint) { f.ServerVersion = "20" }, calibrate.LimitNoData, calibrate.LimitNoData, calibrate.LimitNoData},
		{"targets", func(f *calibrate.Fingerprint) { f.Targets = "others" }, calibrate.LimitNoData, calibrate.LimitNoData, calibrate.LimitNoData},
		{"mode", func(f *calibrate.Fingerprint) { f.Mode, f.Targets = calibrate.ModeAttach, "" }, calibrate.LimitNoData, calibrate.LimitNoData, calibrate.LimitNoData},
	} {
		r := run(100, 1000, 0, 0.010)
		r.Host.CPUModel, r.Host.Arch = "one", "amd64"
		r.Runtime, r.Plan.Targets = &calibrate.Runtime{Interpreter: "Python 3.12.3", Libc: "glibc 2.36", Allocator: "libc"}, "these"
		base := calibrate.BaselineOf(r)
		tc.change(&base.Fingerprint)
		c := Check(r, Against{Limits: limits(t, "peak <= +5%", "cpu <= +50%", "p99 <= +5%"), Baseline: &base})
		got := [3]calibrate.LimitVerdict{c.Limits[0].Verdict, c.Limits[1].Verdict, c.Limits[2].Verdict}
		if got != [3]calibrate.LimitVerdict{tc.peak, tc.cpu, tc.times} {
			t.Errorf("%s: %q", tc.name, got)
		}
		if differs := c.Baseline.Differs; tc.name == "nothing" != (len(differs) == 0) || len(differs) > 1 || len(differs) == 1 && differs[0].Field != tc.name {
			t.Errorf("%s: %+v differ", tc.name, differs)
		}
	}
}

// Noise keeps speed from being judged, unless it is good in spite of it; memory is judged all the same.
func TestNoise(t *testing.T) {
	all := []string{"peak <= 99MB", "cpu <= 9ms", "p99 <= 100ms", "boot <= 9s"}
	for _, tc := range []struct {
		name   string
		work   calibrate.Work
		sent   float64
		quota  float64
		want   []calibrate.LimitVerdict
		noises int
	}{
		{"quiet", calibrate.Work{Seconds: 10, Others: 4.9, Steal: 0.9, Stalled: 0.4}, 0, 0, []calibrate.LimitVerdict{"exceeded", "exceeded", "exceeded", "within"}, 0},
		{"neighbours", calibrate.Work{Seconds: 10, Others: 5.1}, 0, 0, []calibrate.LimitVerdict{"exceeded", "exceeded", "no-data", "within"}, 1},
		{"neighbours of a quota", calibrate.Work{Seconds: 10, Others: 5.1}, 0, 1, []calibrate.LimitVerdict{"exceeded", "exceeded", "exceeded", "within"}, 0},
		{"steal", calibrate.Work{Seconds: 10, Steal: 1.1}, 0, 0, []calibrate.LimitVerdict{"exceeded", "no-data", "no-data", "within"}, 1},
		{"memory", calibrate.Work{Seconds: 10, Stalled: 0.6}, 0, 0, []calibrate.LimitVerdict{"exceeded", "no-data", "no-data", "within"}, 1},
		{"load", calibrate.Work{Seconds: 10}, 80, 0, []calibrate.LimitVerdict{"exceeded", "exceeded", "no-data", "no-data"}, 1},
	} {
		r := run(100, 1000, 0, 0.010)
		r.Phases = []calibrate.Phase{{Name: calibrate.PhaseSoak, Work: &tc.work}, {Name: calibrate.PhaseScale, Work: &calibrate.Work{Seconds: 1, Others: 2}}}
		r.Load.RateAsked, r.Load.RateSent, r.Host.CPULimit = 100, tc.sent, tc.quota
		c := Check(r, Against{Limits: limits(t, all...)})
		for i, want := range tc.want {
			if got := c.Limits[i]; got.Verdict != want || want == calibrate.LimitNoData && got.Reason != calibrate.LimitNoise {
				t.Errorf("%s: %s is %s (%s), want %s", tc.name, all[i], got.Verdict, got.Reason, want)
			}
		}
		if len(c.Noise) != tc.noises {
			t.Errorf("%s: noise %+v", tc.name, c.Noise)
		}
	}
}

// What a database on the machine takes for the app's own requests is no neighbour's; what is beyond that is.
func TestNoiseOfTheAppsOwn(t *testing.T) {
	for _, tc := range []struct {
		others, beside float64
		want           []calibrate.Noise
	}{
		{9, 0.005, nil}, // 5 of them
		{5.1, 0, []calibrate.Noise{{Kind: calibrate.NoiseOthers, Phase: calibrate.PhaseSoak, Share: 0.255, Most: MostOthers}}},
		{11, 0.005, []calibrate.Noise{{Kind: calibrate.NoiseOthers, Phase: calibrate.PhaseSoak, Share: 0.3, Most: MostOthers}}},
		{4, 0.005, nil},
	} {
		r := run(100, 1000, 0, 0.010)
		r.Speed.Beside = tc.beside
		r.Phases = []calibrate.Phase{{Name: calibrate.PhaseSoak, Work: &calibrate.Work{Seconds: 10, Requests: 1000, Others: tc.others}}}
		got := Noise(r)
		if len(got) != len(tc.want) || len(got) == 1 && (got[0].Kind != tc.want[0].Kind || math.Abs(got[0].Share-tc.want[0].Share) > 1e-9) {
			t.Errorf("%v s of others, %v a request: %+v, want %+v", tc.others, tc.beside, got, tc.want)
		}
	}
	r := run(100, 1000, 0, 0.010)
	r.Speed, r.Phases = nil, []calibrate.Phase{{Name: calibrate.PhaseSoak, Work: &calibrate.Work{Seconds: 10, Requests: 1000, Others: 9}}}
	if got := Noise(r); len(got) != 1 || got[0].Share != 0.45 {
		t.Errorf("of a run that doesn't know: %+v", got)
	}
}

// What is served is known in spite of neighbours, unless they spoilt what it follows from.
func TestNoiseOfServed(t *testing.T) {
	for doubt, want := range map[calibrate.SpeedDoubt]calibrate.LimitReason{
		"": "", calibrate.DoubtOthers: calibrate.LimitNoise, calibrate.DoubtSteal: calibrate.LimitNoise, calibrate.DoubtFew: calibrate.LimitNotMeasured,
	} {
		r := run(100, 1000, 0, 0.010)
		r.Speed.Waiting, r.Speed.Doubt = calibrate.Span{Value: 0.02, Low: 0.019, High: 0.021}, doubt
		r.Phases = []calibrate.Phase{{Name: calibrate.PhaseSoak, Work: &calibrate.Work{Seconds: 1, Others: 2}}}
		c := Check(r, Against{Limits: limits(t, "waiting <= 1ms")})
		if got := c.Limits[0]; got.Reason != want || want == "" && got.Verdict != calibrate.LimitExceeded {
			t.Errorf("%q: %s (%s), want %q", doubt, got.Verdict, got.Reason, want)
		}
	}
}

// An excuse holds until its day is over, and for its metric alone.
func TestIgnored(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	ignored := []calibrate.Ignore{{Metric: "after(1000)", Reason: "the new cache", Until: "2027-01-31"}}
	for _, tc := range []struct {
		limit, now string
		code       calibrate.Kind
		expired    int
	}{
		{"after(1k) <= 1MB", "2027-01-31", 0, 0},
		{"after(1k) <= 1MB", "2027-02-01", 10, 1},
		{"after(2k) <= 1MB", "2027-01-31", 10, 0},
	} {
		c := Check(run(100, 1000, 100, 0.01), Against{Limits: limits(t, tc.limit), Ignored: ignored, Now: day(tc.now)})
		if c.ExitCode != tc.code || len(c.Expired) != tc.expired || (c.Limits[0].Ignored != nil) != (tc.code == 0) {
			t.Errorf("%s on %s: exit code %d, %+v", tc.limit, tc.now, c.ExitCode, c)
		}
	}
}

// A limit that is met stays met if it is raised, and one that is exceeded stays so if it is lowered; never are both said of one figure.
func TestVerdictIsMonotonic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Float64Range(-1e6, 1e6).Draw(t, "value")
		below, above := rapid.Float64Range(0, 1e5).Draw(t, "below"), rapid.Float64Range(0, 1e5).Draw(t, "above")
		bound, more := rapid.Float64Range(-1e6, 1e6).Draw(t, "bound"), rapid.Float64Range(0, 1e6).Draw(t, "more")
		least := rapid.Bool().Draw(t, "least")
		at := func(bound float64) calibrate.LimitVerdict {
			low, high := value-below, value+above
			return verdict(calibrate.Bounded{Reading: calibrate.Reading{Value: &value, Low: &low, High: &high}, Bound: &bound, Least: least})
		}
		looser := bound + more
		if least {
			looser = bound - more
		}
		if at(bound) == calibrate.LimitWithin && at(looser) != calibrate.LimitWithin {
			t.Errorf("within %v, and not within %v", bound, looser)
		}
		if at(looser) == calibrate.LimitExceeded && at(bound) != calibrate.LimitExceeded {
			t.Errorf("beyond %v, and not beyond %v", looser, bound)
		}
	})
}

// The doubt of a difference is more than that of either, and no more than that of both together.
func TestDoubtful(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reading := func(name string) (calibrate.Reading, float64) {
			value, half := rapid.Float64Range(0, 1e6).Draw(t, name), rapid.Float64Range(0, 1e6).Draw(t, name+"'s half")
			return calibrate.Reading{Value: &value, Low: calibrate.Figure(value - half), High: calibrate.Figure(value + half)}, half
		}
		now, half := reading("now")
		was, other := reading("was")
		got := doubtful(now, was)
		width := *got.High - *got.Value
		const rounding = 1e-6
		if math.Abs(width-(*got.Value-*got.Low)) > rounding || width < max(half, other)-rounding || width > half+other+rounding {
			t.Errorf("%v +- %v beside +- %v is +- %v", *now.Value, half, other, width)
		}
	})
}
