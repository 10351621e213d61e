package analyse

import (
	"cmp"
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/gate"
)

// What readings of CPU time are taken for.
const (
	fewForSpeed = 20   // requests that a reading must have at least
	leastSpan   = 0.03 // half the interval of the demand at least: runs of one app on a quiet machine differ by so much
	fullMachine = 0.9  // of the cores that are busy: who wanted more may have got none
	moreWanted  = 1.3  // times what it kept busy, that the requests at once of a worker could have: else it had too few of them to show its limit
	oneLock     = 0.75 // of a core: a worker that keeps less busy waits for something else than its lock
	manyCores   = 1.4  // are more than one: under a lock, a worker of Python was seen to keep 1.3 busy, with the kernel at work for it outside of the lock
	noFactor    = 0.03 // is no difference between two readings
	leastFactor = 0.6
	mostFactor  = 1.6
	mostWaited  = 0.25 // of the time alone, that the app may have waited for a core, ...
	mostUneven  = 0.15 // ... if the quicker half of the times differ by so much: then there is none that neighbours left alone
)

// speed is what the requests of one worker cost in CPU time and in waiting; nil where either was not read.
//
//	demand  = CPU time of the worker a request, with every thread busy
//	waiting = time alone - CPU time alone, of the worker, the rest, and the load
func speed(r calibrate.Result) *calibrate.Speed {
	busy := busyWork(r)
	if r.Alone == nil || busy == nil || r.Alone.Work.Requests == 0 || r.Mode == calibrate.ModeAttach {
		return nil
	}
	load := loadOf(r, *busy)
	s := &calibrate.Speed{
		Demand: demandOf(r, *busy), Rest: busy.PerRequest(busy.Rest), Load: load,
		Alone: r.Alone.Mean, Waiting: waitingOf(*r.Alone, load), Times: slices.Clone(r.Alone.Times), Factor: factorOf(r, *busy), Threads: threadUses(r, *busy),
	}
	if busy.RestThread > 0 {
		s.RestCores = max(busy.Rest/busy.RestThread, 1)
	}
	s.Cores, s.Shown, s.AllCores, s.Pool = coresOfWorker(r)
	s.Beside = min(besideOf(r, s.Demand.Value), s.Waiting.Value)
	s.Doubt = speedDoubt(r, *busy)
	return s
}

// busyWork is that of the phase with every thread busy: the last, because production is as warm. A peak that the app's own limit
// turned away says nothing of its requests, and then the steady load has to do. What has no threads to keep busy is only busy with
// as many requests at once as it takes: a server of one event loop was seen to take 2.7 ms a request with 8 at once, which kept a
// fifth of its core busy, and 2.2 with 256.
func busyWork(r calibrate.Result) *calibrate.Work {
	if w := busiestStep(r); w != nil {
		return w
	}
	for _, name := range []string{calibrate.PhasePeak, calibrate.PhaseCapacity, calibrate.PhaseSoak} {
		if w := workOf(r, name); w != nil {
			return w
		}
	}
	return nil
}

// busiestStep is the load that kept a worker without threads the busiest; of those that did so alike, the one with the most requests.
// nil: it has threads, or the peak kept it as busy.
func busiestStep(r calibrate.Result) *calibrate.Work {
	if r.Target.Threads > 0 {
		return nil
	}
	var all []*calibrate.Work
	for _, step := range r.Concurrency.Steps {
		if tells(step.Work) && step.Work.Seconds > 0 {
			all = append(all, step.Work)
		}
	}
	used := func(w *calibrate.Work) float64 { return w.Workers / w.Seconds }
	if len(all) == 0 {
		return nil
	}
	most := used(slices.MaxFunc(all, func(a, b *calibrate.Work) int { return cmp.Compare(used(a), used(b)) }))
	if most < moreWanted*used(all[0]) { // the first is that of the peak
		return nil
	}
	all = slices.DeleteFunc(all, func(w *calibrate.Work) bool { return used(w) < (1-alike)*most })
	return slices.MaxFunc(all, func(a, b *calibrate.Work) int { return cmp.Compare(a.Requests, b.Requests) })
}

// workOf is that of a phase; nil where it has none, or too little to say anything.
func workOf(r calibrate.Result, name string) *calibrate.Work {
	p := phaseOf(r, name)
	if !tells(p.Work) || p.Ended.By == calibrate.EndRefused || p.Ended.By == calibrate.EndCut {
		return nil
	}
	return p.Work
}

