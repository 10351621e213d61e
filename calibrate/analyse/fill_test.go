package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// Two workers that leave a tenth of the cores idle serve a tenth less than is reckoned, as they were seen to; three may fill them,
// unless three were seen to leave it, too: then so do more. Of more threads the same is true.
func TestFills(t *testing.T) {
	r := fast()
	r.Host.CPUs = 2
	r.Law.Runs = nil
	r.Speed = speed(r)
	r0 := r
	serves := func(s calibrate.Shape, runs ...calibrate.LawRun) float64 {
		r := r
		r.Law.Runs = runs
		return ServingOf(r).on(2, 0)(s.Workers, s.Threads).Rate
	}
	shape := func(workers, threads int) calibrate.Shape {
		return calibrate.Shape{Workers: workers, Threads: threads}
	}
	run := func(s calibrate.Shape, share float64) calibrate.LawRun {
		expected := Foreseen(r, 2, s, clientsOf(r, calibrate.SweepRun{Workers: s.Workers, Threads: s.Threads}))
		return calibrate.LawRun{Workers: s.Workers, Threads: s.Threads, RatePerSecond: share * expected, Work: &calibrate.Work{Seconds: 3, Requests: 1000, Workers: 3}}
	}
	filled := func(of calibrate.Shape, share float64) calibrate.LawRun { // no core was idle: its requests took so much more CPU time
		r := run(of, share)
		r.Work = dearer(ServingOf(r0), of, r.RatePerSecond, share, 0.98)
		return r
	}
	busy := run(shape(2, 16), 0.7)
	busy.Work.Others = 1
	for _, c := range []struct {
		name string
		of   calibrate.Shape
		runs []calibrate.LawRun
		want float64
	}{
		{"as seen", shape(2, 16), []calibrate.LawRun{run(shape(2, 16), 0.9)}, 0.9},
		{"nearly all", shape(2, 16), []calibrate.LawRun{run(shape(2, 16), 0.96)}, 0.96},
		{"more may fill them", shape(3, 16), []calibrate.LawRun{run(shape(2, 16), 0.9)}, 1},
		{"more were seen to", shape(4, 16), []calibrate.LawRun{run(shape(2, 16), 0.9), run(shape(3, 16), 1)}, 1},
		{"more don't either", shape(4, 16), []calibrate.LawRun{run(shape(2, 16), 0.9), run(shape(3, 16), 0.92)}, 0.92},
		{"more than reckoned", shape(3, 16), []calibrate.LawRun{run(shape(2, 16), 1.1)}, 1.1},
		{"more threads may", shape(2, 32), []calibrate.LawRun{run(shape(2, 16), 0.9)}, 1},
		{"more threads don't", shape(2, 32), []calibrate.LawRun{run(shape(2, 12), 0.8), run(shape(2, 16), 0.9)}, 0.9},
		{"between two counts", shape(2, 16), []calibrate.LawRun{run(shape(2, 12), 0.8), run(shape(2, 24), 1)}, 0.8 + 0.2*math.Log(16.0/12)/math.Log(2)},
		{"fewer threads fill no more", shape(2, 14), []calibrate.LawRun{run(shape(2, 16), 0.9)}, 0.9},
		{"one worker says nothing", shape(2, 16), []calibrate.LawRun{run(shape(1, 16), 0.5)}, 1},
		{"no core was idle", shape(3, 16), []calibrate.LawRun{filled(shape(2, 16), 0.9)}, 0.9},
		{"beside others", shape(2, 16), []calibrate.LawRun{busy}, 1},
		{"threads that all wait, as seen", shape(2, 2), []calibrate.LawRun{run(shape(2, 2), 0.8)}, 0.8},
		{"and say nothing of others", shape(3, 2), []calibrate.LawRun{run(shape(2, 2), 0.8)}, 1},
		{"as seen, however little", shape(4, 2), []calibrate.LawRun{run(shape(4, 2), 0.3)}, 0.3},
		{"fewer don't serve more", shape(3, 2), []calibrate.LawRun{run(shape(4, 2), 0.3)}, 0.3 * serves(shape(4, 2)) / serves(shape(3, 2))},
		{"nor where no core was idle", shape(3, 2), []calibrate.LawRun{filled(shape(4, 2), 0.7)}, 0.7 * serves(shape(4, 2)) / serves(shape(3, 2))},
	} {
		if got := serves(c.of, c.runs...) / serves(c.of); math.Abs(got-c.want) > 0.005 {
			t.Errorf("%s: %.3f of what is reckoned, want %.3f", c.name, got, c.want)
		}
	}
}

