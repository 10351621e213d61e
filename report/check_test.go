package report

import (
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/gate"
)

// checked is a recorded run held to limits, as four workers, and against the baseline of another run.
func checked(t *testing.T, name, baseline string, texts ...string) (calibrate.Check, calibrate.Result) {
	t.Helper()
	var against gate.Against
	for _, text := range texts {
		var err error
		if against.Limits, err = against.Limits.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	r := recorded(t)[name]
	deployed := analyse.Deployed(r, calibrate.Setup{Shape: calibrate.Shape{Workers: 4, Threads: r.Target.Threads}, MaxRequests: 5000})
	against.Deployed = &deployed
	if baseline != "" {
		base := calibrate.BaselineOf(recorded(t)[baseline])
		against.Baseline = &base
	}
	return gate.Check(r, against), r
}

func TestCheckGolden(t *testing.T) {
	for file, c := range map[string]struct {
		run, baseline string
		limits        []string
	}{
		"check-exceeded": {"creeping", "flat", []string{"worker <= 150MB", "peak <= +5% or +4MB", "workers >= 99", "cpu <= 1ms"}},
		"check-noise":    {"cores", "creeping", []string{"p99 <= 20ms", "peak <= +5%", "total(2x4) <= 1GB"}},
	} {
		check, r := checked(t, c.run, c.baseline, c.limits...)
		golden(t, file+".txt", drawn(t, Check(check, r, true), "text", Options{}))
		golden(t, file+".md", drawn(t, Check(check, r, false), "markdown", Options{}))
	}
}

// One line says that all holds, and only then.
func TestCheckLine(t *testing.T) {
	check, r := checked(t, "flat", "", "worker <= 150MB")
	if line := drawn(t, Check(check, r, false), "text", Options{}); strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "ok: 1 limit met; 4 workers of 4 threads take") {
		t.Errorf("%q", line)
	}
	check, r = checked(t, "flat", "", "worker <= 1MB")
	if page := drawn(t, Check(check, r, false), "text", Options{}); strings.Contains(page, "ok:") || strings.Count(page, "\n") < 5 {
		t.Errorf("%q", page)
	}
}

// Where it isn't known whether anything fits no CI sees a pass, though each limit is met.
func TestCheckOfWhatMayNotFit(t *testing.T) {
	r := recorded(t)["nothing-fits"]
	r.Steps = []calibrate.Step{{Phase: calibrate.PhaseSoak, Done: true}, {Phase: calibrate.PhaseScale}}
	limits, err := calibrate.Limits{}.Add("peak <= 1GB")
	if err != nil {
		t.Fatal(err)
	}
	check := gate.Check(r, gate.Against{Limits: limits})
	const want = "the run was cut short before scale, and by what was measured nothing fits"
	d := Check(check, r, false)
	for _, format := range []string{"text", "junit", Annotations} {
		if text := strings.Join(strings.Fields(drawn(t, d, format, Options{})), " "); !strings.Contains(text, want) {
			t.Errorf("as %s:\n%s", format, text)
		}
	}
	if c := d.Export.Cases; len(c) != 2 || c[0].Result != CaseUnclear || c[1].Result != CaseHeld {
		t.Errorf("%+v", c)
	}
}

// Which route leaks is said where that is red, and nowhere else.
// Of a sweep it is said that only shapes aren't compared which one of the two ran.
func TestShapesThatOneOfTwoRan(t *testing.T) {
	for field, want := range map[string]string{
		"swept": "shapes that were run: it was none and is 2x4: no comparison of what those serve that only one of them has",
		"rules": "of calibrate's analysis: it was none and is 2x4: no comparison of what so many workers serve",
	} {
		of := calibrate.Difference{Field: field, Baseline: "none", Run: "2x4", Spoils: []calibrate.Ground{calibrate.GroundServed}}
		says(t, field, differences([]calibrate.Difference{of})[0].Text, want)
	}
}

func TestCheckLeaks(t *testing.T) {
	for _, tc := range []struct {
		run, limit string
		want       bool
	}{{"apart", "creep <= 1B", true}, {"apart", "creep <= 1MB", false}, {"flat", "worker <= 1MB", false}} {
		check, r := checked(t, tc.run, "", tc.limit)
		if page := drawn(t, Check(check, r, true), "text", Options{}); strings.Contains(page, "/keep/{n}") != tc.want {
			t.Errorf("%s at %s:\n%s", tc.run, tc.limit, page)
		}
	}
}

