package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
	"workermem/calibrate/say"
	"workermem/calibrate/server"
)

// waits is a request of 2 ms of CPU that waits for 18 ms, of a worker under the GIL.
func waits() calibrate.Speed {
	return calibrate.Speed{
		Demand: calibrate.Span{Value: 0.002, Low: 0.00195, High: 0.00206}, Waiting: calibrate.Span{Value: 0.018, Low: 0.0178, High: 0.0183},
		Load: 0.0003, Alone: 0.02, Cores: 1, Shown: true, Factor: 1,
	}
}

// served is what the bounds alone have for a shape, which is all that a page needs.
func served(s calibrate.Speed, cores float64, workers, threads int, rate float64) calibrate.Served {
	bounds := map[calibrate.RateBound]float64{
		calibrate.RateByCores:   cores / (costOf(s) * s.Factor),
		calibrate.RateByWorkers: float64(workers) * s.Cores / s.Demand.Value,
		calibrate.RateByThreads: float64(workers*threads) / (costOf(s) + s.Waiting.Value),
	}
	one := calibrate.Served{Rate: math.Inf(1)}
	for _, by := range []calibrate.RateBound{calibrate.RateByCores, calibrate.RateByWorkers, calibrate.RateByThreads} {
		if bounds[by] < one.Rate {
			one.Rate, one.RateBy = bounds[by], by
		}
	}
	one.RateLow, one.RateHigh = 0.97*one.Rate, 1.03*one.Rate
	if rate > 0 {
		one.UsedRatio = rate / one.Rate
		one.P50, one.P99 = costOf(s)+s.Waiting.Value, 3*(costOf(s)+s.Waiting.Value)
	}
	return one
}

// sped is a recorded run as if its requests cost so much on two cores, and workers of so many threads were recommended by that.
func sped(t testing.TB, s calibrate.Speed, workers, threads int, rate float64) calibrate.Result {
	t.Helper()
	r := recorded(t)["flat"]
	r.Speed, r.Plan.CPUs, r.Plan.ProductionRate = &s, 2, rate
	r.Candidates, r.Formulas = slices.Clone(r.Candidates), slices.Clone(r.Formulas)
	rec := &r.Recommendation
	rec.Workers, rec.Threads = workers, threads
	rec.Sum.RuleWorkers, rec.Sum.AllowedWorkers = workers, workers
	rec.Sum.CPUs, rec.Sum.BySpeed, rec.Sum.WantedRate, rec.Sum.CPUWorkers = 2, true, rate, 2
	rec.TotalBytes = r.Law.Total(workers, threads)
	for i := range r.Candidates {
		r.Candidates[i].Recommended = false
	}
	r.Candidates = slices.DeleteFunc(r.Candidates, func(c calibrate.Candidate) bool { return c.Workers == workers && c.Threads == threads })
	r.Candidates = append(r.Candidates, calibrate.Candidate{Workers: workers, Threads: threads, Concurrency: workers * threads, TotalBytes: rec.TotalBytes, Fits: true, Recommended: true})
	for i := range r.Candidates {
		c := &r.Candidates[i]
		c.Served = served(s, 2, c.Workers, c.Threads, rate)
		if c.Fits {
			rec.Sum.BestRate = max(rec.Sum.BestRate, c.Rate)
		}
	}
	for i := range r.Formulas {
		f := &r.Formulas[i]
		f.Served = served(s, 2, f.Workers, f.Threads, rate)
	}
	return r
}

