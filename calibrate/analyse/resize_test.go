package analyse

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

const gib = 1 << 30

func Recorded(t *testing.T, name string) calibrate.Result {
	t.Helper()
	r, err := Load(filepath.Join("..", "..", "fixtures", "runs", name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResizedForAnotherBox(t *testing.T) {
	r := Recorded(t, "creeping")
	r.Plan.CPUs, r.Plan.MemoryBytes = 8, 16*gib
	large := Resized(r)
	if large.Recommendation.Workers != 4 || large.Recommendation.Budget != (calibrate.Budget{MemoryBytes: 16 * gib, Source: calibrate.MemoryGiven, ReserveBytes: 3_435_973_837}) {
		t.Errorf("%+v", large.Recommendation) // (2 x 8 + 1) / 4 threads
	}
	r.Plan.MaxWorkers, r.Plan.ReserveRatio, r.Plan.ReserveBytes = 3, 0, gib
	if got := Resized(r).Recommendation; got.Workers != 3 || got.BudgetBytes != 15*gib {
		t.Errorf("at most 3: %+v", got)
	}
	r.Plan.MemoryBytes, r.Plan.MaxWorkers, r.Plan.MinWorkers, r.Plan.ReserveBytes = gib, 0, 20, 0
	refused := Resized(r)
	if rec := refused.Recommendation; !rec.NothingFits || refused.Outcome() != calibrate.KindNothingFits || rec.Sum.MinWorkers != 20 || rec.Sum.NeededBytes <= rec.BudgetBytes {
		t.Errorf("at least 20: %+v", rec)
	}
	r.Plan.MemoryBytes = refused.Recommendation.SmallestMemoryBytes
	if got := Resized(r).Recommendation; got.Workers != 20 {
		t.Errorf("in the smallest memory: %+v", got)
	}
	r.Plan.MemoryBytes--
	if got := Resized(r).Recommendation; !got.NothingFits {
		t.Errorf("in a byte less: %+v", got)
	}
}

// What depends on the box is said of the new one, and what was measured stays.
func TestResizedWarnings(t *testing.T) {
	r := Recorded(t, "flat")
	r.Target.Threads, r.Target.HasThreads, r.Target.ConcurrencyFlag = 0, false, "--limit-concurrency"
	r.Concurrency.Steps = []calibrate.ConcurrencyStep{{Clients: 8, PeakRSSBytes: 100 * calibrate.MiB}, {Clients: 108, PeakRSSBytes: 300 * calibrate.MiB}}
	r.Warnings = []calibrate.Warning{{Code: unbounded, Text: "of the former box", Derived: true}, {Code: "not-scaled", Text: "measured"}}
	r.Plan.MemoryBytes, r.Plan.CPUs = 2*gib, 2
	got := Resized(r)
	var codes []string
	for _, w := range got.Warnings {
		codes = append(codes, w.Code)
		if w.Code == unbounded && (w.Text == "of the former box" || got.Concurrency.Bound == 0) {
			t.Errorf("bound %d: %s", got.Concurrency.Bound, w.Text)
		}
	}
	if strings.Join(codes, " ") != "not-scaled unbounded" || r.Warnings[0].Text != "of the former box" {
		t.Errorf("warnings %v; before %v", codes, r.Warnings)
	}
}

func TestThreadRange(t *testing.T) {
	one := calibrate.LawRun{Workers: 1, Threads: 8, PeakRSSBytes: calibrate.MiB}
	for _, tc := range []struct {
		name        string
		has         bool
		idle        int64
		basis       calibrate.Basis
		runs        []calibrate.LawRun
		unserved    []calibrate.Shape
		least, most int
	}{
		{"a server without threads", false, calibrate.MiB, "measured", nil, nil, 4, 4},
		{"one worker alone", true, calibrate.MiB, "computed", nil, nil, 4, 4},
		{"one worker alone, and no idle reading", true, 0, "computed", nil, nil, 4, 4},
		{"other threads were measured", true, 0, "measured", []calibrate.LawRun{one, {Workers: 2, Threads: 4, PeakRSSBytes: calibrate.MiB}}, nil, 1, math.MaxInt},
		{"a second worker alone was measured", true, 0, "measured", []calibrate.LawRun{{Workers: 2, Threads: 4, PeakRSSBytes: calibrate.MiB}}, nil, 4, 4},
		{"more of them hardly served", true, calibrate.MiB, "computed", nil, []calibrate.Shape{{Workers: 1, Threads: 16}}, 4, 4},
		{"more still hardly served", true, calibrate.MiB, "measured", []calibrate.LawRun{one}, []calibrate.Shape{{Workers: 1, Threads: 32}, {Workers: 1, Threads: 16}}, 1, 8},
		{"two workers hardly served", true, calibrate.MiB, "computed", nil, []calibrate.Shape{{Workers: 2, Threads: 4}}, 4, 4},
		{"given", true, 0, calibrate.BasisGiven, nil, nil, 1, math.MaxInt},
	} {
		r := calibrate.Result{Target: calibrate.TargetInfo{Threads: 4, HasThreads: tc.has}, Worker: calibrate.Worker{IdleRSSBytes: tc.idle}, Law: calibrate.Law{Basis: tc.basis, Runs: tc.runs, Unserved: tc.unserved}}
		if least, most := r.ThreadRange(); least != tc.least || most != tc.most {
			t.Errorf("%s: %d to %d, want %d to %d", tc.name, least, most, tc.least, tc.most)
		}
	}
}

// Threads that were not measured stand on the law, and are never called measured.
func TestResizedForOtherThreads(t *testing.T) {
	r := Recorded(t, "creeping") // measured with 4
	r.Plan.ThreadChoices = []int{8, 16}
	got := Resized(r)
	if got.Recommendation.Threads != 8 {
		t.Errorf("%d threads, want the first of those chosen", got.Recommendation.Threads)
	}
	for _, c := range got.Candidates {
		if c.Basis != "computed" {
			t.Errorf("%+v", c)
		}
	}
	r.Plan.ThreadChoices = []int{8, 4}
	if got := Resized(r); got.Recommendation.Threads != 4 {
		t.Errorf("%d threads, want the measured ones", got.Recommendation.Threads)
	}
	r.Plan.Prefer = "threads"
	if got := Resized(r); got.Recommendation.Threads != 8 {
		t.Errorf("%d threads, want the most requests at once", got.Recommendation.Threads)
	}
}

func TestGiven(t *testing.T) {
	box := calibrate.PlanInfo{Box: knob.Box{CPUs: 4, MemoryBytes: 2 * gib, Reserve: knob.Reserve{ReserveRatio: 0.2}}}
	r := Given{WorkerBytes: 209 * calibrate.MiB, Threads: []int{1, 4}}.Result(calibrate.Host{}, box)
	if rec := r.Recommendation; rec.Workers != 7 || rec.Threads != 1 || rec.WorkerMemoryMB != 209 || rec.MaxRequests != 0 || r.Outcome() != 0 {
		t.Errorf("%+v", rec)
	}
	if r.Candidates[0].Basis != "given" || len(r.Warnings) != 0 {
		t.Errorf("%+v, warnings %v", r.Candidates[0], r.Warnings)
	}
	leak := 6615.0
	r = Given{SharedBytes: 30 * calibrate.MiB, WorkerBytes: 100 * calibrate.MiB, ThreadBytes: 5 * calibrate.MiB, Threads: []int{4}, Creep: &leak, BootSeconds: 2}.
		Result(calibrate.Host{}, calibrate.PlanInfo{Box: knob.Box{CPUs: 4, MemoryBytes: gib, ProductionRate: 80}})
	if rec := r.Recommendation; rec.Workers != 2 || rec.MaxRequests == 0 || rec.RestartIntervalSeconds == 0 || rec.TotalBytes > gib || r.Worker.PeakRSSBytes != 120*calibrate.MiB {
		t.Errorf("%+v, peak %d", rec, r.Worker.PeakRSSBytes)
	}
	none := 0.0
	r = Given{WorkerBytes: 100 * calibrate.MiB, Threads: []int{1}, Creep: &none}.Result(calibrate.Host{}, box)
	if rec := r.Recommendation; r.Creep.Verdict != "flat" || rec.MaxRequests != 0 || rec.Recycling.Kind != calibrate.RecyclingOff || rec.Sum.Basis != calibrate.BasisGiven {
		t.Errorf("%s: %+v", r.Creep.Verdict, rec)
	}
}

// What a worker of 60 MB and 2 ms of CPU a request is to be, by its numbers alone.
func TestGivenWhatARequestCosts(t *testing.T) {
	const mib = calibrate.MiB
	waits := Given{SharedBytes: 30 * mib, WorkerBytes: 60 * mib, ThreadBytes: mib, Demand: 0.002, Waiting: 0.018}
	computes, spreads := waits, waits
	computes.Waiting = 0
	spreads.WorkerCores = 2
	box := func(rate float64) calibrate.PlanInfo {
		return calibrate.PlanInfo{Box: knob.Box{CPUs: 2, MemoryBytes: 1000 * mib, Reserve: knob.Reserve{ReserveRatio: 0.2}, ProductionRate: rate}}
	}
	for _, c := range []struct {
		name             string
		given            Given
		rate             float64
		workers, threads int
		serves           float64 // about
		outcome          calibrate.Kind
	}{
		{"ten at once a core", waits, 0, 2, 10, 1000, 0},
		{"computes alone", computes, 0, 2, 1, 1000, 0},
		{"two threads each carry 140 of 200/s", waits, 140, 2, 2, 200, 0},
		{"more than two cores carry", waits, 900, 2, 10, 1000, calibrate.KindNothingFits},
		{"a worker for both cores", spreads, 0, 2, 20, 1000, 0},
	} {
		r := c.given.Result(calibrate.Host{}, box(c.rate))
		rec := r.Recommendation
		i := slices.IndexFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Recommended })
		if i < 0 || rec.Workers != c.workers || rec.Threads != c.threads || math.Abs(r.Candidates[i].Rate/c.serves-1) > 0.03 || !rec.Sum.BySpeed || r.Outcome() != c.outcome {
			t.Errorf("%s: %d x %d, %+v", c.name, rec.Workers, rec.Threads, rec.Sum)
		}
	}
	sum := waits.Result(calibrate.Host{}, box(900)).Recommendation.Sum
	if s := sum.NeededShape; sum.NeededCores != 3 || s == nil || *s != (calibrate.Shape{Workers: 3, Threads: 10}) || sum.NeededMemoryBytes != 300*mib { // (30 + 3 x 70) / 0.8
		t.Errorf("%g cores, %d MB, %v", sum.NeededCores, sum.NeededMemoryBytes/mib, sum.NeededShape)
	}
}

func TestMemoryFor(t *testing.T) {
	for _, p := range []knob.Reserve{{}, {ReserveRatio: 0.2}, {ReserveRatio: 0.1, ReserveBytes: 512 * calibrate.MiB}, {ReserveRatio: 0.999999}} {
		for _, budget := range []int64{1, 1000, 860 * calibrate.MiB, 1<<40 + 1} {
			total := memoryFor(budget, p)
			if budgetOf(total, p) < budget || p.ReserveRatio < 0.9 && budgetOf(total-1, p) >= budget {
				t.Errorf("%+v: %d leaves %d, a byte less %d; want %d", p, total, budgetOf(total, p), budgetOf(total-1, p), budget)
			}
		}
	}
	if got := memoryFor(math.MaxInt64, knob.Reserve{ReserveRatio: 0.2, ReserveBytes: math.MaxInt64}); got != 0 {
		t.Errorf("%d", got)
	}
}

// How long a run was is no matter: what its worker had crept by then is recycled away.
func TestSizingForgetsHowLongTheRunWas(t *testing.T) {
	const slope = 16384.0
	after := func(requests int64) calibrate.Recommendation {
		s := slope
		r := calibrate.Result{
			Mode: calibrate.ModeRun, Complete: true, Plan: calibrate.PlanInfo{Box: knob.Box{MemoryBytes: 600 << 20, CPUs: 2}},
			Target: calibrate.TargetInfo{Threads: 4, HasThreads: true, CanRecycle: true, HasJitter: true, WorkerBootSeconds: 0.2},
			Worker: calibrate.Worker{PeakRSSBytes: 40<<20 + int64(slope)*requests, Requests: requests},
			Law:    calibrate.Law{SharedBytes: 24 << 20, WorkerBytes: 18 << 20, Basis: "computed"},
			Creep:  calibrate.Creep{Verdict: "creeping", BytesPerRequest: &s, Low: &s, High: &s},
			Load:   calibrate.LoadInfo{RateSent: 600},
			Phases: []calibrate.Phase{{Name: calibrate.PhaseSoak, Requests: requests, Succeeded: requests, Answered: requests}},
		}
		rec, _, _ := decide(r)
		return rec
	}
	short, long := after(5_000), after(30_000)
	if short.Workers != 2 || long.Workers != 2 || short.MaxRequests != long.MaxRequests || long.MaxRequests == 0 {
		t.Errorf("after 5 000 requests %d workers of %d requests, after 30 000 %d of %d", short.Workers, short.MaxRequests, long.Workers, long.MaxRequests)
	}
	if long.TotalBytes > long.BudgetBytes || float64(long.TotalBytes) < 0.85*float64(long.BudgetBytes) {
		t.Errorf("%d of %d bytes", long.TotalBytes, long.BudgetBytes)
	}
}

// A server that runs one process is not sized for more.
func TestSizingKeepsToTheServersMost(t *testing.T) {
	r := calibrate.Result{
		Mode: calibrate.ModeRun, Complete: true, Plan: calibrate.PlanInfo{Box: knob.Box{MemoryBytes: 2 << 30, CPUs: 8}, Wishes: knob.Wishes{MinWorkers: 2}},
		Target: calibrate.TargetInfo{Threads: 4, HasThreads: true, MaxWorkers: 1},
		Worker: calibrate.Worker{PeakRSSBytes: 40 << 20, Requests: 5000},
		Law:    calibrate.Law{SharedBytes: 24 << 20, WorkerBytes: 18 << 20, Basis: "computed"},
		Creep:  calibrate.Creep{Verdict: "flat"},
		Phases: []calibrate.Phase{{Name: calibrate.PhaseSoak, Requests: 5000, Succeeded: 5000, Answered: 5000}},
	}
	if rec, _, _ := decide(r); rec.Workers != 1 {
		t.Errorf("%d workers: %+v", rec.Workers, rec.Sum)
	}
}
