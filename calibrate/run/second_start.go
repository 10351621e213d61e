package run

import (
	"context"
	"errors"
	"fmt"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// beside is the same app in another setup, started once the main one has ended. What is read of it is no part of the
// run's own samples.
type beside struct {
	*run
	app    calibrate.App
	watch  *watcher
	cancel context.CancelCauseFunc
}

// startBeside starts the app in a setup and has it used, then ends it. place is where that is in the run, for the
// progress line.
func (r *run) startBeside(ctx context.Context, s calibrate.Setup, phase, place string, use func(context.Context, *beside) error) error {
	if promised := calibrate.LawAt(r.analysed().Law, s.Workers, max(s.Threads, 1)); r.tooMuch(promised) {
		return &calibrate.Miss{Kind: calibrate.MissTooLarge, PromisedBytes: promised,
			Words: fmt.Sprintf("not run: it might need %s, more than half of the memory that is free", say.MB(promised))}
	}
	target, err := r.rig.Scale(s)
	if err != nil {
		return err
	}
	r.phase = phase
	stopTelling := r.tellWhile(place + ", its first answer")
	b := &beside{run: r}
	b.app, err = target.Start(ctx)
	stopTelling()
	if err != nil {
		return err
	}
	defer r.end(ctx, b.app)
	ctx, b.cancel = context.WithCancelCause(ctx)
	defer b.cancel(nil)
	b.watch = &watcher{rig: r.rig, app: b.app, started: r.started, fail: b.cancel, phase: phase, beside: true}
	if found := b.watch.await(ctx, s.Workers); found != s.Workers {
		b.watch.closeProbes()
		return &calibrate.Miss{Kind: calibrate.MissWorkers, Found: found, Wanted: s.Workers, Words: fmt.Sprintf("%d of %s were found", found, say.Plural(s.Workers, "worker"))}
	}
	b.watch.enter(phase) // what the boot took at its peak is none of the load's
	b.watch.read()
	if err := prepare(ctx, r.rig, b.app, phase); err != nil {
		b.watch.closeProbes()
		return err
	}
	return use(ctx, b)
}

// follow reads the app's memory ten times a second until the returned function is called. read, where there is one, is
// called as often.
func (b *beside) follow(ctx context.Context, read func() error) (stop func()) {
	return b.watch.follow(ctx, b.cancel, read)
}

// load loads the app until look, which is asked once a second, has seen enough.
func (b *beside) load(outer context.Context, pace calibrate.Pace, look func(seen) state) (calibrate.Tally, error) {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	from := len(b.watch.taken(0))
	var so seen
	tally, err := b.rig.Load.Attack(ctx, b.app.Info().URL, pace, func(bucket calibrate.Bucket) {
		so.seconds, so.answered = bucket.Seconds, so.answered+bucket.Requests
		so.samples = b.watch.taken(from)
		s := look(so)
		b.watch.tell("", s.waiting, s.left)
		if end, short := b.memoryShort(so.samples); short {
			cancel(tookTooMuch(end))
		}
		if s.done {
			cancel(errEnough)
		}
	})
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errEnough) {
		return tally, b.ended(cause)
	}
	return tally, err
}

// ended says more of an app that has ended than that it has.
func (b *beside) ended(cause error) error {
	if errors.Is(cause, errAppEnded) {
		return b.app.Failure(b.phase)
	}
	return cause
}

// tookTooMuch is the miss of an app that the guard ended.
func tookTooMuch(end calibrate.End) *calibrate.Miss {
	return &calibrate.Miss{Kind: calibrate.MissMemory, TakenBytes: end.HeldBytes,
		Words: fmt.Sprintf("the app holds %s of the %s that were free", say.MB(end.HeldBytes), say.MB(end.FreeBytes))}
}

func tooFewSucceeded(requests, succeeded int64) *calibrate.Miss {
	return &calibrate.Miss{Kind: calibrate.MissErrors, Requests: requests, Succeeded: succeeded, Words: fmt.Sprintf("%d of %d requests succeeded", succeeded, requests)}
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
