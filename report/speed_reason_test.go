package report

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
)

// The reason is one sentence, whose product is the choice where it is all that the cores need.
func TestReasonOfTheCores(t *testing.T) {
	router := waits()
	router.Rest, router.Demand.Value = 0.0005, 0.0015
	busy := waits()
	busy.Demand.Value, busy.Waiting = 0.04, calibrate.Span{}
	half := waits()
	half.Waiting.Value = 0.0005
	for _, c := range []struct {
		speed            calibrate.Speed
		workers, threads int
		want             string
	}{
		{waits(), 2, 10, "a request costs 2 ms of CPU and waits 18 ms, so a core needs 10 requests at once: 2 cores x 10 = 20 = 2 workers x 10 threads"},
		{waits(), 2, 16, "a request costs 2 ms of CPU and waits 18 ms, so a core needs 10 requests at once: 2 cores x 10 = 20; 2 workers x 16 threads are 32"},
		{router, 2, 10, "a request costs 2 ms of CPU and waits 18 ms, so a core needs 10 requests at once: 2 cores x 10 = 20 = 2 workers x 10 threads"},
		{half, 2, 2, "a request costs 2 ms of CPU and waits 0.5 ms, so a core needs 1.3 requests at once: 2 cores x 1.3 = 2.6; 2 workers x 2 threads are 4"},
		{busy, 2, 1, "a request costs 40 ms of CPU and waits for nothing: 2 cores, 2 workers; more serve no more"},
		{busy, 1, 1, "a request costs 40 ms of CPU and waits for nothing: 2 cores, 1 worker, and one keeps 1 core busy"},
	} {
		says(t, "reason", atOnceReason(sped(t, c.speed, c.workers, c.threads, 0)), c.want)
	}
	database := waits()
	database.Beside = 0.008
	says(t, "a database", atOnceReason(sped(t, database, 2, 2, 0)),
		"a request costs 2 ms of CPU and waits 18 ms, 8 ms of that for other programs on these cores, so a core needs 2 requests at once: 2 cores x 2 = 4 = 2 workers x 2 threads")
	pool := waits()
	pool.Pool = 8
	says(t, "a pool", atOnceReason(sped(t, pool, 2, 16, 0)),
		"a request costs 2 ms of CPU and waits 18 ms, so a core needs 10 requests at once: 2 cores x 10 = 20; 2 workers x 16 threads, 8 of them at work at once, are 16")
	for cost, words := range map[float64]string{0.0015: " (1.5 ms in this choice)", 0.0019: "", 0: ""} {
		seen := sped(t, waits(), 2, 10, 0)
		seen.Candidates[len(seen.Candidates)-1].CPUCost = cost
		says(t, "a choice that was run", atOnceReason(seen), "a request costs 2 ms of CPU"+words+" and waits 18 ms, so a core needs 10 requests at once: 2 cores x 10 = 20 = 2 workers x 10 threads")
	}
	async := sped(t, waits(), 2, 1, 0)
	async.Target.Threads, async.Target.HasThreads = 0, false
	says(t, "async", atOnceReason(async), "a request costs 2 ms of CPU and waits 18 ms, so a core needs 10 requests at once: 2 cores x 10 = 20; 2 workers take as many as come")
}

// Of a server that uses all cores by itself one worker would do, and two are for another reason.
func TestReasonOfTheSecondWorker(t *testing.T) {
	golang := waits()
	golang.Demand.Value, golang.Waiting, golang.Cores, golang.AllCores = 0.004, calibrate.Span{}, 2, true
	r := sped(t, golang, 2, 1, 0)
	r.Recommendation.Sum.CPUWorkers = 1
	says(t, "all cores", atOnceReason(r),
		"a request costs 4 ms of CPU and waits for nothing: 2 cores, 2 workers, so that one answers while the other restarts; more serve no more")
	golang.Waiting.Value = 0.003
	waiting := sped(t, golang, 2, 4, 0)
	waiting.Recommendation.Sum.CPUWorkers = 1
	const sum = "a request costs 4 ms of CPU and waits 3 ms, so a core needs 1.8 requests at once: 2 cores x 1.8 = 3.6; "
	says(t, "that waits", atOnceReason(waiting), sum+"2 workers x 4 threads are 8; two, so that one answers while the other restarts")
	waiting.Target.Threads, waiting.Target.HasThreads = 0, false
	says(t, "an event loop", atOnceReason(waiting), sum+"2 workers take as many as come; two, so that one answers while the other restarts")
	waiting.Recommendation.Sum.MinWorkers, r.Recommendation.Sum.MinWorkers = 2, 2
	says(t, "that waits, where two were asked for", atOnceReason(waiting), sum+"2 workers take as many as come")
	says(t, "where two were asked for", atOnceReason(r), "a request costs 4 ms of CPU and waits for nothing: 2 cores, 2 workers; more serve no more")
}

