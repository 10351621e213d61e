package analyse

import (
	"math"

	"workermem/calibrate"
	"workermem/calibrate/throughput"
)

// Serving answers what any number of the measured workers serve.
type Serving struct {
	app, best, worst throughput.App // by the figures, and by the ends of their intervals
	bound            int            // requests at once that a worker takes at most, whatever its threads; 0: as many as come
	threads          int            // of the measured worker
	threadless       bool
	given            bool // nothing was measured
	ownQueue         int  // calibrate.TargetInfo.OwnQueueFrom
	load             float64
	cores            float64 // of the machine that it was measured on, where the fillings are of
	fillings         fillings
	shared           float64 // requests a second that what all workers share lets through; 0: as many as come
	steady           steady
	seen             map[calibrate.Shape]float64 // what runs of a sweep served, in place of what is to be expected: see wish.seenIn
}

// ServingOf is nil where it isn't known, or is doubtful.
func ServingOf(r calibrate.Result) *Serving {
	s := r.Speed
	if s == nil || s.Doubt != "" || !(s.Demand.Value > 0) {
		return nil
	}
	cost, alone := costOfOneCore(r), s.Demand.Value+s.Rest
	if r.Alone != nil { // else what it costs was given
		alone = r.Alone.Work.PerRequest(r.Alone.Work.Workers + r.Alone.Work.Rest)
	}
	app := func(demand, waiting float64) throughput.App {
		of := throughput.App{
			Demand: demand / cost, Rest: s.Rest, RestCores: s.RestCores, Beside: s.Beside, Cores: s.Cores, Factor: s.Factor, Times: s.Times, Alone: waiting + alone}
		of.AllCores, of.FactorOf = s.AllCores, r.Host.SizingCPUs()
		for _, use := range s.Threads {
			of.Threads = append(of.Threads, calibrate.ThreadUse{Threads: use.Threads, Demand: use.Demand / cost * demand / s.Demand.Value})
		}
		return of
	}
	known := &Serving{
		app: app(s.Demand.Value, s.Waiting.Value), best: app(s.Demand.Low, s.Waiting.Low), worst: app(s.Demand.High, s.Waiting.High),
		bound: Bound(r.Target), threads: max(r.Target.Threads, 1), given: r.Alone == nil, threadless: r.Target.Threads == 0, ownQueue: r.Target.OwnQueueFrom, load: s.Load,
	}
	if s.Pool > 0 && (known.bound == 0 || s.Pool < known.bound) {
		known.bound = s.Pool
	}
	known.cores, known.fillings = r.Host.SizingCPUs(), known.fillingsOf(r)
	known.shared = known.fillings.shared()
	known.steady = known.steadyOf(r)
	return known
}

// costOfOneCore is what the measured demand has more than it had with one core busy.
func costOfOneCore(r calibrate.Result) float64 {
	busy := busyWork(r)
	if busy == nil {
		return 1
	}
	return costOfCores(r, *busy)
}

// costOfCores is what a load's requests cost by the cores that were busy meanwhile, to what they cost with one.
func costOfCores(r calibrate.Result, w calibrate.Work) float64 {
	cores := r.Host.SizingCPUs()
	if cores <= 1 {
		return 1
	}
	return 1 + (r.Speed.Factor-1)*min(max((busyCores(r.Host, w)-1)/(cores-1), 0), 1)
}

func (s *Serving) shape(workers, threads int) throughput.Shape {
	shape := throughput.Shape{Workers: workers, AtOnce: threads}
	if s.threadless || s.ownQueue > 0 && threads >= s.ownQueue {
		shape.Intake = throughput.Taken
	}
	switch {
	case s.threadless:
		shape.AtOnce = s.bound
	case s.bound > 0:
		shape.AtOnce = min(threads, s.bound)
	}
	return shape
}

// Most is what so many workers of so many threads serve on a box at most, loaded by so many clients; see throughput.App.Most. What
// short runs on as many cores served more or less than that is in it. More workers never serve less than fewer of them; and fewer, if
// they weren't run, no more than those that were. On more cores than were measured a shape serves no less than it was seen to, nor more
// than in proportion.
func (s *Serving) Most(box throughput.Box, workers, threads, clients int) (float64, calibrate.RateBound) {
	m := s.most(box, workers, threads, clients)
	return m.rate, m.by
}

// most is what a shape serves at most, and what it would by the app's figures alone, of which no run was seen.
type most struct {
	rate, reckoned float64
	by             calibrate.RateBound
}

