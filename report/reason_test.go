package report

import (
	"math"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	sizes "workermem/calibrate/sizing"
)

// flask is a worker of 40 MB beside 50 MB shared, peak RSS 60 MB after 1000 requests, leaking 10 KB a request at most,
// with a boot of a second, on 2 cores with a budget of 300 MB.
func flask(rate float64) sizes.Question {
	return sizes.Question{
		CPUs: 2, BudgetBytes: 300 * mb, Law: calibrate.Law{SharedBytes: 50 * mb, WorkerBytes: 40 * mb},
		WorkerPeakBytes: 60 * mb, Requests: 1000, Creep: creeps(calibrate.Creeping, 10*1024),
		BootSeconds: 1, RatePerSecond: rate, RateBasis: calibrate.BasisGiven, Threads: 1, CanRecycle: true,
	}
}

func creeps(v calibrate.Verdict, high float64) sizes.Creep {
	return sizes.Creep{Verdict: v, Known: true, Slope: 0.9 * high, High: high}
}

// guide is a worker of 209 MB, as given, on 4 cores with a budget of 1 638 MB (2 GB less a fifth), with 1 thread or 4.
func guide() sizes.Question {
	return sizes.Question{
		CPUs: 4, BudgetBytes: 1638 * mb, Law: calibrate.Law{WorkerBytes: 209 * mb}, WorkerPeakBytes: 209 * mb,
		Threads: 1, ThreadChoices: []int{1, 4}, CanRecycle: true, Basis: calibrate.BasisGiven,
	}
}

// decided is what a question comes to, as a result has it.
func decided(q sizes.Question) calibrate.Result {
	a := sizes.Decide(q)
	r := calibrate.Result{Complete: true, Recommendation: calibrate.Recommendation{BudgetBytes: q.BudgetBytes, Sum: a.Sum}}
	r.Plan.Prefer = q.Prefer
	rec := &r.Recommendation
	if rec.NothingFits = a.Recommended == nil; rec.NothingFits {
		return r
	}
	rec.Workers, rec.Threads, rec.TotalBytes, rec.WorkerMemoryMB = a.Recommended.Workers, a.Recommended.Threads, a.TotalBytes, a.WorkerMemoryMB
	rec.Recycling, rec.MaxRequests, rec.MaxRequestsJitter = a.Recycling, a.Recycling.MaxRequests, a.Recycling.Jitter
	rec.RestartIntervalSeconds, rec.RecycleCostRatio, rec.SafeRequests = a.Recycling.RestartSeconds, a.Recycling.CostRatio, a.Recycling.SafeRequests
	return r
}

// ruled is why the field's rule decided, where nothing is known of CPU time.
const ruled = "That rule stands in, since how long a request takes alone was not measured. "