// dearer is what a run did whose requests took so much of what is reckoned the other way round, with a share of two cores busy.
func dearer(s *Serving, of calibrate.Shape, rate, share, busy float64) *calibrate.Work {
	each := s.app.CPUAt(throughput.Box{Cores: 2, Load: s.load}, s.shape(of.Workers, of.Threads), rate) / share
	const requests = 1000
	return &calibrate.Work{Seconds: requests * each / 2 / busy, Requests: requests, Workers: requests * each}
}

// Shapes that leave cores idle and serve alike, whatever they are, wait for something that all workers share: others serve no more,
// here or on more cores. NOW LMS on SQLite, logged in, was seen to: 3 x 1, 2 x 2 and 3 x 2 served 128, 126 and 119/s on 1.5 of 2 cores.
func TestSharedByAll(t *testing.T) {
	r := fast()
	r.Host.CPUs = 2
	seen := func(workers, threads int, rate, busy float64) calibrate.LawRun {
		return calibrate.LawRun{Workers: workers, Threads: threads, RatePerSecond: rate, Work: &calibrate.Work{Seconds: 3, Requests: 1000, Workers: 3 * busy}}
	}
	r.Law.Runs = nil
	r.Speed = speed(r)
	free, _ := ServingOf(r).Most(throughput.Box{Cores: 2}, 2, 16, 0)
	rate := 0.6 * free
	waits := func(workers, threads int) calibrate.LawRun { // 0.8 of what so many threads serve if all wait
		run := seen(workers, threads, 0, 0.9)
		run.RatePerSecond = 0.8 * Foreseen(r, 2, calibrate.Shape{Workers: workers, Threads: threads}, clientsOf(r, calibrate.SweepRun{Workers: workers, Threads: threads}))
		return run
	}
	for _, c := range []struct {
		name   string
		runs   []calibrate.LawRun
		shared bool
	}{
		{"alike, whatever they are", []calibrate.LawRun{seen(3, 16, rate, 1.5), seen(2, 16, 0.98*rate, 1.4), seen(3, 32, 0.95*rate, 1.4)}, true},
		{"all threads wait", []calibrate.LawRun{waits(8, 1), waits(4, 2)}, false},
		{"some serve more", []calibrate.LawRun{seen(3, 16, rate, 1.5), seen(2, 16, 0.98*rate, 1.4), seen(4, 32, 1.3*rate, 1.5)}, false},
		{"one alone", []calibrate.LawRun{seen(2, 16, rate, 1.4)}, false},
		{"more serve more", []calibrate.LawRun{seen(2, 16, rate, 1.2), seen(3, 16, 1.4*rate, 1.6)}, false},
		{"no core is idle", []calibrate.LawRun{seen(2, 16, rate, 1.95), seen(3, 16, rate, 1.98)}, false},
	} {
		r.Law.Runs = c.runs
		s := ServingOf(r)
		for _, cores := range []float64{2, 16} {
			most, by := s.Most(throughput.Box{Cores: cores}, 8, 8, 0)
			if held := by == calibrate.RateByShared && most == rate; held != c.shared || !c.shared && by == calibrate.RateByShared {
				t.Errorf("%s: on %g cores %.1f/s by %s, of %.1f seen", c.name, cores, most, by, rate)
			}
		}
		if one, by := s.Most(throughput.Box{Cores: 2}, 1, 4, 0); one > 0.8*rate || by == calibrate.RateByShared {
			t.Errorf("%s: one worker alone serves %.1f/s by %s", c.name, one, by)
		}
	}
}