// expected is what is to be expected of a shape that no sweep ran.
func (s *Serving) expected(box throughput.Box, workers, threads, clients int) most {
	m := s.unshared(box, workers, threads, clients)
	if s.shared == 0 || m.rate < (1-oneRate)*s.shared {
		return m
	}
	m.rate, m.by = min(m.rate, s.shared), calibrate.RateByShared
	return m
}

// unshared is the same if nothing that all workers share holds them back.
func (s *Serving) unshared(box throughput.Box, workers, threads, clients int) most {
	if box.Cores == s.cores || len(s.fillings) == 0 {
		return s.here(box, workers, threads, clients)
	}
	m := s.filled(box, workers, threads, clients)
	seen := s.here(throughput.Box{Cores: s.cores, Load: box.Load}, workers, threads, clients)
	if box.Cores > s.cores {
		m.rate = max(m.rate, seen.rate)
	}
	if high := seen.rate * max(box.Cores/s.cores, 1); m.rate > high {
		m.rate, m.by = high, seen.by
	}
	return m
}

// here is the same on the measured cores.
func (s *Serving) here(box throughput.Box, workers, threads, clients int) most {
	m := s.filled(box, workers, threads, clients)
	ran := s.ran(workers, threads)
	for _, more := range s.fillings.counts() {
		if more > workers && !ran {
			m.rate = min(m.rate, s.filled(box, more, threads, clients).rate)
		}
	}
	for _, fewer := range s.fillings.counts() {
		if fewer < workers {
			m.rate = max(m.rate, s.filled(box, fewer, threads, clients).rate)
		}
	}
	return m
}

// filled is the same of that shape by itself, whatever fewer workers serve.
func (s *Serving) filled(box throughput.Box, workers, threads, clients int) most {
	reckoned, by := s.app.Most(box, s.shape(workers, threads), clients)
	if box.Cores != s.cores {
		return most{reckoned, reckoned, by}
	}
	return most{reckoned * s.fillings.beside(box.Load).of(workers, threads, by), reckoned, by}
}

// asFull is the rate at which the reckoned system is as full as the real one is at a rate: who serves less than is reckoned is fuller.
func (m most) asFull(rate float64) float64 {
	if !(m.rate > 0) {
		return rate
	}
	return rate * m.reckoned / m.rate
}

// costAt is the CPU time of a request of a choice at a rate: as many threads and busy cores make it, and of a shape that was run as its
// requests took; who served more in a sweep than is reckoned takes less for each. No rate takes more than all cores.
func (s *Serving) costAt(cores float64, c calibrate.Candidate, rate float64) float64 {
	box := throughput.Box{Cores: cores}
	cost := s.steadily(s.app, rate/c.Rate).CPUAt(box, s.shape(c.Workers, c.Threads), rate)
	return min(cost*s.costSeen(box, c.Workers, c.Threads), cores/rate)
}

// costSeen is what a shape's requests were seen to take of what is reckoned of them; 1 where it wasn't run.
func (s *Serving) costSeen(box throughput.Box, workers, threads int) float64 {
	if seen := s.seen[calibrate.Shape{Workers: workers, Threads: threads}]; seen > 0 {
		if m := s.most(box, workers, threads, 0); seen > m.reckoned && m.by != calibrate.RateByThreads {
			return m.reckoned / m.rate
		}
	}
	if i := s.fillings.index(workers, threads); i >= 0 {
		return s.fillings[i].cost
	}
	return 1
}

// TimesAt are the times of their requests at a rate; see throughput.App.TimesAt.
func (s *Serving) TimesAt(box throughput.Box, workers, threads int, rate float64, by throughput.Arrivals) (p50, p99 float64) {
	return s.timesAt(s.app, box, s.shape(workers, threads), s.most(box, workers, threads, 0), rate, by)
}

// on is what shapes serve on so many cores, and at a rate where that is above 0.
func (s *Serving) on(cores, rate float64) func(workers, threads int) calibrate.Served {
	return s.serving(throughput.Box{Cores: cores}, rate, 1) // more, and the queue grows for ever, though the bounds alone may allow the rate
}

// elsewhere is the same for who looks for a box, of which most are wrong: times take the longest to find, and are left out where
// nobody asked for them, or the rate is more than may be asked of a shape.
func (s *Serving) elsewhere(cores, rate float64, timed bool) func(workers, threads int) calibrate.Served {
	used := 0.0
	if timed {
		used = calibrate.MostUsed
	}
	return s.serving(throughput.Box{Cores: cores}, rate, used)
}

