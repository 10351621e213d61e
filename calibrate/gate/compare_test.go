package gate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"workermem/calibrate"
)

const mb = 1 << 20

// pairOf is a pair of two runs of which one figure is known.
func pairOf(metric string, base, head calibrate.Reading) calibrate.Pair {
	figures := func(r calibrate.Reading) calibrate.OfVersion {
		return calibrate.OfVersion{Figures: map[string]calibrate.Recorded{metric: {Reading: r}}}
	}
	return calibrate.Pair{Base: figures(base), Head: figures(head)}
}

func exactly(v float64) calibrate.Reading { return calibrate.Reading{Value: &v} }

func about(v, half float64) calibrate.Reading {
	return calibrate.Reading{Value: &v, Low: calibrate.Figure(v - half), High: calibrate.Figure(v + half)}
}

func limitsOf(t interface{ Fatal(...any) }, texts ...string) (all calibrate.Limits) {
	for _, text := range texts {
		var err error
		if all, err = all.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func judgedPairs(limits calibrate.Limits, pairs ...calibrate.Pair) calibrate.Comparison {
	return Compare(calibrate.Comparison{Way: calibrate.CompareGate, Limits: limits, Pairs: pairs})
}

func TestCompareDecides(t *testing.T) {
	peak := func(now ...float64) (all []calibrate.Pair) { // of a base of 100 MB
		for _, mbs := range now {
			all = append(all, pairOf("peak", exactly(100*mb), exactly(mbs*mb)))
		}
		return all
	}
	cpu := func(base, head calibrate.Reading, noise ...calibrate.Noise) calibrate.Pair {
		p := pairOf("cpu", base, head)
		p.Head.Noise = noise
		return p
	}
	others := calibrate.Noise{Kind: calibrate.NoiseOthers, Share: 0.9, Most: MostOthers}
	apart := func(now ...float64) (all []calibrate.Pair) { // of a base of 1 s, each alone in doubt
		for _, seconds := range now {
			all = append(all, cpu(about(1, 0.09), about(seconds, 0.09), others))
		}
		return all
	}
	beside := func(base, head float64) calibrate.Pair { // the base had neighbours
		p := cpu(about(base, 0.03), about(head, 0.03))
		p.Base.Noise = []calibrate.Noise{others}
		return p
	}
	both := func(base, head float64) calibrate.Pair { // had neighbours, who kept so much busy
		p := cpu(about(1, 0.03), about(1, 0.03), calibrate.Noise{Kind: calibrate.NoiseOthers, Share: head, Most: MostOthers})
		p.Base.Noise = []calibrate.Noise{{Kind: calibrate.NoiseOthers, Share: base, Most: MostOthers}}
		return p
	}
	lessLoad := pairOf("p99", exactly(1), exactly(1)) // that the head had
	lessLoad.Head.Noise = []calibrate.Noise{{Kind: calibrate.NoiseLoad, Share: 0.5, Most: calibrate.RateReached}}
	lopsided := pairOf("creep", exactly(0), calibrate.Reading{Value: calibrate.Figure(1400), Low: calibrate.Figure(-46), High: calibrate.Figure(1756)})
	for _, tc := range []struct {
		name  string
		limit string
		pairs []calibrate.Pair
		want  calibrate.CompareVerdict
	}{
		{"no pair", "peak <= +5%", nil, "open"},
		{"within half", "peak <= +5%", peak(102), "passed"},
		{"better", "peak <= +5%", peak(50), "passed"},
		{"past half", "peak <= +5%", peak(103), "open"},
		{"past half, and not beyond in two more", "peak <= +5%", peak(103, 102, 104), "passed"},
		{"beyond", "peak <= +5%", peak(106), "open"},
		{"beyond twice of four can still fail", "peak <= +5%", peak(106, 100, 106, 100), "open"},
		{"beyond twice of five", "peak <= +5%", peak(106, 100, 106, 100, 100), "passed"},
		{"beyond three times", "peak <= +5%", peak(106, 107, 106), "regressed"},
		{"beyond three times of five", "peak <= +5%", peak(106, 100, 106, 100, 106), "regressed"},
		{"both amounts must be exceeded", "peak <= +5% or +10MB", peak(109, 109, 109), "passed"},
		{"both are", "peak <= +5% or +10MB", peak(111, 111, 111), "regressed"},
		{"not measured", "peak <= +5%", []calibrate.Pair{pairOf("plateau", exactly(1), exactly(1))}, "inconclusive"},
		{"creep that is one", "creep <= +1KB", slices.Repeat([]calibrate.Pair{pairOf("creep", about(10, 100), about(2000, 200))}, 3), "regressed"},
		{"an interval that has no change in it", "creep <= +1KB", slices.Repeat([]calibrate.Pair{pairOf("creep", about(10, 100), about(2000, 3000))}, 5), "inconclusive"},
		{"a creep of old", "creep <= +1KB", []calibrate.Pair{pairOf("creep", about(9000, 100), about(9100, 100))}, "passed"},
		{"an interval wider than the limit", "creep <= +1KB", slices.Repeat([]calibrate.Pair{pairOf("creep", about(0, 3000), about(0, 3000))}, 5), "inconclusive"},
		{"CPU time", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.03), about(1.15, 0.03))}, 3), "regressed"},
		{"CPU time beside others", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.03), about(1.15, 0.03), others)}, 5), "inconclusive"},
		{"CPU time beside others is given up after three pairs", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.03), about(1.15, 0.03), others)}, 3), "inconclusive"},
		{"and not before", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.03), about(1.15, 0.03), others)}, 2), "open"},
		{"three wide intervals are one that is narrow enough", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.09), about(1.02, 0.09), others)}, 3), "passed"},
		{"two are not", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.09), about(1.02, 0.09), others)}, 2), "open"},
		{"nor are three nearer to the limit", "cpu <= +10%", slices.Repeat([]calibrate.Pair{cpu(about(1, 0.09), about(1.05, 0.09), others)}, 3), "open"},
		{"nor are three farther apart than 4.3 deviations of three allow, though 2 would do", "cpu <= +10%", apart(0.98, 1.02, 1.06), "open"},
		{"three that are nearer to each other", "cpu <= +10%", apart(1, 1.02, 1.04), "passed"},
		{"five farther apart than 2.8 deviations of five allow, though 2 would do", "cpu <= +10%", apart(0.92, 0.97, 1.02, 1.07, 1.12), "inconclusive"},
		{"nor are pairs farther apart than their intervals say", "cpu <= +10%", []calibrate.Pair{cpu(about(1, 0.09), about(1.2, 0.09), others), cpu(about(1, 0.09), about(1.2, 0.09), others),
			cpu(about(1, 0.09), about(0.8, 0.09), others), cpu(about(1, 0.09), about(0.8, 0.09), others), cpu(about(1, 0.09), about(1.12, 0.09), others)}, "inconclusive"},
		{"no more CPU time, in spite of others", "cpu <= +10%", []calibrate.Pair{cpu(about(1, 0.03), about(1, 0.03), others)}, "passed"},
		{"no more CPU time than a base that others slowed", "cpu <= +10%", []calibrate.Pair{beside(1, 1)}, "open"},
		{"less than such a base", "cpu <= +10%", []calibrate.Pair{beside(1.3, 1)}, "open"},
		{"three such pairs that agree", "cpu <= +10%", slices.Repeat([]calibrate.Pair{beside(1, 1)}, 3), "passed"},
		{"than a base beside as many others", "cpu <= +10%", []calibrate.Pair{both(0.4, 0.4)}, "passed"},
		{"than a base beside hardly more others", "cpu <= +10%", []calibrate.Pair{both(0.5, 0.4)}, "passed"},
		{"than a base beside more others", "cpu <= +10%", []calibrate.Pair{both(0.53, 0.4)}, "open"},
		{"than a base beside fewer others", "cpu <= +10%", []calibrate.Pair{both(0.4, 0.9)}, "passed"},
		{"memory beside others", "peak <= +5%", []calibrate.Pair{{Base: calibrate.OfVersion{Figures: peak(100)[0].Base.Figures, Noise: []calibrate.Noise{others}}, Head: peak(100)[0].Head}}, "passed"},
		{"times of a head that had less load", "p99 <= +10%", []calibrate.Pair{lessLoad}, "open"},
		{"beyond, and its interval is narrower than the limit, but has a 0 in it", "creep <= +1KB", []calibrate.Pair{lopsided}, "open"},
		{"three of those", "creep <= +1KB", slices.Repeat([]calibrate.Pair{lopsided}, 3), "inconclusive"},
		{"more is better", "capacity >= -10%", slices.Repeat([]calibrate.Pair{pairOf("capacity", exactly(100), exactly(80))}, 3), "regressed"},
	} {
		if got := judgedPairs(limitsOf(t, tc.limit), tc.pairs...); got.Verdict != tc.want {
			t.Errorf("%s: %s, want %s: %+v", tc.name, got.Verdict, tc.want, got.Compared[0])
		}
	}
}