// Every product of a page comes to what stands behind it, as it is printed.
func TestSumsOfTheCoresAddUp(t *testing.T) {
	for _, demand := range []float64{0.00004, 0.0007, 0.00203, 0.0124, 0.184} {
		for _, waiting := range []float64{0, 0.0011, 0.0187, 0.25} {
			s := waits()
			s.Demand.Value, s.Waiting.Value = demand, waiting
			for _, rate := range []float64{0, 133} {
				r := sped(t, s, 2, 10, rate)
				d := Document{Blocks: slices.Concat(answerSection(r, server.Known()), speedSection(r), []Block{Note{Text: workersReason(r)}})}
				page := strings.Join(strings.Fields(drawn(t, d, "text", Options{Verbose: true})), " ")
				sums := product.FindAllStringSubmatch(page, -1)
				for _, sum := range sums {
					n := numbers(t, sum[1:])
					if math.Abs(n[0]*n[1]-n[2]) > n[2]/200 || len(n) == 5 && n[3]*n[4] != n[2] {
						t.Errorf("%q", sum[0])
					}
				}
				uses := inUse.FindAllStringSubmatch(page, -1)
				for _, use := range uses {
					n := numbers(t, use[1:])
					if math.Abs(n[0]*n[1]/1000-n[2]) > max(n[2]/100, 0.001) || math.Abs(100*n[2]/n[3]-n[4]) > max(n[4]/20, 0.1) {
						t.Errorf("%q", use[0])
					}
				}
				if waiting > demand/20 && len(sums) != 1 || rate > 0 && len(uses) != 1 {
					t.Errorf("%g, %g, %g: %d products, %d uses:\n%s", demand, waiting, rate, len(sums), len(uses), page)
				}
			}
		}
	}
}

