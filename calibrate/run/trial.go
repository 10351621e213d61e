package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
)

// tryout is one trial under way.
type tryout struct {
	beside
	proof  *prover
	lives  int   // how often each worker is to be replaced
	enough int64 // requests a worker where none is replaced
	trial  calibrate.Trial
	began  float64 // seconds of the proof, at the first request
	meter  meter
	served []analyse.Second
	held   []reading // of the last moments, see compare
	curve  trialCurve

	mu sync.Mutex // of what the meter writes to the trial
}

// errKilled ends a trial in which the kernel killed for memory.
var errKilled = errors.New("the kernel killed a process of it for memory")

// try runs one trial. Its error is what ends the proof: the user, the tool itself, or a recommendation that doesn't even
// start. What else goes wrong with the app is in the trial.
func (pr *prover) try(ctx context.Context, n named) (calibrate.Trial, error) {
	t := &tryout{beside: beside{run: pr.run, setup: n.Setup}, proof: pr, lives: livesToSee, enough: pr.warm(), trial: pr.trialOf(n)}
	pr.show(n.name + ": the first answer")
	started := n.Setup
	if !pr.enforced() {
		started.MemoryLimit = 0
	}
	target, err := pr.rig.Scale(started)
	if err != nil && !n.proved {
		t.trial.Failed = &calibrate.Miss{Kind: calibrate.MissNotStarted, Words: calibrate.RedactText(err.Error())}
		return t.trial, nil
	}
	if err != nil {
		return t.trial, err
	}
	if t.app, err = target.Start(ctx); err != nil {
		return t.trial, t.notStarted(ctx, err, n.proved)
	}
	if n.proved {
		pr.result.Warnings = append(pr.result.Warnings, t.app.Warnings()...)
	}
	err = t.observe(ctx)
	_, left := endApp(ctx, t.app)
	pr.result.Warnings = append(pr.result.Warnings, left...)
	return t.trial, err
}

// notStarted tells an app that doesn't fit from one that can't be started at all.
func (t *tryout) notStarted(ctx context.Context, err error, proved bool) error {
	var failure *calibrate.Failure
	if ctx.Err() != nil || !errors.As(err, &failure) || failure.Kind != calibrate.KindApp {
		return err
	}
	if failure.OutOfMemory {
		t.trial.OOMKills, t.trial.Ended.By = 1, calibrate.EndKilled
		return nil
	}
	if !proved {
		t.trial.Failed = &calibrate.Miss{Kind: calibrate.MissNotStarted, Words: calibrate.RedactText(failure.Error())}
		return nil
	}
	return err
}

func (t *tryout) observe(outer context.Context) error {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	t.watch = &watcher{rig: t.rig, app: t.app, started: t.started, fail: afterTheMeter(cancel), phase: t.phase, relays: true}
	var blind string
	if t.meter, blind = t.watch.openMeter(t.setup.Threads, t.proof.asked.Host.CPUs); blind != "" && t.proof.enforced() && t.setup.MemoryLimit > 0 {
		t.trial.Failed = &calibrate.Miss{Kind: calibrate.MissUnreadable, Words: blind}
		return nil
	}
	defer t.meter.close()
	if err := t.ready(ctx); err != nil {
		_, t.trial.OOMKills, _ = t.meter.read()
		t.trial.Failed = missOf(err)
		return t.ended(outer, nil)
	}
	t.began = t.watch.seconds()
	answered, before := t.rig.Load.Answered(), t.watch.readWork()
	stop := t.watch.follow(ctx, func() error { return t.measure(answered) })
	tally, err := t.attack(ctx, t.watch, t.app.Info().URL, calibrate.Pace{Clients: t.proof.clients(t.setup.Shape)}, func(b calibrate.Bucket) error {
		b.Phase, b.Seconds = t.phase, t.watch.seconds()
		if err := t.rig.Journal.Bucket(b); err != nil {
			return journalFailure(err)
		}
		recycles, _ := t.watch.seen()
		t.served = append(t.served, analyse.Second{Bucket: b, Recycles: recycles})
		if t.look() {
			return errEnough
		}
		return nil
	})
	t.trial.Work = t.watch.workSince(before)
	t.readBooks()
	stop()
	_ = t.measure(answered) // a kill of the last moment
	t.record(tally)
	t.trial.Creep = t.creepSeen()
	t.trial.Recycling = analyse.Recycling(t.served, t.trial, t.result.Target.WorkerBootSeconds)
	return t.ended(outer, err)
}

// readBooks reads who has the memory. It looks before, and again if a worker ends meanwhile: one that was replaced since the last
// look would be missing, and the one in its place would be nobody's worker.
func (t *tryout) readBooks() {
	for range 2 {
		t.watch.look()
		end, err := t.watch.endBeside(t.meter.held)
		if err != nil {
			continue
		}
		if end.Books.Held != nil {
			t.trial.Books = end.Books
		}
		return
	}
}

