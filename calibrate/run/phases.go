package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
)

// How long the phases take where the user didn't say. Found by running them: long enough for the figure to settle
// within a few per cent on a Python worker, short enough for the whole run to end within a minute.
const (
	idleTime          = time.Second
	capacityTime      = 3 * time.Second
	capacityLimit     = 20 * time.Second
	peakTime          = 4 * time.Second
	peakLimit         = 20 * time.Second
	warmupTime        = 3 * time.Second
	DefaultWarmup     = 15 * time.Second // limit of the warm-up
	QuickSoak         = 15 * time.Second // limit of the soak of a quick run: an app too slow for a verdict by then needs a whole one
	fewRequests       = 20               // a slow app gets more time, until so many were answered
	clientsForUnknown = 8                // where the server's threads aren't known, or it has no such bound (async)
	clientsPerThread  = 2                // one answered, one waiting: within 4 % of what more clients get

	// The most requests that steady load has under way, in the clients of a closed loop. At 70 % of capacity there are
	// fewer than those on average. Without a bound, a moment in which this machine is slow piles up to 512 of them, each
	// with its memory: 1.6 MB of a gthread worker's 30 were seen, 5 of an Uvicorn's 45. With this one it is 0.3.
	mostWaiting = 8
)

// Load that mostly fails measures the error page. Half is beyond any doubt, and is seen after a second.
const (
	failingShare     = 0.5
	failuresToBeSure = 30
)

// idle reads what the worker holds before any load.
func (r *run) idle(ctx context.Context) error {
	r.note(calibrate.Phase{Name: calibrate.PhaseBoot, Ended: calibrate.End{By: calibrate.EndAnswer}}, 0)
	r.enter(calibrate.PhaseIdle)
	began, from := r.watch.seconds(), len(r.watch.taken(0))
	if err := wait(ctx, idleTime); err != nil {
		return err
	}
	samples := r.watch.taken(from)
	if len(samples) == 0 {
		f := r.app.Failure(r.phase)
		f.Kind, f.What = calibrate.KindApp, "the app answered, but no worker process of it can be found"
		return f
	}
	r.result.Worker.IdleRSSBytes = samples[len(samples)-1].RSS
	if idle, err := r.watch.end(); err == nil { // else the end of the run says why
		r.result.Worker.Idle = idle.Books
	}
	r.note(calibrate.Phase{Name: calibrate.PhaseIdle, StartSeconds: began, Ended: calibrate.End{By: calibrate.EndSeen}}, from)
	return nil
}

