package sizing

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// bounds is a Serve by the three bounds of operational analysis: demand d and waiting w seconds a request, workers that keep one core busy.
func bounds(cores, d, w float64) func(workers, threads int) calibrate.Served {
	return func(workers, threads int) calibrate.Served {
		n, t := float64(workers), float64(threads)
		s := calibrate.Served{Rate: cores / d, RateBy: calibrate.RateByCores}
		if x := n / d; x < s.Rate {
			s.Rate, s.RateBy = x, calibrate.RateByWorkers
		}
		if x := n * t / (d + w); x < s.Rate {
			s.Rate, s.RateBy = x, calibrate.RateByThreads
		}
		return s
	}
}

func TestCandidatesAndFormulasSayWhatTheyServe(t *testing.T) {
	q := flask(0)
	q.Serve = bounds(2, 0.002, 0.018)
	asked := map[calibrate.Shape]int{}
	serve := q.Serve
	q.Serve = Remembered(func(workers, threads int) calibrate.Served {
		asked[calibrate.Shape{Workers: workers, Threads: threads}]++
		return serve(workers, threads)
	})
	for _, c := range Decide(q).Candidates {
		if c.Served != serve(c.Workers, c.Threads) {
			t.Errorf("%d x %d: %+v", c.Workers, c.Threads, c.Served)
		}
	}
	for shape, n := range asked {
		if n > 1 {
			t.Errorf("%s was asked for %d times", shape, n)
		}
	}
	for _, f := range Formulas(calibrate.Host{CPUs: 2, MemoryBytes: 1024 * MiB}, q) {
		if f.Served != serve(f.Workers, f.Threads) {
			t.Errorf("%s, %d x %d: %+v", f.Name, f.Workers, f.Threads, f.Served)
		}
	}
}

func TestWhatIsNoRateIsNotKnown(t *testing.T) {
	for _, rate := range []float64{math.NaN(), math.Inf(1), -1, 0} {
		q := flask(0)
		q.Serve = func(int, int) calibrate.Served { return calibrate.Served{Rate: rate, UsedRatio: math.NaN()} }
		for _, c := range Decide(q).Candidates {
			if c.Served != (calibrate.Served{}) {
				t.Errorf("%g: %+v", rate, c.Served)
			}
		}
	}
}

// queue is a Serve as rough as a textbook: the three bounds, and at a rate a time that grows as the queue does.
func queue(cores, d, w, rate float64) func(workers, threads int) calibrate.Served {
	most := bounds(cores, d, w)
	return func(workers, threads int) calibrate.Served {
		s := most(workers, threads)
		if s.UsedRatio = rate / s.Rate; rate > 0 && s.UsedRatio < 1 {
			s.P50 = d + w
			s.P99 = w + d*(1+4*s.UsedRatio/(1-s.UsedRatio))
		}
		return s
	}
}

// waiting is a Flask view of 2 ms of CPU and 18 ms of waiting in workers of 40 MB and threads of half one, on 2 cores, and serving
// 1000/s at most with 10 requests at once a core.
func waiting() Question {
	q := flask(0)
	q.Creep = Creep{Verdict: calibrate.Flat, Known: true, High: 1}
	q.Law.ThreadBytes, q.ThreadChoices = MiB/2, []int{1, 4, 10, 20}
	q.Serve = bounds(2, 0.002, 0.018)
	return q
}

func at(q Question, rate, p99 float64) Question {
	q.RatePerSecond, q.RateBasis, q.WantedP99 = rate, calibrate.BasisGiven, p99
	q.Serve = queue(q.CPUs, 0.002, 0.018, rate)
	q.ServeOn = func(cores float64) func(int, int) calibrate.Served { return queue(cores, 0.002, 0.018, rate) }
	return q
}

