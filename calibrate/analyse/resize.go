package analyse

import (
	"cmp"
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/sizing"
)

// Sizing alone: what a run found, or what somebody knows already, for another box or other wishes. Nothing is measured.

// Given is a worker known by its numbers alone.
type Given struct {
	SharedBytes, WorkerBytes, ThreadBytes int64    // the law, at peak
	Creep                                 *float64 // bytes a request; 0 for none, nil where it isn't known
	BootSeconds                           float64
	Threads                               []int   // to choose among; the first is taken unless the plan prefers something else. None: by what they serve
	Demand, Waiting                       float64 // seconds a request; 0: not known, and none
	WorkerCores                           float64 // that one worker can keep busy; 0: one
}

// Result is the given worker in the place of a measured one, sized for the plan's box, or else the host.
func (g Given) Result(host calibrate.Host, plan calibrate.PlanInfo) calibrate.Result {
	law := calibrate.Law{SharedBytes: g.SharedBytes, WorkerBytes: g.WorkerBytes, ThreadBytes: g.ThreadBytes, Basis: calibrate.BasisGiven, Runs: []calibrate.LawRun{}}
	plan.ThreadChoices = g.Threads
	threads := 1
	if len(g.Threads) > 0 {
		threads = g.Threads[0]
	}
	r := calibrate.Result{
		Schema: calibrate.Schema, Complete: true, Host: host, Plan: plan,
		Target: calibrate.TargetInfo{Threads: threads, HasThreads: true, CanRecycle: true, HasJitter: true, WorkerBootSeconds: g.BootSeconds},
		Worker: calibrate.Worker{PeakRSSBytes: law.Worker(threads)},
		Law:    law,
		Speed:  g.speed(),
	}
	if g.Creep != nil {
		r.Creep = calibrate.Creep{Verdict: calibrate.Creeping, BytesPerRequest: g.Creep, Low: g.Creep, High: g.Creep}
		if *g.Creep == 0 {
			r.Creep.Verdict = calibrate.Flat
		}
	}
	return Resized(r)
}

// speed is what a request costs, as given; nil where that isn't known.
func (g Given) speed() *calibrate.Speed {
	if g.Demand <= 0 {
		return nil
	}
	exactly := func(seconds float64) calibrate.Span {
		return calibrate.Span{Value: seconds, Low: seconds, High: seconds}
	}
	return &calibrate.Speed{
		Demand: exactly(g.Demand), Waiting: exactly(g.Waiting), Alone: g.Demand + g.Waiting, Cores: cmp.Or(g.WorkerCores, 1), Shown: true, Factor: 1,
		Threads: []calibrate.ThreadUse{}, Times: []float64{},
	}
}

// Resized is the result sized again for the box and the wishes that its plan names now: the last step of Analyse.
// What was measured stays as it is.
func Resized(r calibrate.Result) calibrate.Result {
	r = sized(r)
	r.Warnings = warnings(r)
	return r
}

// sized decides, and then how many requests at once the decision bears.
func sized(r calibrate.Result) calibrate.Result {
	r.Concurrency, r.Sweep = curve(r), decided(r)
	r.Recommendation, r.Candidates, r.Formulas = decide(r)
	r.Concurrency = concurrency(r)
	return r
}

// withThreads asks about the threads that were chosen. Where the measured ones aren't among them, the first is taken
// for them, by the law.
func withThreads(q sizing.Question, chosen []int) sizing.Question {
	q.ThreadChoices = chosen
	if slices.Contains(chosen, q.Threads) {
		return q
	}
	q.WorkerPeakBytes += q.Law.Worker(chosen[0]) - q.Law.Worker(q.Threads)
	q.Threads, q.Basis = chosen[0], calibrate.BasisComputed
	return q
}

// memoryFor is the least memory (but for rounding) that leaves so large a budget after what is kept back; 0 where that is more
// than any host has.
func memoryFor(budget int64, p knob.Reserve) int64 {
	keep := 1 - p.ReserveRatio
	if !(keep > 0) {
		return 0
	}
	most := float64(1 << 60)
	total := (float64(budget) + float64(p.ReserveBytes)) / keep
	if !(total < most) {
		return 0
	}
	bytes := int64(math.Ceil(total))
	for range 1000 { // rounding: a few, unless the numbers make no sense
		missing := budget - budgetOf(bytes, p)
		if missing <= 0 {
			return bytes
		}
		bytes += max(1, int64(float64(missing)/keep))
	}
	return 0
}

// budgetOf is what a reserve leaves the server of so much memory.
func budgetOf(total int64, p knob.Reserve) int64 {
	return max(total-reserved(total, p)-p.ReserveBytes, 0)
}

// reserved is the share of so much memory that is kept back.
func reserved(total int64, p knob.Reserve) int64 {
	return int64(math.Ceil(float64(total) * p.ReserveRatio))
}
