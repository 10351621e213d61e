package run

import (
	"context"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/analyse"
)

const (
	livesToSee = 2    // how often each worker is replaced, on average
	coldest    = 1000 // requests a worker where none is replaced: its heap has settled by then
	mostLoaded = 512  // clients
)

// prover is one proof under way.
type prover struct {
	*run  // without a plan of its own
	asked calibrate.ProofPlan
}

// Prove runs a result's recommendation under a memory limit, and holds what it takes against the law. The
// result it returns is the one given with another id and a proof, and saved. Its error is a *Failure: why the proof ended
// early. A proof that fails is no error: see Proof.Outcome.
func Prove(ctx context.Context, p calibrate.ProofPlan, rig calibrate.Rig, id string, measured calibrate.Result) (calibrate.Result, error) {
	pr := &prover{run: &run{rig: rig, result: measured, started: time.Now(), phase: calibrate.PhaseTrial}, asked: p}
	pr.result.ID = id
	pr.result.Proof = &calibrate.Proof{
		Of: measured.ID, StartedAt: pr.started, Host: p.Host, Command: calibrate.Redact(p.Command), Flags: slices.Concat([]string{}, p.Flags), Tolerance: p.Tolerance,
		Limit: calibrate.LimitByKernel, Trials: []calibrate.Trial{}, Verdict: calibrate.ProofInconclusive, Reason: calibrate.ProofNotRun, Interrupted: &calibrate.Interruption{Kind: calibrate.InterruptedByKill},
	}
	if p.NoLimit != "" {
		pr.result.Proof.Limit, pr.result.Proof.NoLimit = calibrate.LimitByCalibrate, p.NoLimit
	}
	if err := rig.Journal.Save(pr.result); err != nil {
		return pr.result, journalFailure(err)
	}
	err := pr.prove(ctx)
	pr.result.Proof.Complete, pr.result.Proof.Interrupted = err == nil, nil
	if err != nil {
		pr.result.Proof.Interrupted = interruption(err)
	}
	if saved := rig.Journal.Save(pr.result); saved != nil && err == nil {
		err = journalFailure(saved)
	}
	return pr.result, err
}

