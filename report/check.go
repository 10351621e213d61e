package report

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Check is the page of a run held to limits. If all of it holds, it is one line, unless more is wanted; a page that is kept has all
// of it.
func Check(c calibrate.Check, r calibrate.Result, verbose bool) Document {
	d := Document{Title: "Check of", Subject: subjectOf(r.Target), Data: c, Export: exportOfCheck(c, r)}
	full := slices.Concat(readingNote(r), undoneNote(c), []Block{checkAnswer(c, r)}, checkSections(c), leaks(c, r))
	if c.ExitCode != 0 || verbose {
		d.Blocks = full
		return d
	}
	d.Blocks = []Block{Only{AtTerminal, []Block{Note{Text: "ok: " + checkLine(c), Mark: Good}}}, Only{OfPage, full}}
	return d
}

// undoneNote says what a run lacks that was cut short after the one worker was measured.
func undoneNote(c calibrate.Check) []Block {
	if c.Untrusted || len(c.Undone) == 0 {
		return nil
	}
	return []Block{Note{Lead: "PARTIAL RUN", Text: "it " + cutBefore(c) + ": what follows from that is not judged.", Mark: Doubtful}}
}

func cutBefore(c calibrate.Check) string {
	return "was cut short before " + strings.Join(c.Undone, ", ")
}

// fitOpen is why nobody knows whether anything fits.
func fitOpen(c calibrate.Check) string {
	return "the run " + cutBefore(c) + ", and by what was measured nothing fits"
}

// leaks are the routes alone, if the run creeps and isn't accepted: which of them it is.
func leaks(c calibrate.Check, r calibrate.Result) []Block {
	if c.ExitCode == 0 || r.Creep.Verdict != calibrate.Creeping {
		return nil
	}
	return routesSection(r)
}

// finding is one thing that a check judged, in a sentence that its lead makes whole.
type finding struct {
	Case
	lead    string // "worker was "
	verdict calibrate.LimitVerdict
}

// findings are all that a check judged, in order.
func findings(c calibrate.Check) []finding {
	var all []finding
	add := func(name, says, lead string, v calibrate.LimitVerdict, result CaseResult) {
		all = append(all, finding{Case{name, result, says}, lead, v})
	}
	if d := c.Deployed; d != nil {
		add("deployed memory", deployedMemory(*d), "", d.Memory.Verdict, caseOf(d.Memory.Verdict, false))
		if d.Rate != nil {
			add("deployed rate", deployedRate(*d), "", d.Rate.Verdict, caseOf(d.Rate.Verdict, false))
		}
		if d.P99 != nil {
			add("deployed p99", deployedP99(*d), "", d.P99.Verdict, caseOf(d.P99.Verdict, false))
		}
	}
	for _, j := range c.Limits {
		result, verdict := caseOf(j.Verdict, j.Limit.Relative()), j.Verdict
		if j.Ignored != nil {
			result, verdict = CaseUnclear, ""
		}
		add(j.Limit.String(), limitSentence(j, c), j.Limit.Name+" was ", verdict, result)
	}
	return all
}

func caseOf(v calibrate.LimitVerdict, relative bool) CaseResult {
	switch {
	case v == calibrate.LimitWithin:
		return CaseHeld
	case v == calibrate.LimitExceeded && relative:
		return CaseRegressed
	case v == calibrate.LimitExceeded:
		return CaseExceeded
	}
	return CaseUnclear
}

// checkLine is all that is to be said of a check that holds, in a line.
func checkLine(c calibrate.Check) string {
	var parts []string
	met, ignored := 0, 0
	for _, j := range c.Limits {
		if j.Ignored != nil {
			ignored++
		} else {
			met++
		}
	}
	if len(c.Limits) > 0 {
		parts = append(parts, say.Plural(met, "limit")+" met"+when(ignored > 0, ", %s ignored", say.Count(ignored)))
	}
	if d := c.Deployed; d != nil {
		parts = append(parts, d.Shape.String()+" take "+say.MB(*d.Memory.Value)+" of "+boundText(d.Memory)+", "+say.MB(d.LeftBytes())+" left")
	}
	if len(c.Undone) > 0 {
		parts = append(parts, "the run "+cutBefore(c))
	}
	return orElse(strings.Join(parts, "; "), "nothing was asked of this run")
}

