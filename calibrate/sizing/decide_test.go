package sizing

import (
	"math"
	"testing"

	"workermem/calibrate"

	"github.com/google/go-cmp/cmp"
)

// flask is a worker of 40 MB beside 50 MB shared, peak RSS 60 MB after 1000 requests, calibrate.Creeping by 10 KB a request
// at most, with a boot of a second, on 2 cores with a budget of 300 MB.
func flask(rate float64) Question {
	return Question{
		CPUs: 2, BudgetBytes: 300 * MiB, Law: calibrate.Law{SharedBytes: 50 * MiB, WorkerBytes: 40 * MiB},
		WorkerPeakBytes: 60 * MiB, Requests: 1000, Creep: Creep{Verdict: calibrate.Creeping, Known: true, Slope: 9 * 1024, High: 10 * 1024},
		BootSeconds: 1, RatePerSecond: rate, RateBasis: calibrate.BasisGiven, Threads: 1, CanRecycle: true,
	}
}

func TestDecideCreeping(t *testing.T) {
	a := Decide(flask(60))
	// n_max = 1000 + 10 MB / 10 KB = 2024, J = 203, M = 1821 rounded down; growth 1003 requests x 10 KB = 9.8 MB
	want := calibrate.Candidate{
		Workers: 5, Threads: 1, WorkerBytes: 40*MiB + 1003*10*1024, TotalBytes: 50*MiB + 5*(40*MiB+1003*10*1024),
		BudgetRatio: float64(50*MiB+5*(40*MiB+1003*10*1024)) / (300 * MiB), Concurrency: 5, Fits: true, BoundBy: "cpu",
		Basis: "computed", MaxRequests: 1800, Jitter: 203, RestartSeconds: (1800 + 101.5) / 12, Recommended: true,
	}
	if diff := cmp.Diff(&want, a.Recommended); diff != "" {
		t.Errorf("recommended (-want +got):\n%s", diff)
	}
	if a.WorkerMemoryMB != 70 { // 60 MB of peak RSS + 9.8 MB
		t.Errorf("worker memory %d MB, want 70", a.WorkerMemoryMB)
	}
}

// Recycling's price rises with the rate: first a worker gives way, then, at one a core, the conflict stands.
func TestDecidePrice(t *testing.T) {
	for _, tc := range []struct {
		rate     float64
		workers  int
		boundBy  calibrate.Bound
		conflict *calibrate.Conflict // its costs in hundredths of a per cent, its budget in MB
	}{
		{60, 5, calibrate.BoundCPU, nil},
		{100, 4, calibrate.BoundPrice, &calibrate.Conflict{Kind: calibrate.ConflictFewer, MoreWorkers: 5, MoreCost: 104}},
		{200, 2, calibrate.BoundPrice, &calibrate.Conflict{Kind: calibrate.ConflictDear, FewerWorkers: 1, FewerCost: 94, BudgetBytes: 315}},
		{0, 5, calibrate.BoundCPU, nil}, // no rate, no price
	} {
		a := Decide(flask(tc.rate))
		if a.Recommended.Workers != tc.workers || a.Recommended.BoundBy != tc.boundBy {
			t.Errorf("rate %g: %d workers bound by %q, want %d by %q", tc.rate, a.Recommended.Workers, a.Recommended.BoundBy, tc.workers, tc.boundBy)
		}
		got := a.Recycling.Conflict
		if got != nil {
			got.MoreCost, got.FewerCost = math.Round(got.MoreCost*1e4), math.Round(got.FewerCost*1e4)
			got.BudgetBytes = (got.BudgetBytes + MiB - 1) / MiB
		}
		if diff := cmp.Diff(tc.conflict, got); diff != "" {
			t.Errorf("rate %g (-want +got):\n%s", tc.rate, diff)
		}
	}
}

// The budget that a conflict names as a way out is one.
func TestDecideBudgetMendsConflict(t *testing.T) {
	q := flask(200)
	q.BudgetBytes = q.sound().cheapBudget(choice{workers: 2, threads: 1})
	if got := q.sound().life(2, 1).cost; got > calibrate.Dearest {
		t.Errorf("cost %g at %d", got, q.BudgetBytes)
	}
}

// Workers give way to the price only down to one a core: 4 cores keep 4, and the conflict names the 3 that would mend it.
func TestDecideKeepsAWorkerACore(t *testing.T) {
	q := flask(145)
	q.CPUs = 4
	a := Decide(q)
	if a.Recommended.Workers != 4 {
		t.Errorf("%d workers, want 4", a.Recommended.Workers)
	}
}

// Where a worker's peak is all creep, fewer workers would be recycled no more seldom, so none gives way.
func TestDecideFewerDoesNotHelp(t *testing.T) {
	q := flask(5000)
	q.Creep = Creep{Verdict: calibrate.Creeping, Known: true, Slope: 50 * 1024, High: 60 * 1024} // 1000 requests x 60 KB > 40 MB
	if a := Decide(q); a.Recommended.Workers != 5 || a.Recycling.Conflict == nil {
		t.Errorf("%+v, conflict %+v", a.Recommended, a.Recycling.Conflict)
	}
}

