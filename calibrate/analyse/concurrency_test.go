package analyse

import (
	"testing"

	"workermem/calibrate"
)

// steps are pairs of clients and MB.
func steps(pairs ...int64) (all []calibrate.ConcurrencyStep) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, calibrate.ConcurrencyStep{Clients: int(pairs[i]), PeakRSSBytes: pairs[i+1] * calibrate.MiB})
	}
	return all
}

func TestCurve(t *testing.T) {
	const mb = calibrate.MiB
	for _, c := range []struct {
		name  string
		steps []calibrate.ConcurrencyStep
		each  int64 // KiB
		bend  calibrate.Bend
	}{
		{"4 MB each", steps(8, 60, 16, 92, 32, 156, 64, 284, 128, 540), 4096, calibrate.Bend{}},
		{"a pool of 40", steps(8, 60, 16, 92, 32, 156, 64, 188, 128, 188, 256, 188), 4032, calibrate.Bend{Below: 32, Clients: 64, Bytes: 128 * mb}},
		{"without the last step", steps(8, 60, 16, 92, 32, 156, 64, 188, 128, 188), 4032, calibrate.Bend{Below: 32, Clients: 64, Bytes: 128 * mb}},
		{"in three steps, as they once were", steps(8, 60, 32, 156, 128, 188), 4053, calibrate.Bend{Below: 8, Clients: 32, Bytes: 128 * mb}},
		{"a limit of 100", steps(8, 60, 16, 92, 32, 156, 64, 284, 128, 428, 256, 428), 4064, calibrate.Bend{Below: 64, Clients: 128, Bytes: 368 * mb}},
		{"connections that wait take 60 KB", steps(8, 60, 16, 92, 32, 156, 64, 190, 128, 194, 256, 202), 4032, calibrate.Bend{Below: 32, Clients: 64, Bytes: 142 * mb}},
		{"10 at once", steps(8, 60, 16, 68, 32, 68, 64, 68, 128, 68), 896, calibrate.Bend{Below: 8, Clients: 16, Bytes: 8 * mb}},
		{"one at a time", steps(8, 60, 16, 60, 32, 60, 64, 60, 128, 60), 0, calibrate.Bend{}},
		{"steeper beyond 32", steps(8, 60, 16, 64, 32, 72, 64, 200, 128, 456), 4080, calibrate.Bend{}},
		{"less steep, and it goes on", steps(8, 60, 16, 92, 32, 156, 64, 220, 128, 348, 256, 604), 4032, calibrate.Bend{}},
		{"what a heap does by itself", steps(8, 60, 16, 61, 32, 61, 64, 61, 128, 61), 8, calibrate.Bend{}},
		{"cut short", steps(8, 60, 16, 92), 4096, calibrate.Bend{}},
		{"the peak alone", steps(8, 60), 0, calibrate.Bend{}},
	} {
		got := curve(calibrate.Result{Concurrency: calibrate.Concurrency{Steps: c.steps}})
		var bend calibrate.Bend
		if got.Bend != nil {
			bend = *got.Bend
		}
		if got.RequestBytes>>10 != c.each || bend != c.bend {
			t.Errorf("%s: %d KiB each, %+v; want %d, %+v", c.name, got.RequestBytes>>10, bend, c.each, c.bend)
		}
	}
}

// Children are in what the kernel charges, and not in the worker's RSS.
func TestCurveCountsChildren(t *testing.T) {
	r := calibrate.Result{Concurrency: calibrate.Concurrency{Steps: steps(8, 60, 32, 61, 128, 61)}}
	for i, held := range []int64{700, 2620, 10300} {
		r.Concurrency.Steps[i].PeakHeldBytes = held * calibrate.MiB
	}
	if got := curve(r); got.RequestBytes != 80*calibrate.MiB || got.Bend != nil {
		t.Errorf("%d bytes each, bend %+v; want 80 MB for each child, and none", got.RequestBytes, got.Bend)
	}
	r.Concurrency.Steps[1].PeakHeldBytes = 0
	if got := curve(r); got.RequestBytes>>10 != 8 {
		t.Errorf("%d bytes each: a step without the kernel's figure was compared with one that has it", got.RequestBytes)
	}
}

// Files in memory that each request leaves behind are no request's that is under way.
func TestCurveIsWithoutAllCreep(t *testing.T) {
	slope := float64(64 << 10)
	r := calibrate.Result{Concurrency: calibrate.Concurrency{Steps: steps(8, 60, 16, 60, 32, 60)}}
	r.Creep = calibrate.Creep{Verdict: calibrate.Creeping, By: calibrate.ByRequest, BytesPerRequest: &slope, Low: &slope, High: &slope,
		Kinds: []calibrate.Growth{{Kind: calibrate.GrowsFiles, BytesPerRequest: slope}}}
	for i := range r.Concurrency.Steps {
		s := &r.Concurrency.Steps[i]
		s.Answered = int64(i) * 1000
		s.PeakHeldBytes = 80*calibrate.MiB + s.Answered*64<<10
	}
	if got := curve(r); got.RequestBytes != 0 {
		t.Errorf("%d bytes for each request at once, want none", got.RequestBytes)
	}
}

