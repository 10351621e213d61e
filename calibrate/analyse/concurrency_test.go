package analyse

import (
	"testing"

	"workermem/calibrate"
)

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
	if c := concurrency(r); c.RequestBytes != 1<<20 || c.Bound != 8+400 {
		t.Errorf("%d bytes, bound %d; want 1 MiB (5000 requests of 1000 B are creep), bound 408", c.RequestBytes, c.Bound)
	}
	r.Concurrency.Steps[1].PeakRSSBytes = 105 << 20
	if c := concurrency(r); c.Bound != 0 {
		t.Errorf("bound %d, want none: a request at once costs next to nothing", c.Bound)
	}
}
