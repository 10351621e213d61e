package sizing

import (
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// guide is a worker of 209 MB, as given, on 4 cores with a budget of 1 638 MB (2 GB less a fifth), with 1 thread or 4.
func guide() Question {
	return Question{
		CPUs: 4, BudgetBytes: 1638 * MiB, Law: calibrate.Law{WorkerBytes: 209 * MiB}, WorkerPeakBytes: 209 * MiB,
		Threads: 1, ThreadChoices: []int{1, 4}, CanRecycle: true, Basis: calibrate.BasisGiven,
	}
}

func TestDecidePrefer(t *testing.T) {
	for _, tc := range []struct {
		prefer           string
		budget, thread   int64 // MB
		workers, threads int
	}{
		{"", 1638, 0, 7, 1},
		{knob.PreferWorkers, 1638, 0, 7, 1}, // 7 against (2 x 4 + 1) / 4 = 2
		{knob.PreferThreads, 1638, 0, 2, 4}, // 8 at once against 7
		{knob.PreferMemory, 1638, 0, 2, 4},  // memory holds 7 of the 9 with one thread, and both with 4
		{knob.PreferMemory, 2000, 0, 2, 4},  // 418 MB against 9 x 209 MB
		// 9 x (209 + 250) = 4131 MB, but two of 4 threads take 2 x 1209 = 2418
		{knob.PreferMemory, 5000, 250, 2, 4},
		{knob.PreferThreads, 5000, 250, 9, 1}, // 9 at once against 8
		{knob.PreferThreads, 2400, 250, 5, 1}, // 2400 / 459 = 5 against one of 4 threads
		// neither is granted: one with 4 threads (1209 MB) serves 4, three with one (1377 MB) only 3
		{knob.PreferMemory, 1400, 250, 1, 4},
		{knob.PreferMemory, 500, 250, 1, 1}, // one alone fits
		{knob.PreferWorkers, 1400, 250, 3, 1},
		{"nonsense", 1638, 0, 7, 1},
	} {
		q := guide()
		q.Prefer, q.BudgetBytes, q.Law.ThreadBytes = tc.prefer, tc.budget*MiB, tc.thread*MiB
		a := Decide(q)
		if a.Recommended == nil || a.Recommended.Workers != tc.workers || a.Recommended.Threads != tc.threads {
			t.Errorf("%q in %d MB, thread %d MB: %+v, want %d x %d (%+v)", tc.prefer, tc.budget, tc.thread, a.Recommended, tc.workers, tc.threads, a.Sum)
		}
	}
}

// Of equals it is the one that takes less memory.
func TestDecidePreferTie(t *testing.T) {
	q := guide()
	q.Prefer, q.Law.ThreadBytes, q.ThreadChoices, q.MaxWorkers = knob.PreferWorkers, 10*MiB, []int{4, 8}, 2
	q.Threads = 8
	if a := Decide(q); a.Recommended.Threads != 4 || a.Recommended.Workers != 2 {
		t.Errorf("%+v, want 2 x 4", a.Recommended)
	}
}

func TestDecideBounds(t *testing.T) {
	for _, tc := range []struct {
		name             string
		fewest, most     int
		workers, threads int // 0: refused
		boundBy          calibrate.Bound
		rule             int // what the cores and memory come to by themselves
	}{
		{"neither", 0, 0, 7, 1, "memory", 7},
		{"a minimum below", 3, 0, 7, 1, "memory", 7},
		{"a maximum above", 0, 20, 7, 1, "memory", 7},
		{"a maximum", 0, 3, 3, 1, "maximum", 7},
		{"one", 0, 1, 1, 1, "maximum", 7},
		{"both the same", 4, 4, 4, 1, "maximum", 7},
		{"a minimum that memory can't hold", 8, 0, 0, 0, "", 0},
		{"a maximum below the minimum is the minimum", 5, 2, 5, 1, "maximum", 7},
	} {
		q := guide()
		q.MinWorkers, q.MaxWorkers = tc.fewest, tc.most
		a := Decide(q)
		if s := a.Sum; s.RuleWorkers != tc.rule || s.AllowedWorkers != tc.workers || s.NeededBytes != int64(max(tc.fewest, 1))*209*MiB {
			t.Errorf("%s: %+v", tc.name, s)
		}
		if tc.workers == 0 {
			continue
		}
		if r := a.Recommended; r == nil || r.Workers != tc.workers || r.Threads != tc.threads || r.BoundBy != tc.boundBy {
			t.Errorf("%s: %+v, want %d workers bound by %q", tc.name, r, tc.workers, tc.boundBy)
		}
	}
}

// A minimum goes beyond what the cores ask for, and holds where the measured threads don't fit.
func TestDecideMinimum(t *testing.T) {
	q := guide()
	q.BudgetBytes, q.MinWorkers = 8000*MiB, 12
	a := Decide(q)
	if a.Recommended.Workers != 12 || len(a.Candidates) != 2 {
		t.Errorf("%+v, %d candidates; want 12 workers, with 1 thread and with 4", a.Recommended, len(a.Candidates))
	}

	q.Law.ThreadBytes, q.Threads, q.Basis, q.MinWorkers, q.BudgetBytes = 100*MiB, 4, calibrate.BasisMeasured, 3, 1000*MiB
	a = Decide(q) // 3 x 609 MB don't fit, 3 x 309 MB do
	if a.Recommended.Workers != 3 || a.Recommended.Threads != 1 {
		t.Errorf("%+v, want 3 workers with 1 thread", a.Recommended)
	}
	q.BudgetBytes = 900 * MiB
}

// Recycling takes no worker below the minimum, nor names fewer as a way out.
func TestDecideMinimumAndPrice(t *testing.T) {
	q := flask(100) // 4 without a minimum, for the price of recycling
	q.MinWorkers = 5
	a := Decide(q)
	if a.Recommended.Workers != 5 {
		t.Errorf("%d workers, want the 5 asked for", a.Recommended.Workers)
	}
}
