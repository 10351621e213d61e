package analyse

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// ran is a run of so many requests a second, MB, and milliseconds at p99.
func ran(workers int, rate float64, mb int64, ms float64) calibrate.SweepRun {
	p99 := ms / 1000
	return calibrate.SweepRun{Workers: workers, Threads: 4, RatePerSecond: rate, Rates: []float64{rate, 0.95 * rate}, MeasuredBytes: mb * calibrate.MiB, Latency: calibrate.Latency{P99: &p99}}
}

func indices(runs []calibrate.SweepRun) []int {
	all := make([]int, len(runs))
	for i := range runs {
		all[i] = i
	}
	return all
}

func TestParetoAndBest(t *testing.T) {
	for _, c := range []struct {
		name  string
		runs  []calibrate.SweepRun
		front []int
		best  int
	}{
		{"none", nil, nil, -1},
		{"one", []calibrate.SweepRun{ran(1, 100, 50, 10)}, []int{0}, 0},
		{"better in all three", []calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 200, 40, 5)}, []int{1}, 1},
		{"more throughput for more memory", []calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 200, 80, 10)}, []int{0, 1}, 1},
		{"4 % more throughput is noise: the smaller", []calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 104, 80, 10)}, []int{0}, 0},
		{"9 % less p99 is noise: the smaller", []calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 100, 80, 9.2)}, []int{0}, 0},
		{"a third of the p99 for more memory: still the smaller", []calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 100, 80, 3)}, []int{0, 1}, 0},
		{"and for about as much memory: the quicker", []calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 100, 52, 3)}, []int{0, 1}, 1},
		{"equal in all: both, and the one of fewer workers", []calibrate.SweepRun{ran(2, 100, 50, 10), ran(1, 100, 50, 10)}, []int{0, 1}, 1},
		{"in steps within the noise, each is beaten only by one that counts",
			[]calibrate.SweepRun{ran(1, 100, 50, 10), ran(2, 104, 51, 10), ran(3, 108, 52, 10)}, []int{0, 2}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			front := unbeaten(c.runs, indices(c.runs))
			slices.Sort(front)
			if !slices.Equal(front, c.front) {
				t.Errorf("front %v, want %v", front, c.front)
			}
			if got := best(c.runs, front); got != c.best {
				t.Errorf("best %d, want %d", got, c.best)
			}
		})
	}
}

// sweeps draws runs that are near enough to each other for the margins to matter.
func sweeps(t *rapid.T, name string, least, most int) []calibrate.SweepRun {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) calibrate.SweepRun {
		return ran(rapid.IntRange(1, 9).Draw(t, "workers"), float64(rapid.IntRange(90, 120).Draw(t, "rate")),
			int64(rapid.IntRange(48, 54).Draw(t, "mb")), float64(rapid.IntRange(8, 13).Draw(t, "ms")))
	}), least, most).Draw(t, name)
}

func TestPropertyPareto(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := sweeps(t, "runs", 1, 8)
		front := unbeaten(runs, indices(runs))
		if len(front) == 0 {
			t.Fatal("no choice among some")
		}
		for i, run := range runs {
			if beats(run, run) {
				t.Fatalf("%d beats itself", i)
			}
			beaten := slices.ContainsFunc(front, func(j int) bool { return beats(runs[j], run) })
			if beaten == slices.Contains(front, i) {
				t.Fatalf("%d of %v: beaten by the front: %v", i, front, beaten)
			}
		}
		chosen := runs[best(runs, front)]
		for _, i := range front {
			if chosen.RatePerSecond < runs[i].RatePerSecond*(1-alike) {
				t.Fatalf("chosen %+v, where %+v serves more", chosen, runs[i])
			}
		}
	})
}

// A run that is beaten changes nothing for the others, wherever it stands.
func TestPropertyABeatenRunChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := sweeps(t, "runs", 1, 6)
		front := unbeaten(runs, indices(runs))
		one := sweeps(t, "one more", 1, 1)[0]
		if !slices.ContainsFunc(front, func(i int) bool { return beats(runs[i], one) }) {
			t.Skip("nobody beats it")
		}
		more := slices.Insert(slices.Clone(runs), rapid.IntRange(0, len(runs)).Draw(t, "at"), one)
		before, after := runs[best(runs, front)], more[best(more, unbeaten(more, indices(more)))]
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("%+v was chosen, and with %+v beside it %+v", before, one, after)
		}
	})
}

