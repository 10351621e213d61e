package analyse

import (
	"encoding/json"
	"math"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/throughput"
)

// fast is a made-up run of an app of 2.9 ms of CPU and 18 ms of waiting a request under Gunicorn, with 4 threads, on two cores.
func fast() calibrate.Result {
	work := func(requests int64, seconds, demand float64) *calibrate.Work {
		n := float64(requests)
		return &calibrate.Work{Seconds: seconds, Requests: requests, Workers: demand * n, Rest: 0.0001 * n, Own: 0.0003 * n, Source: calibrate.WorkClocks}
	}
	var times []float64
	for i := range 51 {
		times = append(times, 0.0205+0.0001*float64(i))
	}
	alone := work(90, 2, 0.0031)
	return calibrate.Result{
		Mode: calibrate.ModeRun, Complete: true, Host: calibrate.Host{CPUs: 2, MemoryBytes: 4 << 30, AvailableBytes: 3 << 30},
		Target: calibrate.TargetInfo{Server: "gunicorn", Threads: 4, HasThreads: true, CanScale: true},
		Alone:  &calibrate.Alone{Times: times, Mean: 0.023, Work: *alone},
		Phases: []calibrate.Phase{
			{Name: calibrate.PhaseAlone, Requests: 90, Work: alone},
			{Name: calibrate.PhaseCapacity, Clients: 8, Requests: 540, Work: work(540, 3, 0.003)},
			{Name: calibrate.PhaseSoak, Requests: 1200, Work: work(1200, 10, 0.0031)},
			{Name: calibrate.PhasePeak, Clients: 8, Requests: 720, Work: work(720, 4, 0.0029)},
		},
		Law: calibrate.Law{Runs: []calibrate.LawRun{
			{Workers: 1, Threads: 16, Work: work(990, 3, 0.003)},
			{Workers: 2, Threads: 4, Work: work(1080, 3, 0.003)},
		}},
	}
}

func TestSpeed(t *testing.T) {
	s := speed(fast())
	if s == nil || s.Doubt != "" {
		t.Fatalf("%+v", s)
	}
	for name, c := range map[string][2]float64{
		"demand": {s.Demand.Value, 0.0029}, "its least": {s.Demand.Low, 0.0029 * 0.97}, "its most": {s.Demand.High, 0.0031},
		"rest": {s.Rest, 0.0001}, "load": {s.Load, 0.0003}, "alone": {s.Alone, 0.023},
		"waiting": {s.Waiting.Value, 0.023 - 0.0031 - 0.0001 - 0.0003}, "cores": {s.Cores, 0.99}, "factor": {s.Factor, 1},
	} {
		if math.Abs(c[0]/c[1]-1) > 1e-9 {
			t.Errorf("%s %g, want %g", name, c[0], c[1])
		}
	}
	if !(s.Waiting.Low < s.Waiting.Value && s.Waiting.Value < s.Waiting.High) {
		t.Errorf("waiting %+v", s.Waiting)
	}
	if !s.Shown {
		t.Error("16 threads kept 0.99 of a core busy where they could have kept two, and one core isn't shown")
	}
	if len(s.Threads) != 2 || s.Threads[0].Threads != 4 || math.Abs(s.Threads[0].Demand-0.0029) > 1e-9 || s.Threads[1].Threads != 16 || math.Abs(s.Threads[1].Demand-0.0029) > 1e-9 {
		t.Errorf("threads %+v: the short run was as cold as the first load", s.Threads)
	}
}

// What the load costs is read where it sends the most, and a short run isn't made dearer by what the main worker came to cost later.
func TestSpeedOfAnIdleWorker(t *testing.T) {
	r := fast()
	r.Phases[3].Work.Own = 0.0017 * 720 // at 180 a second; the runs have 330 and 360
	r.Law.Runs[1].Work.Own = 0.0004 * 1080
	r.Phases[1].Work.Workers = 0.0025 * 540
	s := speed(r)
	if math.Abs(s.Load-0.0004) > 1e-9 {
		t.Errorf("the load costs %g a request, want that of the quickest run", s.Load)
	}
	if math.Abs(s.Threads[1].Demand-0.003) > 1e-9 {
		t.Errorf("with 16 threads %+v, want what was read", s.Threads)
	}
}