// Of two saved runs only that is compared which doesn't rest on what differs between them, nor on what has crept in other numbers of
// requests. Runs in turn may differ in what they run on: that is what is compared.
func TestCompareUnlike(t *testing.T) {
	pair := func(creep, more float64) calibrate.Pair {
		p := pairOf("peak", exactly(100*mb), exactly(100*mb))
		p.Head.PeakRequests = 10_000 + int64(more)
		p.Base.PeakRequests = 10_000
		for _, of := range []calibrate.OfVersion{p.Base, p.Head} {
			of.Figures["creep"] = calibrate.Recorded{Unit: calibrate.UnitBytesPerRequest, Reading: about(creep, 50)}
		}
		return p
	}
	unknown := func(more float64) calibrate.Pair { // of one of both
		p := pair(10, more)
		delete(p.Head.Figures, "creep")
		return p
	}
	interpreter := calibrate.Difference{Field: "interpreter", Spoils: []calibrate.Ground{calibrate.GroundMemory}}
	cores := calibrate.Difference{Field: "cores", Spoils: []calibrate.Ground{calibrate.GroundTimes}}
	for _, tc := range []struct {
		name    string
		way     calibrate.CompareWay
		pair    calibrate.Pair
		differs []calibrate.Difference
		want    calibrate.LimitReason
	}{
		{"the same", calibrate.CompareSaved, pair(2000, 0), nil, ""},
		{"another interpreter", calibrate.CompareSaved, pair(0, 0), []calibrate.Difference{interpreter}, calibrate.LimitOtherPrint},
		{"other cores", calibrate.CompareSaved, pair(0, 0), []calibrate.Difference{cores}, ""},
		{"more requests that leave little behind", calibrate.CompareSaved, pair(10, 5000), nil, ""},
		{"more requests that leave much", calibrate.CompareSaved, pair(2000, 5000), nil, calibrate.LimitOtherRequests},
		{"fewer", calibrate.CompareSaved, pair(2000, -5000), nil, calibrate.LimitOtherRequests},
		{"creep isn't known, more requests", calibrate.CompareSaved, unknown(5000), nil, calibrate.LimitOtherRequests},
		{"creep isn't known, as many requests", calibrate.CompareSaved, unknown(0), nil, ""},
		{"in turn", calibrate.CompareGate, pair(2000, 5000), nil, ""},
	} {
		c := Compare(calibrate.Comparison{Way: tc.way, Limits: limitsOf(t, "peak <= +5%"), Pairs: []calibrate.Pair{tc.pair}, Differs: tc.differs})
		if one := c.Compared[0]; one.Reason != tc.want || (one.Verdict == calibrate.LimitWithin) != (tc.want == "") {
			t.Errorf("%s: %s %q, want %q", tc.name, one.Verdict, one.Reason, tc.want)
		}
	}
}