// swept is a recorded run of the fixture app with a sweep beside it.
func swept(t *testing.T, runs ...calibrate.SweepRun) calibrate.Result {
	t.Helper()
	r := Recorded(t, "flat")
	for i := range runs {
		runs[i].ObservedBytes, runs[i].RateSent = runs[i].MeasuredBytes, 70
	}
	r.Sweep = &calibrate.Sweep{CPUs: r.Host.SizingCPUs(), BudgetBytes: r.Recommendation.BudgetBytes, RateAsked: 70, Wanted: len(runs), Runs: runs}
	return Analyse(calibrate.Measured{Result: r})
}

func TestTheSweepChooses(t *testing.T) {
	r := swept(t, ran(2, 500, 60, 12), ran(1, 300, 40, 20), ran(3, 700, 80, 11))
	rec := r.Recommendation
	if rec.Workers != 3 || rec.Threads != 4 || rec.TotalBytes == 0 || rec.WorkerMemoryMB == 0 {
		t.Errorf("recommended %+v", rec)
	}
	if rec.Computed == nil || *rec.Computed != (calibrate.Shape{Workers: 2, Threads: 4}) {
		t.Errorf("computed %v", rec.Computed)
	}
	for _, c := range r.Candidates {
		if c.Threads == 4 && c.Workers <= 3 && c.Basis != calibrate.BasisMeasured {
			t.Errorf("%d workers were run, and are %s", c.Workers, c.Basis)
		}
		if c.Recommended != (c.Workers == 3 && c.Threads == 4) {
			t.Errorf("recommended: %+v", c)
		}
	}
	if again := Analyse(calibrate.Measured{Result: r}); !reflect.DeepEqual(again, r) {
		t.Error("analysed again it says something else")
	}
	if again := Resized(r); !reflect.DeepEqual(again, r) {
		t.Error("sized again for its own box it says something else")
	}
}

// The p99 of 30 answers is about the longest of them: it makes no candidate better than another.
func TestTimesOfAFewAnswersTellNothing(t *testing.T) {
	for timed, want := range map[int64]int{0: 3, 30: 2, 300: 3} { // 0: an older run, which doesn't say
		few, more := ran(2, 500, 60, 12), ran(3, 500, 61, 3)
		few.LatencyRequests, more.LatencyRequests = timed, timed
		if r := swept(t, few, more); r.Recommendation.Workers != want || r.Sweep.Runs[1].Unbeaten != (want == 3) {
			t.Errorf("%d answers: %d workers of %+v", timed, r.Recommendation.Workers, r.Sweep.Runs)
		}
	}
	slow, quick := ran(2, 500, 60, 900), ran(3, 500, 61, 3) // too slow for the rate, and not for want of requests
	slow.LatencyRequests, quick.LatencyRequests = 50, 300
	if r := swept(t, slow, quick); r.Recommendation.Workers != 3 {
		t.Errorf("%d workers of %+v", r.Recommendation.Workers, r.Sweep.Runs)
	}
}

