package run

import (
	"context"
	"fmt"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

const (
	triageLimit = 45 * time.Second
	// triagePrecision is the wanted half-width of a slope: a share of two slopes has the doubt of both.
	triagePrecision = 0.1
)

// triage looks for the creep again in each variation. A worker without any has nothing to be told.
func (r *run) triage(ctx context.Context) error {
	found := r.analysed()
	if found.Creep.Verdict != calibrate.Creeping {
		try := "soak longer: --duration 5m"
		if found.Creep.Verdict == calibrate.Flat {
			try = "nothing"
		}
		r.warn("not-triaged", "the worker's memory was not found to creep ("+string(found.Creep.Verdict)+"), so there is nothing whose cause could be told", try)
		return nil
	}
	if r.tooMuchForOne() {
		return nil
	}
	goal := r.goal()
	goal.Precision = min(goal.Precision, triagePrecision)
	all := r.variations()
	r.result.Triage = &calibrate.Triage{Wanted: len(all), Runs: []calibrate.TriageRun{}}
	for i, v := range all {
		row := calibrate.TriageRun{Name: v.Name, Env: v.Env, Allocator: v.Allocator, Threads: r.result.Target.Threads}
		s := soaking{setup: calibrate.Setup{Shape: calibrate.Shape{Workers: 1, Threads: max(row.Threads, 1)}, Env: v.Env}, pace: r.steady(), goal: goal, limit: min(triageLimit, r.plan.SoakLimit()),
			needs: v.Needs, phase: calibrate.PhaseTriage, place: fmt.Sprintf("%s of %s: %s", say.Count(i+1), say.Count(len(all)), v.Name)}
		if v.OneThread {
			row.Threads, s.setup.Threads, s.pace = 1, 1, calibrate.Pace{Clients: clientsPerThread}
		}
		var err error
		if v.Why != "" {
			row.Failed = &calibrate.Miss{Kind: calibrate.MissNotHad, Words: v.Why}
		} else {
			row.Soaked, err = r.soakBeside(ctx, s)
		}
		if err != nil {
			return err // a part of a run compares with nothing
		}
		r.result.Triage.Runs = append(r.result.Triage.Runs, row)
		if err := r.rig.Journal.Save(r.analysed()); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

// variations leaves one thread out where there is no more than that.
func (r *run) variations() []calibrate.Variation {
	var all []calibrate.Variation
	for _, v := range r.plan.Variations {
		if !v.OneThread || r.result.Target.HasThreads && r.result.Target.Threads > 1 {
			all = append(all, v)
		}
	}
	return all
}