// So many pairs as were asked for cry at no less than three that failed, and not at noise; an app with itself has nothing to pass.
func TestCompareOtherWays(t *testing.T) {
	times := func(n int, base, head calibrate.Reading, noise ...calibrate.Noise) []calibrate.Pair {
		p := pairOf("cpu", base, head)
		p.Head.Noise = noise
		return slices.Repeat([]calibrate.Pair{p}, n)
	}
	others := calibrate.Noise{Kind: calibrate.NoiseOthers, Share: 0.9, Most: MostOthers}
	slowBase := pairOf("cpu", exactly(1), exactly(1))
	slowBase.Base.Noise = []calibrate.Noise{others}
	for _, tc := range []struct {
		name  string
		way   calibrate.CompareWay
		pairs []calibrate.Pair
		want  calibrate.CompareVerdict
	}{
		{"saved, the base beside others", calibrate.CompareSaved, []calibrate.Pair{slowBase}, "inconclusive"},
		{"one pair, the base beside others", calibrate.CompareFixed, []calibrate.Pair{slowBase}, "inconclusive"},
		{"pairs enough for an interval of their own", calibrate.CompareFixed, slices.Repeat([]calibrate.Pair{slowBase}, LeastForInterval), "passed"},
		{"one pair", calibrate.CompareFixed, times(1, exactly(1), exactly(1.5)), "inconclusive"},
		{"one pair that is within", calibrate.CompareFixed, times(1, exactly(1), exactly(1.05)), "passed"},
		{"three pairs", calibrate.CompareFixed, times(3, exactly(1), exactly(1.5)), "regressed"},
		{"many pairs", calibrate.CompareFixed, times(8, exactly(1), exactly(1.5)), "regressed"},
		{"many pairs beside others", calibrate.CompareFixed, times(8, exactly(1), exactly(1.5), others), "inconclusive"},
		{"across the limit", calibrate.CompareFixed, times(3, about(1, 0.1), about(1.1, 0.1)), "inconclusive"},
		{"with itself", calibrate.CompareSelf, times(3, exactly(1), exactly(1.5)), "measured"},
		{"with itself, and nothing is known", calibrate.CompareSelf, times(3, calibrate.Reading{}, exactly(1)), "inconclusive"},
	} {
		c := Compare(calibrate.Comparison{Way: tc.way, Limits: limitsOf(t, "cpu <= +10%"), Pairs: tc.pairs})
		if c.Verdict != tc.want || (c.ExitCode == 0) != (tc.want == "passed" || tc.want == "measured") {
			t.Errorf("%s: %s, exit code %d, want %s: %+v", tc.name, c.Verdict, c.ExitCode, tc.want, c.Compared[0])
		}
	}
}

