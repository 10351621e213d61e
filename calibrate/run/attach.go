package run

import (
	"context"
	"errors"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/creep"
	"workermem/calibrate/knob"
	"workermem/calibrate/say"
)

// DefaultWatch is the limit of a watch whose length the user didn't say.
const DefaultWatch = 10 * time.Minute

// Attach watches the running server of the rig: all its workers, under whatever load it has, or under load of ours where
// the target has a URL. Creep is held against the requests that the rig counts, else against time.
//
// Nothing is changed: the kernel's high-water marks, which others may be reading, are not reset, the page tables are read
// at the end only, and the server runs on. Workers may come and go meanwhile, as production recycles them: a new set of
// them starts a new series, and the longest is judged.
//
// It returns as Run does. A watch that was interrupted is kept, and says so.
func Attach(ctx context.Context, p calibrate.Plan, rig calibrate.Rig, head calibrate.Result) (calibrate.Result, error) {
	r := newRun(p, rig, head, calibrate.ModeAttach)
	r.result.Watch = &calibrate.Watch{Counter: counter(rig, head.Target)}
	if err := rig.Journal.Save(r.result); err != nil {
		return r.result, journalFailure(err)
	}
	err := r.attach(ctx)
	return r.finish(err)
}

func counter(rig calibrate.Rig, target calibrate.TargetInfo) calibrate.CountedBy {
	switch {
	case rig.Counter != nil:
		return calibrate.CounterLog
	case target.URL != "":
		return calibrate.CounterLoad
	}
	return ""
}

func (r *run) attach(ctx context.Context) error {
	r.enter(calibrate.PhaseWatch)
	app, err := r.start(ctx)
	if err != nil {
		return r.explain(ctx, err)
	}
	defer r.end(ctx, app) // of the watch: the server runs on
	ctx, cancel := context.WithCancelCause(ctx)
	defer r.startWatching(ctx, app, nil, cancel)()
	err = r.findWorkers(ctx)
	if err == nil {
		err = r.watchServer(ctx)
	}
	if endErr := r.readEnds(); err == nil {
		err = endErr
	}
	if err != nil {
		return r.explain(ctx, err)
	}
	return nil
}

// findWorkers waits for a first reading: a server that has just lost its only worker gets the time to start another.
func (r *run) findWorkers(ctx context.Context) error {
	for deadline := time.Now().Add(findLimit); len(r.watch.taken(0)) == 0; {
		if time.Now().After(deadline) {
			f := r.app.Failure(r.phase)
			f.Kind, f.What = calibrate.KindApp, "no worker process of the server can be found"
			return f
		}
		if err := wait(ctx, calibrate.SampleInterval); err != nil {
			return err
		}
	}
	first := r.watch.taken(0)
	r.held = analyse.LastRSS(first) * float64(first[len(first)-1].Workers)
	return nil
}

const findLimit = 5 * time.Second

// watchServer is the one phase of a watch.
func (r *run) watchServer(ctx context.Context) error {
	j := judge{goal: r.watchGoal(), limit: r.plan.SoakLimit()}
	quiet := 0.0
	look := func(s seen) state {
		r.seeLog()
		if j.anew(s) {
			s.samples = analyse.Requested(r.watch.taken(0), r.result.Watch.Log) // there is no other phase
			quiet = analyse.QuietFor(s.samples, r.result.Watch.Counter != "")
		}
		now := j.look(s)
		if quiet > 0 {
			now.waiting = "nobody has asked for anything for " + say.Seconds(quiet) + "; " + now.waiting
		}
		switch asked := r.plan.DurationSeconds; {
		case asked > 0 && s.seconds >= asked:
			now.done, now.ended = true, calibrate.End{By: calibrate.EndDuration}
		case asked > 0:
			now.left = asked - s.seconds
		case r.plan.Requests == 0:
			now.waiting += "; " + say.Seconds(j.limit.Seconds()) + " at most"
		}
		return now
	}
	switch {
	case r.plan.DurationSeconds > 0:
		j.fixed = "the time that was asked for"
	case r.plan.Requests > 0:
		j.fixed = "the requests that were asked for"
	}
	var err error
	if r.url != "" {
		err = r.loadServer(ctx, look)
	} else {
		err = r.watchAlone(ctx, look)
	}
	r.noteJudged(j)
	return err
}

