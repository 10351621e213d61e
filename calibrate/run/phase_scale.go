package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
)

const (
	scaleTime     = 3 * time.Second
	scaleLimit    = 10 * time.Second
	scaleRequests = 1000 // a worker, where the main run has no early reading to be as warm as
)

// scale runs the app in a few other shapes for some seconds each, which turns one worker's memory into a law for many.
// It comes after the main app has ended, so that both never compete for memory. A shape that fails costs the law its
// check, not the run its answer.
func (r *run) scale(ctx context.Context) error {
	if r.tooMuchForOne() {
		return nil
	}
	for shapes := r.shapes(); len(shapes) > 0; {
		shape := shapes[0]
		if err := r.scaleAndSave(ctx, shape, scaleLimit); err != nil {
			return err
		}
		shapes = append(r.fewer(shape), shapes[1:]...)
	}
	return r.advised(ctx)
}

func (r *run) scaleAndSave(ctx context.Context, shape calibrate.Shape, limit time.Duration) error {
	r.tryScale(ctx, shape, limit)
	if ctx.Err() != nil {
		return r.explain(ctx, ctx.Err()) // the run is whole all the same: only its check is missing
	}
	if err := r.rig.Journal.Save(r.analysed()); err != nil {
		return journalFailure(err)
	}
	return nil
}

// tooMuchForOne says that one worker was too much for this machine: nothing more is started then.
func (r *run) tooMuchForOne() bool {
	return slices.ContainsFunc(r.result.Phases, func(p calibrate.Phase) bool { return p.Ended.By == calibrate.EndMemory })
}

func (r *run) tryScale(ctx context.Context, shape calibrate.Shape, limit time.Duration) {
	if err := r.scaleTo(ctx, shape, limit); err != nil && !errors.Is(err, errStalled) {
		r.warn(analyse.NotScaled, fmt.Sprintf("%s could not be measured (%v), so that much of the formula is computed, not measured", shape, err), "look at app.log in the run's folder")
	}
}

// arenas is the least of the thread counts that the cost of a thread is taken up to: glibc gives threads their heaps one by one
// (MALLOC_ARENA_MAX, eight a core), so a line from 1 to 4 threads promises twice what 16 were found to take.
const arenas = 16

// shapes are the measured one with other threads, where the server has any, and with a second worker. By default the
// other threads are as many as the sizing weighs at most, what the waiting asks for included, so that it never looks beyond
// what was measured.
func (r *run) shapes() []calibrate.Shape {
	threads := max(r.result.Target.Threads, 1)
	others := r.plan.OtherThreads
	if len(others) == 0 {
		others = []int{slices.Max(append(analyse.ThreadsAsked(r.analysed()), r.usualThreads()))}
	}
	var all []calibrate.Shape
	for _, other := range others {
		if r.result.Target.HasThreads && other != threads {
			all = append(all, calibrate.Shape{Workers: 1, Threads: other})
		}
	}
	if r.result.Target.CanScale {
		all = append(all, calibrate.Shape{Workers: 2, Threads: threads})
	}
	return all
}

// usualThreads are those of the short run where waiting asks for no more.
func (r *run) usualThreads() int { return max(4*max(r.result.Target.Threads, 1), arenas) }

// fewer is the shape with the usual threads after one with more hardly served: what so many wait for may be enough for fewer.
func (r *run) fewer(shape calibrate.Shape) []calibrate.Shape {
	usual := r.usualThreads()
	if len(r.plan.OtherThreads) > 0 || shape.Threads <= usual || !slices.Contains(r.result.Law.Unserved, shape) {
		return nil
	}
	return []calibrate.Shape{{Workers: 1, Threads: usual}}
}

// scaleTo loads every thread of every worker, for so long at most, and reads the whole tree afterwards.
func (r *run) scaleTo(ctx context.Context, shape calibrate.Shape, limit time.Duration) error {
	return r.startBeside(ctx, calibrate.Setup{Shape: shape}, calibrate.PhaseScale, shape.String(), func(ctx context.Context, b *beside) error {
		defer b.watch.follow(ctx, nil)()
		return r.measureShape(ctx, b, shape, limit)
	})
}