// A figure that isn't there says why: a run that can't be relied on, or that didn't answer its requests, or neither.
func TestCompareLacks(t *testing.T) {
	without := func(change func(*calibrate.OfVersion)) calibrate.Pair {
		p := pairOf("cpu", exactly(1), calibrate.Reading{})
		change(&p.Head)
		return p
	}
	withheld := without(func(of *calibrate.OfVersion) { of.Withheld = &calibrate.Withheld{Kind: calibrate.WithheldErrors} })
	unserved := without(func(of *calibrate.OfVersion) { of.Unserved = calibrate.PhaseSoak })
	for _, way := range []calibrate.CompareWay{calibrate.CompareGate, calibrate.CompareFixed, calibrate.CompareSelf, calibrate.CompareSaved} {
		for _, tc := range []struct {
			pair calibrate.Pair
			want calibrate.LimitReason
		}{{withheld, calibrate.LimitUntrusted}, {unserved, calibrate.LimitUnserved}, {without(func(*calibrate.OfVersion) {}), calibrate.LimitNotMeasured}} {
			c := Compare(calibrate.Comparison{Way: way, Limits: limitsOf(t, "cpu <= +10%"), Pairs: []calibrate.Pair{tc.pair}})
			if one := c.Compared[0]; one.Verdict != calibrate.LimitNoData || one.Reason != tc.want || c.ExitCode != calibrate.KindInconclusive {
				t.Errorf("%s: %s %q, exit code %d; want %q", way, one.Verdict, one.Reason, c.ExitCode, tc.want)
			}
		}
	}
}