func numbers(t *testing.T, texts []string) []float64 {
	t.Helper()
	var all []float64
	for _, text := range texts {
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, " ", ""), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// A page says one rate of the recommendation: in the answer, in the sum, among the candidates and the field's rules.
func TestOneRateOfAShape(t *testing.T) {
	r := sped(t, waits(), 2, 4, 0) // what now-lms says, too
	c, _ := chosen(r)
	cell := rateCell(c.Rate)
	page := textOf(t, r, Options{})
	for _, want := range []string{"serves at most " + cell + " requests/s (95 % interval 388 to 412): then all threads wait", "     > 2        4       " + cell, "       2        4       " + cell} {
		if !strings.Contains(page, want) && !strings.Contains(strings.Join(strings.Fields(page), " "), want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
	if strings.Contains(page, "+ 1 =") || strings.Contains(page, "+ 1) /") || strings.Contains(page, "plain formula") {
		t.Errorf("a rule of the field had a say:\n%s", page)
	}
}

// What isn't known has no column, and at 80 columns those that decide are kept.
func TestColumnsOfRates(t *testing.T) {
	heads := func(r calibrate.Result, width int) string {
		_, after, _ := strings.Cut(textOf(t, r, Options{Width: width}), "\nCandidates\n")
		first, _, _ := strings.Cut(after, "\n")
		return strings.Join(strings.Fields(first), " ")
	}
	says(t, "without", heads(recorded(t)["flat"], 80), "workers threads total of requests fits bound basis max-")
	says(t, "most", heads(sped(t, waits(), 2, 10, 0), 80), "workers threads serves total of requests fits bound max-")
	says(t, "at a rate", heads(sped(t, waits(), 2, 10, 50), 80), "workers threads serves in use p99 total fits bound max-")
	page := markdownOf(t, sped(t, waits(), 2, 10, 50))
	if !strings.Contains(page, "serves a second") || strings.Contains(markdownOf(t, recorded(t)["flat"]), "serves a second") {
		t.Error(page)
	}
}

// Other processes of the app that keep their one core busy are not all cores.
func TestWhatBindsBesideTheWorkers(t *testing.T) {
	s := waits()
	s.Rest = 0.0015
	r := sped(t, s, 2, 10, 0)
	c := &r.Candidates[len(r.Candidates)-1]
	for rate, want := range map[float64]string{660: "then the app's other processes, a master, a router or a front, keep their one core busy", 570: "then all cores are busy"} {
		c.Rate, c.RateBy = rate, calibrate.RateByCores
		if got := servesOf(r); !strings.HasSuffix(got, want) {
			t.Errorf("%g/s: %s", rate, got)
		}
	}
	r.Recommendation.Sum.CPUs, r.Speed.RestCores = 8, 1.96
	for rate, want := range map[float64]string{1300: "then the app's other processes, a master, a router or a front, keep 2 cores busy, which is all that they can", 660: "then all cores are busy"} {
		if c.Rate = rate; !strings.HasSuffix(servesOf(r), want) {
			t.Errorf("two processes, %g/s: %s", rate, servesOf(r))
		}
	}
}

// The section has what the rates rest on, and calibrate's own load apart from it.
func TestWhatTheCoresAllow(t *testing.T) {
	s := waits()
	s.Rest, s.Factor, s.Shown, s.Pool, s.Beside = 0.0004, 1.12, false, 8, 0.0015
	s.Threads = []calibrate.ThreadUse{{Threads: 4, Demand: 0.002}, {Threads: 16, Demand: 0.0023}}
	page := textOf(t, sped(t, s, 2, 10, 50), Options{})
	joined := strings.Join(strings.Fields(page), " ")
	for _, want := range []string{
		"What the cores allow",
		"request 2.4 ms of CPU (95 % interval 2.35 to 2.46 ms), and 18 ms of waiting (95 % interval 17.8 to 18.3 ms); alone it took 20 ms",
		"beside 0.4 ms of that CPU are of the app's other processes: a master, a router, a front",
		"others other programs of this machine took 1.5 ms of CPU for each request, a database perhaps: rates are of a box that has them, too",
		"threads of a worker's CPU a request takes 2 ms with 4 threads, 2.3 ms with 16 threads, all of them busy",
		"a worker is taken to keep 1 core busy at most: it had too few requests at once, or this machine too few idle cores, to show more",
		"pool a worker works on 8 requests at once at most, though more were there: a pool of threads or connections, or a lock, holds the others back",
		"all cores a request costs 1.12 times as much with all of them busy as with one",
		"the load calibrate itself took 0.3 ms of CPU a request to send them; production doesn't have that, so it is left out",
		"at once a request costs 2.4 ms of CPU and waits 18 ms, 1.5 ms of that for other programs on these cores, so a core needs 5.2 requests at once: " +
			"2 cores x 5.2 = 10.4; 2 workers x 10 threads, 8 of them at work at once, are 16",
	} {
		if !strings.Contains(joined, want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
	if page := textOf(t, recorded(t)["flat"], Options{}); strings.Contains(page, "What the cores allow") {
		t.Errorf("of a run that knows nothing of it:\n%s", page)
	}
}

// What a sweep is off by is the difference of the two rates before it, and the note has their mean.
func TestSweepIsHeldAgainstThePrediction(t *testing.T) {
	r := recorded(t)["sweep"]
	s := *r.Sweep
	s.Runs = slices.Clone(s.Runs[:3])
	for i, rates := range [][2]float64{{500, 480}, {300, 330}, {200, 200}} {
		s.Runs[i].PredictedRate, s.Runs[i].RatePerSecond, s.Runs[i].PredictedP99 = rates[0], rates[1], 0.02
	}
	r.Sweep = &s
	rows := sweepRows(t, textOf(t, r, Options{}))
	for _, want := range []string{" 480        500  -4 % ", " 330        300  +10 % ", " 200        200  0 % ", "it was 4.7 % off on average, at worst +10 % (2 workers of 4 threads)."} {
		if !strings.Contains(strings.Join(strings.Fields(rows), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("no %q in:\n%s", want, rows)
		}
	}
	if before := sweepRows(t, textOf(t, recorded(t)["sweep"], Options{})); strings.Contains(before, "predicted") || strings.Contains(before, "Predicted") {
		t.Errorf("of a run without a prediction:\n%s", before)
	}
}

// The request of CPU is the cost of a request x the rate, rounded up; without a rate there is none, and there is never a limit.
func TestEmittedCPU(t *testing.T) {
	r := sure(recorded(t)["creeping"])
	s := waits()
	s.Rest = 0.0001
	r.Speed = &s
	for rate, want := range map[float64]string{10: "\n              cpu: 21m\n", 10.5: "\n              cpu: 23m\n", 0: ""} {
		r.Plan.ProductionRate = rate
		text := emitted(t, r, "kubernetes")
		if !strings.Contains(text, want) || (want == "") == strings.Contains(text, " cpu: ") || strings.Count(text, " cpu: ") > 1 || !strings.Contains(text, "# No limit of CPU: ") {
			t.Errorf("%g/s: %s", rate, text)
		}
	}
	r.Plan.ProductionRate = 0
	if text := strings.ReplaceAll(emitted(t, r, "kubernetes"), "\n# ", " "); !strings.Contains(text, "No request of CPU: it is 2.1 ms x the requests a second, 2.1m for each of them.") {
		t.Error(text)
	}
	// A choice of more threads costs more, and its share of the cores is of that.
	r = sped(t, waits(), 2, 16, 100)
	c := &r.Candidates[len(r.Candidates)-1]
	c.CPUCost = 0.0025
	if text := emitted(t, r, "kubernetes"); !strings.Contains(text, " cpu: 250m\n") || !strings.Contains(text, "2.5 ms x 100 requests/s") {
		t.Error(text)
	}
	says(t, "in use", atRate(r, *c), "100 requests/s x 2.5 ms (at that rate) = 0.25 cores of 2 (12.5 %), 10 % of what it can, p99 60 ms")
	// No more is asked for than it can use, whatever the rate: a node may not have so many cores.
	r.Plan.ProductionRate, c.CPUCost = 10000, 0
	if text := strings.ReplaceAll(emitted(t, r, "kubernetes"), "\n# ", " "); !strings.Contains(text, " cpu: 2000m\n") ||
		!strings.Contains(text, "the most that one replica serves: 2 ms x 1 000 requests/s, rounded up. For 10 000 requests/s with 30 % to spare there are to be 15 replicas.") {
		t.Error(text)
	}
	if text := emitted(t, r, "systemd"); strings.Contains(text, "\nCPUQuota") || strings.Contains(text, "\nCPUWeight") || !strings.Contains(text, "# No CPUQuota: ") {
		t.Error(text)
	}
}

// A host's row has what it would serve there, and the page says that a core there may differ.
func TestSizeSaysWhatIsServed(t *testing.T) {
	r := sped(t, waits(), 2, 10, 0)
	r.Plan.Box = knob.Box{CPUs: 2, MemoryBytes: 8 * gib}
	page := sizeText(t, []calibrate.Result{r, r}, Options{})
	c, _ := chosen(r)
	if !strings.Contains(page, "serves") || strings.Count(page, " "+rateCell(c.Rate)+" ") != 2 || !strings.Contains(page, "A core there may") {
		t.Error(page)
	}
	if given := sizeText(t, sizings(t)["size-given-hosts"], Options{}); strings.Contains(given, "serves") {
		t.Error(given)
	}
}

// A host on which nothing serves what is wanted is named, with the box that would.
func TestSizeSaysWhatIsNotServed(t *testing.T) {
	r := sped(t, waits(), 2, 10, 900)
	r.Recommendation.Sum.Unmet, r.Recommendation.Sum.NeededCores, r.Recommendation.Sum.NeededMemoryBytes = true, 3, 500*mb
	r.Recommendation.Sum.NeededShape = &calibrate.Shape{Workers: 3, Threads: 10}
	r.Plan.Box = knob.Box{CPUs: 2, MemoryBytes: 8 * gib, ProductionRate: 900}
	page := strings.Join(strings.Fields(sizeText(t, []calibrate.Result{r, r}, Options{})), " ")
	if want := "Too small for 900 requests/s with 30 % to spare 2c/8G 3 cores and 500 MB of memory would, with 3 workers of 10 threads 2c/8G"; !strings.Contains(page, want) {
		t.Error(page)
	}
	if text := strings.ReplaceAll(emitted(t, r, "kubernetes"), "\n# ", " "); !strings.Contains(text, "But nothing that fits serves 900 requests/s") || !strings.Contains(text, "cpu: 1800m") {
		t.Error(text)
	}
}

// Of a real run every place says the same of the recommendation: the answer, its row, the row of a rule that comes to the same,
// the metrics, and the reason.
func TestRatesAgree(t *testing.T) {
	for _, wish := range []func(*calibrate.PlanInfo){
		func(*calibrate.PlanInfo) {},
		func(p *calibrate.PlanInfo) { p.ProductionRate, p.P99Seconds = 0, 0 },
		func(p *calibrate.PlanInfo) { p.ProductionRate = 5000 },
		func(p *calibrate.PlanInfo) { p.P99Seconds = 0.01 },
		func(p *calibrate.PlanInfo) { p.ProductionRate, p.P99Seconds, p.MemoryBytes = 0, 0, 70*mb },
		func(p *calibrate.PlanInfo) { p.ProductionRate, p.P99Seconds, p.Prefer = 0, 0, knob.PreferWorkers },
		func(p *calibrate.PlanInfo) { p.ProductionRate, p.P99Seconds, p.CPUs = 300, 0, 0.25 },
	} {
		r := recorded(t)["cores"]
		wish(&r.Plan)
		r = analyse.Resized(r)
		c, ok := chosen(r)
		if !ok || !r.Recommendation.Sum.BySpeed || c.Rate <= 0 {
			t.Fatalf("%+v: nothing is known of what it serves", r.Plan)
		}
		serves, err := calibrate.ParseMetric("serves")
		if err != nil {
			t.Fatal(err)
		}
		page := strings.Join(strings.Fields(textOf(t, r, Options{})), " ")
		for _, want := range []string{
			"serves at most " + serves.Unit.Say(*serves.Read(r).Value),
			"> " + say.Count(c.Workers) + " " + say.Count(c.Threads) + " " + rateCell(c.Rate) + " ",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%+v: no %q in:\n%s", r.Plan.Box, want, page)
			}
		}
		if p99 := waitCell(c.P99); r.Plan.ProductionRate > 0 && c.P99 > 0 && strings.Count(page, "p99 "+p99) == 0 {
			t.Errorf("no p99 of %s in:\n%s", p99, page)
		}
		for _, f := range r.Formulas {
			if f.Workers == c.Workers && f.Threads == c.Threads && f.Rate != c.Rate {
				t.Errorf("%s serves %g, and the same candidate %g", f.Name, f.Rate, c.Rate)
			}
		}
		if strings.Contains(page, "cores allow no more") || strings.Contains(page, "+ 1) /") || strings.Contains(page, "+ 1 =") {
			t.Errorf("a rule of the field had a say:\n%s", page)
		}
	}
}

// More threads than the one that was measured are no matter of speed alone.
func TestThreadsAskForSafeCode(t *testing.T) {
	for _, c := range []struct {
		measured, threads int
		says              bool
	}{{1, 16, true}, {1, 1, false}, {4, 16, false}} {
		r := sped(t, waits(), 2, c.threads, 0)
		r.Target.Threads = c.measured
		if page := textOf(t, r, Options{}); strings.Contains(page, "safe in threads") != c.says {
			t.Errorf("measured with %d, %d recommended:\n%s", c.measured, c.threads, page)
		}
		if text := emitted(t, r, "gunicorn"); strings.Contains(text, "safe in threads") != c.says {
			t.Errorf("measured with %d, %d recommended:\n%s", c.measured, c.threads, text)
		}
	}
}

// What a trial served is held against the prediction where others left it the cores, and where workers are replaced, in the
// seconds in which none was.
func TestTrialIsHeldAgainstThePrediction(t *testing.T) {
	p := calibrate.Proof{Host: calibrate.Host{CPUs: 2}}
	quiet := &calibrate.Work{Seconds: 10, Others: 1.9}
	for want, trial := range map[string]calibrate.Trial{
		"":  {RatePerSecond: 620},
		" ": {PredictedRate: 640},
		"640/s predicted, on this machine and beside the load, 620/s served (-3.1 %)":  {PredictedRate: 640, RatePerSecond: 620, Work: quiet},
		"640/s predicted, on this machine and beside the load, 656/s served (+2.5 %)":  {PredictedRate: 640, RatePerSecond: 656},
		"640/s predicted; no test of that, since others kept 0.7 cores busy meanwhile": {PredictedRate: 640, RatePerSecond: 420, Work: &calibrate.Work{Seconds: 10, Others: 6, Steal: 1}},
		"640/s predicted, on this machine and beside the load, 600/s served (-6.2 %), in the seconds without a replacement": {PredictedRate: 640, RatePerSecond: 500,
			Recycling: &calibrate.Recycling{Quiet: calibrate.Service{RatePerSecond: 600}}},
	} {
		says(t, "rate", trialRate(p, trial), strings.TrimSpace(want))
	}
}
