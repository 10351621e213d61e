package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/gate"
)

// What a command says of threads and max-requests is what is deployed, whoever says how many workers. One worker is no number of
// workers: it is what a server does by itself.
func TestSaidSetup(t *testing.T) {
	target := func(said *calibrate.Said) calibrate.TargetInfo {
		return calibrate.TargetInfo{Server: "gunicorn", Threads: 4, HasThreads: true, Said: said}
	}
	setup := func(workers, threads int, maxRequests, jitter int64) *calibrate.Setup {
		return &calibrate.Setup{Shape: calibrate.Shape{Workers: workers, Threads: threads}, MaxRequests: maxRequests, Jitter: jitter}
	}
	for name, tc := range map[string]struct {
		said             *calibrate.Said
		workers, threads int
		want             *calibrate.Setup
	}{
		"nobody says a number":         {nil, 0, 0, nil},
		"the command, one worker":      {&calibrate.Said{Workers: 1, MaxRequests: 5000}, 0, 0, nil},
		"the command":                  {&calibrate.Said{Workers: 3, Threads: 8, MaxRequests: 5000, Jitter: 100}, 0, 0, setup(3, 8, 5000, 100)},
		"the flag":                     {nil, 6, 0, setup(6, 4, 0, 0)},
		"the flag, and the command":    {&calibrate.Said{Workers: 3, Threads: 8, MaxRequests: 5000}, 6, 2, setup(6, 2, 5000, 0)},
		"the flag, and one worker":     {&calibrate.Said{Workers: 1, Threads: 8, MaxRequests: 5000, Jitter: 100}, 6, 0, setup(6, 8, 5000, 100)},
		"the flag, and max-requests":   {&calibrate.Said{MaxRequests: 5000}, 6, 0, setup(6, 4, 5000, 0)},
		"one worker by the flag alone": {&calibrate.Said{Workers: 3, MaxRequests: 5000}, 1, 0, setup(1, 4, 5000, 0)},
	} {
		got := saidSetup(target(tc.said), tc.workers, tc.threads)
		if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

// A baseline that calibrate.yaml names is something to hold a run to, also before it is there.
func TestBaselineOfTheFileIsMissing(t *testing.T) {
	env, stdout, stderr := testEnv(t, nil)
	write(t, env.Dir, "calibrate.yaml", "check:\n  baseline: ci/baseline.json\n")
	code := Main(t.Context(), env, []string{"check", filepath.Join(fixtures(t), "runs", "flat")})
	if code != int(calibrate.KindInconclusive) || !strings.Contains(strings.Join(strings.Fields(stdout.String()), " "), "there is no baseline; --update-baseline writes one") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

// A file that is no baseline is in the way, unless the baseline is to be written whatever there is.
func TestBaselineThatIsNone(t *testing.T) {
	for name, text := range map[string]string{
		"a conflict":   "<<<<<<< HEAD\n{}\n",
		"a newer one":  `{"schema": "calibrate.baseline/99"}`,
		"one of zeros": `{"schema": "` + calibrate.BaselineSchema + `"}`,
	} {
		for _, tc := range []struct {
			args []string
			code int
			says string
		}{
			{nil, exitUsage, "--update-baseline --force writes this one anew"},
			{[]string{"--update-baseline"}, exitUsage, "--update-baseline --force writes this one anew"},
			{[]string{"--update-baseline", "--force"}, 0, "can't be read, so nothing is held against it"},
		} {
			env, _, stderr := testEnv(t, nil)
			write(t, env.Dir, calibrate.BaselineFile, text)
			code := Main(t.Context(), env, append([]string{"check", filepath.Join(fixtures(t), "runs", "flat")}, tc.args...))
			if code != tc.code || !strings.Contains(strings.Join(strings.Fields(stderr.String()), " "), tc.says) {
				t.Errorf("%s, %q: exit code %d: %s", name, tc.args, code, stderr)
			}
			now, err := os.ReadFile(filepath.Join(env.Dir, calibrate.BaselineFile))
			must(t, err)
			if _, err := calibrate.ParseBaseline(now); (err == nil) != (code == 0) || code != 0 && string(now) != text {
				t.Errorf("%s, %q: %v, %s", name, tc.args, err, now)
			}
		}
	}
}

// What disturbed a run is told in its own words where a baseline is without its times.
func TestBaselineSaysWhatDisturbedIt(t *testing.T) {
	flat, err := loadRun(Env{}, filepath.Join(fixtures(t), "runs", "flat"))
	must(t, err)
	for want, soak := range map[string]calibrate.Work{
		"somebody on the machine was held up for want of memory for 40 % of phase soak":         {Seconds: 10, Stalled: 4},
		"the machine's host gave 30 % of the cores' time to others in phase soak":               {Seconds: 10, Steal: 3 * float64(flat.Host.CPUs)},
		"only 50 % of the load could be sent in phase soak; measure again on a quiet machine\n": {},
	} {
		r := flat
		r.Phases = []calibrate.Phase{{Name: calibrate.PhaseSoak, Work: &soak}}
		if r.Load.RateAsked, r.Load.RateSent = 100, 100; soak.Seconds == 0 {
			r.Load.RateSent = 50
		}
		env, _, stderr := testEnv(t, nil)
		b := baselineFlags{update: true}
		if err := b.updated(env, gate.Check(r, gate.Against{}), r, gate.Against{}); err != nil || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v, %s\nlacks %s", err, stderr, want)
		}
	}
}
