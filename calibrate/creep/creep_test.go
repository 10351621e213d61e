package creep

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"workermem/calibrate"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawn is a series whose memory is a function of the requests done, read at 10 Hz under 100 requests a second.
func drawn(seconds float64, memory func(x float64) float64) []Point {
	var series []Point
	for t := 0.0; t < seconds; t += 0.1 {
		series = append(series, Point{Seconds: t, Requests: 100 * t, Bytes: memory(100 * t)})
	}
	return series
}

func TestKnownAnswers(t *testing.T) {
	const base, rss = 100 * mb, 130 * mb
	tests := []struct {
		name   string
		memory func(x float64) float64
		want   calibrate.Verdict
		slope  float64
	}{
		{"nothing moves", func(x float64) float64 { return base }, calibrate.Flat, 0},
		{"a line of 5 KB", func(x float64) float64 { return base + 5*kb*x }, calibrate.Creeping, 5 * kb},
		{"a line of 64 B, too little to matter", func(x float64) float64 { return base + 64*x }, calibrate.Flat, 64},
		{"memory comes back", func(x float64) float64 { return base - 1*kb*x }, calibrate.Flat, -1 * kb},
		{"settled early", func(x float64) float64 { return base - 40*mb*math.Expm1(-x/300) - 30*mb }, calibrate.Flat, 0},
		{"settled early, then a line", func(x float64) float64 { return base - 20*mb*math.Expm1(-x/300) + 5*kb*x }, calibrate.Creeping, 5 * kb},
		{"settling still", func(x float64) float64 { return base - 40*mb*math.Expm1(-x/3000) }, calibrate.Warming, 0},
		{"a cache of ever fewer new keys", func(x float64) float64 { return base + 8*mb*math.Log1p(x/100) }, calibrate.Warming, 0},
		{"a staircase that climbs", func(x float64) float64 { return base + 512*kb*math.Floor(x*5*kb/(512*kb)) }, calibrate.Creeping, 5 * kb},
		{"a sawtooth that doesn't", func(x float64) float64 { return base + 10*mb*math.Mod(x, 70)/70 }, calibrate.Flat, 0},
		{"a sawtooth that does", func(x float64) float64 { return base + 5*kb*x + 10*mb*math.Mod(x, 70)/70 }, calibrate.Creeping, 5 * kb},
		{"spikes", func(x float64) float64 {
			if math.Mod(x, 500) < 20 {
				return base + 80*mb
			}
			return base
		}, calibrate.Flat, 0},
		{"one jump", func(x float64) float64 {
			if x > 4500 {
				return base + 8*mb
			}
			return base
		}, calibrate.Inconclusive, 0},
		{"a heap that doubled at the start", func(x float64) float64 { return base + 2*mb*math.Exp2(math.Floor(min(4, x/200))) }, calibrate.Flat, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := Analyse(drawn(60, test.memory), rss)
			if e.Verdict != test.want {
				t.Errorf("verdict %s, want %s: %+v", e.Verdict, test.want, e)
			}
			if !e.Known || e.Low > test.slope || e.High < test.slope {
				t.Errorf("interval %.0f to %.0f doesn't hold %.0f", e.Low, e.High, test.slope)
			}
			if decided := e.Verdict == calibrate.Flat || e.Verdict == calibrate.Creeping; decided != (e.Missing == nil) {
				t.Errorf("%s, but missing is %+v", e.Verdict, e.Missing)
			}
		})
	}
}

func TestEstimateOfALine(t *testing.T) {
	e := Analyse(drawn(60, func(x float64) float64 { return 100*mb + 5*kb*x }), 100*mb)
	if math.Abs(e.Slope-5*kb) > 1e-6 {
		t.Errorf("slope %v, want 5120", e.Slope)
	}
	if e.Requests < 4700 || e.Requests > 4800 || e.Seconds < 47 || e.Seconds > 48 {
		t.Errorf("rests on %v requests and %v s, want four fifths of 6000 and 60", e.Requests, e.Seconds)
	}
	if e.Detectable < 250 || e.Detectable > 500 {
		t.Errorf("detectable %v, want little more than the limit of 250 B", e.Detectable)
	}
	if e.Confidence != 0.95 || e.Method == "" {
		t.Errorf("confidence %v, method %q", e.Confidence, e.Method)
	}
}

