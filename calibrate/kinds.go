package calibrate

import (
	"fmt"
	"slices"
)

// unknownKind names a kind in a result that this version doesn't know, "" where there is none.
func (r Result) unknownKind() string {
	rec := r.Recommendation
	odd := []string{
		oneOf("mode", r.Mode, "", ModeRun, ModeAttach),
		oneOf("creep.verdict", r.Creep.Verdict, "", Flat, Creeping, Warming, Inconclusive),
		oneOf("creep.by", r.Creep.By, "", ByRequest, ByTime, ByBoth),
		oneOf("law.basis", r.Law.Basis, "", BasisGiven, BasisMeasured, BasisComputed),
		oneOf("target.worker_rule.kind", r.Target.WorkerRule.Kind, "", RuleTitle, RuleChild, RuleAlone, RuleCPU, RuleSocket, RuleGuess),
		oneOf("worker.marginal_source", r.Worker.MarginalSource, "", MarginalRSS, MarginalDirty, MarginalMean, MarginalSecond),
		oneOf("recommendation.budget.source", rec.Budget.Source, "", MemoryGiven, MemoryLimit, MemoryTotal),
		oneOf("recommendation.recycling.kind", rec.Recycling.Kind, "", RecyclingNeeded, RecyclingOff, RecyclingCannot, RecyclingByTime, RecyclingUnknown),
		interruptionKind("interrupted", r.Interrupted),
	}
	if m := r.Creep.Missing; m != nil {
		odd = append(odd, oneOf("creep.missing.kind", m.Kind, FewRequests, FewReadings, Uneven, Slowing, Quickening, Wide, Returned))
	}
	if w := rec.Withheld; w != nil {
		odd = append(odd, oneOf("recommendation.withheld.kind", w.Kind, "", WithheldPartial, WithheldWorkers, WithheldReplaced, WithheldRequests,
			WithheldErrors, WithheldLogin, WithheldSeconds, WithheldGrowth))
	}
	for _, c := range r.Candidates {
		odd = append(odd, oneOf("candidates.bound_by", c.BoundBy, "", BoundPrice, BoundMemory, BoundMaximum, BoundCPU),
			oneOf("candidates.basis", c.Basis, "", BasisGiven, BasisMeasured, BasisComputed))
	}
	for _, p := range r.Phases {
		odd = append(odd, endKind("phases.ended.by", p.Ended))
	}
	return firstOf(append(odd, r.unknownKindBeside()...))
}

// unknownKindBeside looks at what ran beside the main app.
func (r Result) unknownKindBeside() (odd []string) {
	if r.Routes != nil {
		for _, run := range r.Routes.Runs {
			odd = append(odd, endKind("routes.runs.ended.by", run.Ended), missKind("routes.runs.failed.kind", run.Failed))
		}
	}
	if t := r.Triage; t != nil {
		odd = append(odd, oneOf("triage.verdict", t.Verdict, "", TriageApp, TriageAllocator, TriageThreads, TriageUnclear),
			oneOf("triage.reason.kind", t.Reason.Kind, "", TriageGoes, TriageStays, TriageNoAllocator, TriageWide, TriageIncomparable, TriageCut, TriageNoCreep))
		for _, run := range t.Runs {
			odd = append(odd, endKind("triage.runs.ended.by", run.Ended), missKind("triage.runs.failed.kind", run.Failed))
		}
	}
	if r.Sweep != nil {
		for _, run := range r.Sweep.Runs {
			odd = append(odd, missKind("sweep.runs.failed.kind", run.Failed))
		}
	}
	if p := r.Proof; p != nil {
		odd = append(odd, oneOf("proof.verdict", p.Verdict, ProofHolds, ProofOff, ProofKilled, ProofOverLimit, ProofInconclusive),
			oneOf("proof.reason", p.Reason, "", ProofNotRun, ProofNear, ProofFar, ProofAboveMost, ProofKill, ProofTooMuch, ProofFailed, ProofUnbidden,
				ProofEarly, ProofErrors, ProofUnreadable),
			oneOf("proof.limit_held_by", p.Limit, "", LimitByKernel, LimitByCalibrate), interruptionKind("proof.interrupted", p.Interrupted))
		for _, t := range p.Trials {
			odd = append(odd, endKind("proof.trials.ended.by", t.Ended), missKind("proof.trials.failed.kind", t.Failed))
		}
	}
	return odd
}

func endKind(key string, e End) string {
	return oneOf(key, e.By, "", EndAnswer, EndSeen, EndPrecision, EndRequests, EndDuration, EndLimit, EndMemory, EndCut, EndApp, EndKilled, EndOverLimit, EndOther)
}

func missKind(key string, m *Miss) string {
	if m == nil {
		return ""
	}
	return oneOf(key, m.Kind, MissTooLarge, MissTooMany, MissTooBusy, MissNotHad, MissNotStarted, MissWorkers, MissErrors, MissFew, MissMemory, MissUnreadable, MissEnded,
		MissLimit, MissCut, MissOther)
}

func interruptionKind(key string, i *Interruption) string {
	if i == nil {
		return ""
	}
	return oneOf(key+".kind", i.Kind, "", InterruptedByUser, InterruptedByApp, InterruptedByLoad, InterruptedByTool, InterruptedByKill, NotInterrupted)
}

// oneOf is "" where a value is one of those that are known.
func oneOf[K ~string](key string, value K, known ...K) string {
	if slices.Contains(known, value) {
		return ""
	}
	return fmt.Sprintf("%s is %q", key, value)
}

func firstOf(odd []string) string {
	for _, s := range odd {
		if s != "" {
			return s
		}
	}
	return ""
}
