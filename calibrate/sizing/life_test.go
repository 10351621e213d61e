package sizing

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// A worked example: H 100 MB, N 4, B 2 s, lambda 20 a worker, X 0, s_hi 6.46 KB. Its n_max of
// 15 850 is the quotient with s_hi before rounding to two decimals; with 6.46 KB exactly it is one more.
func TestMaxRequestsWorkedExample(t *testing.T) {
	example := Question{
		CPUs: 2, BudgetBytes: 4 * 150 * MiB, Law: calibrate.Law{WorkerBytes: 50 * MiB}, Threads: 1,
		Creep:       Creep{Verdict: "creeping", Known: true, Slope: 6 * 1024, High: 6.4603 * 1024},
		BootSeconds: 2, RatePerSecond: 80, RateBasis: "given", CanRecycle: true,
	}
	for _, tc := range []struct {
		high         float64
		most, jitter int
	}{{6.4603, 15_850, 1_585}, {6.46, 15_851, 1_586}} {
		example.Creep.High = tc.high * 1024
		q := example.sound()
		l := q.life(4, 1)
		maxRequests, jitter := q.limit(l.byBudget, 4)
		cost, _ := q.price(maxRequests, jitter, 4)
		if l.headroom != 100*MiB || l.byBudget != tc.most || jitter != tc.jitter || maxRequests != 14_000 || math.Round(cost*1e4) != 27 {
			t.Errorf("s_hi %g KB: H %d, n_max %d, J %d, M %d, cost %g; want 100 MB, %d, %d, 14 000, 0.27 %%",
				tc.high, l.headroom, l.byBudget, jitter, maxRequests, cost, tc.most, tc.jitter)
		}
	}
}

// A life longer than the budget's is never recommended, and none longer than pays.
func TestEnough(t *testing.T) {
	for _, tc := range []struct {
		name     string
		rate     float64
		requests float64
		budget   int64
		most     int
		why      calibrate.LifeBound
	}{
		{"the budget decides", 20, 1000, 100 * MiB, 4_000, ""},
		{"half a per cent of a worker's time", 50, 1000, 4096 * MiB, 10_473, calibrate.LifeCheap},
		{"twice the worker", 20, 1000, 4096 * MiB, 6_000, calibrate.LifeDoubled},
		{"what the run saw", 10, 6_500, 4096 * MiB, 6_500, calibrate.LifeShown},
	} {
		q := Question{
			CPUs: 2, BudgetBytes: tc.budget, Law: calibrate.Law{WorkerBytes: 70 * MiB}, Threads: 1, Requests: tc.requests,
			Creep: Creep{Verdict: calibrate.Creeping, Known: true, Slope: 10 * 1024, High: 10.24 * 1024}, BootSeconds: 1, RatePerSecond: tc.rate, RateBasis: "measured", CanRecycle: true,
		}
		if l := q.sound().life(1, 1); l.most != tc.most || l.why != tc.why {
			t.Errorf("%s: %d requests, %q; want %d, %q", tc.name, l.most, l.why, tc.most, tc.why)
		}
	}
}