// What hangs on whether memory creeps is compared if both runs know that, or neither does, and what is served also if the same workers
// and threads serve it. Nothing else minds.
func TestCompareUnsettled(t *testing.T) {
	pair := func(base, head bool, workers float64) calibrate.Pair {
		of := func(unsettled bool, workers float64) calibrate.OfVersion {
			return calibrate.OfVersion{Unsettled: unsettled, Figures: map[string]calibrate.Recorded{
				"peak": {Reading: exactly(100 * mb)}, "worker": {Reading: exactly(100 * mb)}, "serves": {Reading: exactly(50)}, "workers": {Reading: exactly(workers)}}}
		}
		return calibrate.Pair{Base: of(base, 2), Head: of(head, workers)}
	}
	for _, tc := range []struct {
		name   string
		limit  string
		pairs  []calibrate.Pair
		passes bool
	}{
		{"both know", "worker <= +5%", []calibrate.Pair{pair(false, false, 2)}, true},
		{"neither knows", "worker <= +5%", []calibrate.Pair{pair(true, true, 2)}, true},
		{"the base knows", "worker <= +5%", []calibrate.Pair{pair(false, true, 2)}, false},
		{"the head knows", "worker <= +5%", []calibrate.Pair{pair(true, false, 2)}, false},
		{"in one pair of two", "worker <= +5%", []calibrate.Pair{pair(false, false, 2), pair(true, false, 2)}, false},
		{"of a peak", "peak <= +5%", []calibrate.Pair{pair(true, false, 2)}, true},
		{"of what as many serve", "serves >= -10%", []calibrate.Pair{pair(true, false, 2)}, true},
		{"of what others serve", "serves >= -10%", []calibrate.Pair{pair(true, false, 3)}, false},
		{"neither knows, of what others serve", "serves >= -10%", []calibrate.Pair{pair(true, true, 3)}, true},
		{"of how many are recommended", "workers >= -10%", []calibrate.Pair{pair(true, false, 2)}, false},
	} {
		for _, way := range []calibrate.CompareWay{calibrate.CompareGate, calibrate.CompareFixed, calibrate.CompareSaved} {
			c := Compare(calibrate.Comparison{Way: way, Limits: limitsOf(t, tc.limit), Pairs: tc.pairs})
			one := c.Compared[0]
			if tc.passes && c.Verdict != calibrate.ComparePassed || !tc.passes && (one.Reason != calibrate.LimitUnsettled || c.ExitCode != calibrate.KindInconclusive) {
				t.Errorf("%s, %s: %s, %s %q", tc.name, way, c.Verdict, one.Verdict, one.Reason)
			}
		}
	}
}

// drawn is a comparison under way: any figures, now and then noise, or one that is missing.
func drawn(t *rapid.T) (calibrate.Limits, []calibrate.Pair) {
	limits := limitsOf(t, "peak <= +5% or +4MB", "plateau <= +5%", "creep <= +1KB", "cpu <= +10%")
	figure := rapid.Float64Range(0, 1000)
	pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) calibrate.Pair {
		one := func(name string) calibrate.OfVersion {
			of := calibrate.OfVersion{Figures: map[string]calibrate.Recorded{}}
			for _, metric := range []string{"peak", "plateau", "creep", "cpu"} {
				r := about(figure.Draw(t, name+metric)*map[string]float64{"peak": mb, "plateau": mb, "creep": 4, "cpu": 0.001}[metric], 1)
				if metric == "peak" {
					r.Low, r.High = nil, nil
				}
				if rapid.IntRange(0, 30).Draw(t, "missing") > 0 {
					of.Figures[metric] = calibrate.Recorded{Reading: r}
				}
			}
			if rapid.IntRange(0, 5).Draw(t, "noise") == 0 {
				of.Noise = []calibrate.Noise{{Kind: calibrate.NoiseOthers, Share: 1}}
			}
			return of
		}
		return calibrate.Pair{Base: one("base"), Head: one("head")}
	}), 1, MostPairs).Draw(t, "pairs")
	return limits, pairs
}