// For a production rate the choice is the smallest that carries it soon enough, whatever a larger or a slower one serves.
func TestTheSweepChoosesForARate(t *testing.T) {
	at := func(rate, p99 float64, runs ...calibrate.SweepRun) calibrate.Result {
		r := swept(t, runs...)
		r.Plan.ProductionRate, r.Plan.P99Seconds, r.Sweep.RateAsked = rate, p99, rate
		for i := range r.Sweep.Runs {
			r.Sweep.Runs[i].RateSent = rate
		}
		return Resized(r)
	}
	slow := func() calibrate.SweepRun { return ran(3, 900, 70, 80) }
	quick := func() calibrate.SweepRun { return ran(2, 800, 65, 30) }
	for _, c := range []struct {
		name      string
		rate, p99 float64
		runs      []calibrate.SweepRun
		want      int
	}{
		{"no rate", 0, 0, []calibrate.SweepRun{slow(), quick()}, 3},
		{"soon enough", 300, 0.05, []calibrate.SweepRun{slow(), quick()}, 2},
		{"the smallest", 300, 0, []calibrate.SweepRun{slow(), quick()}, 2},
		{"with room", 600, 0, []calibrate.SweepRun{slow(), quick()}, 3},                                    // of 857
		{"none is soon enough: the soonest", 300, 0.01, []calibrate.SweepRun{slow(), quick()}, 2},          //
		{"none carries it: the most", 700, 0.05, []calibrate.SweepRun{slow(), quick()}, 3},                 // of 1000
		{"one would do, and leaves nobody", 300, 0, []calibrate.SweepRun{ran(1, 600, 40, 30), quick()}, 2}, //
		{"one is all that would do", 300, 0.05, []calibrate.SweepRun{slow(), ran(1, 600, 40, 30)}, 1},
	} {
		r := at(c.rate, c.p99, c.runs...)
		if r.Recommendation.Workers != c.want || !r.Sweep.Runs[slices.IndexFunc(c.runs, func(s calibrate.SweepRun) bool { return s.Workers == c.want })].Chosen {
			t.Errorf("%s: %d workers, want %d: %+v", c.name, r.Recommendation.Workers, c.want, r.Sweep.Runs)
		}
		missed := slices.ContainsFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "sweep-missed" })
		if want := c.rate == 700 || c.p99 == 0.01; missed != want || r.Recommendation.Sum.Unmet != want || (r.Outcome() == calibrate.KindNothingFits) != want {
			t.Errorf("%s: unmet %v, outcome %d, %v", c.name, r.Recommendation.Sum.Unmet, r.Outcome(), r.Warnings)
		}
		if again := Analyse(calibrate.Measured{Result: r}); !reflect.DeepEqual(again, r) {
			t.Errorf("%s: analysed again it says something else", c.name)
		}
	}
	r := at(300, 0.05, slow(), quick())
	r.Sweep.Runs[1].RateSent = 200 // it didn't take what came
	if r = Resized(r); r.Recommendation.Workers != 3 {
		t.Errorf("%d workers, which took 200/s of 300/s", r.Recommendation.Workers)
	}
}

// sweptAtRate is a run that is sized for a rate within 100 ms, of which 2 workers of 16 threads and of 4 were really run, which are taken to
// serve some 645/s and 352/s.
func sweptAtRate(t *testing.T, rate, of16, of4 float64) (r calibrate.Result, computed calibrate.Recommendation) {
	t.Helper()
	r = Recorded(t, "flat")
	r.Host.CPUs, r.Speed = 2, speed(fast())
	r.Plan.ProductionRate, r.Plan.P99Seconds, r.Plan.ThreadChoices = rate, 0.1, []int{4, 16}
	r = Resized(r)
	computed = r.Recommendation
	if computed.Workers != 2 || computed.Threads != 16 {
		t.Fatalf("%+v", computed)
	}
	shapes := []calibrate.SweepRun{ran(2, of16, 110, 40), ran(2, of4, 95, 60)}
	shapes[0].Threads = 16
	r.Sweep = &calibrate.Sweep{CPUs: 2, BudgetBytes: r.Recommendation.BudgetBytes, RateAsked: rate, RateBasis: calibrate.BasisGiven, Wanted: 2, Runs: shapes}
	for i := range shapes {
		shapes[i].ObservedBytes, shapes[i].RateSent = shapes[i].MeasuredBytes, rate
	}
	r.Sweep = weighed(r)
	return Resized(r), computed
}