// The price against throughput measured with 4 workers (measured): max-requests 200 without jitter kept 67.6 %,
// with a jitter of 500 on 500 88.0 %.
func TestPriceAgainstMeasurement(t *testing.T) {
	// At lambda B = 96, the one that fits M200 J0, all four predictions follow.
	q := Question{BootSeconds: 1, RatePerSecond: 4 * 96.3}
	for _, tc := range []struct {
		maxRequests, jitter int
		predicted           float64 // % of the throughput without recycling
	}{{200, 0, 67.5}, {200, 200, 75.7}, {500, 0, 83.9}, {500, 500, 88.6}} {
		cost, _ := q.price(tc.maxRequests, tc.jitter, 4)
		if got := 100 * (1 - cost); math.Abs(got-tc.predicted) > 0.1 {
			t.Errorf("M %d J %d: %.1f %%, want %.1f %%", tc.maxRequests, tc.jitter, got, tc.predicted)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, tc := range []struct {
		name          string
		most          int
		rate, boot    float64
		limit, jitter int
	}{
		{"a tenth", 10_000, 10, 1, 9_000, 1_000},
		{"2 N D keeps workers apart", 10_000, 1000, 1, 8_000, 2_000},
		{"at most half", 10_000, 10_000, 1, 5_000, 5_000},
		{"one request is never 0, which would turn recycling off", 1, 100, 1, 1, 0},
		{"two", 2, 100, 1, 1, 1},
		{"no rate", 155, 0, 1, 130, 16},
	} {
		q := Question{RatePerSecond: tc.rate, BootSeconds: tc.boot}
		if limit, jitter := q.limit(tc.most, 1); limit != tc.limit || jitter != tc.jitter {
			t.Errorf("%s: %d and %d, want %d and %d", tc.name, limit, jitter, tc.limit, tc.jitter)
		}
	}
}

// A measured rate is what one worker served, so two workers serve twice as much and need twice the jitter.
func TestMeasuredRateIsEachWorkersOwn(t *testing.T) {
	for _, tc := range []struct {
		basis         calibrate.Basis
		workers       int
		limit, jitter int
	}{
		{"measured", 1, 8_000, 2_000},
		{"measured", 2, 6_000, 4_000},
		{"given", 2, 8_000, 2_000},
	} {
		q := Question{RatePerSecond: 1000, BootSeconds: 1, RateBasis: tc.basis}
		if limit, jitter := q.limit(10_000, tc.workers); limit != tc.limit || jitter != tc.jitter {
			t.Errorf("%s over %d: %d and %d, want %d and %d", tc.basis, tc.workers, limit, jitter, tc.limit, tc.jitter)
		}
	}
}

func TestTwoDigits(t *testing.T) {
	for n, want := range map[int]int{0: 0, 9: 9, 99: 99, 100: 100, 101: 100, 199: 190, 14_265: 14_000, 99_999: 99_000, mostCount: mostCount} {
		if got := twoDigits(n); got != want {
			t.Errorf("twoDigits(%d) = %d, want %d", n, got, want)
		}
	}
}

// What nothing recycles is sized by the life that it is given, and never by less than the run itself has shown.
func TestLasting(t *testing.T) {
	const day = 86_400
	for name, tc := range map[string]struct {
		ask     func(q *Question)
		workers int // 0: nothing fits
		lasting int64
		limit   bool
		kind    calibrate.RecyclingKind
	}{
		"recycled":       {func(q *Question) { q.CanRecycle = true }, 4, 0, true, calibrate.RecyclingNeeded},
		"a day at 5/h":   {func(q *Question) { q.RatePerSecond = 5. / 3600 }, 5, 1000 * 10 * 1024, false, calibrate.RecyclingCannot}, // 24 each: less than was seen
		"a day at 0.2/s": {func(q *Question) { q.RatePerSecond = 0.2 }, 2, 8640 * 10 * 1024, false, calibrate.RecyclingCannot},       // 169 MB in all, and 250 - 169 hold two of 40
		"an hour":        {func(q *Question) { q.RatePerSecond, q.RestartSeconds = 0.2, 3600 }, 5, 1000 * 10 * 1024, false, calibrate.RecyclingCannot},
		"a day at the rate of one, each": {func(q *Question) { q.RatePerSecond, q.RateBasis = 0.05, calibrate.BasisMeasured },
			3, 4320 * 10 * 1024, false, calibrate.RecyclingCannot}, // 42.2 MB each, and 40
		"a day at 100/s":  {func(q *Question) { q.RatePerSecond = 100 }, 0, 8_640_000 * 10 * 1024, false, ""},
		"an unknown rate": {func(q *Question) { q.RatePerSecond = 0 }, 5, 1000 * 10 * 1024, false, calibrate.RecyclingCannot},
		"all of it stays": {func(q *Question) { q.CanRecycle, q.Creep.Staying, q.RatePerSecond = true, 10*1024, 0.2 }, 2, 8640 * 10 * 1024, false, calibrate.RecyclingUseless},
		"a tenth of it":   {func(q *Question) { q.CanRecycle, q.Creep.Staying, q.RatePerSecond = true, 1024, 0.2 }, 5, 3456 * 1024, true, calibrate.RecyclingNeeded},
		"a tenth of much": {func(q *Question) { q.CanRecycle, q.Creep.Staying, q.RatePerSecond = true, 1024, 100 }, 0, 8_640_000 * 1024, false, ""},
	} {
		q := flask(60)
		q.Law.WorkerBytes, q.WorkerPeakBytes = 40*MiB, 50*MiB
		q.CanRecycle, q.Requests, q.Seen, q.RestartSeconds = false, 0, 1000, day
		tc.ask(&q)
		a := Decide(q)
		got := calibrate.Lasting{}
		if a.Sum.Lasting != nil {
			got = *a.Sum.Lasting
		}
		workers := 0
		if a.Recommended != nil {
			workers = a.Recommended.Workers
			if least := q.WorkerPeakBytes + int64(q.Creep.High*q.Seen); !q.CanRecycle && int64(a.WorkerMemoryMB)*MiB < least {
				t.Errorf("%s: worker memory %d MB, and the run itself had %d", name, a.WorkerMemoryMB, least)
			}
		}
		if workers != tc.workers || got.Bytes != tc.lasting || a.Recycling.Kind != tc.kind || (a.Recycling.MaxRequests > 0) != tc.limit {
			t.Errorf("%s: %d workers, lasting %+v, recycling %+v", name, workers, got, a.Recycling)
		}
	}
}