func TestBending(t *testing.T) {
	for name, c := range map[string]struct {
		steps []calibrate.ConcurrencyStep
		want  bool
	}{
		"4 MB each":                  {steps(8, 60, 16, 92, 32, 156, 64, 284, 128, 540), false},
		"within a tenth":             {steps(8, 60, 16, 92, 32, 156, 64, 284, 128, 510), false},
		"a pool of 40":               {steps(8, 60, 16, 92, 32, 156, 64, 188, 128, 188), true},
		"the same, seen":             {steps(8, 60, 16, 92, 32, 156, 64, 188, 128, 188, 256, 188), false},
		"a pool of 20: seen":         {steps(8, 60, 16, 92, 32, 108, 64, 108, 128, 108), false},
		"a limit of 100":             {steps(8, 60, 16, 92, 32, 156, 64, 284, 128, 428), true},
		"nothing grows":              {steps(8, 60, 16, 60, 32, 60, 64, 60, 128, 61), false},
		"two steps show no bend yet": {steps(8, 60, 16, 92), false},
	} {
		if got := Bending(calibrate.Result{Concurrency: calibrate.Concurrency{Steps: c.steps}}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// pooled is an async worker of 60 MB with 8 requests at once, of 156 with 32, and of 188 with any more, on so many MB.
func pooled(memory int64) calibrate.Result {
	return calibrate.Result{
		Host:   calibrate.Host{CPUs: 2, MemoryBytes: memory * calibrate.MiB},
		Target: calibrate.TargetInfo{Server: "uvicorn", CanScale: true},
		Phases: []calibrate.Phase{{Name: calibrate.PhasePeak, Clients: 8, Requests: 1000, Succeeded: 1000, PeakRSSBytes: 60 * calibrate.MiB}},
		Worker: calibrate.Worker{PeakRSSBytes: 60 * calibrate.MiB, Requests: 1000, Workers: 1},
		Law:    calibrate.Law{WorkerBytes: 60 * calibrate.MiB, Basis: calibrate.BasisComputed},
		Load:   calibrate.LoadInfo{Requests: 1000, Succeeded: 1000, RateSent: 100}, Complete: true,
		Creep:       calibrate.Creep{Verdict: calibrate.Flat},
		Concurrency: calibrate.Concurrency{Steps: steps(8, 60, 16, 92, 32, 156, 64, 188, 128, 188, 256, 188)},
	}
}

// Where memory stops growing within the budget, production's workers are those at the bend, and need no bound.
func TestWorkersAtTheBend(t *testing.T) {
	r := Resized(pooled(800))
	rec := r.Recommendation
	if rec.Workers != 4 || rec.TotalBytes != 4*188*calibrate.MiB || rec.Sum.AtOnce != 64 || rec.WorkerMemoryMB != 188 || rec.Sum.CrowdBytes != 128*calibrate.MiB {
		t.Errorf("%d workers, %d bytes, %d at once, worker memory %d MB, of it %d; want 4 of 188 MB with 64 at once", rec.Workers, rec.TotalBytes, rec.Sum.AtOnce, rec.WorkerMemoryMB, rec.Sum.CrowdBytes)
	}
	if clients, bytes := AtOnce(r); clients != 64 || bytes != 128*calibrate.MiB {
		t.Errorf("to be proved with %d at once and %d bytes more", clients, bytes)
	}
	if r.Concurrency.Bound != 0 || len(r.Warnings) != 0 {
		t.Errorf("bound %d, %+v; want none", r.Concurrency.Bound, r.Warnings)
	}
}

// Where not even one worker of the bend fits, so many requests at once do.
func TestBoundBelowTheBend(t *testing.T) {
	r := Resized(pooled(180))
	rec, bound := r.Recommendation, r.Concurrency.Bound
	if rec.Workers != 3 || bound != 8 || rec.Sum.CrowdBytes != 0 {
		t.Errorf("%d workers, bound %d, for the bend %d; want 3 of 60 MB and no more than the 8 of the peak", rec.Workers, bound, rec.Sum.CrowdBytes)
	}
	if clients, bytes := AtOnce(r); clients != 8 || bytes != 0 {
		t.Errorf("to be proved with %d at once and %d bytes more", clients, bytes)
	}
	one := pooled(180)
	one.Plan.ReserveBytes = 36 * calibrate.MiB
	one.Plan.MaxWorkers = 1
	if one = Resized(one); one.Concurrency.Bound != 8+21 { // 84 MB, 3.94 each
		t.Errorf("one worker: bound %d, want 29", one.Concurrency.Bound)
	}
	one.Plan.MemoryBytes = 206 * calibrate.MiB
	if one = Resized(one); one.Concurrency.Bound != 32 {
		t.Errorf("one worker: bound %d, want 32: the 35 that a line gives are beyond what was measured", one.Concurrency.Bound)
	}
}

func TestConcurrencyLeavesCreepApart(t *testing.T) {
	slope := 1000.0
	r := calibrate.Result{
		Creep:          calibrate.Creep{Verdict: "creeping", BytesPerRequest: &slope},
		Recommendation: calibrate.Recommendation{Workers: 2, BudgetBytes: 1000 << 20, TotalBytes: 200 << 20},
		Concurrency: calibrate.Concurrency{Steps: []calibrate.ConcurrencyStep{
			{Clients: 8, PeakRSSBytes: 100 << 20, Answered: 10_000},
			{Clients: 108, PeakRSSBytes: 200<<20 + 5_000_000, Answered: 15_000},
		}},
	}
	r.Concurrency = curve(r)
	if c := concurrency(r); c.RequestBytes != 1<<20 || c.Bound != 8+400 {
		t.Errorf("%d bytes, bound %d; want 1 MiB (5000 requests of 1000 B are creep), bound 408", c.RequestBytes, c.Bound)
	}
	r.Concurrency.Steps[1].PeakRSSBytes = 105 << 20
	r.Concurrency = curve(r)
	if c := concurrency(r); c.Bound != 0 {
		t.Errorf("bound %d, want none: a request at once costs next to nothing", c.Bound)
	}
}