// Who was measured not to serve what is wanted doesn't, though more was predicted: that is no pass. A box that would do is said if the law
// had this one too small.
func TestAMeasuredMissIsUnmet(t *testing.T) {
	for _, c := range []struct {
		rate, of16, of4 float64
		foreseen, unmet bool // that it is served; and that it was found not to be
	}{
		{300, 350, 330, true, true},
		{300, 350, 390, true, true}, // the choice is one that the law had too small
		{300, 620, 330, true, false},
		{900, 620, 330, false, true},
	} {
		r, computed := sweptAtRate(t, c.rate, c.of16, c.of4)
		if computed.Sum.Unmet == c.foreseen {
			t.Fatalf("%+v: %+v", c, computed.Sum)
		}
		s := r.Recommendation.Sum
		if s.Unmet != c.unmet || (r.Outcome() == calibrate.KindNothingFits) != c.unmet || (s.NeededShape != nil) != (c.unmet && !c.foreseen) || (s.NeededCores > 2) != (s.NeededShape != nil) {
			t.Errorf("%+v: outcome %d, %+v", c, r.Outcome(), s)
		}
		i := slices.IndexFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == "sweep-missed" })
		if i >= 0 != c.unmet || i >= 0 && strings.Contains(r.Warnings[i].Text, "though more was predicted") != c.foreseen {
			t.Errorf("%+v: %v", c, r.Warnings)
		}
	}
}

// The most of all that fits is what one of the candidates is said to serve, whether a sweep found more than was predicted, or less.
func TestTheMostIsThatOfACandidate(t *testing.T) {
	for _, of16 := range []float64{350, 620, 900} {
		r, computed := sweptAtRate(t, 300, of16, 330)
		r.Plan.MaxWorkers = 2
		r, most := Resized(r), 0.0
		for _, c := range r.Candidates {
			if c.Fits {
				most = max(most, c.Rate)
			}
		}
		if best := r.Recommendation.Sum.BestRate; best != most || r.Recommendation.Computed == nil || of16 == 350 && best > 400 {
			t.Errorf("2 x 16 served %g/s: %g/s is the most, and %g/s of the candidates; %g/s before", of16, best, most, computed.Sum.BestRate)
		}
	}
}

// A worker whose recycling costs what the rate needs was predicted not to serve it: no page says both that, and that more was predicted.
func TestAMissThatWasForeseenForRecycling(t *testing.T) {
	r, _ := sweptAtRate(t, 300, 350, 330)
	r.Plan.ProductionRate, r.Plan.P99Seconds, r.Plan.ThreadChoices = 445, 0, []int{16} // of the 660 that 2 x 16 are taken to serve: 67 %
	r.Creep, r.Target.CanRecycle = Recorded(t, "creeping").Creep, true
	for boot, cost := range map[float64]float64{1: 0.005, 100: 0.07} { // seconds, and the share of a worker's time that they are
		r.Target.WorkerBootSeconds = boot
		got := Resized(r)
		rec := got.Recommendation
		if math.Abs(rec.Sum.Cost-cost) > cost/10 || rec.Computed == nil || !rec.Sum.Unmet {
			t.Fatalf("a boot of %g s costs %g: %+v", boot, rec.Sum.Cost, rec)
		}
		i := slices.IndexFunc(got.Warnings, func(w calibrate.Warning) bool { return w.Code == "sweep-missed" })
		predicted := strings.Contains(got.Warnings[i].Text, "though more was predicted")
		if boxed := rec.Sum.NeededShape != nil; predicted == boxed || predicted != (boot == 1) {
			t.Errorf("a boot of %g s: %q, and a box that would do is %v", boot, got.Warnings[i].Text, rec.Sum.NeededShape)
		}
	}
}