func (pr *prover) prove(ctx context.Context) error {
	proof, trials, told := pr.result.Proof, pr.trials(), pr.rig.Progress
	for i, next := range trials {
		pr.rig.Progress = inProof(i+1, len(trials), time.Since(pr.started), told)
		trial, err := pr.tryOrSkip(ctx, next)
		if err != nil && trial.Requests > 0 { // what was seen is kept
			trial.Failed = &calibrate.Miss{Kind: calibrate.MissCut}
			proof.Trials = append(proof.Trials, trial)
		}
		if err != nil {
			return pr.explain(ctx, err)
		}
		proof.Trials = append(proof.Trials, trial)
		pr.result.Books = analyse.Balances(pr.result)
		if next.proved {
			proof.Verdict, proof.Reason = analyse.Judge(trial, proof.Tolerance)
		}
		if err := pr.rig.Journal.Save(pr.result); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

// inProof has told a status of a trial as one of the proof, as if each one to come took as long as this one, which began at a time of the proof.
func inProof(n, of int, began time.Duration, told func(calibrate.Status)) func(calibrate.Status) {
	if told == nil {
		return nil
	}
	return func(s calibrate.Status) {
		s.Step, s.Steps = n, of
		if s.Left > 0 {
			s.Left += time.Duration(of-n) * (s.Elapsed - began + s.Left)
		}
		told(s)
	}
}

// named is a setup and what it stands for.
type named struct {
	name   string
	proved bool // it is the one that the verdict is on
	calibrate.Setup
}

// trials are the recommendation, and beside it what the plan asks for, each setup once.
func (pr *prover) trials() []named {
	all := []named{{"recommended", true, pr.asked.Setup}}
	if pr.asked.OneMore {
		more := pr.asked.Setup
		more.Workers++
		all = append(all, named{"one more", false, more})
	}
	if !pr.asked.Formulas {
		return all
	}
	for _, f := range pr.result.Formulas {
		s := pr.asked.Setup
		s.Workers = f.Workers
		if s.Threads > 0 {
			s.Threads = max(f.Threads, 1)
		}
		if f.Workers > 0 {
			all = addNamed(all, named{f.Name, false, s})
		}
	}
	return all
}

// addNamed lets a setup that is there already stand for one thing more.
func addNamed(all []named, one named) []named {
	for i := range all {
		if all[i].Setup == one.Setup {
			all[i].name += ", " + one.name
			return all
		}
	}
	return append(all, one)
}

func (pr *prover) tryOrSkip(ctx context.Context, n named) (calibrate.Trial, error) {
	var why *calibrate.Miss
	switch threads := n.Workers * max(n.Threads, 1); {
	case n.Workers > analyse.MostTried:
		why = &calibrate.Miss{Kind: calibrate.MissTooMany, Wanted: n.Workers, Most: analyse.MostTried}
	case threads > mostLoaded:
		why = &calibrate.Miss{Kind: calibrate.MissTooBusy, Wanted: threads}
	default:
		return pr.try(ctx, n)
	}
	t := pr.trialOf(n)
	t.Failed = why
	return t, nil
}

// trialOf is a trial before it has begun.
func (pr *prover) trialOf(n named) calibrate.Trial {
	return calibrate.Trial{
		Name: n.name, Workers: n.Workers, Threads: n.Threads, MaxRequests: n.MaxRequests, Jitter: n.Jitter, LimitBytes: n.MemoryLimit,
		MostBytes: pr.most(n.Setup), CrowdBytes: pr.crowd(n.Setup), Errors: []calibrate.ErrorCount{},
		PredictedRate: analyse.Foreseen(pr.result, pr.asked.Host.SizingCPUs(), n.Shape, pr.clients(n.Shape)),
	}
}

// expected is what the law has for a setup after so many requests, whichever of its workers served them; young of it may come only later.
// What only the boot took, or a login, is in most: the boots are over by then, and the requests before the load go to one worker.
func (pr *prover) expected(s calibrate.Setup, answered int64) (bytes, young int64) {
	served := float64(answered) / float64(max(s.Workers, 1))
	cold, young := analyse.Coldness(pr.result, s.Workers, served)
	return pr.result.Law.Loaded(s.Workers, max(s.Threads, 1)) + pr.crowd(s) - cold + int64(analyse.Slope(pr.result)*float64(answered)), young
}

// law is that of a setup's shape, with as many requests at once as it was sized for.
func (pr *prover) law(s calibrate.Setup) int64 {
	return pr.result.Law.Total(s.Workers, max(s.Threads, 1)) + pr.crowd(s)
}

func (pr *prover) crowd(s calibrate.Setup) int64 {
	_, each := analyse.AtOnce(pr.result)
	return int64(s.Workers) * each
}

// most is what the law has for a setup whose workers are all at the end of their lives, by the creep's upper bound. Where none
// is replaced, that is the end of the trial.
func (pr *prover) most(s calibrate.Setup) int64 {
	life := float64(s.MaxRequests + s.Jitter)
	if s.MaxRequests == 0 {
		life = float64(pr.warm())
	}
	steepest := analyse.Slope(pr.result)
	if high := pr.result.Creep.High; steepest > 0 && high != nil {
		steepest = pr.result.Creep.Together().High
	}
	return pr.law(s) + analyse.Leaving(pr.result, s) + int64(float64(s.Workers)*steepest*life)
}

// warm is how many requests a worker serves that is not replaced: as many as the measured one had, within reason.
func (pr *prover) warm() int64 { return min(max(pr.result.Worker.Requests, coldest), analyse.Warmest) }

// clients are as many a thread as the measured peak had. Of workers that are sized for the requests at once at which memory
// stops growing, each gets as many, though connections come unevenly: more don't take more.
func (pr *prover) clients(s calibrate.Shape) int {
	atOnce, crowd := analyse.AtOnce(pr.result)
	clients := s.Workers * atOnce
	if crowd > 0 {
		clients *= 2
	}
	if measured := pr.result.Target.Threads; s.Threads > 0 && measured > 0 {
		clients = clients * s.Threads / measured
	}
	if limit := analyse.Bound(pr.result.Target); limit > 0 {
		clients = min(clients, limit) // connections come to the workers unevenly: one may get them all
	}
	return min(max(clients, 1), mostLoaded)
}

// enforced says whether the kernel holds a trial to its limit.
func (pr *prover) enforced() bool { return pr.asked.NoLimit == "" }

// creepSeen is the creep up to the first worker's end, nil where that was too soon to tell.
func (t *tryout) creepSeen() *calibrate.CreepSeen {
	samples := t.watch.taken(0)
	for i, s := range samples {
		if s.Generation != samples[0].Generation {
			samples = samples[:i]
			break
		}
	}
	if c := analyse.CreepSeen(samples); c != nil && c.Verdict != calibrate.Inconclusive {
		return c
	}
	return nil
}
