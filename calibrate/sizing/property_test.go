package sizing

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

var preferences = []string{"", knob.PreferWorkers, knob.PreferThreads, knob.PreferMemory, "nonsense"}

// questions draws sensible ones, tight and roomy, of every verdict.
func questions(t *rapid.T) Question {
	mib := func(name string, most int64) int64 { return rapid.Int64Range(0, most*MiB).Draw(t, name) }
	slope := rapid.Float64Range(-1000, 300_000).Draw(t, "slope")
	q := Question{
		CPUs:            float64(rapid.IntRange(1, 256).Draw(t, "quarters of a core")) / 4,
		BudgetBytes:     mib("budget", 20_000),
		Law:             calibrate.Law{SharedBytes: mib("shared", 500), WorkerBytes: mib("worker", 800), ThreadBytes: mib("thread", 100)},
		WorkerPeakBytes: mib("peak", 1000),
		Requests:        rapid.Float64Range(0, 50_000).Draw(t, "requests"),
		BootSeconds:     rapid.Float64Range(0, 30).Draw(t, "boot"),
		RatePerSecond:   rapid.Float64Range(0, 3000).Draw(t, "rate"),
		RateBasis:       rapid.SampledFrom([]calibrate.Basis{calibrate.BasisMeasured, calibrate.BasisGiven}).Draw(t, "basis"),
		Threads:         rapid.IntRange(1, 32).Draw(t, "threads"),
		ThreadChoices:   rapid.SliceOfN(rapid.IntRange(1, 32), 0, 3).Draw(t, "choices"),
		CanRecycle:      rapid.Bool().Draw(t, "can recycle"),
		Basis:           rapid.SampledFrom([]calibrate.Basis{calibrate.BasisMeasured, calibrate.BasisGiven, calibrate.BasisComputed}).Draw(t, "basis of the worker"),
		Wishes: knob.Wishes{
			MinWorkers: rapid.IntRange(-1, 6).Draw(t, "min"),
			MaxWorkers: rapid.IntRange(-1, 12).Draw(t, "max"),
			Prefer:     rapid.SampledFrom(preferences).Draw(t, "prefer"),
		},
	}
	q.Creep = Creep{
		Verdict: rapid.SampledFrom([]calibrate.Verdict{calibrate.Flat, calibrate.Creeping, calibrate.Creeping, calibrate.Warming, calibrate.Inconclusive, ""}).Draw(t, "verdict"),
		Known:   rapid.Bool().Draw(t, "known"),
		Slope:   slope, High: slope + rapid.Float64Range(0, 10_000).Draw(t, "half-width"),
	}
	q.Creep.Staying = max(q.Creep.High, 0) * rapid.SampledFrom([]float64{0, 0, 0.5, 1}).Draw(t, "staying")
	q.RestartSeconds = rapid.SampledFrom([]float64{0, 600, 86_400}).Draw(t, "restart")
	return q
}

// check holds for every answer to every question.
func check(t interface {
	Helper()
	Fatalf(string, ...any)
}, q Question, a Answer) {
	t.Helper()
	fitting, recommended := 0, 0
	for _, c := range a.Candidates {
		if c.Fits {
			fitting++
		}
		if c.Recommended {
			recommended++
		}
		if c.Fits && c.TotalBytes > q.BudgetBytes {
			t.Fatalf("fits %d bytes into %d: %+v", c.TotalBytes, q.BudgetBytes, c)
		}
		if c.Workers < 1 || c.Threads < 1 || c.WorkerBytes < 0 || c.TotalBytes < 0 || c.MaxRequests < 0 || c.Jitter < 0 {
			t.Fatalf("out of range: %+v", c)
		}
		if s := q.sound(); c.Workers < s.MinWorkers || s.MaxWorkers > 0 && c.Workers > s.MaxWorkers {
			t.Fatalf("%d workers, %d to %d were asked for", c.Workers, s.MinWorkers, s.MaxWorkers)
		}
		sane(t, c.BudgetRatio, c.RestartSeconds)
	}
	r := a.Recycling
	sane(t, r.CostRatio, r.RestartSeconds)
	if r.MaxRequests < 0 || r.Jitter < 0 || r.SafeRequests < 0 || r.Valve < 0 || a.WorkerMemoryMB < 0 || a.TotalBytes < 0 || a.SmallestBytes < 1 {
		t.Fatalf("out of range: %+v", a)
	}
	if (a.Recommended == nil) != (fitting == 0) || (a.Recommended == nil) != (a.Recycling.Kind == "") {
		t.Fatalf("%d fit, recommended %+v, recycling %+v", fitting, a.Recommended, a.Recycling)
	}
	if a.Recommended == nil {
		return
	}
	c := *a.Recommended
	if recommended != 1 || !c.Recommended || !c.Fits || c.TotalBytes != a.TotalBytes {
		t.Fatalf("%d recommended, %+v", recommended, c)
	}
	if c.MaxRequests != r.MaxRequests || c.Jitter != r.Jitter || (r.Kind == calibrate.RecyclingNeeded) != (c.MaxRequests > 0) {
		t.Fatalf("candidate %+v, recycling %+v", c, r)
	}
	if q.sound().recycles() == (r.MaxRequests == 0) {
		t.Fatalf("max-requests %d for %+v", r.MaxRequests, q.Creep)
	}
}

