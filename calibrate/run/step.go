package run

import (
	"context"
	"slices"

	"workermem/calibrate"
)

// step is a part of a run that was planned, and may be missing from one that was cut short.
type step struct {
	phase string
	do    func(context.Context) error
}

// phases are those of the main app, after its boot.
func (r *run) phases() []step {
	return r.planned([]step{
		{calibrate.PhaseIdle, r.idle}, {calibrate.PhaseBefore, r.before}, {calibrate.PhaseAlone, r.alone}, {calibrate.PhaseCapacity, r.capacity},
		{calibrate.PhaseWarmup, r.warmup}, {calibrate.PhaseSoak, r.soak}, {calibrate.PhaseRest, r.rest}, {calibrate.PhasePeak, r.peak},
	})
}

func (r *run) crowded() step { return step{calibrate.PhaseConcurrency, r.crowd} }

// beside are those in which the same app runs set up otherwise.
func (r *run) beside() []step {
	return r.planned([]step{{calibrate.PhaseScale, r.scale}, {calibrate.PhaseRoutes, r.routes}, {calibrate.PhaseTriage, r.triage}, {calibrate.PhaseSweep, r.sweep}})
}

// planned leaves out what the plan doesn't ask for, or the rig can't do.
func (r *run) planned(all []step) []step {
	compared := r.plan.Portions != nil
	not := map[string]bool{
		calibrate.PhaseCapacity: r.plan.FixesLoad(),
		calibrate.PhaseWarmup:   compared,
		calibrate.PhaseRest:     compared,
		calibrate.PhaseScale:    compared || r.rig.Scale == nil || r.plan.Quick,
		calibrate.PhaseRoutes:   compared || r.rig.Scale == nil || !r.plan.ByRoute || len(r.rig.Load.Routes()) < 2,
		calibrate.PhaseTriage:   compared || r.rig.Scale == nil || len(r.plan.Variations) == 0,
		calibrate.PhaseSweep:    compared || r.rig.Scale == nil || !r.plan.Sweep,
	}
	return slices.DeleteFunc(all, func(s step) bool { return not[s.phase] })
}

// steps are all that is planned, and nothing of it done.
func (r *run) steps() []calibrate.Step {
	all := []calibrate.Step{{Phase: calibrate.PhaseBoot}}
	main := r.phases()
	if r.crowds() {
		main = append(main, r.crowded())
	}
	for _, s := range append(main, r.beside()...) {
		all = append(all, calibrate.Step{Phase: s.phase})
	}
	return all
}

func (r *run) take(ctx context.Context, s step) error {
	if err := s.do(ctx); err != nil {
		return err
	}
	r.done(s.phase)
	return nil
}

// done notes that a step is over. What was saved before keeps its own list.
func (r *run) done(phase string) {
	r.result.Steps = slices.Clone(r.result.Steps)
	for i := range r.result.Steps {
		if r.result.Steps[i].Phase == phase {
			r.result.Steps[i].Done = true
		}
	}
}