// A front keeps as many cores busy as its busiest thread goes into its CPU time.
func TestCoresOfTheRest(t *testing.T) {
	for thread, want := range map[float64]float64{0: 0, 0.072: 1, 0.05: 1.44, 0.0367: 1.96, 0.03: 2.4, 0.003: 24, 0.08: 1} { // of 72 ms
		r := fast()
		r.Phases[3].Work.RestThread = thread
		if s := speed(r); math.Abs(s.RestCores-want) > 0.01 {
			t.Errorf("%g s: %g cores, want %g", thread, s.RestCores, want)
		}
	}
}

// What was not read, of an older run, of a server that was running or of an app that answered too little, is not known.
func TestSpeedUnknown(t *testing.T) {
	for name, change := range map[string]func(*calibrate.Result){
		"no time alone":   func(r *calibrate.Result) { r.Alone = nil },
		"no CPU time":     func(r *calibrate.Result) { r.Phases[1].Work, r.Phases[2].Work, r.Phases[3].Work = nil, nil, nil },
		"attached":        func(r *calibrate.Result) { r.Mode = calibrate.ModeAttach },
		"a few requests":  func(r *calibrate.Result) { r.Phases = r.Phases[3:]; r.Phases[0].Work.Requests = 19 },
		"none alone":      func(r *calibrate.Result) { r.Alone.Work.Requests = 0 },
		"a recorded run":  func(r *calibrate.Result) { *r = Recorded(t, "flat") },
		"numbers of none": func(r *calibrate.Result) { *r = calibrate.Result{} },
	} {
		r := fast()
		change(&r)
		if s := speed(r); s != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestSpeedDoubts(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*calibrate.Result)
		want   calibrate.SpeedDoubt
	}{
		{"quiet", func(*calibrate.Result) {}, ""},
		{"neighbours, and most requests as quick as each other", func(r *calibrate.Result) { r.Alone.Work.Waited = 90 * 0.013 }, ""},
		{"neighbours, and hardly two alike", func(r *calibrate.Result) { r.Alone.Work.Waited = 90 * 0.013; spreadOut(r.Alone.Times) }, calibrate.DoubtOthers},
		{"neighbours of an app that hardly waits", func(r *calibrate.Result) {
			r.Alone.Work.Waited, r.Alone.Work.Workers = 90*0.013, 90*0.018
			spreadOut(r.Alone.Times)
		}, ""},
		{"hardly two alike by themselves", func(r *calibrate.Result) { spreadOut(r.Alone.Times) }, ""},
		{"the machine's host", func(r *calibrate.Result) { r.Phases[3].Work.Steal = 0.5 }, calibrate.DoubtSteal},
		{"the machine's host, a little of more cores than the quota has", func(r *calibrate.Result) { r.Host.CPUs, r.Host.CPULimit, r.Alone.Work.Steal = 64, 2, 0.3 }, ""},
		{"the machine's host, alone", func(r *calibrate.Result) { r.Alone.Work.Steal = 0.3 }, calibrate.DoubtSteal},
	} {
		r := fast()
		c.change(&r)
		if r.Speed = speed(r); r.Speed == nil || r.Speed.Doubt != c.want || (ServingOf(r) != nil) != (c.want == "") {
			t.Errorf("%s: %+v", c.name, r.Speed)
		}
	}
}

// spreadOut makes the times rise by 2 % each.
func spreadOut(times []float64) {
	for i := range times {
		times[i] = 0.015 * math.Pow(1.02, float64(i))
	}
}

// A few requests that waited for a core don't make the app one that waits.
func TestWaitingForACoreIsNotTheApps(t *testing.T) {
	for waited, want := range map[float64]float64{0: 0.0246, 0.002: 0.0226, 0.013: 0.0196} { // of 5 ms, between the mean and the median
		r := fast()
		r.Alone.Mean, r.Alone.Work.Waited = 0.028, 90*waited
		if s := speed(r); math.Abs(s.Waiting.Value-want) > 1e-4 || s.Waiting.High < 0.0245 {
			t.Errorf("%g: %+v", waited, s.Waiting)
		}
	}
}

