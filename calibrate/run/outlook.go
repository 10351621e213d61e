package run

import (
	"slices"
	"sync"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
	"workermem/calibrate/knob"
)

// What steps usually take whose length nobody knows before. Of the soaks of fast apps without a leak half ended at 20 s and nine in ten
// by 27 s (creep.DefaultGoal); the rest of a start is in startMore.
const (
	usualBoot      = 2 * time.Second
	usualSoak      = 30 * time.Second
	usualQuickSoak = 12 * time.Second
	usualShapes    = 3 // two to fit the law to, and the advised one
	usualSwept     = 5
)

// An outlook makes of what a phase says of itself what the progress line shows: which step of the run that is, and about how much is left
// of the whole. It goes by what the steps to come usually take, so it may be far off before the soak.
type outlook struct {
	steps []expected

	mu    sync.Mutex
	at    int           // the step that the run is in
	began time.Duration // when that was
	boot  time.Duration // what the app's start took
}

// expected is what a step usually takes, beside the starts of the app that are in it.
type expected struct {
	phase  string
	usual  time.Duration
	starts int
}

// placing has told what an outlook makes of a status.
func (o *outlook) placing(told func(calibrate.Status)) func(calibrate.Status) {
	if told == nil {
		return nil
	}
	return func(s calibrate.Status) { told(o.placed(s)) }
}

// expect is how long a step will take, once that is known.
func (o *outlook) expect(phase string, lasts time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.steps {
		if o.steps[i].phase == phase {
			o.steps[i].usual = lasts
		}
	}
}

// placed is a status with its place in the run.
func (o *outlook) placed(s calibrate.Status) calibrate.Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	if next := slices.IndexFunc(o.steps, func(e expected) bool { return e.phase == s.Phase }); next > o.at {
		if o.at == 0 {
			o.boot = s.Elapsed
		}
		o.at, o.began = next, s.Elapsed
	}
	s.Step, s.Steps = o.at+1, len(o.steps)
	s.Left = max(s.Left, o.lasts(o.at)-(s.Elapsed-o.began), 0)
	for later := o.at + 1; later < len(o.steps); later++ {
		s.Left += o.lasts(later)
	}
	return s
}

func (o *outlook) lasts(step int) time.Duration {
	e := o.steps[step]
	return e.usual + time.Duration(e.starts)*o.boot
}

// outlook is that of a run whose steps are planned.
func (r *run) outlook() *outlook {
	o := &outlook{boot: usualBoot}
	for _, s := range r.result.Steps {
		o.steps = append(o.steps, r.expected(s.Phase))
	}
	return o
}

func (r *run) expected(phase string) expected {
	each := func(n int, lasts time.Duration) expected { // of so many starts
		return expected{phase, time.Duration(n) * (lasts + startMore), n}
	}
	switch phase {
	case calibrate.PhaseRoutes:
		return each(min(len(r.rig.Load.Routes()), mostRoutes), routeLimit/2)
	case calibrate.PhaseTriage:
		return each(len(r.variations()), triageLimit/2)
	case calibrate.PhaseScale:
		return each(usualShapes, scaleTime)
	case calibrate.PhaseSweep:
		return each(analyse.SweepRounds*usualSwept, sweepWarmup+sweepBusy+sweepSteady)
	}
	return expected{phase: phase, usual: map[string]time.Duration{
		calibrate.PhaseBoot: usualBoot, calibrate.PhaseIdle: idleTime, calibrate.PhaseAlone: firstTime + r.brief(aloneTime), calibrate.PhaseCapacity: r.brief(capacityTime),
		calibrate.PhaseWarmup: warmupTime, calibrate.PhaseSoak: r.usualSoak(), calibrate.PhaseRest: restTime, calibrate.PhasePeak: r.brief(peakTime),
		calibrate.PhaseConcurrency: time.Duration(len(ladder)) * ladderTime,
	}[phase]}
}

func (r *run) usualSoak() time.Duration {
	switch p := r.plan; {
	case p.DurationSeconds > 0:
		return knob.Duration(p.DurationSeconds)
	case p.Requests > 0 && p.Rate > 0:
		return knob.Duration(float64(p.Requests) / p.Rate)
	case p.Quick:
		return usualQuickSoak
	}
	return min(usualSoak, r.plan.SoakLimit())
}
