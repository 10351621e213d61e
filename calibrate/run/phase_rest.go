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
	quietTime     = time.Second     // for what others do without load: too short for a drift of the worker to be read
)

// rest leaves a creeping worker alone for a while, and for a moment one beside which others are busy: a database of the app's
// falls silent then, and neighbours don't. Without either there is nothing to be told apart.
func (r *run) rest(ctx context.Context) error {
	least, why := r.restFor()
	if least == 0 {
		return nil
	}
	r.enter(calibrate.PhaseRest)
	began, from, before := r.watch.seconds(), len(r.watch.taken(0)), r.watch.readWork()
	r.watch.tell("", why, least.Seconds())
	if err := wait(ctx, least); err != nil {
		return err
	}
	r.note(calibrate.Phase{Name: calibrate.PhaseRest, StartSeconds: began, Answered: r.rig.Answered(), Ended: calibrate.End{By: calibrate.EndSeen},
		Work: r.watch.workSince(before)}, from)
	return nil
}

// restFor is how long, and what for.
func (r *run) restFor() (least time.Duration, why string) {
	grows := "no load: what grows now grows with time"
	soaked := analyse.Creep(calibrate.Measured{Result: r.result, Samples: r.watch.taken(0)})
	switch {
	case analyse.WantsRest(soaked) && r.plan.Quick:
		return quickRestTime, grows
	case analyse.WantsRest(soaked):
		return restTime, grows
	case analyse.WantsQuiet(r.result):
		return quietTime, "no load: who is busy now isn't by the app's doing"
	}
	return 0, ""
}