// seeLog notes what the access log shows, beside who writes it.
func (r *run) seeLog() {
	log, ok := r.rig.Counter.(calibrate.LogCounter)
	if !ok {
		return
	}
	seen := log.Seen()
	if w, ok := r.app.(calibrate.LogWitness); ok {
		seen.OwnWriters, seen.OtherServers, seen.WritersKnown = w.Writers()
		r.accepted.beside(&seen, w)
	}
	r.result.Watch.Log = &seen
}

// accepted are the connections of a watch.
type accepted struct {
	begun         bool
	before, lines int64
	apart         int64
}

// beside holds the lines of a log against the connections since the first look.
func (a *accepted) beside(seen *calibrate.LogSeen, w calibrate.LogWitness) {
	now, known := w.Accepted()
	if !known {
		return
	}
	if !a.begun {
		a.begun, a.before, a.lines = true, now, seen.Lines
	}
	apart := seen.Lines - a.lines - 2*(now-a.before)
	a.apart = max(a.apart, apart, -apart)
	seen.Connections, seen.LinesBefore, seen.ConnectionsApart = now-a.before, a.lines, a.apart
}

func (r *run) watchGoal() creep.Goal {
	goal := creep.WatchGoal()
	if r.result.Watch.Counter != "" {
		goal = creep.DefaultGoal()
	}
	if r.plan.Precision > 0 {
		goal.Precision = r.plan.Precision
	}
	return goal
}

// gentle is the load on a server that may have work of its own: one request at a time.
const gentle = 1

func (r *run) loadServer(ctx context.Context, look func(seen) state) error {
	if _, err := prepare(ctx, r.rig, r.app, r.phase); err != nil {
		return err
	}
	pace := calibrate.Pace{Rate: r.plan.Rate, Clients: r.plan.Clients, Requests: r.plan.Requests, Duration: knob.Duration(r.plan.DurationSeconds)}
	if !r.plan.FixesLoad() {
		pace.Clients = gentle
	}
	tally, err := r.load(ctx, calibrate.PhaseWatch, pace, look)
	r.recordLoad(tally)
	r.result.Load.Clients = pace.Clients
	return err
}

// watchAlone looks once a second at what the watcher has read.
func (r *run) watchAlone(ctx context.Context, look func(seen) state) error {
	defer r.watchSleep()()
	began, answered := r.watch.seconds(), r.rig.Answered()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last state
	for !last.done && ctx.Err() == nil {
		select {
		case <-ctx.Done():
			last.ended = calibrate.End{By: calibrate.EndCut}
		case <-tick.C:
			last = look(seen{seconds: r.watch.seconds() - began, answered: r.rig.Answered() - answered})
			r.watch.tell(last.estimate, last.waiting, last.left)
		}
	}
	r.note(calibrate.Phase{Name: calibrate.PhaseWatch, StartSeconds: began, Answered: r.rig.Answered() - answered, Ended: last.ended}, 0)
	if last.done {
		return nil
	}
	return context.Cause(ctx)
}

// readEnds reads the page tables of all workers, once, and only after a watch that was long enough for it: the reading
// holds a process up for some 10 us a resident MB, which is 1 % of 1 ms a MB.
func (r *run) readEnds() error {
	samples := r.watch.taken(0)
	if len(samples) == 0 {
		return nil
	}
	longEnough := analyse.LastRSS(samples) / calibrate.MiB / 1000
	if r.watch.seconds() < longEnough {
		r.warnNoPageTables("the watch was shorter than the " + say.Seconds(longEnough) + " that make it cost the server less than 1 %")
		return nil
	}
	end, err := r.watch.end()
	for again := 0; errors.Is(err, calibrate.ErrGone) && again < 3; again++ { // a worker was just replaced
		r.watch.look()
		end, err = r.watch.end()
	}
	if err != nil && !errors.Is(err, calibrate.ErrGone) {
		r.warnNoPageTables(err.Error())
	}
	r.result.Worker.End = end
	if r.watch.seconds() >= addressesTake*longEnough {
		r.readAddresses()
	}
	if err := r.rig.Journal.Save(r.result); err != nil {
		return journalFailure(err)
	}
	return nil
}
