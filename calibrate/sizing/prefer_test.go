package sizing

import (
	"strings"
	"testing"

	"workermem/calibrate/knob"
)

// guide is a worker of 209 MB, as given, on 4 cores with a budget of 1 638 MB (2 GB less a fifth), with 1 thread or 4.
func guide() Question {
	return Question{
		CPUs: 4, BudgetBytes: 1638 * MiB, Law: Law{WorkerBytes: 209 * MiB}, WorkerPeakBytes: 209 * MiB,
		Threads: 1, ThreadChoices: []int{1, 4}, CanRecycle: true, Basis: given,
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
			t.Errorf("%q in %d MB, thread %d MB: %+v, want %d x %d (%s)", tc.prefer, tc.budget, tc.thread, a.Recommended, tc.workers, tc.threads, a.Refusal)
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

func TestPreferSentences(t *testing.T) {
	q := guide()
	q.Prefer = knob.PreferMemory
	a := Decide(q)
	sentence(t, "memory", a.Reason, "2 workers with 4 threads each: CPU allows (2 x 4 + 1) / 4 threads = 2; "+
		"memory holds 1 638 MB budget / 209 MB a worker = 7, rounded down. "+
		"Of 1 or 4 threads a worker 4 takes the least memory for all the workers that the cores ask for. "+
		"In all 2 x 209 MB = 418 MB, 25.5 % of the budget. "+
		"(The plain formula, min(2 x 4 + 1, 1 638 MB / 209 MB) / 4 threads, says 1.) "+
		"No max-requests: creep was not given.")
	q.Prefer, q.ThreadChoices = knob.PreferThreads, []int{1, 4, 16}
	a = Decide(q)
	sentence(t, "threads", a.Reason, "2 workers with 16 threads each: CPU allows 1, the least, of (2 x 4 + 1) / 16 threads; "+
		"memory holds 1 638 MB budget / 209 MB a worker = 7, rounded down. "+
		"Of 1, 4 or 16 threads a worker 16 allows the most requests at once. "+
		"Two all the same: with one, nobody answers while it restarts, and one worker of most languages keeps one core busy. "+
		"In all 2 x 209 MB = 418 MB, 25.5 % of the budget. "+
		"(The plain formula, min(2 x 4 + 1, 1 638 MB / 209 MB) / 16 threads, says 1.) "+
		"No max-requests: creep was not given.")
	if a.Candidates[0].Basis != given || a.Candidates[1].Basis != "computed" {
		t.Errorf("basis %s, then %s", a.Candidates[0].Basis, a.Candidates[1].Basis)
	}
}

func TestDecideBounds(t *testing.T) {
	for _, tc := range []struct {
		name             string
		fewest, most     int
		workers, threads int // 0: refused
		boundBy, says    string
	}{
		{"neither", 0, 0, 7, 1, "memory", ""},
		{"a minimum below", 3, 0, 7, 1, "memory", ""},
		{"a maximum above", 0, 20, 7, 1, "memory", ""},
		{"a maximum", 0, 3, 3, 1, "maximum", "3 workers are the most allowed."},
		{"one", 0, 1, 1, 1, "maximum", "1 worker is the most allowed: while it restarts nobody answers."},
		{"both the same", 4, 4, 4, 1, "maximum", "4 workers are the most allowed."},
		{"a minimum that memory can't hold", 8, 0, 0, 0, "", ""},
		{"a maximum below the minimum is the minimum", 5, 2, 5, 1, "maximum", "5 workers are the most allowed."},
	} {
		q := guide()
		q.MinWorkers, q.MaxWorkers = tc.fewest, tc.most
		a := Decide(q)
		if tc.workers == 0 {
			sentence(t, tc.name, a.Refusal, "needs 1 672 MB, has 1 638 MB: 8 x 209 MB; the smallest budget that fits is 1 672 MB")
			continue
		}
		if r := a.Recommended; r == nil || r.Workers != tc.workers || r.Threads != tc.threads || r.BoundBy != tc.boundBy {
			t.Errorf("%s: %+v, want %d workers bound by %q", tc.name, r, tc.workers, tc.boundBy)
		}
		holds(t, tc.name, a.Reason, tc.says)
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
	holds(t, "beyond the cores", a.Reason, "No fewer than 12 workers were asked for.")

	q.Law.ThreadBytes, q.Threads, q.Basis, q.MinWorkers, q.BudgetBytes = 100*MiB, 4, measured, 3, 1000*MiB
	a = Decide(q) // 3 x 609 MB don't fit, 3 x 309 MB do
	if a.Recommended.Workers != 3 || a.Recommended.Threads != 1 {
		t.Errorf("%+v, want 3 workers with 1 thread", a.Recommended)
	}
	holds(t, "fewer threads", a.Reason, "With the 4 threads it was measured with, the 3 workers asked for don't fit (that needs 1 827 MB), "+
		"so this is computed: measure with 1 thread to size more.")
	q.BudgetBytes = 900 * MiB
	sentence(t, "refusal", Decide(q).Refusal, "needs 1 827 MB, has 900 MB: 3 x (209 MB + 4 threads x 100 MB); "+
		"the smallest budget that fits is 927 MB, with 1 thread")
}

// Recycling takes no worker below the minimum, nor names fewer as a way out.
func TestDecideMinimumAndPrice(t *testing.T) {
	q := flask(100) // 4 without a minimum, for the price of recycling
	q.MinWorkers = 5
	a := Decide(q)
	if a.Recommended.Workers != 5 {
		t.Errorf("%d workers, want the 5 asked for", a.Recommended.Workers)
	}
	sentence(t, "conflict", a.Recycling.Conflict, "Recycling at 1 800 requests costs each worker just over 1 % of its time. "+
		"Ways out: a budget of 305 MB; mend the creep; shorten the boot.")
}

func TestDecideGivenCreep(t *testing.T) {
	q := guide()
	q.Creep, q.BootSeconds, q.RatePerSecond, q.RateBasis = Creep{creeping, true, 6615, 6615}, 2, 80, given
	q.MaxWorkers = 4
	a := Decide(q)
	// 1638 MB less 4 x 209 MB, over 4 workers, is 200.5 MB
	sentence(t, "sum", a.Recycling.Sum, "31 782 = 200 MB / 6.46 KB: headroom a worker over the creep. "+
		"Less 3 179 of jitter (a tenth), rounded down to two digits: 28 000. A worker lives up to 31 179 requests. "+
		"At 80 requests/s (given) over 4 workers each restarts every 24 min 39 s; with 2 s of boot that costs 0.14 % of its time.")
	holds(t, "reason", a.Reason, "is 209 MB at its given peak and")

	q.Creep = Creep{flat, true, 0, 0}
	sentence(t, "flat", Decide(q).Recycling.Sum, "No creep, as given: recycling can stay off.")
}

// holds says that a text has a sentence.
func holds(t *testing.T, what, text, want string) {
	t.Helper()
	if want == "" {
		for _, bound := range []string{"No more than", "No fewer than"} {
			if strings.Contains(text, bound) {
				t.Errorf("%s: %q says %q", what, text, bound)
			}
		}
	} else if !strings.Contains(text, want) {
		t.Errorf("%s: %q doesn't say %q", what, text, want)
	}
}
