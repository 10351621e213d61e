package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/say"
)

const (
	ladderTime    = time.Second // a step, if by then ...
	ladderAnswers = 2           // ... so many requests of each client were answered
	ladderLimit   = 10 * time.Second
)

// ladder is how many times the peak's clients each further step has. Memory was found to grow in proportion to the
// requests at once (5 MB held a request: 160 MB at 32, 652 MB at 128), until something makes them wait (FastAPI's threads: 40).
// Upwards, because a heap keeps what it had. Only where the last but one is the less steep, the last shows whether memory grows
// at all beyond it.
var ladder = []int{2, 4, 8, 16, 32}

// crowd measures the memory of more requests at once than the peak had. It comes after the end reading, because the
// heap keeps much of what the crowd took. What goes wrong here costs the bound, not the run's answer.
func (r *run) crowd(ctx context.Context) error {
	if !r.crowds() {
		return nil
	}
	peak := r.result.Phases[len(r.result.Phases)-1]
	r.result.Concurrency.Steps = []calibrate.ConcurrencyStep{stepOf(peak)}
	for i, times := range ladder {
		if i == len(ladder)-1 && !analyse.Bending(r.result) {
			return nil
		}
		clients := times * peak.Clients
		if promised := r.crowdWouldTake(clients); r.tooMuch(promised) {
			r.warn("not-crowded", fmt.Sprintf("%s at once were not tried: they might take %s, more than half of the memory that is "+
				"free", say.Plural(clients, "request"), say.MB(promised)), "bound the requests at once well below that, in the server")
			return nil
		}
		step, err := r.crowdOf(ctx, clients)
		if err != nil {
			if r.interrupted(ctx) {
				return r.explain(ctx, err)
			}
			r.warn("not-crowded", fmt.Sprintf("%s at once could not be measured (%v)", say.Plural(clients, "request"), err),
				"bound the requests at once well below that, in the server")
			return nil
		}
		r.result.Concurrency.Steps = append(r.result.Concurrency.Steps, step)
	}
	return nil
}

// crowds says that nothing bounds the requests at once.
func (r *run) crowds() bool {
	return r.result.Target.Threads == 0 && r.bound() == 0 && r.plan.Clients == 0 && !r.plan.Quick && r.plan.Portions == nil
}

// crowdWouldTake goes on from the last step as steeply as it was, from the first as if all that the worker, or the whole tree,
// holds beyond its idle memory were the requests'.
func (r *run) crowdWouldTake(clients int) int64 {
	steps := r.result.Concurrency.Steps
	last := steps[len(steps)-1]
	before := calibrate.ConcurrencyStep{PeakRSSBytes: r.result.Worker.IdleRSSBytes, PeakHeldBytes: r.idleHeld()}
	if len(steps) > 1 {
		before = steps[len(steps)-2]
	}
	more, least := int64(clients-last.Clients), int64(max(last.Clients-before.Clients, 1))
	goesOn := func(now, before int64) int64 { return now + max(now-before, 0)/least*more }
	return max(goesOn(last.PeakRSSBytes, before.PeakRSSBytes), goesOn(last.PeakHeldBytes, before.PeakHeldBytes))
}

// idleHeld is what the whole tree held without load, as the kernel charges it, with the children and files in memory that are
// in no worker's RSS; 0 where that isn't known.
func (r *run) idleHeld() int64 {
	for _, p := range r.result.Phases {
		if p.Name == calibrate.PhaseIdle {
			return p.PeakHeldBytes
		}
	}
	return 0
}

// interrupted tells the user's end from the app's.
func (r *run) interrupted(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && !errors.Is(cause, errAppEnded) && !errors.Is(cause, errWorkerEnded)
}

func (r *run) crowdOf(ctx context.Context, clients int) (calibrate.ConcurrencyStep, error) {
	main := r.result
	defer func() { r.result.Phases, r.result.Worker = main.Phases, main.Worker }() // a crowd's peak is not the worker's
	_, err := r.load(ctx, calibrate.PhaseConcurrency, calibrate.Pace{Clients: clients}, func(seen seen) state {
		s := atLeast(seen, ladderTime, ladderLimit)
		s.done = s.done && (seen.answered >= int64(ladderAnswers*clients) || seen.seconds >= ladderLimit.Seconds())
		s.waiting = fmt.Sprintf("the memory of %s at once", say.Plural(clients, "request"))
		return s
	})
	if err := cmp.Or(err, r.gone(ctx)); err != nil {
		return calibrate.ConcurrencyStep{}, err
	}
	crowd := r.result.Phases[len(r.result.Phases)-1]
	switch {
	case crowd.Ended.By == calibrate.EndMemory:
		return calibrate.ConcurrencyStep{}, tookTooMuch(crowd.Ended)
	case float64(crowd.Succeeded) < analyse.LeastSuccess*float64(crowd.Requests):
		return calibrate.ConcurrencyStep{}, fmt.Errorf("%s of %s failed", say.Count(crowd.Requests-crowd.Succeeded), say.Count(crowd.Requests))
	}
	return stepOf(crowd), nil
}

// gone says that app or worker has ended just now: what a step took then tells nothing of so many.
func (r *run) gone(ctx context.Context) error {
	r.watch.look()
	select {
	case <-r.app.Exited():
		return errAppEnded
	default:
		return context.Cause(ctx)
	}
}

func stepOf(p calibrate.Phase) calibrate.ConcurrencyStep {
	return calibrate.ConcurrencyStep{Clients: p.Clients, PeakRSSBytes: p.PeakRSSBytes, PeakHeldBytes: p.PeakHeldBytes, Requests: p.Requests, Answered: p.Answered, Work: p.Work}
}
