package calibrate

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Triage is a creep looked for again in other circumstances: what goes away with another allocator is the allocator's,
// what goes away with one thread comes of requests that overlap, and what stays is kept by the app.
type Triage struct {
	Runs    []TriageRun   `json:"runs"`
	Wanted  int           `json:"wanted"` // with fewer runs, it was cut short
	Verdict TriageVerdict `json:"verdict"`
	Reason  TriageReason  `json:"reason"`
}

// TriageReason is why. The figures are those of the runs.
type TriageReason struct {
	Kind    TriageKind `json:"kind"`
	Run     string     `json:"run,omitempty"`     // of TriageGoes: with which most of the creep went away
	Limited string     `json:"limited,omitempty"` // a run that its limit ended, of those that say too little
}

// TriageVerdict is where a creep comes from.
type TriageVerdict string

// TriageKind is what a triage's verdict rests on.
type TriageKind string

// What a verdict rests on.
const (
	TriageGoes         TriageKind = "goes"         // most of the creep went away with one run
	TriageStays        TriageKind = "stays"        // hardly any of it went away with any
	TriageNoAllocator  TriageKind = "no-allocator" // nor did it, but no other allocator was among them
	TriageWide         TriageKind = "wide"         // part of it may have gone away: the intervals are too wide
	TriageIncomparable TriageKind = "incomparable" // no run can be compared
	TriageCut          TriageKind = "cut"          // runs are missing
	TriageNoCreep      TriageKind = "no-creep"     // the main run's memory was not found to creep
)

// TriageRun is the creep of a worker in one other circumstance.
type TriageRun struct {
	Name      string `json:"name"`          // "one thread"
	Env       string `json:"env,omitempty"` // what was added to the environment
	Allocator bool   `json:"allocator"`     // it is another allocator, not only a setting of the same
	Threads   int    `json:"threads"`       // 0: the server has none to set
	Soaked
	// Gone is the share of the main run's creep that went away, with its 95 % interval; null where it can't be told.
	Gone     *float64 `json:"gone"`
	GoneLow  *float64 `json:"gone_low"`
	GoneHigh *float64 `json:"gone_high"`
}

// Variation is a circumstance to look for creep in.
type Variation struct {
	Name      string
	Env       string // NAME=VALUE beside the app's own environment, "" for none
	OneThread bool   // where there are more
	Allocator bool   // another one, not only a setting of the same
	Needs     string // what the name of a file must match that the worker has mapped, for Env to mean anything to it; "" for none
	Why       string // why it can't be had here, "" where it can
}

// The verdicts of a triage.
const (
	TriageApp       TriageVerdict = "app"       // nothing makes it go away
	TriageAllocator TriageVerdict = "allocator" // another one makes most of it go away
	TriageThreads   TriageVerdict = "threads"   // one thread does
	TriageUnclear   TriageVerdict = "unclear"
)

const (
	triageLimit = 45 * time.Second
	// triagePrecision is the wanted half-width of a slope: a share of two slopes has the doubt of both.
	triagePrecision = 0.1
	// mostGone of the creep must go away, at the least, for what makes it go away to be the cause. hardlyGone may go away,
	// at the most, where it isn't.
	mostGone   = 0.5
	hardlyGone = 0.25
)