func says(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestReasonOfWorkersThatCreep(t *testing.T) {
	r := decided(flask(60))
	says(t, "workers", workersReason(r), "5 workers with 1 thread each: the field's rule for the cores says 2 x 2 + 1 = 5; "+
		"memory holds (300 MB budget - 50 MB shared) / 40 MB a worker = 6, rounded down. "+ruled+
		"In all 50 MB shared + 5 x 49.8 MB = 299 MB, 99.7 % of the budget; "+
		"a worker's 49.8 MB is 40 MB at its measured peak and 9.79 MB of creep until it is recycled. "+
		"(The plain formula, min(2 x 2 + 1, 300 MB / 70 MB), says 4.)")
	says(t, "max-requests", recyclingReason(r), "2 024 = 1 000 + 10 MB / 10 KB: the requests behind the measured peak, "+
		"plus headroom a worker over the creep's upper 95 % bound. Less 203 of jitter (a tenth), rounded down to two digits: 1 800. "+
		"A worker lives up to 2 003 requests. "+
		"At 60 requests/s (given) over 5 workers each restarts every 2 min 38 s; with 1 s of boot that costs 0.63 % of its time.")
	says(t, "conflict", conflictOf(r.Recommendation), "")
}

func TestReasonOfAConflict(t *testing.T) {
	for rate, want := range map[float64]string{
		60:  "",
		100: "5 workers would fit too, but recycling would then cost each just over 1 % of its time; with 4 it is 0.81 %.",
		200: "Recycling at 8 700 requests costs each worker 1.1 % of its time, more than 1 %. Ways out: " +
			"1 worker (0.94 %, but nobody answers while it restarts); a budget of 315 MB; fix the leak; shorten the boot.",
		0: "", // no rate, no price
	} {
		says(t, "conflict", conflictOf(decided(flask(rate)).Recommendation), want)
	}
	q := flask(145)
	q.CPUs = 4
	r := decided(q)
	says(t, "a worker a core", conflictOf(r.Recommendation), "Recycling at 2 900 requests costs each worker 1.2 % of its time, more than 1 %. "+
		"Ways out: 3 workers (0.94 %); a budget of 319 MB; fix the leak; shorten the boot.")
	says(t, "workers", workersReason(r), "4 workers with 1 thread each: the field's rule for the cores says 2 x 4 + 1 = 9; "+
		"memory holds (300 MB budget - 50 MB shared) / 40 MB a worker = 6, rounded down. "+ruled+
		"6 workers would fit, but share the headroom among more, and so be recycled more often: 2.3 % of their time against 1.2 %. "+
		"In all 50 MB shared + 4 x 61.8 MB = 297 MB, 99 % of the budget; "+
		"a worker's 61.8 MB is 40 MB at its measured peak and 21.8 MB of creep until it is recycled. "+
		"(The plain formula, min(2 x 4 + 1, 300 MB / 82 MB), says 3.)")
	q = flask(100)
	q.MinWorkers = 5
	says(t, "at the minimum", conflictOf(decided(q).Recommendation), "Recycling at 1 800 requests costs each worker just over 1 % of its time. "+
		"Ways out: a budget of 305 MB; fix the leak; shorten the boot.")
}

func TestReasonOfTwoWorkers(t *testing.T) {
	q := flask(10)
	q.Threads, q.Law.ThreadBytes, q.Creep = 4, 5*mb, creeps(calibrate.Flat, 100)
	says(t, "two", workersReason(decided(q)), "2 workers with 4 threads each: the field's rule for the cores says (2 x 2 + 1) / 4 threads = 1; "+
		"memory holds (300 MB budget - 50 MB shared) / 60 MB a worker = 4, rounded down. "+ruled+
		"Two all the same: with one, nobody answers while it restarts, and one worker of most languages keeps one core busy. "+
		"In all 50 MB shared + 2 x 60 MB = 170 MB, 56.7 % of the budget. "+
		"(The plain formula, min(2 x 2 + 1, 300 MB / 60 MB) / 4 threads, says 1.)")
}

// A part of a core is sized as one, and the report says where it came from.
func TestReasonOfPartOfACore(t *testing.T) {
	for cores, want := range map[float64]string{
		0.25: "the field's rule for the cores says 2 x 0.25 + 1 = 1, rounded down; ", 0.5: "the field's rule for the cores says 2 x 0.5 + 1 = 2; ", 1.5: "the field's rule for the cores says 2 x 1.5 + 1 = 4; ", 2: "the field's rule for the cores says 2 x 2 + 1 = 5; ",
	} {
		rec := calibrate.Recommendation{Workers: 2, TotalBytes: mb, Sum: sizes.Decide(sizes.Question{CPUs: cores, BudgetBytes: 2048 * mb, WorkerPeakBytes: 100 * mb}).Sum}
		if got := boundsSentence(calibrate.Result{Recommendation: rec}); !strings.Contains(got, want) {
			t.Errorf("%g cores: %s", cores, got)
		}
	}
	host := calibrate.Host{CPUs: 4, CPULimit: 0.5, CPULimitSource: "cgroup v2 cpu.max of /web", MemoryBytes: 1024 * mb}
	for want, r := range map[string]calibrate.Result{
		"0.5 cores (cgroup v2 cpu.max of /web, of 4), memory 1 024 MB (total memory)": {Host: host},
		"4 cores (affinity), memory 1 024 MB (total memory)":                          {Host: calibrate.Host{CPUs: 4, MemoryBytes: 1024 * mb}},
		"0.25 cores (given), memory 1 024 MB (total memory)":                          {Host: host, Plan: calibrate.PlanInfo{Box: knob.Box{CPUs: 0.25}}},
	} {
		if got := hostOf(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRefusal(t *testing.T) {
	q := flask(60)
	q.Law, q.Threads, q.BudgetBytes = calibrate.Law{SharedBytes: 233 * mb, WorkerBytes: 227 * mb, ThreadBytes: 100 * mb}, 4, 768*mb
	says(t, "refusal", Refusal(decided(q)), "needs 860 MB, has 768 MB: 233 MB shared + 1 x (227 MB + 4 threads x 100 MB); "+
		"the smallest budget that fits is 860 MB")
	q.ThreadChoices, q.BudgetBytes = []int{1, 4}, 500*mb
	says(t, "with a choice of threads", Refusal(decided(q)), "needs 860 MB, has 500 MB: "+
		"233 MB shared + 1 x (227 MB + 4 threads x 100 MB); the smallest budget that fits is 560 MB, with 1 thread")
	q.BudgetBytes = 560*mb - 1
	says(t, "a byte short", Refusal(decided(q)), "needs 860 MB, has 559.9 MB: "+
		"233 MB shared + 1 x (227 MB + 4 threads x 100 MB); the smallest budget that fits is 560 MB, with 1 thread")
	q.Law, q.Threads, q.ThreadChoices, q.BudgetBytes = calibrate.Law{SharedBytes: 100 * mb, WorkerBytes: 209 * mb}, 1, nil, 300*mb
	says(t, "without a cost of threads", Refusal(decided(q)),
		"needs 309 MB, has 300 MB: 100 MB shared + 1 x 209 MB; the smallest budget that fits is 309 MB")
	q = guide()
	q.MinWorkers = 8
	says(t, "a minimum", Refusal(decided(q)), "needs 1 672 MB, has 1 638 MB: 8 x 209 MB; the smallest budget that fits is 1 672 MB")
}

func TestReasonWithoutMaxRequests(t *testing.T) {
	for _, tc := range []struct {
		creep sizes.Creep
		want  string
	}{
		{creeps(calibrate.Warming, 10_000), "memory was still settling after 1 000 requests, so its growth is not yet creep; measure for longer."},
		{creeps(calibrate.Inconclusive, 10_000), "whether memory creeps could not be told after 1 000 requests; measure for longer, or at a higher rate."},
		{sizes.Creep{}, "creep was not measured."},
		{sizes.Creep{Uncounted: true}, "the server was only watched, and nobody counted its requests; watch its access log."},
		{creeps(calibrate.Creeping, math.Inf(1)), "memory creeps, but by a rate without an upper bound; measure for longer."},
	} {
		q := flask(60)
		q.Creep = tc.creep
		says(t, string(tc.creep.Verdict), recyclingReason(decided(q)), "No max-requests can be recommended: "+tc.want)
	}
}

func TestReasonOfRecyclingOff(t *testing.T) {
	q := flask(60)
	q.Creep = creeps(calibrate.Flat, 150)
	says(t, "flat", recyclingReason(decided(q)), "No creep found: recycling can stay off. "+
		"At worst, by the upper 95 % bound, the headroom lasts each worker for 69 905 requests: 10 MB / 150 B. "+
		"A safety valve, for those who want one: 20 000, the least of 69 905; 20 x the run's 1 000; 100 000.")
	q = flask(60)
	q.CanRecycle = false // puma, unicorn and node have no request limit of their own
	says(t, "no limit", recyclingReason(decided(q)), "This server has no request limit of its own, and its workers creep: they reach the budget after "+
		"2 024 requests = 1 000 + 10 MB / 10 KB each, 2 min 49 s at 60 requests/s (given) over 5 workers. Restart them before that by other means, or fix the leak.")
}

func TestReasonOfAPreference(t *testing.T) {
	q := guide()
	q.Prefer = knob.PreferMemory
	says(t, "memory", workersReason(decided(q)), "2 workers with 4 threads each: the field's rule for the cores says (2 x 4 + 1) / 4 threads = 2; "+
		"memory holds 1 638 MB budget / 209 MB a worker = 7, rounded down. "+ruled+
		"Of 1 or 4 threads a worker 4 needs the least memory for all the workers that the cores ask for. "+
		"In all 2 x 209 MB = 418 MB, 25.5 % of the budget. "+
		"(The plain formula, min(2 x 4 + 1, 1 638 MB / 209 MB) / 4 threads, says 1.) "+
		"No max-requests: creep was not given.")
	q.Prefer, q.ThreadChoices = knob.PreferThreads, []int{1, 4, 16}
	says(t, "threads", workersReason(decided(q)), "2 workers with 16 threads each: the field's rule for the cores says 1, the least, of (2 x 4 + 1) / 16 threads; "+
		"memory holds 1 638 MB budget / 209 MB a worker = 7, rounded down. "+ruled+
		"Of 1, 4 or 16 threads a worker 16 allows the most requests at once. "+
		"Two all the same: with one, nobody answers while it restarts, and one worker of most languages keeps one core busy. "+
		"In all 2 x 209 MB = 418 MB, 25.5 % of the budget. "+
		"(The plain formula, min(2 x 4 + 1, 1 638 MB / 209 MB) / 16 threads, says 1.) "+
		"No max-requests: creep was not given.")
}

func TestReasonOfWishes(t *testing.T) {
	for _, tc := range []struct {
		fewest, most int
		want         string
	}{
		{0, 0, ""},
		{3, 0, ""},
		{0, 20, ""},
		{0, 3, "3 workers are the most allowed."},
		{0, 1, "1 worker is the most allowed: while it restarts nobody answers."},
		{4, 4, "4 workers are the most allowed."},
		{5, 2, "5 workers are the most allowed."}, // a maximum below the minimum is the minimum
	} {
		q := guide()
		q.MinWorkers, q.MaxWorkers = tc.fewest, tc.most
		says(t, "bounds", boundedSentence(decided(q).Recommendation.Sum), tc.want)
	}
	q := guide()
	q.BudgetBytes, q.MinWorkers = 8000*mb, 12
	says(t, "beyond the cores", boundedSentence(decided(q).Recommendation.Sum), "No fewer than 12 workers were asked for.")
	q.Law.ThreadBytes, q.Threads, q.Basis, q.MinWorkers, q.BudgetBytes = 100*mb, 4, calibrate.BasisMeasured, 3, 1000*mb
	says(t, "fewer threads", threadsSentence(decided(q)), "With the 4 threads it was measured with, the 3 workers asked for don't fit (that needs 1 827 MB), "+
		"so this is computed: measure with 1 thread to size more.")
}

func TestReasonOfAGivenWorker(t *testing.T) {
	q := guide()
	q.Creep, q.BootSeconds, q.RatePerSecond, q.RateBasis = creeps(calibrate.Creeping, 6615), 2, 80, calibrate.BasisGiven
	q.MaxWorkers = 4
	r := decided(q)
	// 1638 MB less 4 x 209 MB, over 4 workers, is 200.5 MB
	says(t, "max-requests", recyclingReason(r), "31 782 = 200 MB / 6.46 KB: headroom a worker over the creep. "+
		"Less 3 179 of jitter (a tenth), rounded down to two digits: 28 000. A worker lives up to 31 179 requests. "+
		"At 80 requests/s (given) over 4 workers each restarts every 24 min 39 s; with 2 s of boot that costs 0.14 % of its time.")
	if s := workersReason(r); !strings.Contains(s, "is 209 MB at its given peak and") {
		t.Error(s)
	}
	q.Creep = sizes.Creep{Verdict: calibrate.Flat, Known: true}
	says(t, "flat", recyclingReason(decided(q)), "No creep, as given: recycling can stay off.")
}

func TestReasonOfWhatIsMissing(t *testing.T) {
	number := func(x float64) *float64 { return &x }
	c := calibrate.Creep{By: calibrate.ByRequest, Requests: 4790, Low: number(-100), High: number(600)}
	for want, m := range map[string]calibrate.Missing{
		"only 0 requests were completed after the first fifth, where at least 12 are needed: check that the load reaches this worker, or measure longer": {
			Kind: calibrate.FewRequests, NeededRequests: 12},
		"only 16 readings under load after the first fifth of the requests, where at least 36 are needed: measure longer": {
			Kind: calibrate.FewReadings, Readings: 16, NeededReadings: 36},
		"the 350 readings under load came at too few different request counts: keep the load steady": {Kind: calibrate.Uneven, Readings: 350},
		"growth was still slowing after 4 790 requests (43.2 % of the first half's rate in the second): warm up or measure longer": {
			Kind: calibrate.Slowing, HalvesRatio: 0.432},
		"creep lies between -100 B and 600 B a request after 4 790 requests: it would be flat if that ended below 535 B, and creeping if it began above 438 B": {
			Kind: calibrate.Wide, FlatBelow: 535, CreepingAbove: 438, TimesLonger: 2},
		"memory grew, but in 212 requests alone: what an app keeps for a minute grows as steadily, and a quick run calls no growth creep before 3 000": {
			Kind: calibrate.TooBrief, Requests: 212, NeededRequests: 3000},
		"memory grew, but by how much a request did not hold still within a quick run": {Kind: calibrate.TooBrief, Requests: 4000, NeededRequests: 3000},
	} {
		c.Missing = &m
		says(t, string(m.Kind), missingOf(c), want)
	}
}

func TestReasonOfASweep(t *testing.T) {
	ms := func(x float64) *float64 { x /= 1000; return &x }
	r := calibrate.Result{Sweep: &calibrate.Sweep{BudgetBytes: 1 << 30, Runs: []calibrate.SweepRun{
		{Workers: 2, Threads: 4, RatePerSecond: 500, MeasuredBytes: 60 * mb, Latency: calibrate.Latency{P99: ms(12)}},
		{Workers: 3, Threads: 4, RatePerSecond: 700, MeasuredBytes: 80 * mb, Latency: calibrate.Latency{P99: ms(11)}, Chosen: true},
	}}}
	r.Recommendation.Computed = &calibrate.Shape{Workers: 2, Threads: 4}
	says(t, "chosen", sweepReason(r), "Chosen by measurement: of 2 candidates really run it served 700 requests/s in 80 MB (p99 11 ms); "+
		"2 workers of 4 threads, as computed, served 500 requests/s in 60 MB (p99 12 ms).")
	r.Recommendation.Computed = &calibrate.Shape{Workers: 3, Threads: 4}
	says(t, "confirmed", sweepReason(r), "Confirmed by measurement: of 2 candidates really run none was a better choice; it served 700 requests/s in 80 MB (p99 11 ms).")
	r.Recommendation.Computed, r.Sweep.Runs[0].Failed = &calibrate.Shape{Workers: 2, Threads: 4}, &calibrate.Miss{Words: "no second worker today"}
	says(t, "failed", sweepReason(r), "Chosen by measurement: of 1 candidate really run it served 700 requests/s in 80 MB (p99 11 ms); "+
		"2 workers of 4 threads, as computed, can't be compared: no second worker today.")
}

// A sweep of which none serves what is wanted says so where the choice is said, and which box would do if that is known.
func TestReasonOfASweepThatMissed(t *testing.T) {
	r := sped(t, waits(), 2, 10, 900)
	p99 := 0.012
	r.Sweep = &calibrate.Sweep{CPUs: 2, BudgetBytes: r.Recommendation.BudgetBytes, RateAsked: 900, Runs: []calibrate.SweepRun{
		{Workers: 2, Threads: 10, RatePerSecond: 950, MeasuredBytes: 60 * mb, Latency: calibrate.Latency{P99: &p99}, Chosen: true}}}
	r.Recommendation.Computed = &calibrate.Shape{Workers: 2, Threads: 10}
	says(t, "met", chosenBecause(r), "the best of 1 candidate really run: 950/s beside calibrate's load, p99 12 ms at 900/s")
	r.Candidates[len(r.Candidates)-1].Rate = 950
	says(t, "met, where the load took nothing of it", chosenBecause(r), "the best of 1 candidate really run: 950/s, p99 12 ms at 900/s")
	sum := &r.Recommendation.Sum
	sum.Unmet = true
	says(t, "missed", chosenBecause(r), "the best of 1 candidate really run: 950/s, p99 12 ms at 900/s; none serves 900 requests/s with 30 % to spare; which box would is not known")
	if got := wantedReason(r); !strings.HasPrefix(got, "none that was really run serves 900 requests/s with 30 % to spare, and this comes nearest: ") {
		t.Error(got)
	}
	sum.NeededCores, sum.NeededMemoryBytes, sum.NeededShape = 3, 500*mb, &calibrate.Shape{Workers: 3, Threads: 10}
	if got := chosenBecause(r); !strings.HasSuffix(got, "; 3 cores and 500 MB of memory would, with 3 workers of 10 threads") {
		t.Error(got)
	}
}

// Of a rate that is served, a preference is one among those that serve it; of one that isn't, it has no say. A maximum that is in the way is named.
func TestReasonOfAPreferenceForARate(t *testing.T) {
	r := sped(t, waits(), 2, 10, 600)
	r.Plan.Prefer, r.Recommendation.Sum.ThreadChoices = knob.PreferWorkers, []int{1, 10}
	if got := workersReason(r); !strings.Contains(got, "Of 1 or 10 threads a worker 10 allows the most workers of those that serve 600 requests/s with 30 % to spare.") {
		t.Error(got)
	}
	r.Recommendation.Sum.Unmet, r.Recommendation.Sum.MaxWorkers = true, 2
	if got := workersReason(r); !strings.Contains(got, "They come nearest to 600 requests/s with 30 % to spare. What is preferred (workers) has no say, since nothing serves that.") {
		t.Error(got)
	}
	if got := wantedReason(r); !strings.HasPrefix(got, "nothing that fits with 2 workers at most serves 600 requests/s with 30 % to spare, and") {
		t.Error(got)
	}
}

func TestReasonOfWhatNothingRecycles(t *testing.T) {
	q := flask(0.2)
	q.Law.WorkerBytes, q.WorkerPeakBytes, q.CanRecycle, q.Requests, q.Seen, q.RestartSeconds = 40*mb, 50*mb, false, 0, 1000, 86_400
	r := decided(q)
	says(t, "max-requests", recyclingReason(r), "This server has no request limit of its own, and its workers creep: they reach the budget after 8 704 requests = "+
		"85 MB / 10 KB each, 24 h 11 min at 0.2 requests/s (given) over 2 workers. Restart them before that by other means, or fix the leak. "+
		"Sized for a restart of the whole server every 24 h (--restart-every): until then each worker grows by 84.4 MB = 10 KB x 8 640 requests (24 h at 0.1 requests/s each).")
	q.RatePerSecond = 0
	says(t, "without a rate", lastingSentence(decided(q).Recommendation),
		"Sized for a restart of the whole server before it has served more: until then each worker grows by 9.77 MB = 10 KB x 1 000 requests, which the run itself has shown.")
	q.RatePerSecond, q.RateBasis = 100, calibrate.BasisMeasured
	says(t, "refusal", Refusal(decided(q)), "needs 84 465 MB, has 300 MB: 50 MB shared + 1 x (40 MB + 84 375 MB of creep); the smallest budget that fits is 84 465 MB; "+
		"creep that nothing recycles is 84 375 MB = 10 KB x 8 640 000 requests (24 h at 100 requests/s, the soak's: --production-rate for yours)")
	q.CanRecycle, q.Creep.Staying, q.RatePerSecond = true, q.Creep.High, 0.001
	if got := recyclingReason(decided(q)); !strings.HasPrefix(got, "Recycling gives nothing back of what creeps: ") {
		t.Error(got)
	}
}

func TestKindsOfACreep(t *testing.T) {
	kept := func(kind calibrate.GrowthKind, bytes float64, stays bool) calibrate.Growth {
		return calibrate.Growth{Kind: kind, BytesPerRequest: bytes, Low: bytes, High: bytes, Stays: stays}
	}
	for want, kinds := range map[string][]calibrate.Growth{
		": ": nil,
		"64 KB shared memory that the workers have mapped (MAP_SHARED, /dev/shm): shared memory goes with its worker, if nobody else has it and it has no name": {
			kept(calibrate.GrowsShared, 64<<10, false)},
		"16 KB of the workers' own (heap); 64 KB files in memory that no worker has mapped (/dev/shm, tmpfs): " +
			"no restart deletes the files: delete them when they are old, or keep them on disk": {
			kept(calibrate.GrowsAnonymous, 16<<10, false), kept(calibrate.GrowsFiles, 64<<10, true)},
		"1.3 KB the kernel's own (for files, sockets, mappings): the kernel, where memory runs short, if it is of files on disk: 60 000 new files were seen " +
			"to fit 60 MB. Recycling does not; deleting files that are old (sessions, uploads) does": {kept(calibrate.GrowsKernel, 1.3*1024, false)},
	} {
		c := calibrate.Creep{Verdict: calibrate.Creeping, By: calibrate.ByRequest, Kinds: kinds}
		says(t, "kinds", kindsOf(c)+": "+freedBy(c), want)
	}
}