// There is no alarm unless the same limit has failed three times, whatever was measured.
func TestNoAlarmWithoutThreeFailures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits, pairs := drawn(t)
		c := judgedPairs(limits, pairs...)
		most := 0
		for _, l := range limits {
			beyond := 0
			for _, p := range pairs {
				base, head := p.Base.Figures[l.Name], p.Head.Figures[l.Name]
				if base.Known() && head.Known() && *head.Value > l.Allowed(*base.Value) {
					beyond++
				}
			}
			most = max(most, beyond)
		}
		if c.Verdict == calibrate.CompareRegressed && most < Failures {
			t.Fatalf("regressed, and no limit was passed in more than %d pairs", most)
		}
		if len(pairs) == MostPairs && c.Verdict == calibrate.CompareOpen {
			t.Fatal("there is no end to it")
		}
	})
}

// The verdict on so many pairs doesn't hang on their order.
func TestOrderOfPairsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits, pairs := drawn(t)
		other := rapid.Permutation(pairs).Draw(t, "other order")
		if a, b := judgedPairs(limits, pairs...), judgedPairs(limits, other...); a.Verdict != b.Verdict {
			t.Fatalf("%s, and in another order %s", a.Verdict, b.Verdict)
		}
	})
}

// Base and head in each other's place have the opposite difference, and not both are worse than the other.
func TestComparisonIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits, pairs := drawn(t)
		mirrored := slices.Clone(pairs)
		for i, p := range pairs {
			mirrored[i].Base, mirrored[i].Head = p.Head, p.Base
		}
		a, b := judgedPairs(limits, pairs...), judgedPairs(limits, mirrored...)
		for i := range limits {
			one, other := a.Compared[i], b.Compared[i]
			if one.Verdict == calibrate.LimitExceeded && other.Verdict == calibrate.LimitExceeded {
				t.Fatalf("%s is worse both ways", one.Metric)
			}
			if one.Difference.Known() && math.Abs(*one.Difference.Value+*other.Difference.Value) > 1e-6*(math.Abs(*one.Base)+math.Abs(*one.Head)) {
				t.Fatalf("%s: %v, and the other way %v", one.Metric, *one.Difference.Value, *other.Difference.Value)
			}
			if one.Same != other.Same {
				t.Fatalf("%s: the same one way alone", one.Metric)
			}
		}
	})
}

// simulated is a comparison of an app whose head takes so much more: each run is off by 0.4 %, and one of 25 by up to 12 % more.
func simulated(random *rand.Rand, limits calibrate.Limits, change float64) (calibrate.CompareVerdict, int) {
	run := func(level float64) calibrate.Reading {
		level *= 1 + 0.004*random.NormFloat64()
		if random.Float64() < 0.04 {
			level *= 1 + 0.12*random.Float64()
		}
		return exactly(level)
	}
	c := judgedPairs(limits)
	machine := 1 + 0.012*random.NormFloat64()
	for c.Verdict == calibrate.CompareOpen {
		c.Pairs = append(c.Pairs, pairOf("peak", run(400*mb*machine), run(400*mb*machine*(1+change))))
		c = Compare(c)
	}
	return c.Verdict, len(c.Pairs)
}

// The noise of measured runs hardly ever makes an alarm, and what is well past its limit is found.
func TestSimulatedNoise(t *testing.T) {
	limits := limitsOf(t, "peak <= +5% or +4MB")
	for _, tc := range []struct{ change, least, most float64 }{
		{0, 0, 0.0005}, {0.02, 0, 0.0005}, {-0.1, 0, 0}, {0.08, 0.93, 1}, {0.10, 0.93, 1}, {0.15, 0.99, 1},
	} {
		times := 6000
		if tc.least > 0 {
			times = 500
		}
		random := rand.New(rand.NewPCG(1, uint64(1000*(1+tc.change))))
		alarms, pairs := 0, 0
		for range times {
			verdict, n := simulated(random, limits, tc.change)
			if pairs += n; verdict == calibrate.CompareRegressed {
				alarms++
			}
		}
		share := float64(alarms) / float64(times)
		t.Logf("%+.0f %%: %.3f %% alarms, %.2f pairs", 100*tc.change, 100*share, float64(pairs)/float64(times))
		if share < tc.least || share > tc.most {
			t.Errorf("%+.0f %%: %.3f %% alarms", 100*tc.change, 100*share)
		}
	}
}