func checkAnswer(c calibrate.Check, r calibrate.Result) Answer {
	is := func(v calibrate.LimitVerdict) func(finding) bool {
		return func(f finding) bool { return f.verdict == v }
	}
	switch c.ExitCode {
	case 0:
		return Answer{Mark: Good, Verdict: "OK", Why: checkLine(c)}
	case calibrate.KindNothingFits:
		if c.NoFit {
			return Answer{Mark: Bad, Verdict: "NOTHING FITS", Why: orElse(Refusal(r), "nothing that fits serves what is wanted")}
		}
		return Answer{Mark: Bad, Verdict: "DOES NOT FIT", Why: firstFinding(c, is(calibrate.LimitExceeded))}
	case calibrate.KindLimit:
		return Answer{Mark: Bad, Verdict: "LIMIT EXCEEDED", Why: firstFinding(c, func(f finding) bool { return f.Result == CaseExceeded })}
	case calibrate.KindRegression:
		return Answer{Mark: Bad, Verdict: "REGRESSION", Why: firstFinding(c, func(f finding) bool { return f.Result == CaseRegressed })}
	}
	why := orElse(firstFinding(c, is(calibrate.LimitTooClose)), firstFinding(c, is(calibrate.LimitNoData)))
	if c.Untrusted {
		why = orElse(Withheld(r), "the run was cut short by: "+interruptedBy(r.Interrupted))
	} else if c.FitOpen {
		why = orElse(why, fitOpen(c))
	}
	return Answer{Mark: Doubtful, Verdict: "INCONCLUSIVE", Why: why}
}

func firstFinding(c calibrate.Check, which func(finding) bool) string {
	all := findings(c)
	i := slices.IndexFunc(all, which)
	if i < 0 {
		return ""
	}
	return all[i].lead + all[i].Says
}

func checkSections(c calibrate.Check) []Block {
	blocks := section(Heading{Name: "Limits"}, limitBlocks(c)...)
	if c.Deployed != nil {
		blocks = append(blocks, section(Heading{Name: "Deployed"}, Facts{Rows: deployedFacts(*c.Deployed)})...)
	}
	if c.Baseline != nil && len(c.Baseline.Differs) > 0 {
		blocks = append(blocks, section(Heading{"Measured otherwise than the baseline", c.Baseline.Run}, Facts{Rows: differences(c.Baseline.Differs)})...)
	}
	if len(c.Expired) > 0 {
		blocks = append(blocks, section(Heading{Name: "Ignored no more"}, Facts{Rows: expiredFacts(c.Expired)})...)
	}
	if len(c.Noise) > 0 {
		blocks = append(blocks, section(Heading{Name: "Noise"}, Facts{Rows: noiseFacts(c.Noise)})...)
	}
	return blocks
}

// limitBlocks are the limits, and a sentence on each that isn't met.
func limitBlocks(c calibrate.Check) []Block {
	if len(c.Limits) == 0 {
		return nil
	}
	table := Table{Columns: []Column{{Head: "limit", Left: true, Keep: 9}, {Head: "measured", Left: true, Keep: 7}, {Head: "bound", Left: true, Keep: 1}, {Head: "baseline", Left: true, Keep: 2}, {Head: "verdict", Left: true, Keep: 8}}}
	var open []Fact
	for _, j := range c.Limits {
		m := j.Limit.Metric()
		table.Rows = append(table.Rows, Row{Cells: []string{j.Limit.String(), bare(m.Say(j.Reading)), bare(boundText(j.Bounded)), bare(was(j)), verdictWord(j)}})
		if j.Verdict != calibrate.LimitWithin {
			open = append(open, Fact{Name: m.Name, Text: limitSentence(j, c), Mark: limitMark(j)})
		}
	}
	blocks := []Block{table.without(func(col Column) bool {
		return col.Head == "baseline" && !slices.ContainsFunc(c.Limits, func(j calibrate.Judged) bool { return j.Was != nil })
	})}
	if len(open) > 0 {
		blocks = append(blocks, Facts{Rows: open})
	}
	return blocks
}

func boundText(b calibrate.Bounded) string {
	if b.Bound == nil {
		return "-"
	}
	return b.Unit.Say(*b.Bound)
}

func was(j calibrate.Judged) string {
	if j.Was == nil {
		return "-"
	}
	return j.Unit.Say(*j.Was.Value)
}