// A max-requests of 0 would turn recycling off, so a worker measured from its first request fits only with room for
// one more; with just that room it is recycled after one.
func TestDecideRoomForOneRequest(t *testing.T) {
	for _, requests := range []float64{0, 0.1, 0.3, 0.7, 0.9} {
		for _, high := range []float64{1, 3, 7777, 1e6 / 3} {
			q := flask(60)
			q.Requests, q.Creep.Slope, q.Creep.High = requests, high, high
			q.BudgetBytes = q.sound().needs(1)
			if a := Decide(q); a.Recommended == nil || a.Recycling.MaxRequests != 1 {
				t.Errorf("X %g, s_hi %g: %+v", requests, high, a.Recycling)
			}
			q.BudgetBytes--
			a := Decide(q)
			if a.Recommended != nil || a.Candidates[0].Fits || a.Candidates[0].MaxRequests != 0 {
				t.Errorf("X %g, s_hi %g, a byte less: %+v", requests, high, a.Candidates[0])
			}
		}
	}
}

// A bound below the slope is the slope.
func TestDecideBoundBelowSlope(t *testing.T) {
	q, swapped := flask(60), flask(60)
	q.Creep.Slope = q.Creep.High
	swapped.Creep.Slope, swapped.Creep.High = swapped.Creep.High, 1
	if diff := cmp.Diff(Decide(q), Decide(swapped)); diff != "" {
		t.Errorf("(-slope +swapped):\n%s", diff)
	}
}

func TestDecideTwoWorkers(t *testing.T) {
	q := flask(10)
	q.Threads, q.Law.ThreadBytes, q.Creep = 4, 5*MiB, Creep{Verdict: calibrate.Flat, Known: true, High: 100}
	a := Decide(q)
	// (2 x 2 + 1) / 4 = 1, but two fit
	if a.Recommended.Workers != 2 || a.Recommended.Threads != 4 {
		t.Errorf("recommended %+v, want 2 workers, 4 threads", a.Recommended)
	}

	q.BudgetBytes = 169 * MiB // one MB short of two
	if a = Decide(q); a.Recommended.Workers != 1 {
		t.Errorf("in 169 MB: %+v, want 1 worker", a.Recommended)
	}
	q.BudgetBytes = 170 * MiB // exactly two
	if a = Decide(q); a.Recommended.Workers != 2 || a.Recommended.BoundBy != "memory" {
		t.Errorf("in 170 MB: %+v, want 2 workers bound by memory", a.Recommended)
	}
}

func TestDecideRefusal(t *testing.T) {
	q := flask(60)
	q.Law, q.Threads, q.BudgetBytes = calibrate.Law{SharedBytes: 233 * MiB, WorkerBytes: 227 * MiB, ThreadBytes: 100 * MiB}, 4, 768*MiB
	a := Decide(q)
	if a.Recommended != nil || a.TotalBytes != 0 || a.SmallestBytes != 860*MiB {
		t.Errorf("recommended %+v, total %d, smallest %d", a.Recommended, a.TotalBytes, a.SmallestBytes)
	}

	q.ThreadChoices, q.BudgetBytes = []int{1, 4}, 500*MiB

	q.BudgetBytes = 560 * MiB
	a = Decide(q)
	if a.Recommended == nil || a.Recommended.Threads != 1 || a.Recommended.Workers != 1 {
		t.Errorf("in the smallest budget: %+v, want 1 worker with 1 thread", a.Recommended)
	}
	q.BudgetBytes--

	q.Law, q.Threads, q.ThreadChoices, q.BudgetBytes = calibrate.Law{SharedBytes: 100 * MiB, WorkerBytes: 209 * MiB, ThreadBytes: 0}, 1, nil, 300*MiB
}

func TestDecideVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name  string
		creep Creep
		doubt calibrate.Doubt
	}{
		{"warming", Creep{Verdict: calibrate.Warming, Known: true, Slope: 9000, High: 10_000}, calibrate.DoubtWarming},
		{"inconclusive", Creep{Verdict: calibrate.Inconclusive, Known: true, Slope: 9000, High: 10_000}, calibrate.DoubtInconclusive},
		{"not measured", Creep{}, calibrate.DoubtNoCreep},
		{"watched", Creep{Uncounted: true}, calibrate.DoubtUncounted},
		{"creeping without a bound", Creep{Verdict: calibrate.Creeping, Known: true, Slope: 9000, High: math.Inf(1)}, calibrate.DoubtUnbounded},
		{"creeping, unknown", Creep{Verdict: calibrate.Creeping, Slope: 9000, High: 10_000}, calibrate.DoubtUnbounded},
	} {
		q := flask(60)
		q.Creep = tc.creep
		a := Decide(q)
		if a.Recommended.Workers != 5 || a.Recycling.MaxRequests != 0 || a.WorkerMemoryMB != 60 {
			t.Errorf("%s: workers %d, max-requests %d, worker memory %d; want them sized from the peak, and no limit",
				tc.name, a.Recommended.Workers, a.Recycling.MaxRequests, a.WorkerMemoryMB)
		}
		if r := a.Recycling; r.Kind != calibrate.RecyclingUnknown || r.Doubt != tc.doubt {
			t.Errorf("%s: %s, %s; want %s", tc.name, r.Kind, r.Doubt, tc.doubt)
		}
	}
}