func sane(t interface {
	Helper()
	Fatalf(string, ...any)
}, xs ...float64) {
	t.Helper()
	for _, x := range xs {
		if !finite(x) || x < 0 {
			t.Fatalf("%g", x)
		}
	}
}

// No candidate marked as fitting exceeds the budget, the recommended fits, and there is one whenever one fits.
func TestPropertyAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		check(t, q, Decide(q))
	})
}

// More memory never gives fewer workers, all else equal, whatever the creep; where threads or memory are preferred to
// workers, it never gives fewer requests at once.
func TestPropertyMoreMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		less := Decide(q)
		q.BudgetBytes += rapid.Int64Range(0, 2000*MiB).Draw(t, "more")
		more := Decide(q)
		if less.Recommended == nil {
			return
		}
		if more.Recommended == nil {
			t.Fatalf("nothing fits with more memory, with less %+v", less.Recommended)
		}
		switch q.Prefer {
		case knob.PreferThreads:
			if more.Recommended.Concurrency < less.Recommended.Concurrency {
				t.Fatalf("with more memory %+v, with less %+v", more.Recommended, less.Recommended)
			}
		case knob.PreferMemory: // a choice with fewer workers may be granted all of them
		default:
			if more.Recommended.Workers < less.Recommended.Workers {
				t.Fatalf("with more memory %+v, with less %+v", more.Recommended, less.Recommended)
			}
		}
	})
}

// The smallest budget of a refusal is enough, and a byte less is not.
func TestPropertySmallestBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		q.BudgetBytes = Decide(q).SmallestBytes
		if q.sound().BudgetBytes != q.BudgetBytes {
			return // more than any host has
		}
		if a := Decide(q); a.Recommended == nil {
			t.Fatalf("refused: %+v", a.Sum)
		}
		q.BudgetBytes--
		if a := Decide(q); a.Recommended != nil && q.sound().least(a.Recommended.Threads, a.Recommended.Workers) > 0 {
			t.Fatalf("%+v fits in a byte less", a.Recommended)
		}
	})
}

// What is preferred is had: no thread choice alone would have more of it.
func TestPropertyPreference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		a := Decide(q)
		if a.Recommended == nil {
			return
		}
		got, s := a.Recommended, q.sound()
		chosen := s.choose()
		for _, threads := range s.ThreadChoices {
			c := s.chooseWorkers(threads)
			switch q.Prefer {
			case knob.PreferWorkers:
				if c.workers > got.Workers {
					t.Fatalf("%d workers with %d threads, chosen %+v", c.workers, threads, got)
				}
			case knob.PreferThreads:
				if c.workers*threads > got.Concurrency {
					t.Fatalf("%d x %d at once, chosen %+v", c.workers, threads, got)
				}
			case knob.PreferMemory:
				if c.workers > 0 && s.granted(c) && (!s.granted(chosen) || s.totalOf(c) < got.TotalBytes) {
					t.Fatalf("%d x %d takes less, chosen %+v", c.workers, threads, got)
				}
			default:
				if threads == s.Threads && c.workers > 0 && got.Threads != threads {
					t.Fatalf("%d threads fit, chosen %+v", threads, got)
				}
			}
		}
	})
}