// What is said of a shape that a sweep ran is what it measured: in the answer, for what is deployed, and of a rule that comes to the same.
// What it didn't run, and another box, keep what is reckoned.
func TestWhatWasRunIsSaidAsMeasured(t *testing.T) {
	r, computed := sweptAtRate(t, 300, 620, 500)
	plain := r
	plain.Sweep = nil
	plain = Resized(plain)
	w, seen := wishOf(r), 0
	for i, c := range r.Candidates {
		run := runOf(r, c.Workers, c.Threads)
		if run == nil {
			if c.Served != plain.Candidates[i].Served {
				t.Errorf("%d x %d was not run: %+v", c.Workers, c.Threads, c.Served)
			}
			continue
		}
		seen++
		rate := w.served(*run)
		if rate < run.RatePerSecond || c.Rate != rate || c.UsedRatio != 300/rate || c.P99 != run.P99() || c.RateLow != 0.95*run.RatePerSecond || c.RateHigh != 1.05*rate || c.RateApart != 0 || !(c.P99Low < c.P99 && c.P99 < c.P99High) {
			t.Errorf("%d x %d: %+v, ran %+v", c.Workers, c.Threads, c.Served, run)
		}
		if c.Recommended && !(c.Threads == 4 && c.CPUCost > 0 && r.Recommendation.Sum.BestRate >= c.Rate) {
			t.Errorf("recommended %+v, %+v", c, r.Recommendation.Sum)
		}
		d := Deployed(r, calibrate.Setup{Shape: calibrate.Shape{Workers: c.Workers, Threads: c.Threads}})
		if *d.Serves.Value != c.Rate || *d.Serves.Low != c.RateLow || *d.P99.Value != c.P99 || *d.P99.Low != c.P99Low || *d.P99.High != c.P99High {
			t.Errorf("%d x %d deployed: %+v", c.Workers, c.Threads, d)
		}
	}
	if seen != 2 || r.Recommendation.Sum.Unmet || computed.Sum.Unmet {
		t.Errorf("%d were run, %+v", seen, r.Recommendation.Sum)
	}
	for _, f := range r.Formulas {
		if run := runOf(r, f.Workers, f.Threads); run != nil && f.Rate != w.served(*run) {
			t.Errorf("%+v, ran %+v", f, run)
		}
	}
	r.Plan.CPUs, plain.Plan.CPUs = 4, 4
	if got, want := Resized(r), Resized(plain); !reflect.DeepEqual(got.Candidates, want.Candidates) {
		t.Errorf("on another box %+v, want %+v", got.Candidates, want.Candidates)
	}
}

// What was measured to serve what is wanted does, though less was predicted of it.
func TestAMeasuredChoiceIsNotUnmet(t *testing.T) {
	r, before := sweptAtRate(t, 300, 620, 500) // 2 x 4 is taken to serve 352/s, of which 300 is too much
	computed := calibrate.Shape{Workers: before.Workers, Threads: before.Threads}
	if before.Sum.Unmet {
		t.Fatalf("%+v", before)
	}
	if rec := r.Recommendation; rec.Threads != 4 || rec.Computed == nil || *rec.Computed != computed || rec.Sum.Unmet || rec.Sum.NeededShape != nil || r.Outcome() != 0 {
		t.Errorf("%d x %d, %+v", rec.Workers, rec.Threads, rec.Sum)
	}
}

// What a candidate is held to is what was measured of it, at that rate and of answers enough, and else what is reckoned; and what
// it serves is without the load beside it.
func TestWhatACandidateIsHeldTo(t *testing.T) {
	r := Recorded(t, "flat")
	r.Host.CPUs, r.Speed = 2, speed(fast())
	r.Plan.ProductionRate, r.Plan.P99Seconds = 30, 0.1
	r.Sweep = &calibrate.Sweep{CPUs: 2, BudgetBytes: r.Recommendation.BudgetBytes, RateAsked: 30, Wanted: 1, Runs: []calibrate.SweepRun{ran(3, 600, 110, 500)}}
	r.Sweep.Runs[0].Threads, r.Sweep.Runs[0].LatencyRequests, r.Sweep.Runs[0].PredictedRate = 16, 90, 620
	run := &r.Sweep.Runs[0]
	reckoned := ServingOf(r).on(2, 30)(3, 16).P99
	held := func(what string, want float64) {
		t.Helper()
		if got := wishOf(r).p99Of(*run); got != want && !(math.Abs(got/want-1) < 0.05) { // the reckoned one is of a shape that serves a little more or less
			t.Errorf("%s: p99 %g s, want %g", what, got, want)
		}
	}
	held("few answers", reckoned)
	run.LatencyRequests = 300
	held("answers enough", 0.5)
	r.Sweep.RateAsked = 40
	held("of another rate", reckoned)
	r.Plan.ProductionRate = 5000
	held("more than is served", math.Inf(1))
	if served := wishOf(r).servedOf(*run); served.Rate < 600 || served.P99 != 0 || served.RateBy != calibrate.RateByCores {
		t.Errorf("%+v", served)
	}
	run.RatePerSecond = 300 // so it isn't the cores
	if served := wishOf(r).servedOf(*run); served.RateBy != "" || served.Rate > 330 {
		t.Errorf("%+v", served)
	}
	run.RatePerSecond, run.LatencyRequests, r.Plan.ProductionRate = 800, 90, 720 // more than is reckoned that it serves
	if got := wishOf(r).p99Of(*run); !(got > 0 && got < math.Inf(1)) {
		t.Errorf("p99 %g s of a shape that was seen to serve more", got)
	}
	run.RatePerSecond, run.LatencyRequests, r.Plan.ProductionRate = 600, 300, 5000
	for predicted, want := range map[float64][2]float64{620: {620, 680}, 5: {600, 600}} { // 130 times as much without the load is no prediction
		run.PredictedRate = predicted
		if got := wishOf(r).served(*run); got < want[0] || got > want[1] {
			t.Errorf("%g/s without the load, where %g/s were predicted beside it", got, predicted)
		}
	}
	run.PredictedRate = 620
	r.Speed = nil
	held("nothing is reckoned", 0.5)
	if got := wishOf(r).served(*run); got != 600 {
		t.Errorf("%g/s where nothing is reckoned", got)
	}
	r.Speed = speed(fast())
	if got := wishOf(r).served(*run); got < 620 || got > 680 { // 2 cores / 3 ms, near the 667 of which the load's tenth is a part
		t.Errorf("%g/s without the load", got)
	}
}