func TestCoresOfAWorker(t *testing.T) {
	async := func(r *calibrate.Result) {
		r.Target = calibrate.TargetInfo{Server: "other", CanScale: true}
		r.Law.Runs, r.Alone.Mean = nil, 0.0035
	}
	for _, c := range []struct {
		name   string
		change func(*calibrate.Result)
		cores  float64
		shown  bool
		all    bool
		pool   int
	}{
		{"one under a lock", func(*calibrate.Result) {}, 1, true, false, 0},
		{"too few requests at once", func(r *calibrate.Result) { r.Law.Runs = nil }, 1, false, false, 0},
		{"neighbours kept it from its core", func(r *calibrate.Result) {
			w := r.Law.Runs[0].Work
			w.Requests, w.Workers, w.Waited = 840, 840*0.003, 0.4
		}, 0.84 / (1 - 0.4/3), true, false, 0},
		{"C code lets the lock go, and the machine has more", func(r *calibrate.Result) { r.Host.CPUs = 4; r.Law.Runs[0].Work.Workers = 3.9 }, 1.3, true, false, 0},
		{"all of the machine, together with the load", func(r *calibrate.Result) {
			async(r)
			r.Phases[3].Work.Workers, r.Phases[3].Work.Own = 6, 1.7
		}, 2, false, true, 0},
		{"all of it, where the neighbours have most", func(r *calibrate.Result) {
			async(r)
			r.Phases = r.Phases[3:]
			r.Phases[0].Work.Workers, r.Phases[0].Work.Others = 2.5, 5
		}, 1, false, false, 0},
		{"a pool of four", func(r *calibrate.Result) {
			w := r.Law.Runs[0].Work
			w.Requests, w.Workers = 522, 522*0.003
		}, 1, false, false, 4},
		{"neighbours, where the kernel doesn't say who waited for a core", func(r *calibrate.Result) {
			w := r.Law.Runs[0].Work
			w.Requests, w.Workers, w.Others = 522, 522*0.003, 2
		}, 1, false, false, 0},
		{"a quota of two cores of many that others keep busy", func(r *calibrate.Result) {
			r.Host.CPUs, r.Host.CPULimit = 64, 2
			for i := range r.Law.Runs {
				r.Law.Runs[i].Work.Others = 100
			}
		}, 1, true, false, 0},
		{"an event loop", func(r *calibrate.Result) { async(r); r.Phases[3].Work.Workers = 3.9 }, 0.975, true, false, 0},
	} {
		r := fast()
		c.change(&r)
		cores, shown, all, pool := coresOfWorker(r)
		if math.Abs(cores-c.cores) > 0.011 || shown != c.shown || all != c.all || pool != c.pool {
			t.Errorf("%s: %.3f cores, shown %v, all %v, pool %d; want %.3f, %v, %v, %d", c.name, cores, shown, all, pool, c.cores, c.shown, c.all, c.pool)
		}
	}
}

// A worker that kept all cores busy, as in Go, is taken to do so with more of them: it needs no copies, and a larger box helps it. One
// of a lock isn't.
func TestAWorkerOfAllCores(t *testing.T) {
	r := Recorded(t, "flat")
	f := fast()
	f.Target, f.Law.Runs, f.Alone.Mean = calibrate.TargetInfo{Server: "other", CanScale: true}, nil, 0.0035
	f.Phases[3].Work.Workers, f.Phases[3].Work.Own = 6, 1.7 // of two cores, 4 s
	r.Host.CPUs, r.Target.Threads, r.Target.HasThreads, r.Law.Raised = 2, 0, false, nil
	r.Speed = speed(f)
	r.Plan.ThreadChoices = nil
	if !r.Speed.AllCores {
		t.Fatalf("%+v", r.Speed)
	}
	s := ServingOf(r)
	two, eight := s.on(2, 0)(1, 1), s.on(8, 0)(1, 1)
	if eight.Rate < 3.8*two.Rate || eight.RateBy != calibrate.RateByCores {
		t.Errorf("%.0f/s on 2 cores, %.0f/s by %s on 8", two.Rate, eight.Rate, eight.RateBy)
	}
	r.Plan.CPUs = 8
	large := Resized(r)
	if large.Recommendation.Workers != 2 { // so that one answers while the other restarts
		t.Errorf("%d workers on 8 cores", large.Recommendation.Workers)
	}
	r.Plan.CPUs, r.Plan.MaxWorkers, r.Plan.ProductionRate = 0, 1, 2*two.Rate
	if sum := Resized(r).Recommendation.Sum; !sum.Unmet || sum.NeededShape == nil || sum.NeededCores < 4 || sum.NeededCores > 8 {
		t.Errorf("%+v", sum)
	}
	r.Speed.AllCores = false
	if sum := Resized(r).Recommendation.Sum; !sum.Unmet || sum.NeededShape != nil {
		t.Errorf("of one worker of two cores: %+v", sum)
	}
}