func verdictWord(j calibrate.Judged) string {
	if j.Ignored != nil {
		return "ignored"
	}
	return strings.ReplaceAll(string(j.Verdict), "-", " ")
}

func limitMark(j calibrate.Judged) Mark {
	if j.Ignored != nil {
		return Plain
	}
	return markOf(j.Verdict)
}

func markOf(v calibrate.LimitVerdict) Mark {
	switch v {
	case calibrate.LimitExceeded:
		return Bad
	case calibrate.LimitWithin:
		return Plain
	}
	return Doubtful
}

// limitSentence says what became of a limit: "limited to 150 MB but measured 162 MB (160 to 164 MB)".
func limitSentence(j calibrate.Judged, c calibrate.Check) string {
	measured := j.Limit.Metric().Say(j.Reading)
	limited := "limited to "
	if j.Limit.Least {
		limited = "to be at least "
	}
	if j.Bound == nil {
		limited += j.Limit.Amounts()
	} else {
		limited += boundText(j.Bounded)
	}
	if j.Was != nil {
		limited += " (" + j.Limit.Amounts() + " of the baseline's " + was(j) + ")"
	}
	excuse := ""
	if i := j.Ignored; i != nil {
		excuse = "; ignored until " + i.Until + ": " + i.Reason
	}
	return limited + outcomeOf(j, c, measured) + excuse
}

func outcomeOf(j calibrate.Judged, c calibrate.Check, measured string) string {
	switch j.Verdict {
	case calibrate.LimitExceeded:
		return " but measured " + measured
	case calibrate.LimitWithin:
		return ", and measured " + measured
	case calibrate.LimitTooClose:
		return ", and measured " + measured + ": " + orElse(limitReason(j.Bounded, c), "too close to tell")
	}
	return ": " + limitReason(j.Bounded, c)
}

// limitReason is why there is no other verdict, and what to try.
func limitReason(b calibrate.Bounded, c calibrate.Check) string {
	switch b.Reason {
	case calibrate.LimitNotMeasured:
		return "not measured by this run"
	case calibrate.LimitUntrusted:
		return "not judged, since the run can't be relied on"
	case calibrate.LimitCutShort:
		return "not judged, since the run " + cutBefore(c) + "; measure again"
	case calibrate.LimitUnsettled:
		return "whether memory creeps isn't known yet; measure longer"
	case calibrate.LimitNoise:
		return "not judged, since " + NoiseSentence(c.Noise)
	case calibrate.LimitNoBaseline:
		return "there is no baseline; --update-baseline writes one"
	case calibrate.LimitNotInBaseline:
		return "the baseline has no such figure; --update-baseline writes it anew, of a quiet run that knows whether memory creeps"
	case calibrate.LimitOtherPrint:
		return "not compared, since the baseline was measured otherwise; --update-baseline writes it anew"
	}
	return ""
}

func expiredFacts(all []calibrate.Ignore) []Fact {
	var facts []Fact
	for _, i := range all {
		facts = append(facts, Fact{Name: i.Metric, Text: "its last day was " + i.Until + ": " + i.Reason, Mark: Doubtful})
	}
	return facts
}

func differences(all []calibrate.Difference) []Fact {
	var facts []Fact
	for _, d := range all {
		var spoilt []string
		for _, g := range d.Spoils {
			if word := groundWords[g]; word != "" {
				spoilt = append(spoilt, word)
			}
		}
		of, what := "", orElse(strings.Join(spoilt, ", "), "what so many workers serve")
		switch d.Field {
		case "rules":
			of = "of calibrate's analysis: "
		case "swept":
			of, what = "shapes that were run: ", "what those serve that only one of them has"
		}
		facts = append(facts, Fact{Name: strings.ReplaceAll(d.Field, "_", " "), Text: of + "it was " + d.Baseline + " and is " + d.Run + ": no comparison of " + what, Mark: Doubtful})
	}
	return facts
}

var groundWords = map[calibrate.Ground]string{
	calibrate.GroundMemory: "memory", calibrate.GroundCPU: "CPU time", calibrate.GroundTimes: "times and rates", // GroundServed goes with it
	calibrate.GroundErrors: "errors", calibrate.GroundAnswers: "recommendations",
}

