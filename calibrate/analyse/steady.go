package analyse

import (
	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// steady is what a request takes at a steady rate, as a multiple of what it takes with every thread busy: workers that fall asleep
// between requests wake up for each, with colder caches, and so does the load.
type steady struct {
	share        float64 // of the most that one worker serves, at which the rate was
	demand, load float64
	rate, p99    float64 // 0 where too few requests say what their 99th percentile is
}

// enoughForP99 is how many requests have ten that are slower than their 99th percentile.
const enoughForP99 = 1000

// mostSteady is the share of the most from which on a rate says no more than the most itself.
const mostSteady = 0.9

// steadyOf is nothing where no steady load was read, or it was nearly all that the worker serves.
func (s *Serving) steadyOf(r calibrate.Result) (none steady) {
	w, busy := workOf(r, r.SteadyPhase()), busyWork(r)
	if w == nil || busy == nil || busy.Workers <= 0 || s.load <= 0 {
		return none
	}
	most, _ := s.Most(throughput.Box{Cores: s.cores, Load: s.load}, 1, max(r.Target.Threads, 1), 0)
	share := float64(w.Requests) / w.Seconds / most
	if !(share < mostSteady) {
		return none
	}
	found := steady{share: share, demand: w.PerRequest(w.Workers) / busy.PerRequest(busy.Workers), load: w.PerRequest(w.Own) / s.load}
	if p99 := r.Load.LatencySeconds.P99; p99 != nil && r.Load.Requests >= enoughForP99 {
		found.rate, found.p99 = r.Load.RateSent, *p99
	}
	return found
}

// slower is how many seconds more than is said the 99th percentile of the steady load was: pauses of the app and of the machine, which
// no single request shows.
func (s steady) slower(of *Serving) float64 {
	if s.p99 == 0 {
		return 0
	}
	_, said := of.TimesAt(throughput.Box{Cores: of.cores, Load: of.load}, 1, of.threads, s.rate, throughput.Evenly)
	if said == 0 {
		return 0
	}
	return max(s.p99-said, 0)
}

// at is a figure's multiple at a share of the most: between the steady rate and the most in proportion.
func (s steady) at(multiple, share float64) float64 {
	if s.share == 0 {
		return 1
	}
	return multiple + (1-multiple)*min(max((share-s.share)/(1-s.share), 0), 1)
}

// slice is what a thread may run before the kernel looks who else wants its core: Linux has 0.7 ms x (1 + log2 of the cores), up to 8 of
// them (kernel/sched/fair.c), and looks at its tick, every 1 to 10 ms. With 2 ms, the 99th percentile at 80 % of the most was within 25 %
// of the measured one in 8 of 12 loads on two cores, with none in 6.
const slice = 0.002 // seconds

// timesAt are the times of an app's requests at a rate, of a shape that serves so much at most.
func (s *Serving) timesAt(app throughput.App, box throughput.Box, shape throughput.Shape, m most, rate float64, by throughput.Arrivals) (p50, p99 float64) {
	if m.rate > 0 {
		share := rate / m.rate
		app = taking(app, s.steady.at(s.steady.demand, share))
		box.Load *= s.steady.at(s.steady.load, share)
	}
	box.Slice = slice
	return app.TimesAt(box, shape, m.asFull(rate), by)
}

// taking is an app whose requests take so many times the CPU time.
func taking(app throughput.App, times float64) throughput.App {
	app.Alone += app.Demand * (times - 1)
	app.Demand *= times
	threads := app.Threads
	app.Threads = nil
	for _, use := range threads {
		app.Threads = append(app.Threads, calibrate.ThreadUse{Threads: use.Threads, Demand: use.Demand * times})
	}
	return app
}