// What became of a limit, in a sentence of each kind.
func TestLimitSentence(t *testing.T) {
	mb := func(n float64) *float64 { return calibrate.Figure(n * calibrate.MiB) }
	limit := func(text string) calibrate.Limit {
		l, err := calibrate.ParseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	measured := calibrate.Bounded{Reading: calibrate.Reading{Value: mb(162), Low: mb(160), High: mb(164)}, Unit: calibrate.UnitBytes, Bound: mb(150), Verdict: calibrate.LimitExceeded}
	with := func(change func(*calibrate.Bounded)) calibrate.Bounded {
		b := measured
		change(&b)
		return b
	}
	noisy := calibrate.Check{Noise: []calibrate.Noise{{Kind: calibrate.NoiseOthers, Phase: "soak", Share: 0.4, Most: 0.25}}}
	for _, tc := range []struct {
		judged calibrate.Judged
		want   string
	}{
		{calibrate.Judged{Limit: limit("worker <= 150MB"), Bounded: measured}, "limited to 150 MB but measured 162 MB (160 to 164 MB)"},
		{calibrate.Judged{Limit: limit("worker <= +50%"), Bounded: measured, Was: &calibrate.Reading{Value: mb(100)}}, "limited to 150 MB (+50% of the baseline's 100 MB) but measured 162 MB (160 to 164 MB)"},
		{calibrate.Judged{Limit: limit("worker <= 163MB"), Bounded: with(func(b *calibrate.Bounded) { b.Bound, b.Verdict = mb(163), calibrate.LimitTooClose })},
			"limited to 163 MB, and measured 162 MB (160 to 164 MB): too close to tell"},
		{calibrate.Judged{Limit: limit("worker <= 150MB"), Bounded: with(func(b *calibrate.Bounded) { b.Verdict, b.Reason = calibrate.LimitNoData, calibrate.LimitNotMeasured })},
			"limited to 150 MB: not measured by this run"},
		{calibrate.Judged{Limit: limit("workers >= 4"), Bounded: calibrate.Bounded{Reading: calibrate.Reading{Value: calibrate.Figure(3)}, Unit: calibrate.UnitNumber, Bound: calibrate.Figure(4), Least: true, Verdict: calibrate.LimitExceeded}},
			"to be at least 4 but measured 3"},
		{calibrate.Judged{Limit: limit("p99 <= 250ms"), Bounded: calibrate.Bounded{Reading: calibrate.Reading{Value: calibrate.Figure(0.3)}, Unit: calibrate.UnitSeconds, Bound: calibrate.Figure(0.25), Verdict: calibrate.LimitNoData, Reason: calibrate.LimitNoise}},
			"limited to 250 ms: not judged, since other programs kept 40 % of the cores busy in phase soak; measure again on a quiet machine"},
	} {
		if got := limitSentence(tc.judged, noisy); got != tc.want {
			t.Errorf("%s:\n%s\nwant\n%s", tc.judged.Limit, got, tc.want)
		}
	}
}

// A rate that can't be told says whether the room is missing, or may be more than that.
func TestDeployedRate(t *testing.T) {
	for _, tc := range []struct {
		value, low float64
		want       string
	}{
		{319, 258, "they serve 319 requests/s at most, of which 250 requests/s is 78.4 %: too close to the 70 % that production may ask of them to tell"},
		{400, 240, "they serve 400 requests/s at most, of which 250 requests/s is 62.5 %: too close to tell, for they may serve no more than 240 requests/s"},
	} {
		d := calibrate.Deployed{WantedRate: 250, Rate: &calibrate.Bounded{Verdict: calibrate.LimitTooClose, Bound: calibrate.Figure(250 / calibrate.MostUsed),
			Reading: calibrate.Reading{Value: &tc.value, Low: &tc.low}}}
		if got := deployedRate(d); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}

// Workers that creep for ever take an amount that says nothing; how soon they are too much does.
func TestDeployedFull(t *testing.T) {
	d := calibrate.Deployed{Shape: calibrate.Shape{Workers: 4, Threads: 4}, GrowsSeconds: 86400, FullSeconds: 253,
		Memory: calibrate.Bounded{Unit: calibrate.UnitBytes, Bound: calibrate.Figure(819 * calibrate.MiB), Verdict: calibrate.LimitExceeded, Reading: calibrate.Reading{Value: calibrate.Figure(244730 * calibrate.MiB)}}}
	if got, want := deployedMemory(d), "4 workers of 4 threads fill 819 MB within 4 min 13 s, for they creep, and nothing replaces them"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := grows(d), "so they grow for 24 h, until the whole server is started anew: to 244 730 MB;"; !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A worker lives up to its limit and the jitter.
func TestDeployedLife(t *testing.T) {
	d := calibrate.Deployed{Shape: calibrate.Shape{Workers: 2, Threads: 4}, MaxRequests: 5000, Memory: calibrate.Bounded{Reading: calibrate.Reading{Value: calibrate.Figure(1 << 20)}}}
	for jitter, want := range map[int64]string{0: ", replaced after 5 000 requests, take 1 MB", 500: ", replaced after 5 000 to 5 500 requests, take 1 MB"} {
		if d.Jitter = jitter; !strings.Contains(deployedMemory(d), want) {
			t.Errorf("jitter of %d: %q, want %q", jitter, deployedMemory(d), want)
		}
	}
}
