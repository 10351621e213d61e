package run

import (
	"context"
	"time"
	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

const restTime = 6 * time.Second

// rest leaves a creeping worker alone for a while. Without creep there is nothing to be told apart.
func (r *run) rest(ctx context.Context) error {
	soaked := analyse.CreepOf(calibrate.Measured{Result: r.result, Samples: r.watch.taken(0)})
	if r.plan.Quick || soaked.Verdict != calibrate.Creeping {
		return nil
	}
	r.enter(calibrate.PhaseRest)
	began, from := r.watch.seconds(), len(r.watch.taken(0))
	r.watch.tell("", "no load: what grows now grows with time", restTime.Seconds())
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(restTime):
	}
	peak, source := r.watch.peak(from)
	r.result.Phases = append(r.result.Phases, calibrate.Phase{Name: calibrate.PhaseRest, StartSeconds: began, Seconds: r.watch.seconds() - began,
		Answered: calibrate.AnsweredBy(r.rig), PeakRSSBytes: peak, PeakSource: source, Ended: calibrate.End{By: calibrate.EndSeen}})
	return nil
}
