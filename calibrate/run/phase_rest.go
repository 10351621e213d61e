package run

import (
	"context"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

const (
	restTime      = 6 * time.Second
	quickRestTime = 3 * time.Second // enough for strong creep: growth of 0.1 MB a second shows in it
)

// rest leaves a creeping worker alone for a while. Without creep there is nothing to be told apart.
func (r *run) rest(ctx context.Context) error {
	soaked := analyse.Creep(calibrate.Measured{Result: r.result, Samples: r.watch.taken(0)})
	if !analyse.WantsRest(soaked) {
		return nil
	}
	least := restTime
	if r.plan.Quick {
		least = quickRestTime
	}
	r.enter(calibrate.PhaseRest)
	began, from := r.watch.seconds(), len(r.watch.taken(0))
	r.watch.tell("", "no load: what grows now grows with time", least.Seconds())
	if err := wait(ctx, least); err != nil {
		return err
	}
	r.note(calibrate.Phase{Name: calibrate.PhaseRest, StartSeconds: began, Answered: r.rig.Answered(), Ended: calibrate.End{By: calibrate.EndSeen}}, from)
	return nil
}
