package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/gate"
	"workermem/calibrate/say"
)

// Turns opens what one run of a comparison needs. Closing ends it; what was measured stays.
type Turns interface {
	Open(ctx context.Context, side calibrate.Side) (Turn, error)
	// Save keeps the comparison so far.
	Save(calibrate.Comparison) error
}

// Turn is one run, about to begin.
type Turn struct {
	Plan   calibrate.Plan
	Rig    calibrate.Rig
	Head   calibrate.Result
	Folder string // within the comparison's
	Close  func()
}

// overfull is how much of what the head serves the base's load may be. Beyond that requests would wait for each other in one of
// the two, and with them their memory.
const overfull = 0.95

// Compare runs base and head in turn, each from a fresh start, every second pair the other way round, until the gate has seen
// enough; pairs is how many where that is asked for. The comparison it returns is saved and judged as far as it was measured. Its error is a
// *calibrate.Failure: why it ended early.
func Compare(ctx context.Context, c calibrate.Comparison, pairs int, turns Turns) (calibrate.Comparison, error) {
	cm := &comparing{c: c, turns: turns, started: time.Now()}
	cm.c.Schema, cm.c.StartedAt = calibrate.CompareSchema, cm.started
	cm.c.Interrupted = &calibrate.Interruption{Kind: calibrate.InterruptedByKill}
	cm.c.Pairs, cm.c.Warnings = []calibrate.Pair{}, append([]calibrate.Warning{}, cm.c.Warnings...)
	err := cm.save()
	for err == nil && !cm.enough(pairs) {
		err = cm.pair(ctx)
	}
	cm.c.Complete, cm.c.Interrupted = err == nil, nil
	if err != nil {
		cm.c.Interrupted = interruption(err)
	}
	if saved := cm.save(); err == nil {
		err = saved
	}
	return cm.c, err
}

// comparing is a comparison under way.
type comparing struct {
	c       calibrate.Comparison
	turns   Turns
	started time.Time
}

func (cm *comparing) save() error {
	cm.c.DurationSeconds = time.Since(cm.started).Seconds()
	cm.c = gate.Compare(cm.c)
	if err := cm.turns.Save(cm.c); err != nil {
		return journalFailure(err)
	}
	return nil
}

func (cm *comparing) enough(pairs int) bool {
	if pairs > 0 {
		return len(cm.c.Pairs) >= pairs
	}
	return cm.c.Verdict != calibrate.CompareOpen
}

// pair runs both once. The first pair finds the load; if the head can't serve that, it is begun again with less.
func (cm *comparing) pair(ctx context.Context) error {
	order := []calibrate.Side{calibrate.SideBase, calibrate.SideHead}
	if len(cm.c.Pairs)%2 == 1 {
		slices.Reverse(order)
	}
	pair := calibrate.Pair{First: order[0]}
	for _, side := range order {
		result, of, err := cm.one(ctx, side)
		if err != nil {
			return err
		}
		*pair.Of(side) = of
		if len(cm.c.Portions.Requests) == 0 {
			cm.c.Portions = portionsOf(result)
		}
		if cm.tooMuch(result) {
			cm.c.Discarded = append(cm.c.Discarded, pair)
			cm.c.Portions = calibrate.Portions{Rate: comparedShare * result.Load.Capacity}
			return cm.save()
		}
	}
	cm.c.Pairs = append(cm.c.Pairs, pair)
	return cm.save()
}

// tooMuch says that the load which the first pair found is too much for its other version. Later pairs keep to it: who serves less
// then has less of the machine.
func (cm *comparing) tooMuch(r calibrate.Result) bool {
	first := len(cm.c.Pairs)+len(cm.c.Discarded) == 0 && r.Plan.Rate == 0
	return first && r.Load.Capacity > 0 && cm.c.Portions.Rate > overfull*r.Load.Capacity
}

// one is one run from a fresh start.
func (cm *comparing) one(ctx context.Context, side calibrate.Side) (calibrate.Result, calibrate.OfVersion, error) {
	turn, err := cm.turns.Open(ctx, side)
	if err != nil {
		return calibrate.Result{}, calibrate.OfVersion{}, err
	}
	defer turn.Close()
	turn.Plan.Portions = &cm.c.Portions
	r := newRun(turn.Plan, turn.Rig, turn.Head, calibrate.ModeRun)
	if err := turn.Rig.Journal.Save(r.result); err != nil {
		return r.result, calibrate.OfVersion{}, journalFailure(err)
	}
	result, err := r.finish(r.measure(ctx))
	if err != nil {
		return result, calibrate.OfVersion{}, sayWhich(err, side)
	}
	for _, w := range result.Warnings {
		cm.warn(w)
	}
	of := analyse.OfVersion(calibrate.Measured{Result: result, Samples: r.watch.taken(0)}, cm.c.Limits, turn.Folder)
	if name := cm.unserved(result); name != "" {
		of.Figures, of.Unserved = map[string]calibrate.Recorded{}, name
		cm.warn(calibrate.Warning{Code: "portion-unserved", Text: fmt.Sprintf("the %s did not answer its requests of phase %s within %s, so that nothing of that run can be compared", side, name, say.Seconds(comparedLimit.Seconds())),
			Try: "give it fewer: --requests, or a lower --rate"})
	}
	return result, of, nil
}

// unserved is a phase that ended before its portion was answered, "" if none did.
func (cm *comparing) unserved(r calibrate.Result) string {
	for _, p := range r.Phases {
		if p.Ended.By == calibrate.EndMemory || cm.c.Portions.Requests[p.Name] > p.Requests {
			return p.Name
		}
	}
	return ""
}

// warn notes once what a run has to say that isn't about its sizing.
func (cm *comparing) warn(w calibrate.Warning) {
	known := func(other calibrate.Warning) bool { return other.Code == w.Code }
	if !w.Derived && !slices.ContainsFunc(cm.c.Warnings, known) {
		cm.c.Warnings = append(cm.c.Warnings, w)
	}
}

// sayWhich is a failure with the side that it is of.
func sayWhich(err error, side calibrate.Side) error {
	var f *calibrate.Failure
	if errors.As(err, &f) && f.Kind != calibrate.KindInterrupted {
		f.What = string(side) + ": " + f.What
	}
	return err
}

// StartOnce starts an app and ends it: what is made at the first start alone, such as compiled code, is there for those that follow.
func StartOnce(ctx context.Context, target calibrate.Target) error {
	r := &run{rig: calibrate.Rig{Target: target}, phase: calibrate.PhaseBoot}
	app, err := target.Start(ctx)
	if err != nil {
		return r.explain(ctx, err)
	}
	_, left := endApp(ctx, app)
	if ctx.Err() != nil {
		return r.explain(ctx, ctx.Err())
	}
	if len(left) > 0 {
		return &calibrate.Failure{Kind: calibrate.KindApp, What: left[0].Text, Try: left[0].Try}
	}
	return nil
}