// A run that doesn't say how many clients it had is taken for one with as many as the prediction beside it was made for.
func TestWhatAnOlderRunServed(t *testing.T) {
	r := Recorded(t, "flat")
	r.Host.CPUs, r.Speed, r.Target.Threads, r.Target.HasThreads = 2, speed(fast()), 0, false
	for i := range r.Phases {
		if r.Phases[i].Name == calibrate.PhasePeak {
			r.Phases[i].Clients = 4 // 8 of two workers, which wait for some 20 ms: half of what endless ones get
		}
	}
	r.Plan.ProductionRate = 200
	r.Sweep = &calibrate.Sweep{CPUs: 2, BudgetBytes: r.Recommendation.BudgetBytes, RateAsked: 200, Wanted: 1, Runs: []calibrate.SweepRun{ran(2, 300, 95, 40)}}
	r.Sweep.Runs[0].Threads = 0
	r.Sweep = weighed(r)
	run := r.Sweep.Runs[0]
	if got := wishOf(r).served(run); got < 300 || got > 330 {
		t.Errorf("%g/s without the load; %g/s beside it, of %g/s predicted", got, run.RatePerSecond, run.PredictedRate)
	}
}

// What was not found twice, or not looked for twice, decides nothing.
func TestAnUnsteadySweepDecidesNothing(t *testing.T) {
	gone := &calibrate.Miss{Kind: calibrate.MissEnded, Words: "gone"}
	for _, c := range []struct {
		name    string
		change  func(*calibrate.Sweep)
		decides bool
		says    string
	}{
		{"9 % less in the other round", func(s *calibrate.Sweep) { s.Runs[0].Rates = []float64{500, 455} }, true, ""},
		{"11 % less in the other round", func(s *calibrate.Sweep) { s.Runs[0].Rates = []float64{445, 500} }, false,
			"2 workers of 4 threads served 445 requests/s in one round and 500 requests/s in another"},
		{"11 % less, of one that failed", func(s *calibrate.Sweep) { s.Runs[2].Rates = []float64{445, 500} }, true, ""},
		{"nothing in the other round", func(s *calibrate.Sweep) { s.Runs[1].Rates = []float64{700, 0} }, false, "served 0 requests/s in one round"},
		{"cut short in the first round", func(s *calibrate.Sweep) { s.Wanted = 4 }, false, "cut short"},
		{"cut short in the second round", func(s *calibrate.Sweep) { s.Runs[1].Rates = []float64{700} }, false, "cut short"},
		{"the recommended one was not started", func(s *calibrate.Sweep) {
			s.Runs[0].Failed = &calibrate.Miss{Kind: calibrate.MissTooLarge, PromisedBytes: 512 << 20}
		}, false, "2 workers of 4 threads: not run: it might need 512 MB, more"},
		{"the recommended one failed", func(s *calibrate.Sweep) { s.Runs[0].Failed = gone }, true, ""},
		{"nothing to compare", func(s *calibrate.Sweep) { s.Runs[0].Failed, s.Runs[1].Failed = gone, gone }, false, "no candidate"},
	} {
		failed := ran(4, 0, 0, 1)
		failed.Failed = gone
		r := swept(t, ran(2, 500, 60, 12), ran(3, 700, 80, 11), failed)
		r.Sweep = &calibrate.Sweep{CPUs: r.Sweep.CPUs, BudgetBytes: r.Sweep.BudgetBytes, RateAsked: 70, RateBasis: "measured", Wanted: 3, Runs: slices.Clone(r.Sweep.Runs)}
		c.change(r.Sweep)
		r = Analyse(calibrate.Measured{Result: r})
		i := slices.IndexFunc(r.Warnings, func(w calibrate.Warning) bool { return w.Code == SweepUndecided })
		if chose := r.Recommendation.Workers == 3; chose != c.decides || (i < 0) != c.decides || (r.Recommendation.Computed != nil) != c.decides {
			t.Errorf("%s: %d workers, warnings %v", c.name, r.Recommendation.Workers, r.Warnings)
		}
		if i >= 0 && !strings.Contains(r.Warnings[i].Text, c.says) {
			t.Errorf("%s: %q", c.name, r.Warnings[i].Text)
		}
	}
}

