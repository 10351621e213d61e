package sizing

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// questions draws sensible ones, tight and roomy, of every verdict.
func questions(t *rapid.T) Question {
	mib := func(name string, most int64) int64 { return rapid.Int64Range(0, most*MiB).Draw(t, name) }
	slope := rapid.Float64Range(-1000, 300_000).Draw(t, "slope")
	q := Question{
		CPUs:            rapid.IntRange(1, 64).Draw(t, "cpus"),
		BudgetBytes:     mib("budget", 20_000),
		Law:             Law{mib("shared", 500), mib("worker", 800), mib("thread", 100)},
		WorkerPeakBytes: mib("peak", 1000),
		Requests:        rapid.Float64Range(0, 50_000).Draw(t, "requests"),
		BootSeconds:     rapid.Float64Range(0, 30).Draw(t, "boot"),
		RatePerSecond:   rapid.Float64Range(0, 3000).Draw(t, "rate"),
		RateBasis:       rapid.SampledFrom([]string{measured, "given"}).Draw(t, "basis"),
		Threads:         rapid.IntRange(1, 32).Draw(t, "threads"),
		ThreadChoices:   rapid.SliceOfN(rapid.IntRange(1, 32), 0, 3).Draw(t, "choices"),
		CanRecycle:      rapid.Bool().Draw(t, "can recycle"),
	}
	q.Creep = Creep{
		Verdict: rapid.SampledFrom([]string{flat, creeping, creeping, warming, inconclusive, ""}).Draw(t, "verdict"),
		Known:   rapid.Bool().Draw(t, "known"),
		Slope:   slope, High: slope + rapid.Float64Range(0, 10_000).Draw(t, "half-width"),
	}
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
		sane(t, c.BudgetRatio, c.RestartSeconds)
	}
	r := a.Recycling
	sane(t, r.CostRatio, r.RestartSeconds)
	if r.MaxRequests < 0 || r.Jitter < 0 || r.SafeRequests < 0 || r.Valve < 0 || a.WorkerMemoryMB < 0 || a.TotalBytes < 0 || a.SmallestBytes < 1 {
		t.Fatalf("out of range: %+v", a)
	}
	if (a.Recommended == nil) != (fitting == 0) || (a.Recommended == nil) != (a.Refusal != "") || (a.Recommended == nil) != (a.Reason == "") {
		t.Fatalf("%d fit, recommended %+v, reason %q, refusal %q", fitting, a.Recommended, a.Reason, a.Refusal)
	}
	if a.Recommended == nil {
		return
	}
	c := *a.Recommended
	if recommended != 1 || !c.Recommended || !c.Fits || c.TotalBytes != a.TotalBytes {
		t.Fatalf("%d recommended, %+v", recommended, c)
	}
	if c.MaxRequests != r.MaxRequests || c.Jitter != r.Jitter || r.Sum == "" {
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

// More memory never gives fewer workers, all else equal, whatever the creep.
func TestPropertyMoreMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		less := Decide(q)
		q.BudgetBytes += rapid.Int64Range(0, 2000*MiB).Draw(t, "more")
		more := Decide(q)
		if less.Recommended == nil {
			return
		}
		if more.Recommended == nil || more.Recommended.Workers < less.Recommended.Workers {
			t.Fatalf("with more memory %+v, with less %+v", more.Recommended, less.Recommended)
		}
	})
}

// The same, MB by MB, where the rules meet: a worker giving way to the price, one a core, fewer threads standing in.
func TestMoreMemoryStepByStep(t *testing.T) {
	for _, cpus := range []int{1, 2, 4, 8} {
		for _, rate := range []float64{0, 60, 100, 200, 500, 2000} {
			for _, thread := range []int64{0, 100 * MiB} {
				q := flask(rate)
				q.CPUs, q.Threads, q.ThreadChoices, q.Law.ThreadBytes = cpus, 4, []int{1, 4}, thread
				before := 0
				for q.BudgetBytes = 50 * MiB; q.BudgetBytes < 1500*MiB; q.BudgetBytes += 2 * MiB {
					c := q.sound().choose()
					if c.workers < before {
						t.Fatalf("%d cores, %g/s, thread %s: %s holds %d workers, 2 MB less %d", cpus, rate, mb(thread), mb(q.BudgetBytes), c.workers, before)
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
		if n < 1 || n > cpuRule(cpus) {
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
		q.Creep = Creep{creeping, true, 0, rapid.Float64Range(1, 300_000).Draw(t, "high")}
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
		q.CanRecycle, q.Creep = true, Creep{creeping, true, 0, rapid.Float64Range(1, 300_000).Draw(t, "high")}
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
	f.Add(2, int64(300*MiB), int64(50*MiB), int64(40*MiB), int64(MiB), int64(60*MiB), 1000.0, 9000.0, 10_000.0, 1.0, 60.0, 1, 4, uint8(1), true)
	f.Add(0, int64(0), int64(0), int64(0), int64(0), int64(0), 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, uint8(0), false)
	f.Add(-1, int64(-1), int64(-1), int64(-1), int64(-1), int64(-1), -1.0, -1.0, -1.0, -1.0, -1.0, -1, -1, uint8(1), true)
	f.Add(math.MaxInt, int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MaxInt64), inf, inf, inf, inf, inf, math.MaxInt, math.MaxInt, uint8(1), true)
	f.Add(math.MinInt, int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64), int64(math.MinInt64), nan, nan, nan, nan, nan, math.MinInt, math.MinInt, uint8(0), true)
	f.Add(4, int64(math.MaxInt64), int64(0), int64(1), int64(0), int64(1), 0.5, 1e-300, 1e-300, 1e300, 1e300, 1, 1, uint8(1), true)
	f.Add(4, int64(1<<40), int64(0), int64(1), int64(0), int64(1), 1e300, 1e300, math.MaxFloat64, 1e-300, 1e-300, 1, 1, uint8(0), true)
	verdicts := []string{flat, creeping, warming, inconclusive, ""}
	f.Fuzz(func(t *testing.T, cpus int, budget, shared, worker, thread, peak int64, requests, slope, high, boot, rate float64,
		threads, choice int, verdict uint8, can bool) {
		q := Question{
			CPUs: cpus, BudgetBytes: budget, Law: Law{shared, worker, thread}, WorkerPeakBytes: peak, Requests: requests,
			Creep:       Creep{verdicts[int(verdict)%len(verdicts)], verdict < 128, slope, high},
			BootSeconds: boot, RatePerSecond: rate, Threads: threads, ThreadChoices: []int{choice}, CanRecycle: can,
		}
		check(t, q, Decide(q))
		box := Box{cpus, shared, peak, thread}
		for _, r := range Formulas(box, q) {
			if r.Workers < 1 || r.Threads < 1 || r.TotalBytes < 0 || r.Fits && r.TotalBytes > budget {
				t.Fatalf("%+v", r)
			}
		}
		if n := Workers(cpus, requests, slope, threads); n < 1 {
			t.Fatalf("%d workers", n)
		}
	})
}

// grid sizes 10 000 boxes: 1-100 cores by 256 MB-25 GB, creeping, with a choice of threads.
func grid() (recommended int) {
	for cpus := 1; cpus <= 100; cpus++ {
		for step := int64(1); step <= 100; step++ {
			q := flask(200)
			q.CPUs, q.BudgetBytes, q.Law.ThreadBytes, q.ThreadChoices = cpus, step*256*MiB, 2*MiB, []int{1, 4}
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
