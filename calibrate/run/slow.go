package run

import (
	"math"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// Slow apps are where people wait. At 70 % of what a worker serves that answers 14 requests/s, the 4000 requests of the goal
// take seven minutes, so that its soak always lasts to the limit. It gets all the load that the worker can take, and a limit
// that leaves the whole run within slowRun.
const (
	slowRun   = 2 * time.Minute
	leastSoak = 30 * time.Second // however long it takes to start
	startMore = 3 * time.Second  // of a start beside the run: finding the workers, reading, and the end
)

// isSlow says that a soak at the usual load can't be done in time.
func (r *run) isSlow() bool {
	if r.plan.FixesLoad() || r.plan.Quick || r.plan.Requests > 0 || r.plan.DurationSeconds > 0 || r.result.Load.Capacity <= 0 {
		return false
	}
	longest := max(r.timeToSoak(), knob.Duration(r.plan.SoakSeconds))
	return calibrate.CapacityShare*r.result.Load.Capacity*longest.Seconds() < r.goal().MinRequests
}

func (r *run) soakLimit() time.Duration {
	if r.plan.SoakSeconds > 0 || !r.full {
		return r.plan.SoakLimit()
	}
	return r.timeToSoak()
}

// timeToSoak is what slowRun leaves, from now on.
func (r *run) timeToSoak() time.Duration {
	return max(leastSoak, slowRun-time.Since(r.started)-r.afterSoak())
}

// afterSoak is how long what comes after the soak takes an app that serves its capacity, at most.
func (r *run) afterSoak() time.Duration {
	lasts := func(requests int64, least, limit time.Duration) time.Duration {
		seconds := float64(requests) / r.result.Load.Capacity
		return max(least, min(limit, time.Duration(seconds*float64(time.Second))))
	}
	all := restTime + lasts(fewRequests, peakTime, peakLimit) + startMore
	if r.crowds() {
		for _, times := range ladder[:len(ladder)-1] {
			all += lasts(int64(ladderAnswers*times*r.clients()), ladderTime, ladderLimit) + time.Second
		}
	}
	if r.rig.Scale == nil {
		return all
	}
	boot := time.Duration(r.result.Target.BootSeconds * float64(time.Second))
	shapes := r.shapes()
	for range shapes {
		all += boot + lasts(r.shortRun(), scaleTime, scaleLimit) + startMore
	}
	if len(shapes) > 0 {
		all += boot + lasts(r.shortRun(), scaleTime, advisedLimit) + startMore
	}
	return all
}

// slowPace is as many clients as find the worker busy, and no more: by Little's law what it serves, times what a request takes
// alone. One that computes all the time has one, one that waits has as many as it has threads, and none of them queues.
func (r *run) slowPace() calibrate.Pace {
	clients := r.clients()
	if alone := r.result.Alone; alone != nil {
		clients = max(1, min(clients, int(math.Floor(r.result.Load.Capacity*alone.Mean+0.75))))
	}
	return calibrate.Pace{Clients: clients}
}
