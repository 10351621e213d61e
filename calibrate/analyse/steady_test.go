package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// A request at a steady rate takes more CPU time than one with every thread busy: times at a rate are by that, and the most isn't.
func TestSteadyRateCostsMore(t *testing.T) {
	r := fast()
	r.Law.Runs = nil
	phaseOf(r, calibrate.PhaseSoak).Work.Workers *= 1.3
	r.Speed = speed(r)
	dear := ServingOf(r)
	plain := *dear
	plain.steady = steady{}
	box := throughput.Box{Cores: 2}
	if a, b := plain.on(2, 0)(2, 4).Rate, dear.on(2, 0)(2, 4).Rate; a != b {
		t.Errorf("they serve %.1f/s, and %.1f/s by what a steady request takes", a, b)
	}
	_, less := plain.TimesAt(box, 2, 4, 200, throughput.ByChance)
	_, more := dear.TimesAt(box, 2, 4, 200, throughput.ByChance)
	if !(more > 1.02*less) {
		t.Errorf("a p99 of %.4f s, and %.4f by what a steady request takes", less, more)
	}
	if lone, _ := dear.TimesAt(throughput.Box{Cores: 64}, 64, 4, 1, throughput.Evenly); math.Abs(lone/(0.023-0.0003)-1) > 0.03 {
		t.Errorf("a request that nobody disturbs takes %.5f s, alone it took 0.0227 without the load", lone)
	}
}

// That cores share what they have is in the law already, and no part of what a steady request takes more.
func TestSteadyIsBesideTheFactor(t *testing.T) {
	r := fast()
	r.Speed = speed(r)
	r.Speed.Factor = 1.25
	phaseOf(r, calibrate.PhasePeak).Work.Others = 1.5 * 4
	soak, peak := phaseOf(r, calibrate.PhaseSoak).Work, phaseOf(r, calibrate.PhasePeak).Work
	soak.Workers, soak.Seconds = peak.PerRequest(peak.Workers)/1.25*float64(soak.Requests), 40
	if s := ServingOf(r).steady; math.Abs(s.demand-1) > 0.05 {
		t.Errorf("%+v, where a request takes as much as with one core busy", s)
	}
}

// What falls with the rate is as much a second at every rate, and nothing at the most.
func TestSteadyFallsWithTheRate(t *testing.T) {
	s := steady{share: 0.5, demand: 1.2}
	for share, want := range map[float64]float64{0: 1.2, 0.5: 1.2, 0.75: 1 + 0.2*0.5/0.75*0.5, 1: 1, 2: 1} {
		if got := s.at(s.demand, share); math.Abs(got-want) > 1e-9 {
			t.Errorf("at %.2f of the most it takes %.3f times as much, want %.3f", share, got, want)
		}
	}
	if got := (steady{}).at(0, 0.5); got != 1 {
		t.Errorf("where nothing was read it takes %.3f times as much", got)
	}
}

// Where the steady load was slower than is said, the upper end of what is said of others has that, too; and there is none where by the
// worst of the figures they may not serve the rate at all.
func TestDoubtOfTheP99(t *testing.T) {
	r := fast()
	r.Load.Requests, r.Load.RateSent = 1200, 120
	r.Speed = speed(r)
	doubt := func(p99, rate float64) calibrate.Served {
		r.Load.LatencySeconds.P99 = &p99
		s := ServingOf(r)
		return s.doubted(2, rate, 2, 4, s.on(2, rate)(2, 4))
	}
	as, slower := doubt(0.001, 200), doubt(0.5, 200)
	if more := slower.P99High - as.P99High; !(more > 0.4 && more < 0.5) || slower.P99 != as.P99 || slower.P99Low != as.P99Low {
		t.Errorf("%+v, and where the steady load's p99 is 500 ms %+v", as, slower)
	}
	r.Speed.Demand.High = 3 * r.Speed.Demand.Value
	if s := doubt(0.001, 300); s.P99 == 0 || s.P99Low == 0 || s.P99High != 0 {
		t.Errorf("%+v at a rate that may be more than they serve", s)
	}
}

// What a request costs an event loop is read where its core is full: one with 98 ms of waiting, 8 of them at once and 256; but not
// where more at once only wait for the lock.
func TestBusiestStep(t *testing.T) {
	step := func(clients int, requests int64, seconds, demand float64) calibrate.ConcurrencyStep {
		return calibrate.ConcurrencyStep{Clients: clients, Requests: requests, Work: &calibrate.Work{Seconds: seconds, Requests: requests, Workers: demand * float64(requests)}}
	}
	for name, c := range map[string]struct {
		threads int
		steps   []calibrate.ConcurrencyStep
		want    float64
	}{
		"a full core":                {0, []calibrate.ConcurrencyStep{step(8, 320, 4.1, 0.0027), step(64, 453, 1.14, 0.0024), step(256, 620, 1.4, 0.0022)}, 0.0022},
		"nearly full, more requests": {0, []calibrate.ConcurrencyStep{step(8, 320, 4.1, 0.0027), step(64, 460, 1.14, 0.0024), step(256, 410, 0.95, 0.0022)}, 0.0024},
		"they wait for the lock":     {0, []calibrate.ConcurrencyStep{step(8, 880, 4, 0.0053), step(128, 163, 1, 0.0081)}, 0.0029},
		"it has threads":             {4, []calibrate.ConcurrencyStep{step(8, 320, 4.1, 0.0027), step(64, 453, 1.14, 0.0024)}, 0.0029},
		"nobody tried":               {0, nil, 0.0029},
	} {
		r := fast()
		r.Target.Threads, r.Concurrency.Steps = c.threads, c.steps
		if w := busyWork(r); math.Abs(w.PerRequest(w.Workers)/c.want-1) > 1e-9 {
			t.Errorf("%s: %.5f s, want %.5f", name, w.PerRequest(w.Workers), c.want)
		}
	}
}