// What was seen of a lock or a database was seen on so many cores: nobody knows what more would do.
func TestWhatIsSharedOnALargerBox(t *testing.T) {
	r := sped(t, waits(), 2, 10, 0)
	r.Candidates[len(r.Candidates)-1].RateBy = calibrate.RateByShared
	const shared = "then they wait for what they share, a lock or a database: more of them were seen to serve no more"
	for cores, want := range map[float64]string{r.Host.SizingCPUs() - 1: shared, r.Host.SizingCPUs(): shared, r.Host.SizingCPUs() + 1: shared + ", and whether a larger box helps is not known"} {
		r.Recommendation.Sum.CPUs = cores
		if got := servesOf(r); !strings.HasSuffix(got, want) {
			t.Errorf("%g cores: %s", cores, got)
		}
	}
}

// What one request took alone is told by parts that were measured: a worker that is hardly busy may take more CPU time for each, and
// only what is left is calibrate's or that of others.
func TestRequestAlone(t *testing.T) {
	alone := func(mean, cpu float64) calibrate.Result {
		s := waits()
		s.Alone = mean
		return calibrate.Result{Speed: &s, Alone: &calibrate.Alone{Mean: mean, Work: calibrate.Work{Requests: 100, Workers: 100 * cpu}}}
	}
	for _, c := range []struct {
		name string
		r    calibrate.Result
		want string
	}{
		{"as dear as busy", alone(0.02, 0.002), "; alone it took 20 ms"},
		{"dearer than busy", alone(0.022, 0.004), "; alone it took 22 ms, 4 ms of CPU in it"},
		{"with others", alone(0.025, 0.002), "; alone it took 25 ms, with calibrate's part and what others took of the cores"},
		{"both", alone(0.025, 0.004), "; alone it took 25 ms, 4 ms of CPU in it, with calibrate's part and what others took of the cores"},
		{"given, not measured", alone(0, 0.002), ""},
	} {
		says(t, c.name, aloneOf(c.r), c.want)
	}
}

// What memory, a wish or the server kept the choice from is said where the cores are not what binds.
func TestReasonOfLessThanTheCoresNeed(t *testing.T) {
	r := sped(t, waits(), 2, 4, 0)
	at := slices.IndexFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Recommended })
	for bound, want := range map[calibrate.Bound]string{
		calibrate.BoundMemory: "; memory allows no more workers; uses", calibrate.BoundMaximum: "; --max-workers allows no more; uses", "": "2 workers x 4 threads are 8; uses",
	} {
		r.Candidates[at].BoundBy = bound
		if got := whyOf(r); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", bound, got, want)
		}
	}
	r = sped(t, waits(), 2, 16, 0)
	r.Candidates[slices.IndexFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Recommended })].BoundBy = calibrate.BoundMemory
	if got := whyOf(r); strings.Contains(got, "memory allows") {
		t.Errorf("all cores are busy, and why is %q", got)
	}
}

// At a production rate the sum is of that.
func TestReasonOfAProductionRate(t *testing.T) {
	slow := waits()
	slow.Demand.Value, slow.Waiting.Value = 0.012, 0.048
	r := sped(t, slow, 2, 4, 50)
	r.Plan.P99Seconds, r.Recommendation.Sum.WantedP99 = 0.25, 0.25
	says(t, "why", wantedReason(r), "50 requests/s x 12 ms = 0.6 cores of 2 (30 %), 37.5 % of what it can, p99 180 ms of 250 ms")
	says(t, "threads", wantedReason(sped(t, slow, 2, 16, 50)), "50 requests/s x 12 ms = 0.6 cores of 2 (30 %), p99 180 ms")
	if got := workersReason(r); !strings.Contains(got, "Of those that fit and serve 50 requests/s with 30 % to spare, p99 250 ms, they take about the least memory.") {
		t.Error(got)
	}
}

// Where nothing serves what is wanted, the page says which box would.
func TestReasonOfAnUnmetRate(t *testing.T) {
	r := sped(t, waits(), 2, 10, 900)
	sum := &r.Recommendation.Sum
	sum.Unmet, sum.NeededCores, sum.NeededMemoryBytes, sum.NeededShape = true, 3, 500*mb, &calibrate.Shape{Workers: 3, Threads: 10}
	says(t, "why", wantedReason(r), "nothing that fits serves 900 requests/s with 30 % to spare, and this comes nearest: "+
		"900 requests/s x 2 ms = 1.8 cores of 2 (90 %), p99 60 ms; 3 cores and 500 MB of memory would, with 3 workers of 10 threads")
	r.Plan.P99Seconds, sum.WantedP99, sum.NeededShape = 0.01, 0.01, nil
	if got := wantedReason(r); !strings.HasSuffix(got, "p99 60 ms of 10 ms; no box would, since a request alone takes 20 ms") {
		t.Error(got)
	}
	sum.WantedP99 = 0.03
	if got := wantedReason(r); !strings.HasSuffix(got, "; no box with up to 128 cores would") {
		t.Error(got)
	}
}