func TestIdleIsCut(t *testing.T) {
	line := drawn(60, func(x float64) float64 { return 100*mb + 5*kb*x })
	want := Analyse(line, 100*mb)
	var idle []Point
	shift := 0.0
	for i, p := range line {
		p.Seconds += shift
		idle = append(idle, p)
		if i%200 != 100 {
			continue
		}
		for k := range 300 { // half a minute without a request, in which memory drifts away
			idle = append(idle, Point{p.Seconds + float64(k+1)/10, p.Requests, p.Bytes + float64(k)*mb})
		}
		shift += 30
	}
	got := Analyse(idle, 100*mb)
	approximately := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(math.Abs(a), math.Abs(b), 1) })
	if diff := cmp.Diff(want, got, approximately); diff != "" {
		t.Errorf("idle time changed the estimate (-without +with):\n%s", diff)
	}
}

func TestSlowAppIsNotIdle(t *testing.T) {
	var series []Point
	for i := range 2000 { // a request every five seconds
		s := float64(i) / 2
		series = append(series, Point{s, math.Floor(s / 5), 100*mb + 1*mb*math.Floor(s/5)})
	}
	if e := Analyse(series, 300*mb); e.Verdict != calibrate.Creeping || e.Low > mb || e.High < mb {
		t.Errorf("a megabyte a request, one request in five seconds: %+v", e)
	}
}

func TestTooFew(t *testing.T) {
	flat := func(x float64) float64 { return 100 * mb }
	standing := drawn(60, flat)
	for i := range standing {
		standing[i].Requests = 7
	}
	burst := drawn(60, flat)
	for i := range burst {
		burst[i].Requests = 1000 * math.Floor(burst[i].Seconds/25)
	}
	noLoad := calibrate.Missing{Kind: calibrate.FewRequests, NeededRequests: 12}
	for _, test := range []struct {
		name   string
		series []Point
		want   calibrate.Missing
	}{
		{"nothing", nil, noLoad},
		{"a count that stands still", standing, noLoad},
		{"two seconds", drawn(2, flat), calibrate.Missing{Kind: calibrate.FewReadings, Readings: 16, NeededReadings: 36}},
		{"a count that jumps twice", burst, calibrate.Missing{Kind: calibrate.Uneven, Readings: 350}},
	} {
		e := Analyse(test.series, 100*mb)
		if e.Known || e.Verdict != calibrate.Inconclusive || *e.Missing != test.want {
			t.Errorf("%s: %s, known %v\n got %+v\nwant %+v", test.name, e.Verdict, e.Known, e.Missing, test.want)
		}
	}
}

func TestMissing(t *testing.T) {
	settling := Analyse(drawn(60, func(x float64) float64 { return 100*mb - 40*mb*math.Expm1(-x/3000) }), 140*mb)
	if m := settling.Missing; m == nil || m.Kind != calibrate.Slowing || math.Abs(m.HalvesRatio-0.432) > 0.0005 {
		t.Errorf("%+v, want a second half of 43.2 %% of the first", m)
	}
	r := rand.New(rand.NewPCG(1, 1))
	noisy := Analyse(drawn(30, func(x float64) float64 { return 100*mb + 2*mb*r.NormFloat64() }), 102*mb)
	if m := noisy.Missing; m == nil || m.Kind != calibrate.Wide || math.Round(m.FlatBelow) != 535 || math.Round(m.CreepingAbove) != 438 || m.TimesLonger < 1.2 {
		t.Errorf("%s: %+v, want flat below 535 B, creeping above 438, and how much longer", noisy.Verdict, m)
	}
}

// trembling is a leaking worker's series with noise.
func trembling(t *rapid.T, slope, sigma float64) []Point {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	return drawn(rapid.Float64Range(30, 90).Draw(t, "seconds"), func(x float64) float64 {
		return 100*mb + slope*x + sigma*r.NormFloat64()
	})
}