// Two workers on two hyperthreads: a request costs more, and the more so the more of the machine was idle before.
func TestFactor(t *testing.T) {
	r := fast()
	r.Host.CPUs = 4
	r.Phases[1].Work = &calibrate.Work{Seconds: 3, Requests: 1000, Workers: 3}
	r.Law.Runs[1].Work = &calibrate.Work{Seconds: 3, Requests: 1800, Workers: 6 * 0.99}
	if s := speed(r); math.Abs(s.Factor-1.3) > 0.02 {
		t.Errorf("%.3f, want 1.3: 10 %% for each of three cores more", s.Factor)
	}
	r.Law.Runs = append(r.Law.Runs, calibrate.LawRun{Workers: 4, Threads: 16, Work: &calibrate.Work{Seconds: 3, Requests: 1000, Workers: 12}})
	one := r.Law.Runs[0].Work
	if s, want := speed(r), 0.012/one.PerRequest(one.Workers); math.Abs(s.Factor-min(want, mostFactor)) > 0.05 {
		t.Errorf("%.3f, want %.3f: with all four cores busy 12 ms, beside one worker of as many threads", s.Factor, want)
	}
	r.Law.Runs = r.Law.Runs[:2]
	r.Law.Runs[1].Work.Requests = 1960
	if s := speed(r); s.Factor != 1 {
		t.Errorf("%.3f for a difference of 1 %%", s.Factor)
	}
	r.Phases[1].Work.Workers = 0 // less than a tick
	if s := speed(r); s.Factor != 1 {
		t.Errorf("%.3f beside a load that took no CPU time", s.Factor)
	}
}

// Whatever is nothing or next to nothing in a reading, the figures are numbers: JSON has no others, and a run would be lost.
func TestSpeedIsOfNumbers(t *testing.T) {
	for _, spoil := range []func(*calibrate.Work){
		func(w *calibrate.Work) { w.Workers = 0 }, func(w *calibrate.Work) { w.Workers = 1e-9 }, func(w *calibrate.Work) { w.Seconds = 0 },
		func(w *calibrate.Work) { w.Requests = 0 }, func(w *calibrate.Work) { w.Requests = 1 << 40 }, func(w *calibrate.Work) { w.Waited = 1e9 },
		func(w *calibrate.Work) { w.Seconds = 1e-9 }, func(w *calibrate.Work) { w.Others = 1e9 }, func(w *calibrate.Work) { *w = calibrate.Work{Requests: 20} },
	} {
		for i := range 6 {
			r := fast()
			r.Host.CPUs = 4
			works := []*calibrate.Work{&r.Alone.Work, r.Phases[1].Work, r.Phases[2].Work, r.Phases[3].Work, r.Law.Runs[0].Work, r.Law.Runs[1].Work}
			spoil(works[i])
			r.Speed = speed(r)
			served := calibrate.Served{}
			if s := ServingOf(r); s != nil {
				served = s.on(4, 100)(2, 4)
			}
			if _, err := json.Marshal([]any{r.Speed, served, Foreseen(r, 4, calibrate.Shape{Workers: 2, Threads: 4}, 16)}); err != nil {
				t.Errorf("%+v: %v", *works[i], err)
			}
		}
	}
}