// triage looks for the creep again in each variation. A worker without any has nothing to be told.
func (r *run) triage(ctx context.Context) error {
	if len(r.plan.Variations) == 0 || r.rig.Scale == nil {
		return nil
	}
	found := r.analysed()
	if found.Creep.Verdict != Creeping {
		try := "soak longer: --duration 5m"
		if found.Creep.Verdict == Flat {
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
	r.result.Triage = &Triage{Wanted: len(all), Runs: []TriageRun{}}
	for i, v := range all {
		row := TriageRun{Name: v.Name, Env: v.Env, Allocator: v.Allocator, Threads: r.result.Target.Threads}
		s := soaking{setup: Setup{Shape: Shape{1, max(row.Threads, 1)}, Env: v.Env}, pace: r.steady(), goal: goal, limit: min(triageLimit, r.plan.soakLimit()),
			needs: v.Needs, phase: PhaseTriage, place: fmt.Sprintf("%d of %d: %s", i+1, len(all), v.Name)}
		if v.OneThread {
			row.Threads, s.setup.Threads, s.pace = 1, 1, Pace{Clients: clientsPerThread}
		}
		var err error
		if v.Why != "" {
			row.Failed = &Miss{Kind: MissNotHad, Words: v.Why}
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
func (r *run) variations() []Variation {
	var all []Variation
	for _, v := range r.plan.Variations {
		if !v.OneThread || r.result.Target.HasThreads && r.result.Target.Threads > 1 {
			all = append(all, v)
		}
	}
	return all
}

// told says of each run what share of the creep went away, and what follows from it.
func (t *Triage) told(c Creep) *Triage {
	if t == nil || c.BytesPerRequest == nil || c.Low == nil || c.High == nil {
		return t
	}
	told := *t
	told.Runs = make([]TriageRun, len(t.Runs))
	for i, run := range t.Runs {
		told.Runs[i] = run.against(c)
	}
	told.Verdict, told.Reason = told.judge(c)
	return &told
}

// against compares a run's creep with the main one's. What grows by the clock is taken out of it: it says nothing of a
// request, and the runs had other rates. The errors of the two slopes are independent, so their relative half-widths are
// added as the sides of a right angle.
func (run TriageRun) against(c Creep) TriageRun {
	run.Gone, run.GoneLow, run.GoneHigh = nil, nil, nil
	main, off := *c.BytesPerRequest, (*c.High-*c.Low)/2
	if run.Creep == nil || run.Failed != nil || run.Requests == 0 || main <= 0 || *c.Low <= 0 {
		return run
	}
	here, spread := run.Creep.BytesPerRequest, (run.Creep.High-run.Creep.Low)/2
	if c.By == ByBoth {
		here -= *c.BytesPerSecond * run.Seconds / float64(run.Requests)
	}
	here = max(here, 0)
	half := math.Hypot(spread/main, here/main*off/main) // of here / main
	run.Gone, run.GoneLow, run.GoneHigh = number(1-here/main), number(1-here/main-half), number(1-here/main+half)
	return run
}

// Tellable says whether it is known well enough what went away.
func (run TriageRun) Tellable() bool {
	return run.Gone != nil && run.GoneLow != nil && run.GoneHigh != nil && *run.GoneHigh-*run.GoneLow < 0.5
}

// judge takes the first run that makes most of the creep go away for the cause.
func (t *Triage) judge(c Creep) (TriageVerdict, TriageReason) {
	known, stays, allocator, limited := 0, true, false, ""
	for _, run := range t.Runs {
		if run.Ended.By == EndLimit {
			limited = run.Name
		}
		if !run.Tellable() {
			stays = stays && run.Creep == nil // one that could not be had says nothing for or against
			continue
		}
		known++
		allocator = allocator || run.Allocator
		stays = stays && *run.GoneHigh < hardlyGone
		if *run.GoneLow <= mostGone {
			continue
		}
		verdict := TriageAllocator
		if run.Env == "" {
			verdict = TriageThreads
		}
		return verdict, TriageReason{Kind: TriageGoes, Run: run.Name}
	}
	switch {
	case len(t.Runs) < t.Wanted:
		return TriageUnclear, TriageReason{Kind: TriageCut}
	case c.Verdict != Creeping:
		return TriageUnclear, TriageReason{Kind: TriageNoCreep}
	case known == 0:
		return TriageUnclear, TriageReason{Kind: TriageIncomparable, Limited: limited}
	case stays && allocator:
		return TriageApp, TriageReason{Kind: TriageStays}
	case stays:
		return TriageUnclear, TriageReason{Kind: TriageNoAllocator}
	}
	return TriageUnclear, TriageReason{Kind: TriageWide, Limited: limited}
}