// deployedMemory is whether what is deployed fits.
func deployedMemory(d calibrate.Deployed) string {
	what := d.Shape.String()
	if d.MaxRequests > 0 {
		what += ", replaced after " + when(d.Jitter > 0, "%s to ", say.Count(d.MaxRequests)) + say.Plural(d.MaxRequests+d.Jitter, "request") + ","
	}
	budget := boundText(d.Memory)
	if !d.Memory.Known() {
		return what + ": what they take isn't known, since the run can't vouch for so many threads"
	}
	s := what + " take " + calibrate.Metric{Unit: calibrate.UnitBytes}.Say(d.Memory.Reading) + " of " + budget
	left := d.LeftBytes()
	switch {
	case d.Memory.Verdict == calibrate.LimitNoData:
		return s + notJudged(d.Memory)
	case d.Memory.Reason == calibrate.LimitUnsettled:
		return s + ": whether memory creeps isn't known yet; measure longer"
	case d.Memory.Verdict == calibrate.LimitTooClose:
		return s + ": too close to tell"
	case d.FullSeconds > 0:
		return what + " fill " + budget + " within " + say.Seconds(d.FullSeconds) + ", for they creep, and nothing replaces them"
	case left < 0:
		return s + ": " + say.MBUp(-left) + " too much"
	}
	return s + ", " + say.MB(left) + " left"
}

// grows is what becomes of workers that creep and that nothing replaces.
func grows(d calibrate.Deployed) string {
	reach := when(d.FullSeconds > 0 && d.Memory.Known(), ": to %s", calibrate.Metric{Unit: calibrate.UnitBytes}.Say(d.Memory.Reading))
	return "nothing replaces the workers, so they grow for " + say.Seconds(d.GrowsSeconds) + ", until the whole server is started anew" + reach + "; --max-requests bounds that"
}

func deployedRate(d calibrate.Deployed) string {
	wanted := say.RequestRate(d.WantedRate)
	if !d.Rate.Known() {
		return wanted + " wanted: what they serve isn't known"
	}
	s := "they serve " + say.RequestRate(*d.Rate.Value) + " at most, of which " + wanted + " is " + say.Percent(d.WantedRate / *d.Rate.Value)
	switch d.Rate.Verdict {
	case calibrate.LimitExceeded:
		return s + ", more than the " + say.Percent(calibrate.MostUsed) + " that production may ask of them"
	case calibrate.LimitTooClose:
		if *d.Rate.Value >= *d.Rate.Bound && d.Rate.Low != nil {
			return s + ": too close to tell, for they may serve no more than " + say.RequestRate(*d.Rate.Low)
		}
		return s + ": too close to the " + say.Percent(calibrate.MostUsed) + " that production may ask of them to tell"
	case calibrate.LimitNoData:
		return s + notJudged(*d.Rate)
	}
	return s
}

func notJudged(b calibrate.Bounded) string {
	if b.Reason == calibrate.LimitCutShort {
		return ": not judged, since the run was cut short before other shapes were measured"
	}
	return ": not judged, since the run can't be relied on"
}

func deployedP99(d calibrate.Deployed) string {
	wanted := "p99 within " + boundText(*d.P99) + " wanted"
	if !d.P99.Known() {
		return wanted + ": at this rate it isn't known"
	}
	return wanted + ", and " + calibrate.Metric{Unit: calibrate.UnitSeconds}.Say(d.P99.Reading) + " computed" + when(d.P99.Verdict == calibrate.LimitNoData, ": not judged") +
		when(d.P99.Verdict == calibrate.LimitTooClose, ": too close to tell")
}

func deployedFacts(d calibrate.Deployed) []Fact {
	facts := []Fact{{Name: "memory", Text: deployedMemory(d), Mark: markOf(d.Memory.Verdict)}}
	if d.GrowsSeconds > 0 {
		facts = append(facts, fact("creep", grows(d)))
	}
	switch {
	case d.Rate != nil:
		facts = append(facts, Fact{Name: "rate", Text: deployedRate(d), Mark: markOf(d.Rate.Verdict)})
	case d.Serves.Known():
		facts = append(facts, fact("rate", "they serve "+say.RequestRate(*d.Serves.Value)+" at most"))
	}
	if d.P99 != nil {
		facts = append(facts, Fact{Name: "p99", Text: deployedP99(d), Mark: markOf(d.P99.Verdict)})
	}
	return facts
}
