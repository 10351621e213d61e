package run

import (
	"cmp"
	"math"
	"time"

	"workermem/calibrate"
)

// A compared run is short: its soak takes so long at the rate that was found. An app that serves few requests gets longer, for
// a slope rests on requests.
const (
	comparedShare = 0.5 // of what the first run's worker serves: the other may serve less, or have less of the machine
	comparedSoak  = 12 * time.Second
	longestSoak   = 40 * time.Second
	soakedEnough  = 2000 // requests
	comparedLimit = 2 * time.Minute
)

// Compares says whether a comparison's runs can have a figure of a metric: they are without a rest, in which growth with time is
// read, without the short runs by which a thread's cost is known, and at a rate that is given nobody looks for the capacity.
func Compares(m calibrate.Metric, plan calibrate.Plan) bool {
	switch m.Word() {
	case "growth", "thread":
		return false
	case "capacity":
		return !plan.FixesLoad()
	}
	return true
}

// portion is how many requests are left of a phase's portion after those that it had; 0 where it ends by itself.
func (r *run) portion(phase string, had int64) int64 {
	if r.plan.Portions == nil || r.plan.Portions.Requests[phase] == 0 {
		return 0
	}
	return max(r.plan.Portions.Requests[phase]-had, 1)
}

// atLeast ends a phase that has no portion of requests. One that has goes on until those are sent.
func (r *run) atLeast(p calibrate.Pace, s seen, least, limit time.Duration) state {
	if p.Requests == 0 {
		return atLeast(s, least, limit)
	}
	return inTime(state{left: secondsLeft(p.Requests, s.answered, s.seconds)}, s)
}

// inTime ends a phase whose portion takes too long.
func inTime(now state, s seen) state {
	if s.seconds >= comparedLimit.Seconds() {
		now.done, now.ended = true, atLimit(comparedLimit)
	}
	return now
}

// sharedRate is that of all runs of a comparison, else a share of what the worker can serve.
func (r *run) sharedRate() float64 {
	if r.plan.Portions != nil {
		return cmp.Or(r.plan.Portions.Rate, comparedShare*r.result.Load.Capacity)
	}
	return calibrate.CapacityShare * r.result.Load.Capacity
}

// soakPortion is what all runs of a comparison soak with: as many as the first did.
func (r *run) soakPortion(rate float64) int64 {
	if n := cmp.Or(r.plan.Requests, r.portion(calibrate.PhaseSoak, 0)); n > 0 {
		return n
	}
	if rate <= 0 { // a closed loop
		rate = float64(r.rig.Load.Answered()) / max(r.watch.seconds(), 1)
	}
	seconds := min(max(comparedSoak.Seconds(), soakedEnough/rate), longestSoak.Seconds())
	if r.plan.DurationSeconds > 0 {
		seconds = r.plan.DurationSeconds
	}
	return int64(math.Ceil(rate * seconds))
}

// portionsOf are what a run had, for others to have the same.
func portionsOf(r calibrate.Result) calibrate.Portions {
	p := calibrate.Portions{Rate: r.Load.RateAsked, Requests: map[string]int64{}}
	for _, phase := range r.Phases {
		if phase.Requests > 0 {
			p.Requests[phase.Name] = phase.Requests
		}
	}
	return p
}