func (r *run) measureShape(ctx context.Context, b *beside, shape calibrate.Shape, limit time.Duration) error {
	answered, enough, clients := r.rig.Load.Answered(), r.shortRun()*int64(shape.Workers), r.clientsOf(shape)
	var busy stretch
	tally, err := b.load(ctx, calibrate.Pace{Clients: clients}, func(so seen) state {
		s := state{waiting: shape.String()}
		s.done = so.seconds >= scaleTime.Seconds() && so.answered >= enough || so.seconds >= limit.Seconds()
		busy.look(b.watch, s.done)
		return s
	})
	if err != nil {
		return err
	}
	if err := r.served(shape, tally); err != nil {
		r.result.Law.Unserved = append(r.result.Law.Unserved, shape)
		return err
	}
	if tally.Requests < int64(fewRequests*shape.Workers) {
		return &calibrate.Miss{Kind: calibrate.MissFew, Requests: tally.Requests, LimitSeconds: tally.Seconds}
	}
	measured, err := b.watch.shape(shape)
	if err != nil {
		return err
	}
	measured.Requests = r.rig.Load.Answered() - answered
	measured.RatePerSecond, measured.Work, measured.Clients = busy.rate(tally), busy.work(b.watch), clients
	r.result.Law.Runs = append(r.result.Law.Runs, measured)
	return nil
}

// stalledShare of what is expected of a shape is what one serves at most that is stuck. NOW LMS 2.0.4 takes two connections a
// request from a pool of 15 (SQLAlchemy's 5 + 10): with 16 threads each holds one and waits 30 s for another, and it
// served 0.2 requests/s, with 14 threads 59. Others on the same cores were never seen to take nine tenths.
const stalledShare = 0.1

// errStalled has its warning already.
var errStalled = errors.New("it stalled")

// served says what is wrong with a shape that fails most requests, or hardly answers where one worker as measured does. At
// the measured rate the requests under way at the end would have been answered, too: where each takes seconds, nothing may
// be. Requests that end at the client's timeout are no answers.
func (r *run) served(shape calibrate.Shape, t calibrate.Tally) error {
	alone, answered := cmp.Or(r.result.Load.Capacity, r.result.Load.RateSent), t.Requests-timeouts(t.Errors)
	expected := alone*t.Seconds - float64(shape.Workers*max(shape.Threads, 1))
	if float64(answered) < stalledShare*expected {
		measured := calibrate.Shape{Workers: 1, Threads: r.result.Target.Threads}
		if shape.Workers == 1 { // where fewer threads stall, more do: that has been said
			r.result.Warnings = slices.DeleteFunc(r.result.Warnings, func(w calibrate.Warning) bool { return w.Code == "stalled" })
		}
		r.warn("stalled", fmt.Sprintf("with %s %v, with %s %s: most likely they wait for each other, or for "+
			"something that there is too little of, such as connections to a database; nothing of that shape is in the formula",
			shape, &calibrate.Miss{Kind: calibrate.MissFew, Requests: answered, LimitSeconds: t.Seconds}, measured, say.Rate(alone)),
			fmt.Sprintf("stay with %s, or make larger what they wait for: a pool of connections, perhaps", measured))
		return errStalled
	}
	if float64(t.Succeeded) < analyse.LeastSuccess*float64(t.Requests) {
		return tooFewSucceeded(t.Requests, t.Succeeded)
	}
	return nil
}

// stretch is the part of a load from the first look at it to the last while it goes on. A worker that was just started is slower
// in its first second (connections, caches, compilers). As many requests are under way at its end as at its beginning, so that what
// was done of them by then is neither missing nor too much.
type stretch struct {
	first, last workReading
	over        bool
}

// look is asked once a second, for the last time when the load is to end.
func (s *stretch) look(w *watcher, last bool) {
	if s.over {
		return
	}
	s.last, s.over = w.readWork(), last
	if s.first.at.IsZero() {
		s.first = s.last
	}
}

func (s *stretch) work(w *watcher) *calibrate.Work { return w.workBetween(s.first, s.last) }

// rate is that of the good answers.
func (s *stretch) rate(t calibrate.Tally) float64 {
	seconds := s.last.since(s.first)
	if seconds <= 0 || t.Requests == 0 {
		return 0
	}
	return float64(s.last.answered-s.first.answered) / seconds * float64(t.Succeeded) / float64(t.Requests)
}

func timeouts(errors []calibrate.ErrorCount) (n int64) {
	for _, e := range errors {
		if e.Class == calibrate.ClassTimeout {
			n += e.Count
		}
	}
	return n
}

// clientsOf keeps every thread of every worker busy.
func (r *run) clientsOf(shape calibrate.Shape) int {
	clients := shape.Workers * max(r.clients(), r.plan.Clients)
	if r.result.Target.Threads > 0 {
		clients = shape.Workers * clientsPerThread * shape.Threads
	}
	if limit := r.bound(); limit > 0 {
		clients = min(clients, limit) // connections come to the workers unevenly: one may get them all
	}
	return clients
}

// shortRun is how many requests a worker of a short run serves: as many as the main one had at its early reading.
func (r *run) shortRun() int64 {
	if e := r.result.Worker.Early; e != nil {
		return e.Requests
	}
	return scaleRequests
}