// ended sorts what ended a trial: what became of the app goes into the trial, the rest is returned.
func (t *tryout) ended(outer context.Context, err error) error {
	var failure *calibrate.Failure
	switch {
	case outer.Err() != nil:
		return context.Cause(outer)
	case errors.As(err, &failure):
		return failure
	case errors.Is(err, errKilled), t.trial.OOMKills > 0:
		t.trial.Ended.By = calibrate.EndKilled
	case errors.Is(err, errAppEnded):
		t.trial.Failed, t.trial.Ended.By = &calibrate.Miss{Kind: calibrate.MissEnded, Words: calibrate.RedactText(t.app.Failure(t.phase).Error())}, calibrate.EndApp
	case errors.Is(err, errOverLimit):
		t.trial.Ended.By, t.trial.OverLimit = calibrate.EndOverLimit, true
	default:
		return err
	}
	return nil
}

// afterTheMeter lets the meter see first that an app which has ended was killed for memory.
func afterTheMeter(fail context.CancelCauseFunc) context.CancelCauseFunc {
	return func(cause error) {
		if errors.Is(cause, errAppEnded) {
			time.Sleep(calibrate.SampleInterval)
		}
		fail(cause)
	}
}

// measure takes one reading.
func (t *tryout) measure(before int64) error {
	bytes, kills, ok := t.meter.read()
	recycles, _ := t.watch.seen()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trial.Requests, t.trial.Recycles = t.rig.Load.Answered()-before, recycles
	if !ok {
		return nil
	}
	t.trial.PeakBytes = max(t.trial.PeakBytes, bytes)
	now := calibrate.TrialPoint{Seconds: t.watch.seconds() - t.began, Bytes: bytes, Recycles: recycles}
	if recycles == 0 {
		expected, young := t.proof.expected(t.setup, t.trial.Requests)
		t.compare(reading{time.Now(), bytes, expected, young})
		now.ExpectedBytes = expected
	}
	t.curve.add(now)
	t.trial.OOMKills = max(t.trial.OOMKills, kills)
	switch {
	case kills > 0:
		return errKilled
	case !t.proof.enforced() && t.setup.MemoryLimit > 0 && bytes > t.setup.MemoryLimit:
		return errOverLimit
	}
	return nil
}

// reading is what was observed and expected at a moment.
type reading struct {
	at                     time.Time
	bytes, expected, young int64 // see Trial
}

// endOfWorker is longer than a worker takes to end.
const endOfWorker = time.Second

// compare holds a reading back until it is sure that no worker was ending then, which takes more for a moment: what is held
// back when the first one is gone is left out. Where none is to be replaced, nothing is held back.
func (t *tryout) compare(now reading) {
	t.held = append(t.held, now)
	for len(t.held) > 0 && (t.setup.MaxRequests == 0 || now.at.Sub(t.held[0].at) >= endOfWorker) {
		if old := t.held[0]; old.bytes > t.trial.ObservedBytes {
			t.trial.ObservedBytes, t.trial.ExpectedBytes, t.trial.YoungBytes = old.bytes, old.expected, old.young
		}
		t.held = t.held[1:]
	}
}

// errOverLimit ends a trial that nothing but calibrate itself holds to its limit.
var errOverLimit = errors.New("it took more than the limit; under a real one the kernel would have killed for it")

const leastTrial = 10 * time.Second

// look says once a second whether the trial has shown enough, and what it waits for.
func (t *tryout) look() (done bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := &t.trial
	tr.Seconds = t.watch.seconds() - t.began - t.watch.paused()
	sofar := calibrate.Miss{Kind: calibrate.MissLimit, LimitSeconds: t.proof.asked.Limit.Seconds()}
	if t.setup.MaxRequests > 0 {
		sofar.Found, sofar.Wanted = tr.Recycles, t.lives*t.setup.Workers
		done = sofar.Found >= sofar.Wanted
	} else {
		sofar.Requests, sofar.WantedRequests = tr.Requests, t.enough*int64(t.setup.Workers)
		done = sofar.Requests >= sofar.WantedRequests && tr.Seconds >= leastTrial.Seconds()
	}
	if done {
		tr.Ended.By = calibrate.EndSeen
	}
	if !done && tr.Seconds >= t.proof.asked.Limit.Seconds() {
		done, tr.Ended = true, atLimit(t.proof.asked.Limit)
		tr.Failed = &sofar
	}
	t.watch.tell(fmt.Sprintf("%s of %s predicted", say.MB(tr.PeakBytes), say.MB(tr.MostBytes)), tr.Name+": "+sofar.Seen(), t.left())
	return done
}

// left is the seconds that are left at the present rate, 0 for unknown.
func (t *tryout) left() float64 {
	wanted := t.enough * int64(t.setup.Workers)
	if life := t.setup.MaxRequests + t.setup.Jitter/2; life > 0 {
		wanted = life * int64(t.lives*t.setup.Workers)
	}
	return secondsLeft(wanted, t.trial.Requests, t.trial.Seconds)
}

func (t *tryout) record(tally calibrate.Tally) {
	tr := &t.trial
	tr.Seconds, tr.Requests, tr.Succeeded = tally.Seconds, tally.Requests, tally.Succeeded
	tr.Latency, tr.RatePerSecond = tally.Latency, tally.RateSent
	if tally.Errors != nil {
		tr.Errors = tally.Errors
	}
	tr.PeakBytes += t.meter.unseen()
	tr.PeakSource, tr.Curve = t.meter.source(), t.curve.points
}
