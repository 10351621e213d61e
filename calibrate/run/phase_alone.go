package run

import (
	"context"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/creep"
)

// One client alone. Twenty requests in two seconds are enough for their mean to settle within a few per cent on a Flask app of
// 20 ms; of fast ones there are thousands.
const (
	aloneTime    = 2 * time.Second
	aloneLimit   = 10 * time.Second
	aloneLeast   = 5 // good answers, of which something can be said
	firstTime    = time.Second
	firstAnswers = 10 // that are left out: what is imported, compiled and filled with them comes once
	aloneSteps   = 50 // of Alone.Times: 0 %, 2 % ... 100 %
)

// alone measures what a request takes when no other is under way. With a rate that was given it keeps to that: an app may have a
// limit of its own.
func (r *run) alone(ctx context.Context) error {
	waiting := func(s state) state {
		s.waiting = "one client: what a request takes when no other is under way"
		return s
	}
	first := calibrate.Pace{Rate: r.plan.Rate, Clients: 1, Requests: firstAnswers, Duration: firstTime}
	began := r.watch.seconds()
	if _, err := r.load(ctx, calibrate.PhaseAlone, first, func(seen) state { return waiting(state{}) }); err != nil {
		return err
	}
	limit := aloneLimit - time.Duration((r.watch.seconds()-began)*float64(time.Second))
	pace := calibrate.Pace{Rate: r.plan.Rate, Clients: 1, Timed: true, Requests: r.portion(calibrate.PhaseAlone, r.rig.Load.Answered())}
	tally, err := r.load(ctx, calibrate.PhaseAlone, pace, func(seen seen) state {
		return waiting(r.atLeast(pace, seen, r.brief(aloneTime), limit))
	})
	r.joinPhases()
	if err != nil {
		return err
	}
	if phase := r.result.Phases[len(r.result.Phases)-1]; phase.Work != nil {
		r.result.Alone = aloneOf(tally.Times, *phase.Work)
	}
	return nil
}

// joinPhases makes one of the last two phases: both are the same load, of which the work is the second's.
func (r *run) joinPhases() {
	last := len(r.result.Phases) - 1
	first, p := r.result.Phases[last-1], r.result.Phases[last]
	p.Seconds += p.StartSeconds - first.StartSeconds
	p.StartSeconds = first.StartSeconds
	p.Requests, p.Succeeded = p.Requests+first.Requests, p.Succeeded+first.Succeeded
	p.PeakRSSBytes, p.PeakHeldBytes = max(p.PeakRSSBytes, first.PeakRSSBytes), max(p.PeakHeldBytes, first.PeakHeldBytes)
	p.PeakBelowBytes = max(p.PeakBelowBytes, first.PeakBelowBytes)
	r.result.Phases = append(r.result.Phases[:last-1], p)
}

// aloneOf is nil where too few requests were answered well. The first of them had to connect, which with keep-alive the others did not.
func aloneOf(times []float64, work calibrate.Work) *calibrate.Alone {
	if len(times) <= aloneLeast {
		return nil
	}
	times = slices.Clone(times[1:])
	a := calibrate.Alone{Times: make([]float64, aloneSteps+1), Work: work}
	for _, t := range times {
		a.Mean += t / float64(len(times))
	}
	slices.Sort(times)
	for i := range a.Times {
		a.Times[i] = creep.Quantile(times, float64(i)/aloneSteps)
	}
	return &a
}
