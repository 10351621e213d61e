package run

import (
	"cmp"
	"context"
	"errors"

	"workermem/calibrate"
)

// prepare sends what comes before the load of an app that was just started. What the app has to say about it is in its log.
func prepare(ctx context.Context, rig calibrate.Rig, app calibrate.App, phase string) error {
	err := rig.Load.Prepare(ctx, app.Info().URL)
	var refused *calibrate.Failure
	if !errors.As(err, &refused) || refused.Kind != calibrate.KindInconclusive {
		return err
	}
	f := app.Failure(phase)
	f.Kind, f.What, f.Why, f.Try, f.Err = refused.Kind, refused.What, refused.Why, refused.Try, refused.Err
	return f
}

// prepare comes after the idle reading, which is of an app that nobody has used.
func (r *run) prepare(ctx context.Context) error { return prepare(ctx, r.rig, r.app, r.phase) }

// toLogin are the answers that lead to login pages, and the page of most of them.
func toLogin(refusals []calibrate.Refusal) (answers int64, page string) {
	for _, one := range refusals {
		if one.Kind == calibrate.RefusalLogin {
			answers, page = answers+one.Answers, cmp.Or(page, one.Location)
		}
	}
	return answers, page
}