func TestTheLeastMemoryNearTheBestRate(t *testing.T) {
	computes := waiting() // 5 ms of CPU: threads bring nothing
	computes.Serve = bounds(2, 0.005, 0)
	for _, c := range []struct {
		name             string
		q                Question
		workers, threads int
		byCPU            int
		best             float64
	}{
		{"10 at once a core", waiting(), 2, 10, 2, 1000}, // 2 x 45 MB; 5 x 4 is as fast and takes 210 MB
		{"two threads more, for 1 % more memory and 2.5 % more served", with(waiting(), func(q *Question) { q.ThreadChoices, q.Serve = []int{1, 10, 12}, bounds(2, 0.002, 0.0185) }), 2, 12, 2, 1000},
		{"no threads", with(waiting(), func(q *Question) { q.ThreadChoices = nil }), 6, 1, 19, 300},                                         // 250 MB / 40.5 = 6 workers of the 19 that serve 950
		{"no threads, much memory", with(waiting(), func(q *Question) { q.ThreadChoices, q.BudgetBytes = nil, 2000*MiB }), 19, 1, 19, 1000}, // 19 x 50/s
		{"more threads than measured are no choice", with(waiting(), func(q *Question) { q.ThreadChoices = []int{1, 4} }), 5, 4, 5, 1000},
		{"CPU alone", computes, 2, 1, 2, 400},
		{"CPU alone, room for one", with(computes, func(q *Question) { q.BudgetBytes = 95 * MiB }), 1, 1, 2, 200},
		{"half a core", with(waiting(), func(q *Question) { q.CPUs, q.Serve = 0.5, bounds(0.5, 0.002, 0.018) }), 2, 4, 2, 250}, // 2 x 4 x 50 = 400
		{"at most three", with(waiting(), func(q *Question) { q.MaxWorkers = 3 }), 2, 10, 2, 1000},
		{"at least four", with(waiting(), func(q *Question) { q.MinWorkers = 4 }), 4, 10, 4, 1000},
		{"workers preferred", with(waiting(), func(q *Question) { q.Prefer = "workers" }), 6, 1, 19, 1000},
		{"chosen by a sweep", with(waiting(), func(q *Question) { q.Chosen = calibrate.Shape{Workers: 3, Threads: 4} }), 3, 4, 5, 1000},
		{"a worker that has all cores", with(computes, func(q *Question) {
			q.Serve = func(int, int) calibrate.Served { return calibrate.Served{Rate: 900, RateBy: calibrate.RateByCores} }
		}), 2, 1, 1, 900},
	} {
		a := Decide(c.q)
		got := calibrate.Shape{Workers: a.Recommended.Workers, Threads: a.Recommended.Threads}
		if want := (calibrate.Shape{Workers: c.workers, Threads: c.threads}); got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
		if s := a.Sum; !s.BySpeed || s.CPUWorkers != c.byCPU || math.Abs(s.BestRate-c.best) > 1e-6 || s.Unmet || s.WantedRate != 0 {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}

// Of workers that were run five may have served more than two, and what lies between is taken to serve as the two do: uvicorn's 272,
// 274, 274 and 313/s. Two more bring nothing, and three do.
func TestMoreWorkersMayServeMoreBeyondAPlateau(t *testing.T) {
	q := waiting()
	q.ThreadChoices = []int{q.Threads}
	for from, want := range map[int]int{2: 2, 3: 3, 5: 5, 6: 6} {
		q.Serve = func(workers, _ int) calibrate.Served {
			s := calibrate.Served{Rate: 272, RateBy: calibrate.RateByCores}
			if workers == 1 {
				s.Rate = 165
			} else if workers >= from {
				s.Rate = 313
			}
			return s
		}
		if a := Decide(q).Recommended; a.Workers != want {
			t.Errorf("%d serve the most: %d are chosen", from, a.Workers)
		}
	}
}

func with(q Question, change func(*Question)) Question {
	change(&q)
	return q
}

func TestTheLeastMemoryForAWantedRate(t *testing.T) {
	for _, c := range []struct {
		name             string
		q                Question
		workers, threads int
		unmet            bool
		needed           box
	}{
		{"two workers do", at(waiting(), 60, 0), 2, 1, false, box{}},                                                     // 60 of 100/s
		{"two of four threads", at(waiting(), 200, 0), 2, 4, false, box{}},                                               // 200 of 400/s; 6 x 1 would carry 210 and takes 243 MB
		{"all that 2 cores carry", at(waiting(), 700, 0), 2, 10, false, box{}},                                           // of 1000/s
		{"soon enough", at(waiting(), 200, 0.030), 2, 4, false, box{}},                                                   // used 0.5: 18 + 2 x 5 = 28 ms
		{"sooner", at(waiting(), 200, 0.0225), 2, 10, false, box{}},                                                      // used 0.2: 18 + 2 x 2 = 22 ms
		{"never so soon", at(waiting(), 200, 0.019), 2, 10, true, box{}},                                                 // a request alone takes 20 ms
		{"three cores", at(waiting(), 900, 0), 2, 10, true, box{3, 185 * MiB, calibrate.Shape{Workers: 3, Threads: 10}}}, // 900 of 1500/s
		{"memory is short", at(with(waiting(), func(q *Question) { q.BudgetBytes = 100 * MiB }), 600, 0), 1, 10, true, box{2, 140 * MiB, calibrate.Shape{Workers: 2, Threads: 10}}},
		{"workers preferred, of those that do", at(with(waiting(), func(q *Question) { q.Prefer = "workers" }), 600, 0), 5, 4, false, box{}},                                                  // 6 x 1 serve 300/s
		{"memory preferred, of those that do", at(with(waiting(), func(q *Question) { q.Prefer, q.MaxWorkers = "memory", 2 }), 600, 0), 2, 10, false, box{}},                                  // 2 x 1 take less, and serve 100/s
		{"workers preferred, and none do", at(with(waiting(), func(q *Question) { q.Prefer = "workers" }), 900, 0), 2, 10, true, box{3, 185 * MiB, calibrate.Shape{Workers: 3, Threads: 10}}}, // as without: 6 x 1 serve 300/s
		{"threads preferred, and none are so soon", at(with(waiting(), func(q *Question) { q.Prefer = "threads" }), 200, 0.019), 2, 10, true, box{}},                                          // as without: 4 x 20 are no sooner
		{"no workers more", at(with(waiting(), func(q *Question) { q.MaxWorkers = 2 }), 900, 0), 2, 10, true, box{}},                                                                          // each keeps one core busy
	} {
		a := Decide(c.q)
		got := calibrate.Shape{Workers: a.Recommended.Workers, Threads: a.Recommended.Threads}
		if want := (calibrate.Shape{Workers: c.workers, Threads: c.threads}); got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
		s := a.Sum
		if s.Unmet != c.unmet || s.NeededCores != c.needed.cores || s.NeededMemoryBytes != c.needed.bytes || c.needed.cores > 0 && *s.NeededShape != c.needed.shape {
			t.Errorf("%s: unmet %v, needed %g cores, %d MB, %v", c.name, s.Unmet, s.NeededCores, s.NeededMemoryBytes/MiB, s.NeededShape)
		}
	}
}