// How far what was served was from what was said beyond the ends that the app's figures have, in 14 of 14 shapes that a calibration had
// run and 35 of 38 others (make throughput).
const (
	seenApart   = 0.05
	unseenApart = 0.15
)

func (s *Serving) apart(box throughput.Box, workers, threads int) float64 {
	if s.given {
		return 0
	}
	if box.Cores == s.cores && s.ran(workers, threads) {
		return seenApart
	}
	return unseenApart
}

// ran says that the calibration ran a shape, as its worker or as several.
func (s *Serving) ran(workers, threads int) bool {
	return s.fillings.index(workers, threads) >= 0 || workers == 1 && threads == s.threads
}

// serving has times where no more than a share of what is served is in use.
func (s *Serving) serving(box throughput.Box, rate, timed float64) func(workers, threads int) calibrate.Served {
	return func(workers, threads int) (served calibrate.Served) {
		shape, m := s.shape(workers, threads), s.most(box, workers, threads, 0)
		served.Rate, served.RateBy = m.rate, m.by
		if bound := s.app.Bound(box, shape); bound > 0 { // which moves the rate as it moves itself
			served.RateApart = s.apart(box, workers, threads)
			served.RateLow = served.Rate * math.Min(s.worst.Bound(box, shape)/bound, 1) * (1 - served.RateApart)
			served.RateHigh = served.Rate * math.Max(s.best.Bound(box, shape)/bound, 1) * (1 + served.RateApart)
		}
		if rate > 0 && served.Rate > 0 {
			served.UsedRatio = rate / served.Rate
		}
		if served.UsedRatio > 0 && served.UsedRatio <= timed {
			served.P50, served.P99 = s.timesAt(s.app, box, shape, m, rate, throughput.ByChance)
		}
		return served
	}
}

// doubted is what a shape serves on so many cores, with the interval of its 99th percentile, if it has one: by the ends of those of
// the app's figures, and by how much slower than said the steady load was. It has no upper end where by the worst of these the shape may
// not serve the rate at all. It takes three times as long as the percentile itself.
func (s *Serving) doubted(cores, rate float64, workers, threads int, served calibrate.Served) calibrate.Served {
	if served.P99 == 0 || served.P99Low > 0 { // it has its own, as measured
		return served
	}
	box := throughput.Box{Cores: cores}
	shape, m := s.shape(workers, threads), s.most(box, workers, threads, 0)
	p99 := func(app throughput.App) float64 {
		_, p99 := s.timesAt(app, box, shape, m, rate, throughput.ByChance)
		return p99
	}
	served.P99Low = min(p99(s.best), served.P99)
	if high := p99(s.worst); high > 0 {
		served.P99High = max(high, served.P99) + s.steady.slower(s)
	}
	return served
}

// Foreseen is what a trial is to serve on so many cores, beside the load that so many clients send from them; 0: not known.
func Foreseen(r calibrate.Result, cores float64, shape calibrate.Shape, clients int) float64 {
	s := ServingOf(r)
	if s == nil {
		return 0
	}
	rate, _ := s.Most(throughput.Box{Cores: cores, Load: s.load}, shape.Workers, max(shape.Threads, 1), clients)
	return rate
}

// predicted is what a run of a sweep was to come to, beside the load that was sent to it from the same cores; s may be nil.
func (s *Serving) predicted(run calibrate.SweepRun, r calibrate.Result) calibrate.SweepRun {
	run.PredictedRate, run.PredictedBy, run.PredictedP99 = 0, "", 0
	if s == nil {
		return run
	}
	box, threads := throughput.Box{Cores: r.Sweep.CPUs, Load: s.load}, max(run.Threads, 1)
	run.PredictedRate, run.PredictedBy = s.Most(box, run.Workers, threads, clientsOf(r, run))
	_, run.PredictedP99 = s.TimesAt(box, run.Workers, threads, r.Sweep.RateAsked, throughput.Evenly)
	return run
}

// clientsOf are those that kept a run of a sweep busy; where it doesn't say, as many for each worker, or each of its threads, as the
// peak had.
func clientsOf(r calibrate.Result, run calibrate.SweepRun) int {
	if run.Clients > 0 {
		return run.Clients
	}
	clients := run.Workers * PeakClients(r)
	if r.Target.Threads > 0 {
		clients = run.Workers * max(run.Threads, 1) * max(PeakClients(r)/r.Target.Threads, 1)
	}
	if limit := Bound(r.Target); limit > 0 {
		clients = min(clients, limit)
	}
	return clients
}
