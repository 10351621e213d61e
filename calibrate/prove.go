package calibrate

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"workermem/calibrate/creep"
)

// ProofPlan is what a proof is asked to do.
type ProofPlan struct {
	Setup                   // what is to be proved
	Tolerance float64       // share of the expected memory by which the observed may be off
	OneMore   bool          // try one worker more, too
	Formulas  bool          // and what the field's rules would choose
	Limit     time.Duration // of each trial
	NoLimit   string        // why no real memory limit can be set, "" where it can: calibrate watches it instead
}

// Proof is what became of a recommendation that was really run.
type Proof struct {
	Of        string  `json:"of"` // the run whose recommendation it is
	Tolerance float64 `json:"tolerance"`
	Limit     string  `json:"limit_held_by"` // LimitByKernel, or why calibrate watches it itself
	Trials    []Trial `json:"trials"`        // the first is the recommendation's
	Verdict   string  `json:"verdict"`
	Reason    string  `json:"reason"`
	Complete  bool    `json:"complete"`
}

// LimitByKernel is a memory limit on the app's own control group.
const LimitByKernel = "kernel"

// The verdicts of a proof.
const (
	ProofHolds        = "holds"
	ProofOff          = "off"          // beyond the tolerance
	ProofKilled       = "killed"       // for memory
	ProofInconclusive = "inconclusive" // not enough was seen
)

// Outcome is how a proof is to be taken: 0, or the kind of failure that it amounts to.
func (p Proof) Outcome() Kind {
	switch p.Verdict {
	case ProofHolds:
		return 0
	case ProofKilled:
		return KindApp
	}
	return KindInconclusive
}

const (
	livesToSee = 2    // how often each worker is replaced, on average
	coldest    = 1000 // requests a worker where none is replaced: its heap has settled by then
	warmest    = 6000 // after which a forked Python worker has the last of its master's pages copied (4500 were seen)
	mostTried  = 64   // workers; a rule that asks for more is answered by the law
	mostLoaded = 512  // clients
)

// prover is one proof under way.
type prover struct {
	plan    ProofPlan
	rig     Rig
	result  Result
	started time.Time
}

// Prove runs a result's recommendation under a memory limit, and holds what it takes against the law. The
// result it returns is the one given with another id and a proof, and saved. Its error is a *Failure: why the proof ended
// early. A proof that fails is no error: see Proof.Outcome.
func Prove(ctx context.Context, p ProofPlan, rig Rig, id string, measured Result) (Result, error) {
	pr := &prover{plan: p, rig: rig, result: measured, started: time.Now()}
	pr.result.ID = id
	pr.result.Proof = &Proof{Of: measured.ID, Tolerance: p.Tolerance, Limit: LimitByKernel, Trials: []Trial{}, Verdict: ProofInconclusive}
	if p.NoLimit != "" {
		pr.result.Proof.Limit = p.NoLimit
	}
	err := pr.prove(ctx)
	pr.result.Proof.Complete = err == nil
	if err != nil {
		pr.result.Proof.Reason = RedactText(err.Error())
	}
	if saved := rig.Journal.Save(pr.result); saved != nil && err == nil {
		err = journalFailure(saved)
	}
	return pr.result, err
}

func (pr *prover) prove(ctx context.Context) error {
	proof := pr.result.Proof
	for _, next := range pr.trials() {
		trial, err := pr.tryOrSkip(ctx, next)
		if err != nil {
			return pr.explain(ctx, err)
		}
		proof.Trials = append(proof.Trials, trial)
		if next.proved {
			proof.Verdict, proof.Reason = judgeTrial(trial, proof.Tolerance)
		}
		if err := pr.rig.Journal.Save(pr.result); err != nil {
			return journalFailure(err)
		}
	}
	return nil
}

// named is a setup and what it stands for.
type named struct {
	name   string
	proved bool // it is the one that the verdict is on
	Setup
}