func TestTheSweepConfirms(t *testing.T) {
	r := swept(t, ran(2, 700, 60, 12), ran(3, 710, 80, 11))
	if rec := r.Recommendation; rec.Workers != 2 || rec.Computed == nil || *rec.Computed != (calibrate.Shape{Workers: 2, Threads: 4}) {
		t.Errorf("%+v", r.Recommendation)
	}
}

// What was measured on one box decides nothing about another, nor against what the user asks for.
func TestTheSweepChoosesOnlyHere(t *testing.T) {
	for name, change := range map[string]func(*calibrate.PlanInfo){
		"more cores":    func(p *calibrate.PlanInfo) { p.CPUs = 8 },
		"less memory":   func(p *calibrate.PlanInfo) { p.MemoryBytes = 300 * calibrate.MiB },
		"at most 2":     func(p *calibrate.PlanInfo) { p.MaxWorkers = 2 },
		"at least 4":    func(p *calibrate.PlanInfo) { p.MinWorkers = 4 },
		"least memory":  func(p *calibrate.PlanInfo) { p.Prefer = "memory" },
		"other threads": func(p *calibrate.PlanInfo) { p.ThreadChoices = []int{8} },
	} {
		r := swept(t, ran(2, 500, 60, 12), ran(3, 700, 80, 11))
		change(&r.Plan)
		plain := r
		plain.Sweep = nil
		got, want := Resized(r), Resized(plain)
		if !reflect.DeepEqual(got.Recommendation, want.Recommendation) || got.Recommendation.Workers == 0 || !reflect.DeepEqual(got.Sweep, r.Sweep) {
			t.Errorf("%s: %+v, want %+v", name, got.Recommendation, want.Recommendation)
		}
	}
}