// A rate that is beyond what is served has no p99, also where the bounds alone would allow it.
func TestNoTimesBeyondTheMost(t *testing.T) {
	r := fast()
	r.Speed = speed(r)
	served := ServingOf(r).on(2, 0)(2, 8)
	bound := ServingOf(r).app.Bound(throughput.Box{Cores: 2}, ServingOf(r).shape(2, 8))
	between := (served.Rate + bound) / 2
	if bound < served.Rate*1.02 {
		t.Fatalf("%.1f/s of %.1f/s leaves nothing between", served.Rate, bound)
	}
	if got := ServingOf(r).on(2, between)(2, 8); got.UsedRatio <= 1 || got.P99 != 0 || got.P50 != 0 {
		t.Errorf("%+v at %.1f/s", got, between)
	}
}

// What the shapes of the issue were measured to serve, by one worker of 4 threads.
func TestServing(t *testing.T) {
	r := fast()
	r.Plan = calibrate.PlanInfo{Box: knob.Box{ProductionRate: 250}}
	r.Speed = speed(r)
	serve := ServingOf(r).on(2, 250)
	for _, c := range []struct {
		workers, threads int
		rate             float64
		by               calibrate.RateBound
	}{{1, 4, 176, calibrate.RateByThreads}, {2, 1, 88, calibrate.RateByThreads}, {2, 4, 352, calibrate.RateByThreads}, {3, 8, 655, calibrate.RateByCores}, {1, 32, 344, calibrate.RateByWorkers}} {
		got := serve(c.workers, c.threads)
		if math.Abs(got.Rate/c.rate-1) > 0.04 || got.RateBy != c.by || !(got.RateLow < got.Rate && got.Rate < got.RateHigh) {
			t.Errorf("%d x %d: %+v", c.workers, c.threads, got)
		}
		if served := got.Rate > 250; served != (got.P99 > 0.02) || math.Abs(got.UsedRatio-250/got.Rate) > 1e-9 || got.P99 < got.P50 {
			t.Errorf("%d x %d: %+v", c.workers, c.threads, got)
		}
	}
	shared := ServingOf(r)
	r.Target.OwnQueueFrom = 2
	own := ServingOf(r)
	for threads, worse := range map[int]bool{1: false, 2: true} { // three workers of them, used to a half
		was, now := shared.on(2, 66*float64(threads))(3, threads), own.on(2, 66*float64(threads))(3, threads)
		if now.Rate != was.Rate || worse != (now.P99 > 1.2*was.P99) || !worse && now != was {
			t.Errorf("3 x %d: %+v, with a queue in each worker %+v", threads, was, now)
		}
	}
	if got := ServingOf(r).on(8, 0)(12, 8); math.Abs(got.Rate/2650-1) > 0.04 || got.P99 != 0 {
		t.Errorf("on 8 cores %+v", got)
	}
}

// A sweep is told what it will find: with the clients and the load that it has.
func TestSweepIsPredicted(t *testing.T) {
	r := fast()
	r.Speed = speed(r)
	r.Sweep = &calibrate.Sweep{CPUs: 2, RateAsked: 120}
	got := ServingOf(r).predicted(calibrate.SweepRun{Workers: 3, Threads: 8, PredictedRate: 1}, r)
	if math.Abs(got.PredictedRate/595-1) > 0.03 || got.PredictedBy != calibrate.RateByCores || math.Abs(got.PredictedP99/0.0255-1) > 0.05 {
		t.Errorf("%.1f/s by %s, p99 %.4f: the load takes a tenth of the cores", got.PredictedRate, got.PredictedBy, got.PredictedP99)
	}
	r.Speed.Doubt = calibrate.DoubtSteal
	if got = ServingOf(r).predicted(got, r); got.PredictedRate != 0 || got.PredictedP99 != 0 || got.PredictedBy != "" {
		t.Errorf("%+v, where it is not known", got)
	}
}

