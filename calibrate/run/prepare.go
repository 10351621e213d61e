package run

import (
	"cmp"
	"context"
	"errors"

	"workermem/calibrate"
)

// prepare sends what comes before the load of an app that was just started. What the app has to say about it is in its log.
func prepare(ctx context.Context, rig calibrate.Rig, app calibrate.App, phase string) (sent bool, err error) {
	sent, err = rig.Load.Prepare(ctx, app.Info().URL)
	var refused *calibrate.Failure
	if !errors.As(err, &refused) || refused.Kind != calibrate.KindInconclusive {
		return sent, err
	}
	f := app.Failure(phase)
	f.Kind, f.What, f.Why, f.Try, f.Err = refused.Kind, refused.What, refused.Why, refused.Try, refused.Err
	return sent, f
}

// before comes after the idle reading, which is of an app that nobody has used. It is a phase of its own: what checks a password
// may take more memory than any load after it (64 MB for a moment, where Argon2 does as it is set by default).
func (r *run) before(ctx context.Context) error {
	r.enter(calibrate.PhaseBefore)
	began, from := r.watch.seconds(), len(r.watch.taken(0))
	sent, err := prepare(ctx, r.rig, r.app, r.phase)
	if sent && err == nil {
		r.note(calibrate.Phase{Name: calibrate.PhaseBefore, StartSeconds: began, Ended: calibrate.End{By: calibrate.EndSeen}}, from)
	}
	return err
}

// toLogin are the answers that lead to login pages, and the page of most of them.
func toLogin(refusals []calibrate.Refusal) (answers int64, page string) {
	for _, one := range refusals {
		if one.Kind == calibrate.RefusalLogin {
			answers, page = answers+one.Answers, cmp.Or(page, one.Location)
		}
	}
	return answers, page
}