// trials are the recommendation, and beside it what the plan asks for, each setup once.
func (pr *prover) trials() []named {
	all := []named{{"recommended", true, pr.plan.Setup}}
	if pr.plan.OneMore {
		more := pr.plan.Setup
		more.Workers++
		all = append(all, named{"one more", false, more})
	}
	if !pr.plan.Formulas {
		return all
	}
	for _, f := range pr.result.Formulas {
		s := pr.plan.Setup
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

func (pr *prover) tryOrSkip(ctx context.Context, n named) (Trial, error) {
	if n.Workers > mostTried {
		return Trial{
			Name: n.name, Workers: n.Workers, Threads: n.Threads, LimitBytes: n.MemoryLimit, MostBytes: pr.most(n.Setup), Errors: []ErrorCount{},
			Failed: fmt.Sprintf("not run: it is more than %d workers", mostTried),
		}, nil
	}
	return pr.try(ctx, n)
}

// judgeTrial says whether the law held.
func judgeTrial(t Trial, tolerance float64) (verdict, reason string) {
	off := t.Off()
	switch {
	case t.OOMKills > 0:
		return ProofKilled, fmt.Sprintf("the kernel killed for memory at the limit of %s", sayMB(t.LimitBytes))
	case t.EndedBecause == errOverLimit.Error():
		return ProofKilled, fmt.Sprintf("it took %s of a limit of %s, which nothing but calibrate holds here", sayMB(t.PeakBytes), sayMB(t.LimitBytes))
	case t.Failed != "":
		return ProofInconclusive, t.Failed
	case float64(t.Succeeded) < leastSuccess*float64(t.Requests):
		return ProofInconclusive, tooManyFailed(t.Requests, t.Succeeded)
	case t.ObservedBytes == 0:
		return ProofInconclusive, "the memory of its processes could not be read"
	case float64(t.PeakBytes) > (1+tolerance)*float64(t.MostBytes):
		return ProofOff, fmt.Sprintf("it took %s, more than the %s of all workers at the end of their lives", sayMB(t.PeakBytes), sayMB(t.MostBytes))
	case math.Abs(off) > tolerance:
		return ProofOff, fmt.Sprintf("%s, where %.4g %% are allowed", t.compared(), 100*tolerance)
	}
	return ProofHolds, t.compared()
}

func (t Trial) compared() string {
	when := ""
	if t.Recycles > 0 {
		when = ", up to the first worker's replacement"
	}
	return fmt.Sprintf("%s expected for the requests served, %s observed (%+.1f %%)%s", sayMB(t.ExpectedBytes), sayMB(t.ObservedBytes), 100*t.Off(), when)
}

// Off is by which share the observed memory is above the expected.
func (t Trial) Off() float64 {
	if t.ExpectedBytes == 0 || t.ObservedBytes == 0 {
		return 0
	}
	return float64(t.ObservedBytes-t.ExpectedBytes) / float64(t.ExpectedBytes)
}

// expected is what the law has for a setup after so many requests, whichever of its workers served them.
func (pr *prover) expected(s Setup, answered int64) int64 {
	served := float64(answered) / float64(max(s.Workers, 1))
	warm := pr.result.Law.at(s.Workers, max(s.Threads, 1)) - coldness(pr.result, s.Workers, served)
	return warm + int64(slope(pr.result)*float64(answered))
}

// most is what the law has for a setup whose workers are all at the end of their lives, by the creep's upper bound.
func (pr *prover) most(s Setup) int64 {
	life := float64(s.MaxRequests + s.Jitter)
	steepest := slope(pr.result)
	if high := pr.result.Creep.High; steepest > 0 && high != nil {
		steepest = *high
	}
	return pr.result.Law.at(s.Workers, max(s.Threads, 1)) + int64(float64(s.Workers)*steepest*life)
}

// warm is how many requests a worker serves that is not replaced: as many as the measured one had, within reason.
func (pr *prover) warm() int64 { return min(max(pr.result.Worker.Requests, coldest), warmest) }

// clients are as many a thread as the measured peak had.
func (pr *prover) clients(s Shape) int {
	clients := s.Workers * peakClients(pr.result)
	if measured := pr.result.Target.Threads; s.Threads > 0 && measured > 0 {
		clients = clients * s.Threads / measured
	}
	return min(max(clients, 1), mostLoaded)
}

// enforced says whether the kernel holds a trial to its limit.
func (pr *prover) enforced() bool { return pr.plan.NoLimit == "" }

func (pr *prover) show(waiting string) {
	if pr.rig.Progress != nil {
		pr.rig.Progress(Status{Phase: PhaseTrial, Elapsed: time.Since(pr.started), Requests: pr.rig.answered(), Waiting: waiting})
	}
}

// explain makes a *Failure of whatever ended a proof.
func (pr *prover) explain(ctx context.Context, err error) error {
	r := &run{phase: PhaseTrial}
	return r.explain(ctx, err)
}

// creepSeen is the creep up to the first worker's end.
func (t *tryout) creepSeen() *TrialCreep {
	samples := t.watch.taken(0)
	e := creep.Analyse(Points(samples), lastRSS(samples))
	if !e.Known || strings.HasPrefix(string(e.Verdict), "inconclusive") {
		return nil
	}
	return &TrialCreep{Verdict: string(e.Verdict), BytesPerRequest: e.Slope, Low: e.Low, High: e.High}
}