// What a request costs may be given, with nothing measured.
func TestServingOfGivenFigures(t *testing.T) {
	g := Given{WorkerBytes: 50 << 20, ThreadBytes: 1 << 20, Threads: []int{4}, Demand: 0.002, Waiting: 0.018}
	r := g.Result(calibrate.Host{CPUs: 2, MemoryBytes: 2 << 30, AvailableBytes: 2 << 30}, calibrate.PlanInfo{})
	for _, c := range r.Candidates {
		if want := math.Min(1000, float64(c.Workers*c.Threads)/0.020); math.Abs(c.Rate/want-1) > 0.1 || c.RateLow != c.Rate || c.RateHigh != c.Rate {
			t.Errorf("%d x %d: %+v, want about %.0f/s", c.Workers, c.Threads, c.Served, want)
		}
	}
	if len(r.Candidates) == 0 || !r.Recommendation.Sum.BySpeed {
		t.Errorf("%+v", r.Recommendation)
	}
}

// What a request of the recommended choice costs is of its threads, and of the cores that its rate keeps busy.
func TestCostOfTheRecommendedChoice(t *testing.T) {
	r := Recorded(t, "flat")
	r.Host.CPUs, r.Speed = 2, speed(fast())
	r.Speed.Rest, r.Speed.Factor = 0.0001, 1.5
	r.Speed.Threads = []calibrate.ThreadUse{{Threads: 4, Demand: 0.0031}, {Threads: 16, Demand: 0.0039}}
	r.Plan.ThreadChoices = []int{16}
	for rate, want := range map[float64][2]float64{10: {0.004, 0.004}, 300: {0.005, 0.005}, 0: {0.0053, 0.006}, 10000: {0.0053, 0.006}} { // 300/s x 4 ms x 1.25 keep 1.5 cores busy; 333/s x 6 ms are two
		r.Plan.ProductionRate = rate
		for _, c := range Resized(r).Candidates {
			if c.Recommended != (c.CPUCost > 0) || c.Recommended && (c.CPUCost < want[0]-1e-9 || c.CPUCost > want[1]+1e-9) {
				t.Errorf("%g/s, %d x %d: %.5f s a request, want %.5f: %+v", rate, c.Workers, c.Threads, c.CPUCost, want, c.Served)
			}
		}
	}
}

// So is a trial, on the cores that it really has.
func TestTrialIsForeseen(t *testing.T) {
	r := fast()
	r.Speed = speed(r)
	shape := calibrate.Shape{Workers: 3, Threads: 8}
	two, four := Foreseen(r, 2, shape, 48), Foreseen(r, 4, shape, 48)
	if math.Abs(two/595-1) > 0.03 || four < 1.5*two {
		t.Errorf("%.1f/s on two cores, %.1f/s on four", two, four)
	}
	if few := Foreseen(r, 2, shape, 2); math.Abs(few/88-1) > 0.06 {
		t.Errorf("%.1f/s of two clients", few)
	}
	r.Speed = nil
	if got := Foreseen(r, 2, shape, 48); got != 0 {
		t.Errorf("%g where nothing is known", got)
	}
}

// A database on the same machine is the busier the more the app serves; neighbours come and go.
func TestBeside(t *testing.T) {
	loads := func(r *calibrate.Result) []*calibrate.Work {
		return []*calibrate.Work{&r.Alone.Work, r.Phases[1].Work, r.Phases[2].Work, r.Phases[3].Work, r.Law.Runs[0].Work, r.Law.Runs[1].Work}
	}
	for _, c := range []struct {
		name   string
		others func(i int, w calibrate.Work) float64 // cores
		want   float64
	}{
		{"nobody", func(int, calibrate.Work) float64 { return 0 }, 0},
		{"a database of 1.5 ms a request, and a fifth of a core of others", func(i int, w calibrate.Work) float64 {
			return 0.2 + 0.0015*float64(w.Requests)/w.Seconds + 0.01*float64(i%3)
		}, 0.0015},
		{"neighbours", func(i int, w calibrate.Work) float64 { return []float64{0.1, 0.9, 0.3, 0.2, 1, 0.4}[i] }, 0},
		{"neighbours that grow busier, as rates do", func(i int, w calibrate.Work) float64 { return 0.2*float64(i) + 0.01*float64(i%3) }, 0},
		{"a log that is written", func(i int, w calibrate.Work) float64 { return 0.0001 * float64(w.Requests) / w.Seconds }, 0},
	} {
		r := fast()
		for i, w := range loads(&r) {
			w.Others = w.Seconds * c.others(i, *w)
		}
		r.Phases[0].Work = &r.Alone.Work
		if s := speed(r); math.Abs(s.Beside-c.want) > 1e-4 {
			t.Errorf("%s: %.5f, want %.5f", c.name, s.Beside, c.want)
		}
	}
}

