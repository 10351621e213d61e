package calibrate

import (
	"context"
	"fmt"
	"time"

	"workermem/calibrate/creep"
)

// Triage is a creep looked for again in other circumstances: what goes away with another allocator is the allocator's,
// what goes away with one thread comes of requests that overlap, and what stays is kept by the app.
type Triage struct {
	Runs    []TriageRun `json:"runs"`
	Wanted  int         `json:"wanted"` // with fewer runs, it was cut short
	Verdict string      `json:"verdict"`
	Reason  string      `json:"reason"`
}

// TriageRun is the creep of a worker in one other circumstance.
type TriageRun struct {
	Name    string `json:"name"`          // "one thread"
	Env     string `json:"env,omitempty"` // what was added to the environment
	Threads int    `json:"threads"`       // 0: the server has none to set
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
	Needs     string // a file that the worker must have mapped for Env to mean anything to it, "" for none
	Why       string // why it can't be had here, "" where it can
}

// The verdicts of a triage.
const (
	TriageApp       = "app"       // nothing makes it go away
	TriageAllocator = "allocator" // another one makes most of it go away
	TriageThreads   = "threads"   // one thread does
	TriageUnclear   = "unclear"
)

const (
	triageLimit = 45 * time.Second
	// mostGone of the creep must go away, at the least, for what makes it go away to be the cause. hardlyGone may go away,
	// at the most, where it isn't.
	mostGone   = 0.5
	hardlyGone = 0.25
)

// triage looks for the creep again in each variation. A worker without any has nothing to be told.
func (r *run) triage(ctx context.Context) error {
	if len(r.plan.Triage) == 0 || r.rig.Scale == nil {
		return nil
	}
	found := r.analysed()
	if found.Creep.Verdict != string(creep.Creeping) && found.Creep.Verdict != string(creep.Warming) {
		r.warn("not-triaged", "the worker's memory was not found to creep, so there is nothing whose cause could be told", "nothing")
		return nil
	}
	goal := r.goal()
	all := r.variations()
	r.result.Triage = &Triage{Wanted: len(all), Runs: []TriageRun{}}
	for i, v := range all {
		row := TriageRun{Name: v.Name, Env: v.Env, Threads: r.result.Target.Threads}
		s := soaking{setup: Setup{Shape: Shape{1, max(row.Threads, 1)}, Env: v.Env}, pace: r.steady(), goal: goal, limit: min(triageLimit, r.plan.SoakLimit),
			needs: v.Needs, phase: PhaseTriage, place: fmt.Sprintf("%d of %d: %s", i+1, len(all), v.Name)}
		if v.OneThread {
			row.Threads, s.setup.Threads, s.pace = 1, 1, Pace{Clients: clientsPerThread}
		}
		var err error
		if row.Failed = v.Why; v.Why == "" {
			row.Soaked, err = r.soakBeside(ctx, s)
		}
		r.result.Triage.Runs = append(r.result.Triage.Runs, row)
		if err != nil {
			return err
		}
		if err := r.rig.Journal.Save(r.analysed()); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

// variations leaves one thread out where there is no more than that.
func (r *run) variations() []Variation {
	var all []Variation
	for _, v := range r.plan.Triage {
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
	slope, low, high := *c.BytesPerRequest, *c.Low, *c.High
	if c.By == ByBoth { // the runs beside have no rest
		slope, low, high = c.Rest.Together.BytesPerRequest, c.Rest.Together.Low, c.Rest.Together.High
	}
	told := *t
	told.Runs = make([]TriageRun, len(t.Runs))
	for i, run := range t.Runs {
		run.Gone, run.GoneLow, run.GoneHigh = nil, nil, nil
		if run.Creep != nil && run.Failed == "" && low > 0 {
			run.Gone = number(1 - run.Creep.BytesPerRequest/slope)
			run.GoneLow, run.GoneHigh = number(1-run.Creep.High/low), number(1-max(run.Creep.Low, 0)/high)
		}
		told.Runs[i] = run
	}
	told.Verdict, told.Reason = told.judge()
	return &told
}

// judge takes the first run that makes most of the creep go away for the cause.
func (t *Triage) judge() (verdict, reason string) {
	known, stays := 0, true
	for _, run := range t.Runs {
		if run.Gone == nil {
			continue
		}
		known++
		stays = stays && *run.GoneHigh < hardlyGone
		if *run.GoneLow <= mostGone {
			continue
		}
		share := fmt.Sprintf("%.0f %% of the creep [%.0f, %.0f]", 100**run.Gone, 100**run.GoneLow, 100*min(*run.GoneHigh, 1))
		if run.Env == "" { // one thread
			return TriageThreads, share + " go away with one thread: it comes of requests that overlap. Look for what threads share or keep for themselves"
		}
		return TriageAllocator, share + " go away with " + run.Name + ": it is the allocator's, and the app frees what it took. Set it in production"
	}
	switch {
	case len(t.Runs) < t.Wanted:
		return TriageUnclear, "it was cut short"
	case known == 0:
		return TriageUnclear, "no run could be compared"
	case stays:
		return TriageApp, "hardly any of it goes away: the app keeps what it takes. Look for a list, a cache or a registry that every request adds to"
	}
	return TriageUnclear, "part of it may go away, but the intervals are too wide to tell: --precision 10%"
}