// A minimum and a maximum move an answer no further than to themselves.
func TestPropertyBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		q.Prefer, q.MinWorkers, q.MaxWorkers = "", 0, 0
		free := Decide(q).Recommended
		if free == nil {
			return
		}
		q.MaxWorkers = rapid.IntRange(1, 20).Draw(t, "max")
		if a := Decide(q).Recommended; a == nil || a.Workers > q.MaxWorkers || a.Workers < min(free.Workers, q.MaxWorkers) {
			t.Fatalf("at most %d: %+v; without %+v", q.MaxWorkers, a, free)
		}
		q.MaxWorkers, q.MinWorkers = 0, rapid.IntRange(1, 20).Draw(t, "min")
		a := Decide(q)
		if a.Recommended == nil && a.SmallestBytes <= q.BudgetBytes {
			t.Fatalf("at least %d refused, though %d of %d bytes would do", q.MinWorkers, a.SmallestBytes, q.BudgetBytes)
		}
		if r := a.Recommended; r != nil && (r.Workers < q.MinWorkers || q.MinWorkers <= free.Workers && r.Workers > free.Workers) {
			t.Fatalf("at least %d: %+v; without %+v", q.MinWorkers, r, free)
		}
	})
}

// The same, MB by MB, where the rules meet: a worker giving way to the price, one a core, fewer threads standing in.
func TestMoreMemoryStepByStep(t *testing.T) {
	for _, cpus := range []float64{0.25, 1, 1.5, 2, 4, 8} {
		for _, rate := range []float64{0, 60, 100, 200, 500, 2000} {
			for _, thread := range []int64{0, 100 * MiB} {
				q := flask(rate)
				q.CPUs, q.Threads, q.ThreadChoices, q.Law.ThreadBytes = cpus, 4, []int{1, 4}, thread
				before := 0
				for q.BudgetBytes = 50 * MiB; q.BudgetBytes < 1500*MiB; q.BudgetBytes += 2 * MiB {
					c := q.sound().choose()
					if c.workers < before {
						t.Fatalf("%g cores, %g/s, thread %d: %d holds %d workers, 2 MB less %d", cpus, rate, thread, q.BudgetBytes, c.workers, before)
					}
					before = c.workers
				}
			}
		}
	}
}

// The seeds' formula likewise, and neither more CPU gives fewer.
func TestPropertyWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cpus, threads := rapid.IntRange(-2, 128).Draw(t, "cpus"), rapid.IntRange(-2, 64).Draw(t, "threads")
		ram, worker := rapid.Float64().Draw(t, "ram"), rapid.Float64().Draw(t, "worker")
		n := Workers(cpus, ram, worker, threads)
		if n < 1 || n > cpuRule(float64(max(cpus, 1))) {
			t.Fatalf("%d workers", n)
		}
		if Workers(cpus, math.Nextafter(2*math.Abs(ram), math.Inf(1)), worker, threads) < n || Workers(cpus+1, ram, worker, threads) < n {
			t.Fatal("more gives fewer")
		}
	})
}

// More creep never gives more max-requests to the same number of workers.
func TestPropertyMoreCreep(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		q.CanRecycle = true
		q.Creep = Creep{Verdict: calibrate.Creeping, Known: true, High: rapid.Float64Range(1, 300_000).Draw(t, "high")}
		workers := rapid.IntRange(1, 20).Draw(t, "workers")
		less := q.sound().candidate(workers, q.Threads)
		q.Creep.High += rapid.Float64Range(0, 100_000).Draw(t, "more")
		more := q.sound().candidate(workers, q.Threads)
		if more.MaxRequests > less.MaxRequests || more.Fits && !less.Fits {
			t.Fatalf("more creep %+v, less %+v", more, less)
		}
	})
}

// A worker that lives as long as it may, M + J requests, grows no more than its share of the headroom.
func TestPropertyLifeWithinHeadroom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		q.CanRecycle, q.Creep = true, Creep{Verdict: calibrate.Creeping, Known: true, High: rapid.Float64Range(1, 300_000).Draw(t, "high")}
		a := Decide(q)
		if a.Recommended == nil {
			return
		}
		s := q.sound()
		share := float64(s.headroom(a.Recommended.Workers, a.Recommended.Threads))
		grown := s.Creep.High * (float64(a.Recycling.MaxRequests+a.Recycling.Jitter) - s.Requests)
		if grown > share*(1+1e-9)+1 {
			t.Fatalf("grows %g bytes, has %g", grown, share)
		}
	})
}