// Of other cores nothing was seen; and who serves less than is reckoned is as full as at a higher rate.
func TestFillsOfOtherBoxesAndTimes(t *testing.T) {
	r := fast()
	r.Host.CPUs = 2
	r.Law.Runs = nil
	r.Speed = speed(r)
	plain := ServingOf(r)
	rate, _ := plain.Most(throughput.Box{Cores: 2}, 2, 16, 0)
	r.Law.Runs = []calibrate.LawRun{{Workers: 2, Threads: 16, RatePerSecond: 0.7 * rate, Work: &calibrate.Work{Seconds: 3, Requests: 1000, Workers: 3}}}
	seen := ServingOf(r)
	if a, b := plain.on(8, 0)(2, 16).Rate, seen.on(8, 0)(2, 16).Rate; a != b {
		t.Errorf("on 8 cores %.1f/s, and after a run on 2 %.1f/s", a, b)
	}
	full := seen.on(2, 0)(2, 16).Rate
	if more, less := seen.on(2.2, 0)(2, 16).Rate, seen.on(1.8, 0)(2, 16).Rate; more < full || more > 1.1*full*(1+1e-9) || less > full {
		t.Errorf("%.1f/s on 2 cores, of which some were seen idle, %.1f/s on a tenth more and %.1f/s on a tenth less", full, more, less)
	}
	_, before := plain.TimesAt(throughput.Box{Cores: 2}, 2, 16, 0.9*full, throughput.ByChance)
	_, now := seen.TimesAt(throughput.Box{Cores: 2}, 2, 16, 0.9*full, throughput.ByChance)
	if full >= 0.9*rate || now <= before {
		t.Errorf("at nine tenths of %.1f/s of %.1f/s a p99 of %.4f s, reckoned with the latter %.4f", full, rate, now, before)
	}
	for n := 1; n < 6; n++ {
		if a, b := seen.on(2, 0)(n, 16).Rate, seen.on(2, 0)(n+1, 16).Rate; b < a {
			t.Errorf("%d workers serve %.1f/s, one more %.1f/s", n, a, b)
		}
	}
}

// Two workers of Uvicorn on one core: 190.8/s with calibrate's load, where one worker's figures have 150, because their requests took less
// CPU time. A core and a bit serves no less.
func TestALargerBoxServesNoLess(t *testing.T) {
	r := fast()
	r.Target = calibrate.TargetInfo{Server: "other", CanScale: true}
	r.Host.CPUs, r.Alone = 1, nil
	r.Speed = &calibrate.Speed{Demand: calibrate.Span{Value: 0.0064, Low: 0.0062, High: 0.0066}, Waiting: calibrate.Span{Value: 0.0039, Low: 0.0036, High: 0.0041}, Load: 0.0003, Alone: 0.012, Cores: 1, Factor: 1}
	r.Law.Runs = []calibrate.LawRun{{Workers: 2, Threads: 1, RatePerSecond: 190.8, Work: &calibrate.Work{Seconds: 6, Requests: 1145, Workers: 5.7, Own: 0.3}}}
	s := ServingOf(r)
	last := 0.0
	for _, cores := range []float64{0.5, 0.9, 1, 1.1, 1.2, 1.9, 2, 2.5, 4, 8} {
		got := s.on(cores, 0)(2, 1)
		if got.Rate < 0.98*last { // some are played through
			t.Errorf("%g cores serve %.1f/s, fewer of them %.1f/s", cores, got.Rate, last)
		}
		last = got.Rate
		if by := calibrate.RateByWorkers; cores > 2 && got.RateBy != by {
			t.Errorf("two workers on %g cores are bound by %s", cores, got.RateBy)
		}
	}
	one := calibrate.Candidate{Workers: 2, Threads: 1, Served: s.on(1, 0)(2, 1)}
	if cost := s.costAt(1, one, one.Rate); math.Abs(cost/(5.7/1145)-1) > 0.03 || one.Rate*cost > 1.001 {
		t.Errorf("%.1f/s at %.5f s each on one core", one.Rate, cost)
	}
}