// Of a quota a database outside of it takes nothing: its requests wait for it, and the cores are the app's.
func TestNobodyIsBesideAQuota(t *testing.T) {
	r := fast()
	r.Host.CPUs, r.Host.CPULimit = 8, 1
	for i, w := range []*calibrate.Work{&r.Alone.Work, r.Phases[1].Work, r.Phases[2].Work, r.Phases[3].Work, r.Law.Runs[0].Work, r.Law.Runs[1].Work} {
		w.Others = 0.005*float64(w.Requests) + 0.01*float64(i%3)
	}
	r.Phases = append(r.Phases, calibrate.Phase{Name: calibrate.PhaseRest, Work: &calibrate.Work{Seconds: 1, Others: 0.01}})
	r.Speed = speed(r)
	if r.Speed.Beside != 0 {
		t.Errorf("%.5f s a request of a core that it doesn't have", r.Speed.Beside)
	}
	if got := ServingOf(r).on(1, 0)(2, 16); got.Rate < 300 { // of 2.9 ms and what the rest takes
		t.Errorf("%.1f/s by %s", got.Rate, got.RateBy)
	}
	r.Host.CPULimit = 0
	if s := speed(r); math.Abs(s.Beside-0.005) > 0.0003 {
		t.Errorf("%.5f s a request without a quota, want 0.005", s.Beside)
	}
}

// Django on PostgreSQL, both on these two cores, as measured: rates rise from load to load, as neighbours may, until a moment
// without load tells whose doing it is.
func TestBesideIsToldByAMomentWithoutLoad(t *testing.T) {
	of := func(requests int64, seconds, others float64) *calibrate.Work {
		return &calibrate.Work{Requests: requests, Seconds: seconds, Others: others, Workers: 0.0052 * float64(requests), Source: calibrate.WorkClocks}
	}
	r := fast()
	r.Alone.Work = *of(38, 2.033, 0.292)
	r.Phases = []calibrate.Phase{
		{Name: calibrate.PhaseCapacity, Work: of(231, 3.104, 1.327)}, {Name: calibrate.PhaseWarmup, Work: of(157, 3.038, 0.937)},
		{Name: calibrate.PhaseSoak, Work: of(53, 1.053, 0.294)}, {Name: calibrate.PhasePeak, Work: of(301, 4.096, 2.457)},
	}
	r.Law.Runs = []calibrate.LawRun{
		{Workers: 1, Threads: 16, Work: of(264, 2, 1.446)}, {Workers: 2, Threads: 4, Work: of(515, 4, 2.668)},
		{Workers: 2, Threads: 16, Work: of(536, 3.01, 2.93)}, {Workers: 5, Threads: 16, Work: of(904, 5, 4.855)},
	}
	if !WantsQuiet(r) {
		t.Error("no moment without load is wanted")
	}
	if got := besideOf(r, 0.0052); got != 0 {
		t.Errorf("%.4f s a request, by loads alone", got)
	}
	r.Phases = append(r.Phases, calibrate.Phase{Name: calibrate.PhaseRest, Work: of(0, 1, 0.02)})
	if got := besideOf(r, 0.0052); math.Abs(got-0.0051) > 0.0003 {
		t.Errorf("%.4f s a request, want 0.0051", got)
	}
	r.Phases[len(r.Phases)-1].Work.Others = 0.5 // neighbours, who don't mind
	if got := besideOf(r, 0.0052); got != 0 {
		t.Errorf("%.4f s a request, beside neighbours", got)
	}
}