// A run that failed, or took more than the budget, is no choice; creep is no part of a candidate's memory.
func TestWhatASweepCanNotCompare(t *testing.T) {
	failed, large := ran(3, 900, 50, 5), ran(4, 900, 1<<20, 5)
	failed.Failed = &calibrate.Miss{Kind: calibrate.MissEnded, Words: "the worker ended during the measurement"}
	r := swept(t, ran(2, 500, 60, 12), failed, large)
	if rec := r.Recommendation; rec.Workers != 2 || rec.Computed == nil || comparedRuns(*r.Sweep) != 1 {
		t.Errorf("%+v", rec)
	}
	first := ran(2, 500, 60, 12)
	first.Failed = &calibrate.Miss{Kind: calibrate.MissWorkers, Words: "no second worker today"}
	r = swept(t, first, ran(1, 300, 40, 20))
	if rec := r.Recommendation; rec.Workers != 1 || rec.Computed == nil || *rec.Computed != (calibrate.Shape{Workers: 2, Threads: 4}) {
		t.Errorf("%+v", rec)
	}
	leaky := Recorded(t, "creeping")
	leaky.Sweep = &calibrate.Sweep{BudgetBytes: gib, Runs: []calibrate.SweepRun{{Workers: 2, Threads: 4, ObservedBytes: 200 * calibrate.MiB, BusyRequests: 5000}}}
	run := weighed(leaky).Runs[0]
	if crept := int64(5000 * *leaky.Creep.BytesPerRequest); run.MeasuredBytes != 200*calibrate.MiB-crept || run.PredictedBytes != leaky.Law.Total(2, 4) {
		t.Errorf("%+v, of which %d crept", run, crept)
	}
	if leaky.Sweep.Runs[0].MeasuredBytes != 0 {
		t.Error("the given sweep was written to")
	}
}

func TestSweepShapes(t *testing.T) {
	fits := func(workers, threads int) calibrate.Candidate {
		return calibrate.Candidate{Workers: workers, Threads: threads, Fits: true, TotalBytes: int64(20+workers*(20+2*threads)) * calibrate.MiB}
	}
	var grid []calibrate.Candidate
	for _, threads := range []int{1, 4, 16} {
		for workers := 1; workers <= 5; workers++ {
			grid = append(grid, fits(workers, threads))
		}
	}
	base := calibrate.Result{Candidates: grid, Target: calibrate.TargetInfo{CanScale: true}, Plan: calibrate.PlanInfo{Box: knob.Box{CPUs: 2}}, Recommendation: calibrate.Recommendation{Workers: 2, Threads: 4}}
	named, alone, tight, sync, stuck := base, base, base, base, base
	predicted := base
	predicted.Target.Threads, predicted.Recommendation.Sum.BySpeed = 1, true
	predicted.Candidates = slices.Clone(grid)
	for i, c := range grid {
		predicted.Candidates[i].Rate = min(float64(c.Workers*c.Threads*50), 1000)
	}
	stuck.Target.CanScale = false
	named.Plan.OtherThreads = []int{16, 1}
	alone.Target.CanScale, alone.Recommendation.Workers = false, 1
	tight.Candidates = []calibrate.Candidate{fits(1, 4), fits(2, 4), {Workers: 3, Threads: 4}}
	sync.Candidates, sync.Recommendation = grid[:5], calibrate.Recommendation{Workers: 5, Threads: 1}
	for name, c := range map[string]struct {
		result calibrate.Result
		want   []calibrate.Shape
	}{
		"the neighbours, more threads, the largest by the rule": {base, []calibrate.Shape{{Workers: 2, Threads: 4}, {Workers: 3, Threads: 4}, {Workers: 1, Threads: 4}, {Workers: 2, Threads: 16}, {Workers: 5, Threads: 1}}},
		"the threads that were named first":                     {named, []calibrate.Shape{{Workers: 2, Threads: 4}, {Workers: 2, Threads: 16}, {Workers: 2, Threads: 1}, {Workers: 3, Threads: 4}, {Workers: 1, Threads: 4}}},
		"one worker is all that can be started":                 {alone, []calibrate.Shape{{Workers: 1, Threads: 4}, {Workers: 1, Threads: 16}, {Workers: 1, Threads: 1}}},
		"none where the recommended can't be started":           {stuck, nil},
		"only what fits": {tight, []calibrate.Shape{{Workers: 2, Threads: 4}, {Workers: 1, Threads: 4}}},
		"the most that is predicted, 2c + 1 as measured, more threads": {predicted, []calibrate.Shape{{Workers: 2, Threads: 4}, {Workers: 5, Threads: 4}, {Workers: 5, Threads: 1}, {Workers: 2, Threads: 16}, {Workers: 3, Threads: 4}}},
		"without threads": {sync, []calibrate.Shape{{Workers: 5, Threads: 1}, {Workers: 4, Threads: 1}, {Workers: 1, Threads: 1}}},
	} {
		if got := SweepShapes(c.result); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