// demandOf has all phases of load within its interval.
func demandOf(r calibrate.Result, busy calibrate.Work) calibrate.Span {
	value := busy.PerRequest(busy.Workers)
	d := calibrate.Span{Value: value, Low: value * (1 - leastSpan), High: value * (1 + leastSpan)}
	for _, name := range []string{calibrate.PhaseCapacity, calibrate.PhaseSoak} {
		if w := workOf(r, name); w != nil {
			d.Low, d.High = min(d.Low, w.PerRequest(w.Workers)), max(d.High, w.PerRequest(w.Workers))
		}
	}
	return d
}

// waitingOf is what of the time alone is no CPU time. Of calibrate's own, what the busiest load takes a request is on the way of one
// that is alone; the rest, samples and timers, may be, or run while the app waits: the middle, with both within the interval.
// Neighbours make a few requests much slower than most: so far as the mean is above the median and the app waited for a core, that is
// their doing, and is taken out.
func waitingOf(a calibrate.Alone, load float64) calibrate.Span {
	w := a.Work
	own := w.PerRequest(w.Own)
	beside := max(own-load, 0)
	least := a.Mean - w.PerRequest(w.Workers+w.Rest) - own
	margin := 1.96 * deviation(a.Times, a.Mean) / math.Sqrt(float64(w.Requests))
	neighbours := min(w.PerRequest(w.Waited), max(a.Mean-creep.Quantile(a.Times, 0.5), 0))
	return calibrate.Span{
		Value: max(least+beside/2-neighbours, 0), Low: max(least-neighbours-margin, 0), High: max(least+beside+margin, 0),
	}
}

// deviation is the standard deviation of times, by their quantiles in even steps.
func deviation(quantiles []float64, mean float64) float64 {
	if len(quantiles) < 2 {
		return 0
	}
	sum := 0.0
	for i := 1; i < len(quantiles); i++ {
		middle := (quantiles[i-1]+quantiles[i])/2 - mean
		sum += middle * middle
	}
	return math.Sqrt(sum / float64(len(quantiles)-1))
}

// loadOf is what a request costs calibrate where it sent the most of them a second: at 10 a second it wakes up for each, which
// takes four times as much as at 300, and counts only where the cores are full.
func loadOf(r calibrate.Result, busy calibrate.Work) float64 {
	rate := func(w calibrate.Work) float64 { return float64(w.Requests) / max(w.Seconds, 1) }
	for _, run := range r.Law.Runs {
		if w := run.Work; tells(w) && rate(*w) > rate(busy) {
			busy = *w
		}
	}
	return busy.PerRequest(busy.Own)
}

// coldWork is that of the first load with every thread busy: short runs are as cold.
func coldWork(r calibrate.Result, busy calibrate.Work) calibrate.Work {
	if w := workOf(r, calibrate.PhaseCapacity); w != nil {
		return *w
	}
	return busy
}

// threadUses are what a request costs by threads: of the measured ones, and of those of short runs, which are made as warm as the
// measured worker was in the end. That it then cost more than at first is no warmth.
func threadUses(r calibrate.Result, busy calibrate.Work) []calibrate.ThreadUse {
	if !r.Target.HasThreads || r.Target.Threads == 0 {
		return nil
	}
	cold, value := coldWork(r, busy), busy.PerRequest(busy.Workers)
	warmth := 1.0
	if cold.Workers > 0 {
		warmth = min(value/cold.PerRequest(cold.Workers), 1)
	}
	var uses []calibrate.ThreadUse
	for _, c := range coldCosts(r, busy) {
		if c.threads == r.Target.Threads {
			uses = append(uses, calibrate.ThreadUse{Threads: c.threads, Demand: value})
		} else if cold.Workers > 0 {
			uses = append(uses, calibrate.ThreadUse{Threads: c.threads, Demand: c.each * warmth})
		}
	}
	return uses
}

// offer is one load of one worker: how many requests at once it could work on.
type offer struct {
	work   calibrate.Work
	atOnce int
}

