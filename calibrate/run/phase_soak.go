package run

import (
	"cmp"
	"context"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/creep"
	"workermem/calibrate/knob"
)

// steady is the load of warm-up and soak.
func (r *run) steady() calibrate.Pace {
	if r.full {
		return r.slowPace()
	}
	// A server that turns away what is beyond its bound would do so in the open loop's first slow moment.
	pace := calibrate.Pace{Rate: r.plan.Rate, Clients: cmp.Or(r.plan.Clients, r.bound())}
	if !r.plan.FixesLoad() {
		pace.Rate = r.sharedRate()
		pace.Clients = cmp.Or(pace.Clients, mostWaiting*r.clients())
	}
	return pace
}

func (r *run) soak(ctx context.Context) error {
	pace := r.steady()
	pace.Requests, pace.Duration = r.plan.Requests, knob.Duration(r.plan.DurationSeconds)
	if r.plan.Portions != nil {
		pace.Requests, pace.Duration = r.soakPortion(pace.Rate), 0
	}
	fixed := pace.Requests > 0 || pace.Duration > 0
	var j judge
	tally, err := r.withinCapacity(ctx, calibrate.PhaseSoak, pace, func() func(seen) state {
		j = judge{goal: r.goal(), limit: r.soakLimit(), early: r.result.Worker.Early}
		if fixed {
			j.fixed, j.requests = "the load that was asked for", pace.Requests
		}
		if r.plan.Portions == nil {
			return j.look
		}
		j.fixed = "the requests that every run gets"
		return func(s seen) state { return inTime(j.look(s), s) }
	})
	r.noteJudged(j)
	r.recordLoad(tally)
	return err
}

// goal is what the soak is to show.
func (r *run) goal() creep.Goal {
	goal := creep.DefaultGoal()
	if r.plan.Quick {
		goal = creep.QuickGoal()
	}
	if r.plan.Precision > 0 {
		goal.Precision = r.plan.Precision
	}
	return goal
}

// judge ends a soak, or a watch, when its estimate was good enough at two looks running, or at the limit.
type judge struct {
	goal     creep.Goal
	limit    time.Duration
	early    *calibrate.EndReading // of the worker, nil where there is none
	fixed    string                // what is waited for where it is settled how long it is to last, ...
	requests int64                 // ... and how many those are; 0: it ends after a time
	judged   int                   // samples that the answer rests on

	next     float64 // second of the phase at which the estimate is made anew
	estimate creep.Estimate
	progress creep.Progress
	sure     bool // at the estimate before
}

// An estimate is made at every look in the first ten minutes, and then whenever a fiftieth of the time since has gone by: it takes
// the longer the longer the series is, and changes the less.
const (
	everyLook = 600.0
	laterLook = 0.02
)

func (j *judge) anew(seen seen) bool { return seen.seconds >= j.next }

func (j *judge) look(seen seen) state {
	anew, sure := j.anew(seen), j.sure
	if anew {
		j.estimate, j.progress = analyse.Check(j.goal, seen.samples, j.early)
		j.next, j.sure = seen.seconds+laterLook*max(seen.seconds-everyLook, 0), j.progress.Done
	}
	s := state{estimate: sayCreep(j.estimate, j.goal.ByTime), waiting: j.progress.Waiting, left: j.left(seen, j.progress)}
	switch {
	case j.fixed != "":
		s.waiting = j.fixed
	case anew && j.progress.Done && sure: // twice running: one look may be luck
		s.done, s.ended = true, calibrate.End{By: calibrate.EndPrecision}
		if j.judged == 0 {
			j.judged = len(seen.samples)
		}
	case seen.seconds >= j.limit.Seconds():
		s.done, s.ended = true, atLimit(j.limit)
	}
	return s
}

// left is never more than what the limit leaves, which is all there is to say where the user set how long it is to last.
func (j *judge) left(seen seen, p creep.Progress) float64 {
	most := max(j.limit.Seconds()-seen.seconds, 0)
	switch {
	case j.requests > 0 && seen.answered > 0:
		return secondsLeft(j.requests, seen.answered, seen.seconds)
	case j.fixed != "":
		return most
	}
	return min(p.SecondsLeft, most)
}

func (r *run) noteJudged(j judge) {
	if last := len(r.result.Phases) - 1; last >= 0 && r.result.Phases[last].Name == r.result.SteadyPhase() {
		r.result.Phases[last].Judged = j.judged
	}
}
