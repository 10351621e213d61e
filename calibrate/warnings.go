package calibrate

import (
	"fmt"
	"slices"

	"workermem/calibrate/creep"
)

// warnings adds to what was noted during the run what the figures themselves give reason to doubt. Each has a code
// to silence it by, and the next thing to try. A run analysed again keeps one warning a code.
func warnings(r Result) []Warning {
	all := slices.Clone(r.Warnings)
	for _, w := range doubts(r) {
		if !slices.ContainsFunc(all, func(have Warning) bool { return have.Code == w.Code }) {
			all = append(all, w)
		}
	}
	if all == nil {
		all = []Warning{}
	}
	return all
}

func doubts(r Result) []Warning {
	var all []Warning
	add := func(doubtful bool, code, try, format string, args ...any) {
		if doubtful {
			all = append(all, Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
		}
	}
	requests, succeeded := traffic(r)
	add(requests > succeeded, "errors", "look at app.log in the run's folder",
		"%d of %d requests failed%s", requests-succeeded, requests, classes(r.Load.Errors))
	add(r.Load.RateAsked > 0 && r.Load.RateSent > 0 && r.Load.RateSent < 0.9*r.Load.RateAsked, "rate-not-reached",
		"lower --rate; the memory figures hold, the latencies don't",
		"%.0f requests/s were asked for and %.0f could be sent", r.Load.RateAsked, r.Load.RateSent)
	add(r.Plan.Quick && r.Complete, "quick", "leave out --quick before you rely on max-requests",
		"a quick run sees only strong creep")
	add(r.Complete && unsettled(r.Creep), "no-verdict", "run longer: --duration 5m, or more requests a second",
		"whether memory creeps is not known yet: %s", r.Creep.Missing)
	add(r.Complete && r.Creep.Verdict == string(creep.Creeping) && !r.Target.CanRecycle, "cannot-recycle",
		"recycle it from outside (a supervisor's memory limit), or mend the leak",
		"the worker's memory creeps, and %s has no request limit that calibrate knows of", r.Target.Server)
	for _, p := range r.Phases {
		add(len(p.EndedBecause) > 7 && p.EndedBecause[:7] == "memory:", "memory-guard",
			"give the app less load, or this machine more memory", "phase %s was ended early for %s", p.Name, p.EndedBecause)
	}
	return all
}

func classes(errors []ErrorCount) string {
	if len(errors) == 0 {
		return ""
	}
	text := " ("
	for i, e := range errors {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %d", e.Class, e.Count)
	}
	return text + ")"
}

func unsettled(c Creep) bool {
	return c.Verdict == string(creep.Inconclusive) || c.Verdict == string(creep.Warming)
}

// Outcome is how a run that was measured to its end is to be taken: 0, or the kind of failure that it amounts to.
// Not enough evidence is never a pass.
func (r Result) Outcome() Kind {
	switch {
	case r.Recommendation.Withheld != "" || unsettled(r.Creep):
		return KindInconclusive
	case r.Recommendation.NothingFits:
		return KindNothingFits
	}
	return 0
}