// note adds a phase that is over, with the peak since its first sample.
func (r *run) note(p calibrate.Phase, from int) {
	p.Seconds = cmp.Or(p.Seconds, r.watch.seconds()-p.StartSeconds)
	p.PeakRSSBytes, p.PeakSource = r.watch.peak(from)
	p.PeakHeldBytes, p.PeakBelowBytes = r.watch.most(from)
	r.result.Phases = append(r.result.Phases, p)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// capacity finds what one worker can serve, in closed loop: with so few clients a queue can't build up, and the rate
// is the server's own.
func (r *run) capacity(ctx context.Context) error {
	pace := calibrate.Pace{Clients: r.clients(), Requests: r.portion(calibrate.PhaseCapacity, 0)}
	var buckets []calibrate.Bucket
	tally, err := r.load(ctx, calibrate.PhaseCapacity, pace, func(seen seen) state {
		buckets = seen.buckets
		s := r.atLeast(pace, seen, r.brief(capacityTime), capacityLimit)
		s.waiting = "finding what one worker can serve: " + say.RequestRate(rateOf(buckets, seen)) + " so far"
		return s
	})
	if err != nil {
		return err
	}
	r.result.Load.Capacity = rateOf(buckets, seen{seconds: tally.Seconds, answered: tally.Requests})
	if r.plan.Portions == nil { // else the rate is that of the other runs, come what may
		r.unhurried = pacingOf(buckets)
		if r.full = r.isSlow(); r.full {
			r.ahead.expect(calibrate.PhaseSoak, r.soakLimit())
		}
	}
	return nil
}

// brief is a phase's least time, a second less in a quick run, which is to end within 20 s.
func (r *run) brief(least time.Duration) time.Duration {
	if r.plan.Quick {
		return least - time.Second
	}
	return least
}

// rateOf leaves out the first second (connections, caches, compilers) and the last, which is not whole.
func rateOf(buckets []calibrate.Bucket, all seen) float64 {
	if len(buckets) >= 4 {
		var requests int64
		seconds := buckets[len(buckets)-2].Seconds - buckets[0].Seconds
		for _, b := range buckets[1 : len(buckets)-1] {
			requests, seconds = requests+b.Requests, seconds-b.Paused
		}
		if requests > 0 && seconds > 0 {
			return float64(requests) / seconds
		}
	}
	if all.seconds <= 0 {
		return 0
	}
	return float64(all.answered) / all.seconds
}

func (r *run) warmup(ctx context.Context) error {
	_, err := r.withinCapacity(ctx, calibrate.PhaseWarmup, r.steady(), func() func(seen) state {
		return func(seen seen) state { return r.unqueued(warm(seen, r.plan.WarmupLimit), seen) }
	})
	return err
}

// warm ends a warm-up where memory has settled, or at its limit.
func warm(seen seen, limit time.Duration) state {
	s := atLeast(seen, warmupTime, limit)
	if s.done && !settled(seen.samples) && seen.seconds < limit.Seconds() {
		return state{waiting: "memory is still settling"}
	}
	return s
}

// settled says that growth no longer slows down: the last third is above the one before it by at least as much as that one
// above the first, or by hardly anything less. A worker that creeps never stops growing, so a level to settle at would be
// waited for in vain.
func settled(samples []calibrate.Sample) bool {
	const hardly = 256 << 10
	third := len(samples) / 3
	if third < 5 {
		return false
	}
	// The lower envelope: what requests under way hold comes and goes.
	before := analyse.AnonQuantile(samples[:third], 0.1)
	between := analyse.AnonQuantile(samples[third:2*third], 0.1)
	middle, last := between-before, analyse.AnonQuantile(samples[2*third:], 0.1)-between
	return middle-last < hardly || float64(last) >= 0.8*float64(middle)
}

// atLimit is the end of a phase that might have gone on.
func atLimit(limit time.Duration) calibrate.End {
	return calibrate.End{By: calibrate.EndLimit, LimitSeconds: limit.Seconds()}
}

// peak makes every thread busy at once: memory is the request's working set times the requests under way.
func (r *run) peak(ctx context.Context) error {
	clients := max(r.clients(), r.plan.Clients, r.bound())
	pace := calibrate.Pace{Clients: clients, Requests: r.portion(calibrate.PhasePeak, 0)}
	tally, err := r.load(ctx, calibrate.PhasePeak, pace, func(seen seen) state {
		s := r.atLeast(pace, seen, r.brief(peakTime), peakLimit)
		s.waiting = fmt.Sprintf("every thread busy: %s at once", say.Plural(clients, "client"))
		return s
	})
	var f *calibrate.Failure
	if over := overLimit(tally); r.plan.Rate > 0 && over > 0 && (err == nil || errors.As(err, &f) && f.Refusal != nil) {
		return r.limitedPeak(over)
	}
	return err
}

// overLimit is how many requests were above a limit of the app's own (429).
func overLimit(t calibrate.Tally) int64 {
	for _, one := range t.Refusals {
		if one.Kind == calibrate.RefusalRate {
			return one.Answers
		}
	}
	return 0
}

// limitedPeak is a peak that the app's own limit of requests keeps from coming about. Who gave a rate below that limit has a
// whole run all the same: the limit is in production, too. What was turned away is no failure of the app's.
func (r *run) limitedPeak(over int64) error {
	peak := &r.result.Phases[len(r.result.Phases)-1]
	peak.Requests, peak.Ended = max(peak.Requests-over, peak.Succeeded), calibrate.End{By: calibrate.EndRefused}
	r.warn("peak-limited", "the app turns away what is above its own limit of requests (429), so not every thread could be kept busy at once",
		"turn the limit off for the measurement, if other requests than those that it counts may come at once")
	return nil
}

// clients keeps every thread of one worker busy, with a request waiting behind each. Where a server turns away what
// is beyond its bound, there are no more clients than that.
func (r *run) clients() int {
	t := r.result.Target
	switch {
	case t.Threads > 0:
		return clientsPerThread * t.Threads
	case r.bound() > 0:
		return min(clientsForUnknown, r.bound())
	}
	return clientsForUnknown
}

func (r *run) bound() int { return analyse.Bound(r.result.Target) }

// seen is what a phase of load has seen so far.
type seen struct {
	seconds  float64
	answered int64
	samples  []calibrate.Sample
	buckets  []calibrate.Bucket
}

// state is a phase's own view of itself: whether it may end, why, and what it waits for.
type state struct {
	done     bool
	ended    calibrate.End
	waiting  string
	estimate string
	left     float64
	err      error // with which it ends; nil for the ordinary way
}

func atLeast(s seen, least, limit time.Duration) state {
	if s.seconds >= least.Seconds() && s.answered >= fewRequests {
		return state{done: true, ended: calibrate.End{By: calibrate.EndSeen}}
	}
	if s.seconds >= limit.Seconds() {
		return state{done: true, ended: atLimit(limit)}
	}
	return state{left: least.Seconds() - s.seconds}
}

// secondsLeft is how long it takes at the present rate until as many requests are answered as are wanted, 0 for unknown.
func secondsLeft(wanted, answered int64, seconds float64) float64 {
	if answered <= 0 {
		return 0
	}
	return float64(max(wanted-answered, 0)) / float64(answered) * seconds
}

// load drives one phase: it looks at what was seen once a second and ends the load when the phase has enough, when
// most of it fails, or when memory runs short.
func (r *run) load(ctx context.Context, name string, pace calibrate.Pace, look func(seen) state) (calibrate.Tally, error) {
	r.enter(name)
	began, from, answered, still := r.watch.seconds(), len(r.watch.taken(0)), r.rig.Load.Answered(), r.watch.paused()
	var now seen
	var last state
	var succeeded int64
	before := r.watch.readWork()
	tally, err := r.attack(ctx, r.watch, r.url, pace, func(b calibrate.Bucket) error {
		now.seconds = b.Seconds
		b.Phase, b.Seconds = name, began+b.Seconds+r.watch.paused()-still // the load's clock leaves pauses out, the journal's doesn't
		if err := r.rig.Journal.Bucket(b); err != nil {
			return journalFailure(err)
		}
		succeeded += b.Succeeded
		now.buckets = append(now.buckets, b)
		now.answered = r.rig.Load.Answered() - answered
		now.samples = r.watch.taken(from)
		last = r.lookAgain(last, look(now), now.samples)
		if mostlyFails(now.answered, succeeded) {
			return errMostlyFails
		}
		return last.enough()
	})
	work := r.watch.workSince(before)
	if errors.Is(err, errMostlyFails) {
		err = r.mostlyFailing(tally)
	} else if err == nil && name != r.result.SteadyPhase() { // what became of the steady load is the analysis's to say
		err = r.mostlyElsewhere(tally)
	}
	done := calibrate.Phase{
		Name: name, StartSeconds: began, Seconds: tally.Seconds + r.watch.paused() - still, Requests: tally.Requests, Succeeded: tally.Succeeded,
		RateAsked: tally.RateAsked, RateSent: tally.RateSent, Clients: pace.Clients, Answered: r.rig.Answered(), Ended: endOf(pace, last), Work: work,
	}
	if err != nil && !errors.Is(err, errQueues) {
		done.Ended = calibrate.End{By: calibrate.EndCut}
	}
	r.note(done, from)
	r.result.Worker.Requests = done.Answered
	return tally, err
}

// lookAgain is what is made of a look, and told to who watches: the looks while the load comes to its end don't take back why it ends.
func (r *run) lookAgain(before, now state, samples []calibrate.Sample) state {
	if end, short := r.memoryShort(samples); short {
		now.done, now.ended = true, end
	}
	if before.done {
		now.done, now.ended, now.err = true, before.ended, before.err
	}
	r.watch.tell(now.estimate, now.waiting, now.left)
	return now
}

// attack sends load until each, which is told of every second of it, returns an error; errEnough is none to the caller.
func (r *run) attack(ctx context.Context, w *watcher, url string, pace calibrate.Pace, each func(calibrate.Bucket) error) (calibrate.Tally, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	before := w.paused()
	defer func() { r.warnPaused(w.paused() - before) }()
	defer r.watchSleep()()
	tally, err := r.rig.Load.Attack(ctx, url, pace, func(b calibrate.Bucket) {
		w.pausedFor(b.Paused)
		if err := cmp.Or(stranger(w.app, r.phase), each(b)); err != nil {
			cancel(err)
		}
	})
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errEnough):
		return tally, err
	case cause != nil:
		return tally, cause
	}
	return tally, err
}

