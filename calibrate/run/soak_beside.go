package run

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/creep"
)

// soaking is how long a worker is soaked beside the main run.
type soaking struct {
	setup calibrate.Setup
	pace  calibrate.Pace
	goal  creep.Goal
	limit time.Duration // of the soak
	needs string        // what a file that the worker has mapped must match, for the setup to have any effect; "" for none
	phase string
	place string // in the run, for the progress line
}

// soakBeside soaks a worker in a setup. What goes wrong with it is in what it returns; the error is what ends the run.
func (r *run) soakBeside(ctx context.Context, s soaking) (calibrate.Soaked, error) {
	var found calibrate.Soaked
	err := r.startBeside(ctx, s.setup, s.phase, s.place, func(ctx context.Context, b *beside) error {
		defer b.watch.follow(ctx, nil)()
		if why := b.lacks(s.needs); why != "" {
			return &calibrate.Miss{Kind: calibrate.MissNotHad, Words: why}
		}
		return b.soak(ctx, s, &found)
	})
	if ctx.Err() != nil {
		found.Failed = &calibrate.Miss{Kind: calibrate.MissCut}
		return found, r.explain(ctx, ctx.Err()) // the run is whole all the same, and keeps what was measured
	}
	if err != nil {
		found.Failed = missOf(err)
	}
	return found, nil
}

// lacks says that a worker doesn't have a file mapped that it needs, or that this can't be seen; "" where all have it.
func (b *beside) lacks(file string) string {
	if file == "" || b.rig.Mapped == nil {
		return ""
	}
	pids, err := b.app.Workers()
	for _, pid := range pids {
		mapped, unread := b.rig.Mapped(pid, file)
		if err = cmp.Or(err, unread); err == nil && !mapped {
			return "the worker has no " + file + " in its memory, so this setting means nothing to it"
		}
	}
	if err != nil {
		return fmt.Sprintf("whether this setting means anything to the worker can't be seen: %v", err)
	}
	return ""
}

func (b *beside) soak(ctx context.Context, s soaking, found *calibrate.Soaked) error {
	if all := b.watch.taken(0); len(all) > 0 {
		found.IdleRSSBytes = all[0].RSS
	}
	answered, began := b.rig.Load.Answered(), b.watch.seconds()
	warmup, err := b.load(ctx, s.pace, func(so seen) state {
		state := warm(so, DefaultWarmup)
		state.waiting, state.left = s.place+", warming up", (s.limit / 2).Seconds()
		return state
	})
	if err != nil {
		return err
	}
	from := len(b.watch.taken(0))
	j := judge{goal: s.goal, limit: s.limit}
	tally, err := b.load(ctx, s.pace, func(so seen) state {
		state := j.look(so)
		state.waiting = s.place + ", " + cmp.Or(state.waiting, "sure at a second look")
		if state.done && found.Ended.By == "" {
			found.Ended = state.ended
		}
		return state
	})
	found.Requests, found.Seconds = b.rig.Load.Answered()-answered, b.watch.seconds()-began
	soak := b.watch.taken(from)
	if j.judged > 0 {
		soak = soak[:min(j.judged, len(soak))]
	}
	found.PeakRSSBytes, _ = b.watch.peak(0)
	found.Creep = analyse.CreepSeen(soak)
	if err != nil {
		return err
	}
	return enough(warmup, tally)
}

// enough says why load tells nothing of an app, nil if it does.
func enough(tallies ...calibrate.Tally) error {
	var requests, succeeded int64
	for _, t := range tallies {
		requests, succeeded = requests+t.Requests, succeeded+t.Succeeded
	}
	if requests < analyse.LeastRequests || float64(succeeded) < analyse.LeastSuccess*float64(requests) {
		return tooFewSucceeded(requests, succeeded)
	}
	return nil
}
