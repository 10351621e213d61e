package analyse

import "workermem/calibrate"

// Load reads a saved run as today's rules have it ([Today]).
func Load(path string) (calibrate.Result, error) {
	m, err := calibrate.LoadFolder(path)
	if err != nil {
		return calibrate.Result{}, err
	}
	return Today(m), nil
}

// Today is the result as today's rules have it: analysed from the journals, if they are there. A run that was cut short was
// never analysed, one of other rules would be told otherwise today, and any other comes to what it came to. A page has no
// journals, and is what the run came to when it was made. The journals of a proof are not those of its run. A result of an
// older schema without journals is sized again, because its reasons are made of figures that it lacks: its recommendation is
// by today's rules, and its analysis by those of tool.rules.
func Today(m calibrate.Measured) calibrate.Result {
	r, from := m.Result, m.From
	switch {
	case r.Complete && from.Rules > calibrate.Rules:
		from.How = calibrate.ReadNewer
	case m.Short:
		from.How = calibrate.ReadShort
		if from.Schema != calibrate.Schema {
			r = judgedAnew(Resized(r))
		}
	case replayable(m):
		m.Result.Recommendation = calibrate.Recommendation{} // what another version held back for is found anew
		from.How, r = calibrate.ReadAgain, Analyse(m)
		r.Tool.Rules = calibrate.Rules
	case from.Schema != calibrate.Schema:
		from.How, r = calibrate.ReadSized, judgedAnew(Resized(r))
	case r.Origin != nil && r.Origin.How == calibrate.ReadSized: // and saved with a proof, so that it isn't of that schema any more
		from, r = *r.Origin, Resized(r)
	default:
		from.How = calibrate.ReadAsIs
	}
	if m.Short || from.Schema != calibrate.Schema || from.Rules != calibrate.Rules {
		r.Origin = &from
	}
	return r
}

// replayable says that a run can be analysed from what was read of it.
func replayable(m calibrate.Measured) bool {
	return m.Result.Proof == nil && !m.Paged && (len(m.Samples) > 0 || !m.Result.Complete)
}

// judgedAnew completes what an older schema had in words alone, and the figures tell.
func judgedAnew(r calibrate.Result) calibrate.Result {
	r.Triage = withShares(r.Triage, r.Creep)
	if p := r.Proof; p != nil && len(p.Trials) > 0 {
		judged := *p
		judged.Verdict, judged.Reason = Judge(p.Trials[0], p.Tolerance)
		r.Proof = &judged
	}
	return r
}
