package run

import (
	"context"
	"errors"

	"workermem/calibrate"
)

// beside is the same app in another setup, started once the main one has ended. What is read of it is no part of the
// run's own samples.
type beside struct {
	*run
	setup calibrate.Setup
	app   calibrate.App
	watch *watcher
}

// startBeside starts the app in a setup and has it used, then ends it. place is where that is in the run, for the
// progress line.
func (r *run) startBeside(ctx context.Context, s calibrate.Setup, phase, place string, use func(context.Context, *beside) error) error {
	if promised := r.analysed().Law.Total(s.Workers, max(s.Threads, 1)); r.tooMuch(promised) {
		return &calibrate.Miss{Kind: calibrate.MissTooLarge, PromisedBytes: promised}
	}
	target, err := r.rig.Scale(s)
	if err != nil {
		return err
	}
	r.phase = phase
	stopTelling := r.tellWhile(place + ", its first answer")
	b := &beside{run: r, setup: s}
	b.app, err = target.Start(ctx)
	stopTelling()
	if err != nil {
		return err
	}
	defer r.end(ctx, b.app)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	held, _ := openHeld(r.rig, b.app, r.result.Host.CPUs) // why not is said in the result's tree
	defer held.close()
	b.watch = &watcher{rig: r.rig, app: b.app, held: held, started: r.started, fail: cancel, phase: phase, beside: true}
	if err := b.ready(ctx); err != nil {
		return err
	}
	return use(ctx, b)
}

// ready finds the workers, and sends what comes before the load. If it fails, nothing is watched.
func (b *beside) ready(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			b.watch.closeProbes()
		}
	}()
	found := b.watch.await(ctx, b.setup.Workers)
	if found != b.setup.Workers && !b.watch.guesses() { // a guess is for the load to correct
		return &calibrate.Miss{Kind: calibrate.MissWorkers, Found: found, Wanted: b.setup.Workers}
	}
	b.watch.enter(b.phase) // what the boot took at its peak is none of the load's
	b.watch.read()
	_, err = prepare(ctx, b.rig, b.app, b.phase)
	b.watch.enter(b.phase) // nor is what one of the workers took for a login
	return err
}

// load loads the app until look, which is asked once a second, has seen enough.
func (b *beside) load(ctx context.Context, pace calibrate.Pace, look func(seen) state) (calibrate.Tally, error) {
	from := len(b.watch.taken(0))
	var so seen
	tally, err := b.attack(ctx, b.watch, b.app.Info().URL, pace, func(bucket calibrate.Bucket) error {
		so.seconds, so.answered = bucket.Seconds, so.answered+bucket.Requests
		so.samples = b.watch.taken(from)
		s := look(so)
		b.watch.tell("", s.waiting, s.left)
		if end, short := b.memoryShort(so.samples); short {
			return tookTooMuch(end)
		}
		return s.enough()
	})
	if errors.Is(err, errAppEnded) {
		return tally, b.app.Failure(b.phase) // which says more
	}
	return tally, err
}

// tookTooMuch is the miss of an app that the guard ended.
func tookTooMuch(end calibrate.End) *calibrate.Miss {
	return &calibrate.Miss{Kind: calibrate.MissMemory, TakenBytes: end.HeldBytes}
}

func tooFewSucceeded(requests, succeeded int64) *calibrate.Miss {
	return &calibrate.Miss{Kind: calibrate.MissErrors, Requests: requests, Succeeded: succeeded}
}

// missOf is what to note of an error that costs what ran beside the main run, and not the run.
func missOf(err error) *calibrate.Miss {
	var miss *calibrate.Miss
	var failure *calibrate.Failure
	switch {
	case errors.As(err, &miss):
		noted := *miss
		noted.Words = calibrate.RedactText(noted.Words)
		return &noted
	case errors.Is(err, errWorkerEnded), errors.Is(err, errAppEnded):
		return &calibrate.Miss{Kind: calibrate.MissEnded, Words: err.Error()}
	case errors.As(err, &failure) && failure.Kind == calibrate.KindApp && failure.Phase == calibrate.PhaseBoot:
		return &calibrate.Miss{Kind: calibrate.MissNotStarted, Words: calibrate.RedactText(err.Error())}
	case errors.As(err, &failure) && failure.Kind == calibrate.KindApp:
		return &calibrate.Miss{Kind: calibrate.MissEnded, Words: calibrate.RedactText(err.Error())}
	}
	return &calibrate.Miss{Kind: calibrate.MissOther, Words: calibrate.RedactText(err.Error())}
}