func offers(r calibrate.Result) []offer {
	var all []offer
	add := func(w *calibrate.Work, threads, clients int) {
		if r.Target.Threads > 0 {
			clients = min(threads, clients)
		}
		if tells(w) && w.Seconds > 0 && clients > 0 {
			all = append(all, offer{*w, clients})
		}
	}
	for _, name := range []string{calibrate.PhaseCapacity, calibrate.PhasePeak} {
		add(workOf(r, name), r.Target.Threads, phaseOf(r, name).Clients)
	}
	for _, step := range r.Concurrency.Steps {
		add(step.Work, r.Target.Threads, step.Clients)
	}
	for _, run := range r.Law.Runs {
		if run.Workers == 1 {
			add(run.Work, run.Threads, math.MaxInt)
		}
	}
	return all
}

// used is how many cores the worker kept busy.
func (o offer) used() float64 { return o.work.Workers / o.work.Seconds }

// full says that so much of the machine was busy that the worker may have wanted more than it got.
func (o offer) full(h calibrate.Host) bool {
	return busyCores(h, o.work)+o.work.Steal/o.work.Seconds >= fullMachine*h.SizingCPUs()
}

// busyCores is how many of the cores that sizing counts on were busy.
func busyCores(h calibrate.Host, w calibrate.Work) float64 {
	w.Others = h.OthersOf(w)
	return w.Busy()
}

// bound says that more requests were there than the worker took up, each of which takes so long alone.
func (o offer) bound(alone float64) bool {
	could := float64(o.atOnce) * o.work.PerRequest(o.work.Workers) / alone
	return o.atOnce > 1 && could >= moreWanted*o.used()
}

// coresOfWorker is how many cores one worker can keep busy, whether it was seen to want more, whether those were all that there
// were, and how many requests it works on at once at most where something else than its own core holds them back: a pool of threads
// or of connections. What decides is the load that kept it the busiest; of those that did so alike, the one with the most requests
// at once.
func coresOfWorker(r calibrate.Result) (cores float64, shown, all bool, pool int) {
	loads := offers(r)
	if len(loads) == 0 {
		return 1, false, false, 0
	}
	most := slices.MaxFunc(loads, func(a, b offer) int { return cmp.Compare(a.used(), b.used()) }).used()
	loads = slices.DeleteFunc(loads, func(o offer) bool { return o.used() < (1-alike)*most })
	o := slices.MaxFunc(loads, func(a, b offer) int { return cmp.Compare(a.atOnce, b.atOnce) })
	machine, used := r.Host.SizingCPUs(), o.used()
	switch {
	case o.full(r.Host) && used > manyCores: // it may use more where more is
		return max(machine, used), false, true, 0
	case o.full(r.Host) || !o.bound(r.Alone.Mean) || o.robbed(r.Host):
		return max(used, 1), false, false, 0
	case o.whole() < oneLock:
		return 1, false, false, max(int(math.Round(float64(o.work.Requests)/o.work.Seconds*r.Alone.Mean)), 1)
	}
	return o.whole(), true, false, 0
}

// robbed says that others may have kept it from its core, and that the kernel doesn't say how long it waited for one.
func (o offer) robbed(h calibrate.Host) bool {
	return o.work.Waited == 0 && othersHad(h, o.work, gate.MostOthers)
}

// whole is the cores that it would have kept busy, had it never waited for one.
func (o offer) whole() float64 {
	used, share := o.used(), 1-o.work.Waited/o.work.Seconds
	if used >= 1 || share <= used {
		return max(used, 1)
	}
	return used / share
}

// speedDoubt is what spoils the figures. CPU time hardly moves under neighbours; the time alone does, and what the app waited for
// a core is known of it.
func speedDoubt(r calibrate.Result, busy calibrate.Work) calibrate.SpeedDoubt {
	switch {
	case stolen(r.Host, r.Alone.Work) || stolen(r.Host, busy):
		return calibrate.DoubtSteal
	case disturbed(*r.Alone):
		return calibrate.DoubtOthers
	case busy.Workers <= 0:
		return calibrate.DoubtFew
	}
	return ""
}

// disturbed says that neighbours made even the quicker requests slower, these differ, and that much of what is no CPU time may be
// their doing. Where hardly anything is left beside the CPU time, it doesn't matter whose that is.
func disturbed(a calibrate.Alone) bool {
	middle, w := creep.Quantile(a.Times, 0.5), a.Work
	theirs := min(w.PerRequest(w.Waited), a.Mean-w.PerRequest(w.Workers+w.Rest+w.Own))
	return theirs > mostWaited*a.Mean && middle-creep.Quantile(a.Times, 0.1) > mostUneven*middle
}