// Beside calibrate's load all cores were busy, and a request took more CPU time there; without it each worker's own core is what binds,
// and a request takes as much.
func TestDearerRequestsCountWithoutTheLoad(t *testing.T) {
	r := fast()
	r.Law.Runs = nil
	r.Host.CPUs = 2
	r.Speed = speed(r)
	r.Speed.Load, r.Speed.Cores, r.Speed.Rest = 0.0005, 0.95, 0
	unseen := ServingOf(r)
	plain := unseen.on(2, 0)(2, 16)
	serves := func(busy float64) float64 {
		r := r
		shape := calibrate.Shape{Workers: 2, Threads: 16}
		rate := 0.85 * Foreseen(r, 2, shape, clientsOf(r, calibrate.SweepRun{Workers: 2, Threads: 16}))
		r.Law.Runs = []calibrate.LawRun{{Workers: 2, Threads: 16, RatePerSecond: rate, Work: dearer(unseen, shape, rate, 0.85, busy)}}
		return ServingOf(r).on(2, 0)(2, 16).Rate
	}
	if plain.RateBy != calibrate.RateByWorkers {
		t.Fatalf("%s binds", plain.RateBy)
	}
	if full, idle := serves(0.99)/plain.Rate, serves(0.8)/plain.Rate; math.Abs(full-0.85) > 0.01 || math.Abs(idle-1) > 0.01 {
		t.Errorf("of what is reckoned %.3f if all cores were busy, want 0.85, and %.3f if some were idle, want 1", full, idle)
	}
}

// What took less than a tick of a coarse clock is no cost of nothing.
func TestCostOfLessThanATick(t *testing.T) {
	r := fast()
	r.Law.Runs = nil
	r.Speed = speed(r)
	r.Law.Runs = []calibrate.LawRun{{Workers: 2, Threads: 4, RatePerSecond: 300, Work: &calibrate.Work{Seconds: 3, Requests: 900}}}
	s := ServingOf(r)
	c := calibrate.Candidate{Workers: 2, Threads: 4, Served: s.on(2, 0)(2, 4)}
	if got, plain := s.costAt(2, c, 100), 0.0028; !(got > plain) || len(s.fillings) != 1 {
		t.Errorf("%g s a request, of %d runs", got, len(s.fillings))
	}
}

// Of a choice that a sweep saw serve more than is reckoned, a request takes so much less CPU time; of one that served less, as much.
func TestCostOfWhatASweepSaw(t *testing.T) {
	r := fast()
	r.Law.Runs = nil
	r.Speed = speed(r)
	s := ServingOf(r)
	of := calibrate.Shape{Workers: 2, Threads: 16}
	reckoned := s.on(2, 0)(2, 16).Rate
	plain := s.costAt(2, calibrate.Candidate{Workers: 2, Threads: 16, Served: calibrate.Served{Rate: reckoned}}, reckoned/2)
	for share, want := range map[float64]float64{0.5: 1, 1.25: 0.8} {
		s.seen = map[calibrate.Shape]float64{of: share * reckoned}
		c := calibrate.Candidate{Workers: 2, Threads: 16, Served: s.on(2, 0)(2, 16)}
		if got := s.costAt(2, c, c.Rate/2); math.Abs(got/plain-want) > 0.02 || c.Rate*s.costAt(2, c, c.Rate) > 2*1.001 {
			t.Errorf("%g of what is reckoned: %g s a request, else %g", share, got, plain)
		}
	}
}
