package report

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/gate"
)

// comparedRuns are pairs of an app whose head has so many MB more, and takes so much more CPU time a request.
func comparedRuns(t *testing.T, way calibrate.CompareWay, pairs int, more, cpu float64, noise ...calibrate.Noise) calibrate.Comparison {
	t.Helper()
	c := calibrate.Comparison{Way: way, DurationSeconds: 55 * float64(pairs), Portions: calibrate.Portions{Rate: 240, Requests: map[string]int64{calibrate.PhaseSoak: 2880, calibrate.PhasePeak: 1500}},
		Base: calibrate.Version{Command: []string{"gunicorn", "app:app"}, Ref: "origin/main", Commit: "0123456789abcdef"}, Head: calibrate.Version{Command: []string{"gunicorn", "app:app"}, Folder: "."}}
	for _, text := range []string{"peak <= +5% or +4MB", "plateau <= +5% or +4MB", "creep <= +1KB", "cpu <= +10%"} {
		var err error
		if c.Limits, err = c.Limits.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	run := func(more, cpu float64) calibrate.OfVersion {
		of := calibrate.OfVersion{Figures: map[string]calibrate.Recorded{}, Noise: noise, Threads: 4, PeakRequests: 4380, PlateauRequests: new(int64(1500))}
		for name, mb := range map[string]float64{"idle": 30, "plateau": 32, "peak": 36} {
			of.Figures[name] = calibrate.Recorded{Unit: calibrate.UnitBytes, Reading: calibrate.Reading{Value: calibrate.Figure((mb + more) * calibrate.MiB)}}
		}
		for name, v := range map[string][2]float64{"creep": {12, 90}, "cpu": {cpu, 0.03 * cpu}} {
			of.Figures[name] = calibrate.Recorded{Reading: calibrate.Reading{Value: calibrate.Figure(v[0]), Low: calibrate.Figure(v[0] - v[1]), High: calibrate.Figure(v[0] + v[1])}}
		}
		return of
	}
	for range pairs {
		c.Pairs = append(c.Pairs, calibrate.Pair{Base: run(0, 0.002), Head: run(more, 0.002*(1+cpu))})
	}
	return gate.Compare(c)
}

func TestCompareGolden(t *testing.T) {
	others := calibrate.Noise{Kind: calibrate.NoiseOthers, Phase: calibrate.PhasePeak, Share: 0.9, Most: gate.MostOthers}
	for file, c := range map[string]calibrate.Comparison{
		"compare-regressed": comparedRuns(t, calibrate.CompareGate, 3, 20, 0),
		"compare-noise":     comparedRuns(t, calibrate.CompareGate, 5, 0, 0.15, others),
		"compare-passed":    comparedRuns(t, calibrate.CompareGate, 1, 0, 0),
		"compare-self":      comparedRuns(t, calibrate.CompareSelf, 3, 0.2, 0.02),
	} {
		golden(t, file+".txt", drawn(t, Compare(c, true), "text", Options{}))
		golden(t, file+".md", drawn(t, Compare(c, false), "markdown", Options{}))
	}
}

// What nothing is compared with says why, and what to do about that, not to send more.
func TestCompareLacks(t *testing.T) {
	lacking := func(change func(*calibrate.OfVersion)) string {
		c := comparedRuns(t, calibrate.CompareGate, 1, 0, 0)
		head := &c.Pairs[0].Head
		head.Figures, head.Folder = map[string]calibrate.Recorded{}, "2-head"
		change(head)
		return strings.Join(strings.Fields(drawn(t, Compare(gate.Compare(c), false), "text", Options{Width: 100})), " ")
	}
	withheld := func(w calibrate.Withheld) func(*calibrate.OfVersion) {
		return func(of *calibrate.OfVersion) { of.Withheld = &w }
	}
	const since = "INCONCLUSIVE: peak, plateau, creep, cpu: not compared, since the head"
	for want, change := range map[string]func(*calibrate.OfVersion){
		since + "'s run 2-head can't be relied on: 12 of 100 requests failed, more than the 10 % that a sizing can rest on; look at app.log in that run's folder": withheld(calibrate.Withheld{Kind: calibrate.WithheldErrors, Requests: 100, Failed: 12, MostFailed: 0.1}),
		since + "'s run 2-head can't be relied on: only 30 requests were answered; a sizing needs at least 50; try more --requests":                               withheld(calibrate.Withheld{Kind: calibrate.WithheldRequests, Requests: 30, NeededRequests: 50}),
		since + "'s run 2-head can't be relied on: the load did not show which process serves, so the worker is only guessed; load it":                            withheld(calibrate.Withheld{Kind: calibrate.WithheldGuess}),
		since + "'s run 2-head can't be relied on: 90 of 100 requests of the soak were answered by a redirect to a login page, so":                                withheld(calibrate.Withheld{Kind: calibrate.WithheldLogin, Requests: 100, ToLogin: 90}),
		since + "'s run 2-head can't be relied on: it is partial; measure it again":                                                                               withheld(calibrate.Withheld{Kind: calibrate.WithheldPartial}),
		since + " didn't answer its requests of phase soak in time; give it fewer: --requests, or a lower --rate":                                                 func(of *calibrate.OfVersion) { of.Unserved = calibrate.PhaseSoak },
		"INCONCLUSIVE: peak, plateau, creep, cpu: not measured in every run; try more --requests":                                                                 func(*calibrate.OfVersion) {},
	} {
		if page := lacking(change); !strings.Contains(page, want) {
			t.Errorf("%s\nlacks %s", page, want)
		}
	}
}

// A figure that hangs on whether memory creeps says so where one run alone knows that.
func TestCompareUnsettled(t *testing.T) {
	for way, try := range map[calibrate.CompareWay]string{calibrate.CompareGate: "try more --requests", calibrate.CompareSaved: "measure longer"} {
		c := comparedRuns(t, way, 1, 0, 0)
		var err error
		if c.Limits, err = c.Limits.Add("worker <= +5%"); err != nil {
			t.Fatal(err)
		}
		for side, of := range map[bool]*calibrate.OfVersion{false: &c.Pairs[0].Base, true: &c.Pairs[0].Head} {
			of.Figures["worker"], of.Unsettled = of.Figures["peak"], side
		}
		page := strings.Join(strings.Fields(drawn(t, Compare(gate.Compare(c), false), "text", Options{Width: 100})), " ")
		if want := "INCONCLUSIVE: worker: not compared, since of one run alone it is known whether memory creeps; " + try; !strings.Contains(page, want) {
			t.Errorf("%s\nlacks %s", page, want)
		}
	}
}

// Requests that failed are named, once a version, though nothing is beyond its limit.
func TestCompareTellsErrors(t *testing.T) {
	c := comparedRuns(t, calibrate.CompareGate, 3, 0, 0)
	for i := range c.Pairs {
		c.Pairs[i].Head.Folder, c.Pairs[i].Head.Warnings = "2-head", []calibrate.Warning{{Code: "errors", Text: "9 of 100 requests failed", Try: "look at app.log"}}
	}
	const said = "head (run 2-head): 9 of 100 requests failed"
	for _, verbose := range []bool{false, true} {
		page := strings.Join(strings.Fields(drawn(t, Compare(c, verbose), "text", Options{})), " ")
		if strings.Count(page, said) != 1 || strings.Contains(page, "look at app.log") != verbose {
			t.Errorf("verbose %v: %s", verbose, page)
		}
	}
	c.Silenced = []string{"errors"}
	if text := drawn(t, Compare(c, false), "text", Options{}); strings.Contains(text, "9 of 100") {
		t.Errorf("what is silenced is told:\n%s", text)
	}
}

// A green job says one sentence, and only a green one.
func TestCompareLine(t *testing.T) {
	line := drawn(t, Compare(comparedRuns(t, calibrate.CompareGate, 1, 0, 0), false), "text", Options{})
	if strings.Count(line, "\n") > 3 || !strings.HasPrefix(line, "no regression in 1 pair") {
		t.Errorf("%q", line)
	}
	if page := drawn(t, Compare(comparedRuns(t, calibrate.CompareGate, 3, 20, 0), false), "text", Options{}); !strings.Contains(page, "REGRESSION") || !strings.Contains(page, "memory before any request +20 MB") {
		t.Errorf("%q", page)
	}
}

// Whatever kind of noise a gate knows, its page has words for.
func TestNoiseIsNamed(t *testing.T) {
	said := map[string]bool{}
	for _, kind := range []calibrate.NoiseKind{calibrate.NoiseSteal, calibrate.NoiseOthers, calibrate.NoiseMemory, calibrate.NoiseLoad} {
		noise := calibrate.Noise{Kind: kind, Phase: calibrate.PhasePeak, Share: 0.9, Most: 0.1}
		of := noisesOf(worstNoise(comparedRuns(t, calibrate.CompareGate, 1, 0, 0, noise)))
		if len(of) != 1 || said[of[0]] {
			t.Fatalf("%s: %q", kind, of)
		}
		said[of[0]] = true
	}
}

// A limit that has failed, and not yet often enough when another decided, is no blank.
func TestCompareUndecided(t *testing.T) {
	c := comparedRuns(t, calibrate.CompareGate, 3, 20, 0.15)
	for i := range c.Compared {
		if c.Compared[i].Metric == "cpu" {
			c.Compared[i].Verdict, c.Compared[i].Failed, c.Compared[i].Doubtful = "", 2, 1
		}
	}
	if page := drawn(t, Compare(c, false), "text", Options{}); !strings.Contains(page, "+0.3 ms (+15 %)  +10%         beyond, 2 of 3") {
		t.Error(page)
	}
}

// Other programs get a case a limit.
func TestCompareCases(t *testing.T) {
	d := Compare(comparedRuns(t, calibrate.CompareGate, 3, 20, 0), false)
	var got []string
	for _, c := range d.Export.Cases {
		got = append(got, c.Name+": "+string(c.Result))
	}
	if want := "peak <= +5% or +4MB: regressed, plateau <= +5% or +4MB: regressed, creep <= +1KB: held, cpu <= +10%: held"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A comparison whose limits are all ignored has held nothing: its one case is no pass.
func TestCompareIgnoresAll(t *testing.T) {
	for _, ignored := range [][]calibrate.Ignore{nil, {{Metric: "peak", Reason: "the new cache", Until: "2027-01-31"}}} {
		c := comparedRuns(t, calibrate.CompareGate, 1, 0, 0)
		c.Limits, c.Ignored = nil, ignored
		cases := Compare(gate.Compare(c), false).Export.Cases
		if len(cases) != 1 || cases[0].Name != wholeRun || (cases[0].Result == CaseHeld) != (ignored == nil) || cases[0].Result.red() {
			t.Errorf("ignored %v: %+v", ignored, cases)
		}
	}
}

// savedPair compares a recorded run with another, as saved runs are.
func savedPair(t *testing.T, base, head string) calibrate.Comparison {
	t.Helper()
	c := comparedRuns(t, calibrate.CompareSaved, 0, 0, 0)
	of := func(name string) calibrate.OfVersion {
		m, err := calibrate.LoadFolder(filepath.Join("..", "fixtures", "runs", name))
		if err != nil {
			t.Fatal(err)
		}
		m.Result = analyse.Today(m)
		return analyse.OfVersion(m, c.Limits, name)
	}
	c.Pairs = []calibrate.Pair{{Base: of(base), Head: of(head)}}
	return gate.Compare(c)
}

// Other programs get the head's run as its own export has it: under the same name, with the same set-up, and each figure with its
// interval.
func TestCompareExport(t *testing.T) {
	for _, head := range []string{"flat", "cores"} {
		c := savedPair(t, "flat", head)
		c.Head.Command = []string{"python", "-m", "gunicorn", "app:app"}
		c.Tool = recorded(t)[head].Tool
		got, want := exportOfComparison(c), exportOf(recorded(t)[head])
		if got.App != want.App || got.Threads != want.Threads || want.Threads == 0 || !reflect.DeepEqual(got.Setup, want.Setup) {
			t.Errorf("%s: %q of %d threads, %v; want %q, %d, %v", head, got.App, got.Threads, got.Setup, want.App, want.Threads, want.Setup)
		}
		intervals := 0
		for _, f := range got.Figures {
			i := slices.IndexFunc(want.Figures, func(other Figure) bool { return other.Same(f.Metric) })
			if i < 0 {
				t.Errorf("%s: %s is no figure of its run", head, f.Name)
				continue
			}
			if f.Low != nil {
				intervals++
			}
			if got, want := asRead(f), asRead(want.Figures[i]); got != want {
				t.Errorf("%s: %s reads %s, want %s", head, f.Name, got, want)
			}
		}
		if intervals == 0 {
			t.Errorf("%s: no figure has an interval", head)
		}
	}
}

// Of several pairs the interval is as wide as those of the runs are.
func TestCompareExportOfPairs(t *testing.T) {
	c := comparedRuns(t, calibrate.CompareGate, 3, 0, 0)
	for i, half := range []float64{40, 400, 90} {
		f := c.Pairs[i].Head.Figures["creep"]
		f.Low, f.High = calibrate.Figure(*f.Value-half), calibrate.Figure(*f.Value+2*half)
		c.Pairs[i].Head.Figures["creep"] = f
	}
	for _, f := range exportOfComparison(gate.Compare(c)).Figures {
		if f.Name == "creep" && (*f.Value != 12 || *f.Low != 12-90 || *f.High != 12+180) || f.Name == "peak" && f.Low != nil {
			t.Errorf("%s: %v, %v to %v", f.Name, *f.Value, *f.Low, *f.High)
		}
	}
}

// A warning that is silenced is counted, and not shown.
func TestCompareSilenced(t *testing.T) {
	c := comparedRuns(t, calibrate.CompareGate, 1, 0, 0)
	c.Warnings = []calibrate.Warning{{Code: "paused", Text: "calibrate stood still"}, {Code: "slept", Text: "the machine slept"}}
	c.Silenced = []string{"paused"}
	page := drawn(t, Compare(c, true), "text", Options{})
	if strings.Contains(page, "stood still") || !strings.Contains(page, "the machine slept") || !strings.Contains(page, "1 warning silenced.") {
		t.Error(page)
	}
}