func TestALineIsWithinItsInterval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slope := rapid.Float64Range(-1*kb, 100*kb).Draw(t, "slope")
		e := Analyse(trembling(t, slope, rapid.Float64Range(0, 100*kb).Draw(t, "sigma")), 200*mb)
		if !e.Known || slope < e.Low || e.High < slope {
			t.Fatalf("%v isn't in %v to %v", slope, e.Low, e.High)
		}
		if e.Slope < e.Low || e.High < e.Slope {
			t.Fatalf("the slope %v isn't in its own interval", e.Slope)
		}
	})
}

func TestScalingBytesScalesTheSlope(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := trembling(t, rapid.Float64Range(0, 20*kb).Draw(t, "slope"), 50*kb)
		factor := rapid.Float64Range(0.1, 10).Draw(t, "factor")
		scaled := slices.Clone(series)
		for i := range scaled {
			scaled[i].Bytes *= factor
		}
		a, b := Analyse(series, 200*mb), Analyse(scaled, 200*mb)
		if math.Abs(a.Slope*factor-b.Slope) > 1e-6*math.Abs(b.Slope)+1e-6 {
			t.Fatalf("slope %v times %v isn't %v", a.Slope, factor, b.Slope)
		}
	})
}

func TestShiftingBytesChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := trembling(t, rapid.Float64Range(0, 20*kb).Draw(t, "slope"), 50*kb)
		shift := rapid.Float64Range(0, 1<<30).Draw(t, "shift")
		shifted := slices.Clone(series)
		for i := range shifted {
			shifted[i].Bytes += shift
		}
		a, b := Analyse(series, 200*mb), Analyse(shifted, 200*mb)
		approximately := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-3+1e-6*math.Abs(a) })
		if diff := cmp.Diff(a, b, approximately); diff != "" {
			t.Fatalf("a shift of %v changed the estimate:\n%s", shift, diff)
		}
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		series := trembling(t, 5*kb, 50*kb)
		want := Analyse(series, 200*mb)
		shuffled := rapid.Permutation(series).Draw(t, "order")
		shuffled = append(shuffled, Point{math.NaN(), 1, 1}, Point{1, math.Inf(1), 1}, Point{1, 1, -5})
		if diff := cmp.Diff(want, Analyse(shuffled, 200*mb)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestSimulation is the bench in small: it fails if the estimator breaks, not if it gets a little worse.
func TestSimulation(t *testing.T) {
	var quiet, settling, leaky, five tally
	for _, f := range families() {
		y := simulate(f, window{rate: 100, seconds: 60, hertz: 10}, 16, 77, rivals()[:1])[0]
		switch {
		case f.name == "linear 5 KB":
			five.merge(y)
			leaky.merge(y)
		case f.leaks:
			leaky.merge(y)
		default:
			quiet.merge(y)
			if f.settling {
				settling.merge(y)
			}
		}
	}
	atMost := func(what string, got, limit float64) {
		if got > limit {
			t.Errorf("%s: %.1f %%, at most %v", what, got, limit)
		}
	}
	atMost("false alarms", percent(quiet.creeping, quiet.series), 1)
	atMost("false alarms while settling", percent(settling.creeping, settling.series), 2)
	atMost("intervals that miss no creep", 100-percent(quiet.covered, quiet.known), 5)
	atMost("intervals that miss a creep", 100-percent(leaky.covered, leaky.known), 5)
	atMost("error at 5 KB", middlePercent(five.errors), 4)
	atMost("creeps not found", 100-percent(leaky.creeping, leaky.series), 25)
	atMost("quiet workers not called flat", 100-percent(quiet.verdicts[calibrate.Flat], quiet.series), 50)
	atMost("creeps called flat", percent(leaky.verdicts[calibrate.Flat], leaky.series), 3)
}

// TestSimulationByTime is the same bench against the clock: its limits rest on these two lengths.
func TestSimulationByTime(t *testing.T) {
	for _, w := range []struct {
		window
		series int
	}{{window{rate: 100, seconds: 60, hertz: 10}, 12}, {window{rate: 100, seconds: 300, hertz: 2}, 8}} {
		var quiet, leaky tally
		for _, f := range byClock(families()) {
			y := simulate(f, w.window, w.series, 77, []rival{{"calibrate", clocked}})[0]
			if f.leaks {
				leaky.merge(y)
			} else {
				quiet.merge(y)
			}
		}
		if got := percent(quiet.creeping, quiet.series); got > 0.5 {
			t.Errorf("%v s: %.2f %% false alarms", w.seconds, got)
		}
		if got := percent(leaky.creeping, leaky.series); got < 70 {
			t.Errorf("%v s: %.0f %% of the creeps found", w.seconds, got)
		}
		if got := 100 - percent(leaky.covered, leaky.known); got > 5 {
			t.Errorf("%v s: %.1f %% of the intervals miss the truth", w.seconds, got)
		}
		if got := percent(leaky.verdicts[calibrate.Flat], leaky.series); got > 1 {
			t.Errorf("%v s: %.1f %% of the creeps called flat", w.seconds, got)
		}
	}
}

func TestByTime(t *testing.T) {
	idle := func(bytesPerHour float64) []Point { // a worker that nobody asks for anything
		series := drawn(600, func(x float64) float64 { return 100*mb + bytesPerHour*x/100/3600 })
		for i := range series {
			series[i].Requests = 0
		}
		return series
	}
	for _, test := range []struct {
		name    string
		series  []Point
		want    calibrate.Verdict
		slope   float64 // bytes an hour
		missing *calibrate.Missing
	}{
		{"nothing moves", idle(0), calibrate.Flat, 0, nil},
		{"4 MB an hour, too little to matter", idle(4 * mb), calibrate.Flat, 4 * mb, nil},
		{"36 MB an hour", idle(36 * mb), calibrate.Creeping, 36 * mb, nil},
		{"between", idle(10 * mb), calibrate.Inconclusive, 10 * mb, &calibrate.Missing{Kind: calibrate.Wide, FlatBelow: 10 * mb / 3600., CreepingAbove: 12 * mb / 3600.}},
		{"too short", idle(0)[:40], calibrate.Inconclusive, 0, &calibrate.Missing{Kind: calibrate.FewReadings, Readings: 32, NeededReadings: 36}},
	} {
		e := ByTime(test.series, 100*mb)
		approximately := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 0.02*math.Abs(a) })
		if e.Missing != nil {
			e.Missing.TimesLonger = 0
		}
		if diff := cmp.Diff(test.missing, e.Missing, approximately); e.Verdict != test.want || diff != "" {
			t.Errorf("%s: %s, missing (-want +got):\n%s", test.name, e.Verdict, diff)
		}
		if e.Known && (e.Low > test.slope/3600 || e.High < test.slope/3600 || e.Requests != 0) {
			t.Errorf("%s: %v to %v bytes a second, %v requests", test.name, e.Low, e.High, e.Requests)
		}
		if by := Analyse(test.series, 100*mb); by.Known || by.Verdict != calibrate.Inconclusive {
			t.Errorf("%s: by request %s, where none was served", test.name, by.Verdict)
		}
	}
}

func BenchmarkAnalyseMillion(b *testing.B) {
	s := plain(rand.New(rand.NewPCG(1, 1))).withTeeth(rand.New(rand.NewPCG(1, 2)), window{rate: 100}).
		series(rand.New(rand.NewPCG(1, 3)), window{rate: 100, seconds: 100000, hertz: 10})
	b.ReportAllocs()
	for b.Loop() {
		Analyse(s.points, s.rss)
	}
}

func BenchmarkCheckHundredThousand(b *testing.B) {
	v := plain(rand.New(rand.NewPCG(1, 1)))
	v.leak = 5 * kb
	s := v.series(rand.New(rand.NewPCG(1, 3)), window{rate: 100, seconds: 10000, hertz: 10})
	for b.Loop() {
		DefaultGoal().Check(s.points, s.rss)
	}
}
