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
	each := func(w calibrate.Work) float64 { return w.PerRequest(w.Workers) / costOfCores(r, w) } // as with one core busy
	found := steady{share: share, demand: min(each(*w)/each(*busy), 1/share), load: w.PerRequest(w.Own) / s.load}
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

// at is a figure's multiple at a share of the most: what is more than once falls with the rate, and is nothing at the most.
func (s steady) at(multiple, share float64) float64 {
	if s.share == 0 {
		return 1
	}
	share = min(max(share, s.share), 1)
	return 1 + (multiple-1)*s.share/share*(1-share)/(1-s.share)
}

// timesAt are the times of an app's requests at a rate, of a shape that serves so much at most.
func (s *Serving) timesAt(app throughput.App, box throughput.Box, shape throughput.Shape, m most, rate float64, by throughput.Arrivals) (p50, p99 float64) {
	if m.rate > 0 {
		share := rate / m.rate
		app = s.steadily(app, share)
		box.Load *= s.steady.at(s.steady.load, share)
	}
	return app.TimesAt(box, shape, m.asFull(rate), by)
}

// steadily is an app at a share of the most.
func (s *Serving) steadily(app throughput.App, share float64) throughput.App {
	return taking(app, s.steady.at(s.steady.demand, share))
}

// taking is an app whose requests take so many times the CPU time. The time of one alone is as it was measured.
func taking(app throughput.App, times float64) throughput.App {
	app.Demand *= times
	threads := app.Threads
	app.Threads = nil
	for _, use := range threads {
		app.Threads = append(app.Threads, calibrate.ThreadUse{Threads: use.Threads, Demand: use.Demand * times})
	}
	return app
}