// Whatever comes in, nothing panics and nothing comes out negative, NaN or infinite.
func FuzzDecide(f *testing.F) {
	nan, inf := math.NaN(), math.Inf(1)
	f.Add(2.0, int64(300*MiB), int64(50*MiB), int64(40*MiB), int64(MiB), int64(60*MiB), 1000.0, 9000.0, 10_000.0, 1.0, 60.0, 1, 4, uint8(1), true, 0, 0)
	f.Add(0.0, int64(0), int64(0), int64(0), int64(0), int64(0), 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, uint8(0), false, 3, 5)
	f.Add(-1.0, int64(-1), int64(-1), int64(-1), int64(-1), int64(-1), -1.0, -1.0, -1.0, -1.0, -1.0, -1, -1, uint8(1), true, -1, -1)
	f.Add(inf, int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), inf, inf, inf, inf, inf, math.MaxInt, math.MaxInt, uint8(1), true, math.MaxInt, math.MaxInt)
	f.Add(nan, int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64), nan, nan, nan, nan, nan, math.MinInt, math.MinInt, uint8(0), true, math.MinInt, math.MinInt)
	f.Add(0.25, int64(math.MaxInt64), int64(0), int64(1), int64(0), int64(1), 0.5, 1e-300, 1e-300, 1e300, 1e300, 1, 1, uint8(1), true, math.MaxInt, 1)
	f.Add(4.0, int64(1<<40), int64(0), int64(1), int64(0), int64(1), 1e300, 1e300, math.MaxFloat64, 1e-300, 1e-300, 1, 1, uint8(0), true, 1, 3)
	verdicts := []calibrate.Verdict{calibrate.Flat, calibrate.Creeping, calibrate.Warming, calibrate.Inconclusive, ""}
	f.Fuzz(func(t *testing.T, cpus float64, budget, shared, worker, thread, peak int64, requests, slope, high, boot, rate float64,
		threads, choice int, verdict uint8, can bool, fewest, most int) {
		q := Question{
			CPUs: cpus, BudgetBytes: budget, Law: calibrate.Law{SharedBytes: shared, WorkerBytes: worker, ThreadBytes: thread}, WorkerPeakBytes: peak, Requests: requests,
			Creep:       Creep{Verdict: verdicts[int(verdict)%len(verdicts)], Known: verdict < 128, Slope: slope, High: high},
			BootSeconds: boot, RatePerSecond: rate, Threads: threads, ThreadChoices: []int{choice}, CanRecycle: can,
			Wishes: knob.Wishes{MinWorkers: fewest, MaxWorkers: most, Prefer: preferences[int(verdict)%len(preferences)]},
		}
		check(t, q, Decide(q))
		q.Serve, q.WantedP99 = queue(soundCPUs(cpus), requests/1000, boot, rate), slope // odd, too
		q.ServeOn = func(cores float64) func(int, int) calibrate.Served { return queue(cores, requests/1000, boot, rate) }
		q.RateBasis = []calibrate.Basis{calibrate.BasisMeasured, calibrate.BasisGiven}[int(verdict)%2]
		check(t, q, Decide(q))
		box := calibrate.Host{CPUs: int(cpus), MemoryBytes: shared, AvailableBytes: peak, MemoryLimitBytes: thread}
		for _, r := range Formulas(box, q) {
			if r.Workers < 1 || r.Threads < 1 || r.TotalBytes < 0 || r.Fits && r.TotalBytes > budget {
				t.Fatalf("%+v", r)
			}
		}
		if n := Workers(int(cpus), requests, slope, threads); n < 1 {
			t.Fatalf("%d workers", n)
		}
	})
}

// grid sizes 10 000 boxes: 1-100 cores by 256 MB-25 GB, calibrate.Creeping, with a choice of threads.
func grid() (recommended int) {
	for cpus := 1; cpus <= 100; cpus++ {
		for step := int64(1); step <= 100; step++ {
			q := flask(200)
			q.CPUs, q.BudgetBytes, q.Law.ThreadBytes, q.ThreadChoices = float64(cpus), step*256*MiB, 2*MiB, []int{1, 4}
			if Decide(q).Recommended != nil {
				recommended++
			}
		}
	}
	return recommended
}

func TestGridHasAnAnswerForEveryBox(t *testing.T) {
	if n := grid(); n != 10_000 {
		t.Errorf("%d of 10 000 boxes have an answer", n)
	}
}

func BenchmarkGrid10000(b *testing.B) {
	for b.Loop() {
		grid()
	}
}