// The table has a quantile for each number of pairs that is judged together.
func TestStudent(t *testing.T) {
	if len(students) != MostPairs-Failures+1 {
		t.Errorf("%d quantiles", len(students))
	}
	for n := Failures; n <= MostPairs; n++ {
		want := distuv.StudentsT{Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975)
		if got := student(n); math.Abs(got-want) > 0.001 {
			t.Errorf("of %d pairs: %v, want %v", n, got, want)
		}
	}
	if student(0) != student(Failures) || student(99) != student(MostPairs) {
		t.Error("outside of the table it isn't the nearest there")
	}
}

// The interval of a median holds it as often as it says.
func TestMedianInterval(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	if _, _, ok := medianInterval(make([]float64, LeastForInterval-1)); ok {
		t.Error("five pairs have an interval")
	}
	for _, n := range []int{6, 7, 9, 12, 20} {
		held := 0
		const times = 5000
		for range times {
			var all []float64
			for range n {
				all = append(all, random.ExpFloat64())
			}
			if low, high, ok := medianInterval(all); ok && low <= math.Ln2 && math.Ln2 <= high {
				held++
			}
		}
		if share := float64(held) / times; share < 0.943 {
			t.Errorf("of %d pairs: holds in %.1f %%", n, 100*share)
		}
	}
}

// What moved is told apart: a level of 20 MB is no creep, and a creep is no level.
func TestPartsTellWhatMoved(t *testing.T) {
	run := func(idle, plateau, peak, creep float64) calibrate.OfVersion {
		of := calibrate.OfVersion{Figures: map[string]calibrate.Recorded{}, PeakRequests: 5000, PlateauRequests: new(int64(1000)), Threads: 4}
		for name, v := range map[string]calibrate.Reading{"idle": exactly(idle * mb), "plateau": exactly(plateau * mb), "peak": exactly(peak * mb), "creep": about(creep, 50)} {
			of.Figures[name] = calibrate.Recorded{Reading: v}
		}
		return of
	}
	base := run(30, 32, 36, 0)
	for _, tc := range []struct {
		head calibrate.OfVersion
		want []calibrate.PartName
	}{
		{base, nil},
		{run(50, 52, 56, 0), []calibrate.PartName{calibrate.PartIdle}},
		{run(30, 52, 56, 0), []calibrate.PartName{calibrate.PartSettled}},
		{run(30, 32+4096.*1000/mb, 36+4096.*5000/mb, 4096), []calibrate.PartName{calibrate.PartCreep}},
		{run(30, 32, 52, 0), []calibrate.PartName{calibrate.PartWorkingSet}},
	} {
		var moved []calibrate.PartName
		for _, p := range parts([]calibrate.Pair{{Base: base, Head: tc.head}}) {
			if p.Moved {
				moved = append(moved, p.Name)
			}
		}
		if !slices.Equal(moved, tc.want) {
			t.Errorf("moved: %q, want %q", moved, tc.want)
		}
	}
	alone := run(30, 52, 56, 0) // its figures are all there is
	alone.PlateauRequests = nil
	var told []calibrate.PartName
	for _, p := range parts([]calibrate.Pair{{Base: base, Head: alone}}) {
		told = append(told, p.Name)
	}
	if want := []calibrate.PartName{calibrate.PartIdle, calibrate.PartCreep}; !slices.Equal(told, want) {
		t.Errorf("without samples: %q, want %q", told, want)
	}
}
