package analyse

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/say"
)

// A quick run, and a soak that ended in time, are analysed more strictly than others, for they see less.

// estimatorOf is that of a run's own kind.
func estimatorOf(r calibrate.Result) estimator {
	switch {
	case r.Mode == calibrate.ModeAttach:
		return creep.Analyse
	case r.Plan.Quick:
		return creep.Brief
	case endedInTime(r):
		return creep.Scarce
	}
	return creep.Analyse
}

// endedInTime says that the soak of a slow app ended for the whole run to be over in time, not at the limit that others have, nor
// at one that the user gave.
func endedInTime(r calibrate.Result) bool {
	end := phaseOf(r, calibrate.PhaseSoak).Ended
	return r.Plan.SoakSeconds == 0 && end.By == calibrate.EndLimit && end.LimitSeconds > 0 && end.LimitSeconds < calibrate.DefaultSoak.Seconds()
}

// unlessBrief takes back the creep of a quick run that it can't answer for. What fills for a minute grows as steadily as a
// leak for some seconds: NiceGUI keeps 150 KB of every page for a minute, and its soak of 15 s had 212 requests. So a creep must
// be of many requests, and be seen to stand still without any.
func unlessBrief(c calibrate.Creep, r calibrate.Result) calibrate.Creep {
	if !r.Plan.Quick || c.Verdict != calibrate.Creeping {
		return c
	}
	soak := phaseOf(r, r.SteadyPhase())
	switch {
	case soak.Ended.By != calibrate.EndPrecision:
		c.Missing = &calibrate.Missing{Kind: calibrate.TooBrief, Requests: soak.Requests, NeededRequests: int(creep.QuickGoal().MinRequests)}
	case c.Rest == nil:
		c.Missing = &calibrate.Missing{Kind: calibrate.Unrested}
	case c.By == calibrate.ByBoth:
		c.Missing = &calibrate.Missing{Kind: calibrate.GrowsAlone}
	default:
		return c
	}
	c.Verdict = calibrate.Inconclusive
	return c
}

// WantsRest says that a rest may tell what the growth of a soak was.
func WantsRest(c calibrate.Creep) bool {
	return c.Verdict == calibrate.Creeping || c.Missing != nil && c.Missing.Kind == calibrate.Unrested
}

func phaseOf(r calibrate.Result, name string) calibrate.Phase {
	for _, p := range slices.Backward(r.Phases) { // the last, if it began again
		if p.Name == name {
			return p
		}
	}
	return calibrate.Phase{}
}

// leftOut is what a whole quick run did not measure, where another would have.
func leftOut(r calibrate.Result) []calibrate.LeftOut {
	if !r.Plan.Quick || !r.Complete {
		return nil
	}
	var left []calibrate.LeftOut
	add := func(is bool, what calibrate.LeftOut) {
		if is {
			left = append(left, what)
		}
	}
	ran := func(other func(calibrate.LawRun) bool) bool { return slices.ContainsFunc(r.Law.Runs, other) }
	add(r.Creep.Missing != nil && r.Creep.Missing.Kind == calibrate.Unrested, calibrate.LeftRest)
	add(r.Target.CanScale && !ran(func(run calibrate.LawRun) bool { return run.Workers > 1 }), calibrate.LeftSecondWorker)
	add(r.Target.HasThreads && !ran(func(run calibrate.LawRun) bool { return run.Threads != r.Target.Threads }), calibrate.LeftThreads)
	add(atOnceUnknown(r), calibrate.LeftAtOnce)
	return left
}

var leftWords = map[calibrate.LeftOut]string{
	calibrate.LeftRest:         "a rest without load",
	calibrate.LeftSecondWorker: "a second worker",
	calibrate.LeftThreads:      "other threads",
	calibrate.LeftAtOnce:       "more requests at once",
}

// quickDoubts are about what a quick run doesn't see.
func quickDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	var left []string
	for _, what := range leftOut(r) {
		left = append(left, leftWords[what])
	}
	computed := ""
	if len(left) > 0 {
		computed = "; left out: " + strings.Join(left, ", ") + "; what those need is computed, not checked"
	}
	add(r.Plan.Quick && r.Complete, "quick", "leave out --quick before you rely on max-requests",
		"a quick run sees only strong creep, and takes for creep what is kept for longer than its soak of %s, as a session is%s",
		say.Seconds(phaseOf(r, calibrate.PhaseSoak).Seconds), computed)
}