// stranger is the failure of an app whose answers are another's by now.
func stranger(app calibrate.App, phase string) error {
	if witness, is := app.(calibrate.PortWitness); is {
		if f := witness.Stranger(phase); f != nil {
			return f
		}
	}
	return nil
}

// errEnough ends a phase's load in the ordinary way.
var errEnough = errors.New("the phase has seen enough")

func (s state) enough() error {
	if s.done {
		return cmp.Or(s.err, errEnough)
	}
	return nil
}

// errMostlyFails ends a load of which most fails.
var errMostlyFails = errors.New("most requests fail")

func mostlyFails(answered, succeeded int64) bool {
	failed := answered - succeeded
	return failed >= failuresToBeSure && float64(failed) >= failingShare*float64(answered)
}

// mostlyFailing says why a run is stopped that measures an error page.
func (r *run) mostlyFailing(t calibrate.Tally) *calibrate.Failure {
	f, failed := r.app.Failure(r.phase), t.Requests-t.Succeeded
	f.Kind = calibrate.KindInconclusive
	f.What = fmt.Sprintf("most requests fail: %s of %s", say.Count(failed), say.Count(t.Requests))
	if f.OutOfFiles {
		return f
	}
	if len(t.Errors) > 0 && t.Errors[0].Class == calibrate.ClassLocal {
		f.Kind, f.What = calibrate.KindTool, fmt.Sprintf("calibrate itself could not send %s of %s", say.Count(t.Errors[0].Count), say.Plural(t.Requests, "request"))
		f.Why, f.Try = t.Examples[string(calibrate.ClassLocal)], "allow calibrate more open files (ulimit -n 4096), or fewer clients (--concurrency); calibrate doctor says what there is"
		return f
	}
	if most, is := refusedMostly(t, failed); is && !most.Kind.Redirects() {
		return f.By(most)
	}
	f.Why = cmp.Or(calibrate.SayErrors(t.Errors), "none were answered well")
	f.Try = "ask for a page that the app serves without logging in (--path, --targets), log in first (--before), or look at its log"
	if len(t.Errors) == 1 && t.Errors[0].Class == calibrate.ClassTimeout {
		f.Try = "ask less at once (--threads, --concurrency) if requests wait for each other or for a pool of connections; a longer --timeout if they are only slow"
	}
	return f
}