// Under a lock a busy request takes more CPU time than one that is alone, which is no reason why no box would do; nor is any, if
// one was found that does.
func TestNoBoxIsForRequestsThatAreAlone(t *testing.T) {
	locked := waits()
	locked.Demand = calibrate.Span{Value: 0.006, Low: 0.006, High: 0.006}
	r := sped(t, locked, 2, 10, 900)
	r.Alone = &calibrate.Alone{Mean: 0.02, Work: calibrate.Work{Requests: 100, Workers: 0.2}}
	sum := &r.Recommendation.Sum
	sum.Unmet, sum.WantedP99 = true, 0.022
	says(t, "24 ms if busy, 20 ms alone", neededBox(r), "no box with up to 128 cores would")
	sum.MaxWorkers = 1
	says(t, "one worker", neededBox(r), "no box with up to 128 cores would")
	r.Speed.Shown = false
	says(t, "one worker of who knows how many cores", neededBox(r),
		"whether a larger box would is not known: 1 worker at most, and nothing showed that one keeps no more than 1 core busy; measure on more cores, or with more requests at once")
	r.Speed.Pool = 8
	says(t, "one worker with a pool", neededBox(r), "no box with up to 128 cores would")
	says(t, "of all cores", workerCores(calibrate.Speed{Cores: 2, AllCores: true}),
		"kept all that there were busy, 2 cores, and is taken to keep those of a larger machine busy, too")
	sum.WantedP99 = 0.019
	says(t, "sooner than alone", neededBox(r), "no box would, since a request alone takes 20 ms")
	sum.WantedP99 = 0
	for i := range r.Candidates {
		if r.Candidates[i].Recommended {
			r.Candidates[i].RateBy = calibrate.RateByShared
		}
	}
	says(t, "a lock that all share", neededBox(r), "whether a larger box would is not known: what the workers share, a lock or a database, holds them back, "+
		"and calibrate doesn't know what that runs on")
	sum.NeededCores, sum.NeededMemoryBytes, sum.NeededShape = 3, 500*mb, &calibrate.Shape{Workers: 3, Threads: 10}
	says(t, "a box that does", neededBox(r), "3 cores and 500 MB of memory would, with 3 workers of 10 threads")
}

// Where nothing is known of CPU time, the field's rule decides, and the page says why.
func TestReasonOfTheFieldsRule(t *testing.T) {
	flat := recorded(t)["flat"]
	doubtful := waits()
	doubtful.Doubt = calibrate.DoubtOthers
	for want, change := range map[string]func(*calibrate.Result){
		"how long a request takes alone was not measured":                                            func(*calibrate.Result) {},
		"others kept the cores busy, so what a request costs in CPU time is doubtful":                func(r *calibrate.Result) { r.Speed = &doubtful },
		"what a request costs in CPU time was not given":                                             func(r *calibrate.Result) { r.Law.Basis = calibrate.BasisGiven },
		"what a request costs in CPU time and in waiting was not read of a server that runs already": func(r *calibrate.Result) { r.Mode, r.Watch = calibrate.ModeAttach, &calibrate.Watch{} },
		"what a request costs in CPU time was not read":                                              func(r *calibrate.Result) { r.Alone = &calibrate.Alone{} },
	} {
		r := flat
		change(&r)
		if got := workersReason(r); !strings.Contains(got, "the field's rule for the cores says (2 x 4 + 1) / 4 threads = 2; ") || !strings.Contains(got, "That rule stands in, since "+want+". ") {
			t.Errorf("%q, want %q in it", got, want)
		}
		if got := servesOf(r); got != "" {
			t.Errorf("%s: serves %q", want, got)
		}
		r.Plan.ProductionRate, r.Plan.P99Seconds = 80, 0.1
		says(t, "but", p99Unknown(r), "whether 99 of 100 requests take no more than 100 ms at 80 requests/s is not known, since "+want)
		r.Recommendation.Computed = &calibrate.Shape{Workers: 2, Threads: 4} // a measurement chose: no rule had a say
		if got := workersReason(r); strings.Contains(got, "stands in") {
			t.Error(got)
		}
	}
}

var (
	product = regexp.MustCompile(`(\S+) cores? x (\d[\d ]*\.?\d*) = (\d[\d ]*\.?\d*)(?:;| = (\d+) workers? x (\d+) threads?)`)
	inUse   = regexp.MustCompile(`(\S+) requests/s x (\S+) ms = (\S+) cores? of (\S+) \(([\d. ]+) %\)`)
)