func TestDecideFlat(t *testing.T) {
	q := flask(60)
	q.Creep = Creep{Verdict: calibrate.Flat, Known: true, Slope: 1, High: 150}
	a := Decide(q)
	// M_safe = 10 MB / 150 B = 69 905; valve = min(69 905, 20 x 1000, 100 000)
	if r := a.Recycling; r.Kind != calibrate.RecyclingOff || r.MaxRequests != 0 || r.SafeRequests != 69_905 || r.Valve != 20_000 {
		t.Errorf("%+v", r)
	}

	q.Creep.Slope, q.Creep.High = -2, -1 // shrinking: nothing bounds it
	if r := Decide(q).Recycling; r.SafeRequests != 0 || r.Valve != 20_000 {
		t.Errorf("shrinking: %+v", r)
	}
	q.CanRecycle = false
	if r := Decide(q).Recycling; r.Valve != 0 {
		t.Errorf("a valve without a limit to set: %+v", r)
	}
}

// puma, unicorn and node have no request limit of their own: sized from the peak, and how long it lasts.
func TestDecideWithoutLimit(t *testing.T) {
	q := flask(60)
	q.CanRecycle = false
	a := Decide(q)
	if r := a.Recycling; r.Kind != calibrate.RecyclingCannot || r.MaxRequests != 0 || r.SafeRequests != 2024 || a.Recommended.Workers != 5 {
		t.Errorf("%+v", r)
	}
}

func TestDecideCandidates(t *testing.T) {
	type row struct {
		Workers, Threads int
		Fits             bool
		BoundBy          calibrate.Bound
		Basis            calibrate.Basis
	}
	q := flask(60)
	q.Creep, q.Law.ThreadBytes, q.ThreadChoices = Creep{Verdict: calibrate.Flat, Known: true, High: 100}, 20*MiB, []int{4, 1, 4}
	q.Law.WorkerBytes = 20 * MiB // 40 MB with 1 thread, 100 MB with 4
	var got []row
	for _, c := range Decide(q).Candidates {
		got = append(got, row{c.Workers, c.Threads, c.Fits, c.BoundBy, c.Basis})
	}
	want := []row{
		{1, 1, true, "", "measured"},
		{2, 1, true, "", "computed"},
		{3, 1, true, "", "computed"},
		{4, 1, true, "", "computed"},
		{5, 1, true, "cpu", "computed"}, // 6 would fit
		{1, 4, true, "cpu", "computed"}, // (2c+1) / 4 = 1
		{2, 4, true, "memory", "computed"},
		{3, 4, false, "memory", "computed"},
		{4, 4, false, "memory", "computed"},
		{5, 4, false, "memory", "computed"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("2 cores (-want +got):\n%s", diff)
	}

	q.CPUs, q.ThreadChoices, q.Workers = 8, nil, 3
	var workers []int
	for _, c := range Decide(q).Candidates {
		workers = append(workers, c.Workers)
		if basis := c.Basis == "measured"; basis != (c.Workers == 3) {
			t.Errorf("%d workers are %s, where 3 were measured", c.Workers, c.Basis)
		}
	}
	// 1, 2, the 3 that were measured, c/2, c, c+1, 2c, 2c+1, and the 6 that memory holds
	if diff := cmp.Diff([]int{1, 2, 3, 4, 6, 8, 9, 16, 17}, workers); diff != "" {
		t.Errorf("8 cores (-want +got):\n%s", diff)
	}
}

// A law without a worker falls back to the peak RSS, as the seeds do; without that, CPU alone decides.
func TestDecideWithoutLaw(t *testing.T) {
	q := Question{CPUs: 4, BudgetBytes: 1638 * MiB, WorkerPeakBytes: 209 * MiB, Threads: 1}
	a := Decide(q)
	if a.Recommended.Workers != Workers(4, 1638, 209, 1) || a.WorkerMemoryMB != 209 {
		t.Errorf("recommended %+v, worker memory %d", a.Recommended, a.WorkerMemoryMB)
	}
	q.WorkerPeakBytes = 0
	if a = Decide(q); a.Recommended.Workers != 9 || a.WorkerMemoryMB != 0 {
		t.Errorf("unknown worker: %+v", a.Recommended)
	}
}