// mostlyElsewhere stops a run of which most answers are redirects: it would measure those.
func (r *run) mostlyElsewhere(t calibrate.Tally) error {
	most, is := refusedMostly(t, t.Requests)
	if !is || !most.Kind.Redirects() || most.Answers < failuresToBeSure {
		return nil
	}
	f := r.app.Failure(r.phase)
	f.Kind = calibrate.KindInconclusive
	if f = f.By(most); most.Kind == calibrate.RefusalLogin {
		f.Try = r.plan.TryLogin()
	}
	return f
}

// refusedMostly is the kind of refusal that more than half of some answers are.
func refusedMostly(t calibrate.Tally, of int64) (calibrate.Refusal, bool) {
	if len(t.Refusals) == 0 || 2*t.Refusals[0].Answers <= of {
		return calibrate.Refusal{}, false
	}
	return t.Refusals[0], true
}

// guardShare is the part of the memory that was free at the start which the app may take while it is measured:
// a leak at full speed must not bring down the machine that measures it.
const guardShare = 0.5

// tooMuch says whether so much would be more than that.
func (r *run) tooMuch(bytes int64) bool {
	free := r.result.Host.AvailableBytes
	return free > 0 && float64(bytes) > guardShare*float64(free)
}

// memoryShort says whether the app holds too much, and what ends then.
func (r *run) memoryShort(samples []calibrate.Sample) (calibrate.End, bool) {
	free := r.result.Host.AvailableBytes
	if free <= 0 || len(samples) == 0 {
		return calibrate.End{}, false
	}
	last := samples[len(samples)-1]
	taken := max(analyse.LastRSS(samples)*float64(max(last.Workers, 1)), float64(last.Held)) // children and files in memory are in no worker's RSS
	return calibrate.End{By: calibrate.EndMemory, HeldBytes: int64(taken), FreeBytes: free}, taken-r.held >= guardShare*float64(free)
}

// endOf is why load of this pace came to its end: of itself, if nothing else ended it.
func endOf(p calibrate.Pace, last state) calibrate.End {
	switch {
	case last.done:
		return last.ended
	case p.Requests > 0:
		return calibrate.End{By: calibrate.EndRequests}
	case p.Duration > 0:
		return calibrate.End{By: calibrate.EndDuration}
	}
	return calibrate.End{By: calibrate.EndSeen}
}

func (r *run) recordLoad(t calibrate.Tally) {
	r.result.Load = calibrate.LoadInfo{
		Mode: t.Mode, Clients: r.plan.Clients, Requests: t.Requests, Succeeded: t.Succeeded, SuccessRatio: t.SuccessRatio(),
		RateAsked: t.RateAsked, RateSent: t.RateSent, Capacity: r.result.Load.Capacity, Lowered: r.result.Load.Lowered,
		LatencySeconds: t.Latency, Errors: t.Errors,
	}
	if r.full {
		r.result.Load.Clients = r.slowPace().Clients
	}
	r.result.Load.ToLogin, r.result.Load.LoginPage = toLogin(t.Refusals)
	r.result.Load.Refusals = t.Refusals
	if backlog := r.app.Backlog(); backlog > r.clients()*4 {
		r.warn("overloaded", fmt.Sprintf("%s still waited to be accepted at the end of the soak", say.Plural(backlog, "connection")),
			"lower --rate: latency is the queue's now, not the app's")
	}
}
