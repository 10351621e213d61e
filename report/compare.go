package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Compare is the page of two versions that were compared: one line on a terminal where nothing is beyond its limit, unless all is
// wanted.
func Compare(c calibrate.Comparison, verbose bool) Document {
	d := Document{Title: "Base and head of", Subject: cut(say.Shell(c.Head.Command...), 60), Data: c, Export: exportOfComparison(c)}
	brief := c.Verdict == calibrate.ComparePassed && !verbose
	whole := slices.Concat([]Block{compareAnswer(c), Facts{Brief: true, Rows: compareFacts(c)}, comparedTable(c)}, comparedCharts(c), compareNotes(c))
	if !brief {
		d.Blocks = whole
		return d
	}
	d.Blocks = []Block{Only{AtTerminal, []Block{Note{Text: passedLine(c), Mark: Good}}}, Only{OfPage, whole}}
	return d
}

// passedLine is all that a green job says.
func passedLine(c calibrate.Comparison) string {
	var parts []string
	for _, one := range c.Compared {
		if one.Limit != nil {
			parts = append(parts, one.Metric+" "+changeOf(one))
		}
	}
	return "no regression in " + say.Plural(len(c.Pairs), "pair") + when(c.DurationSeconds > 0, " (%s)", say.Seconds(c.DurationSeconds)) + ": " + orElse(strings.Join(parts, ", "), "nothing is limited") + flickered(c) + when(len(c.Ignored) > 0, "; ignored: %s", ignoredOf(c)) + doubted(c)
}

// doubted is what a run's warnings say of a version that passes, unless they are silenced.
func doubted(c calibrate.Comparison) (all string) {
	for _, w := range warningsOfRuns(c) {
		if !slices.Contains(c.Silenced, w.Code) {
			all += "; " + w.Text
		}
	}
	return all
}

// flickered names the limits that failed in a pair, and not in enough of them, and those of which a pair couldn't tell.
func flickered(c calibrate.Comparison) string {
	var failed, doubtful []string
	for _, one := range c.Compared {
		switch {
		case one.Limit == nil || one.Verdict != calibrate.LimitWithin:
		case one.Failed > 0:
			failed = append(failed, one.Metric+" "+inPairs(c, one.Failed))
		case one.Doubtful > 0:
			doubtful = append(doubtful, one.Metric+" "+inPairs(c, one.Doubtful))
		}
	}
	return when(len(failed) > 0, "; beyond its limit, and not often enough to count: %s", strings.Join(failed, ", ")) +
		when(len(doubtful) > 0, "; in doubt, and not in all together: %s", strings.Join(doubtful, ", "))
}

func inPairs(c calibrate.Comparison, n int) string {
	return fmt.Sprintf("in %s of %s", say.Count(n), say.Plural(len(c.Pairs), "pair"))
}

func ignoredOf(c calibrate.Comparison) string {
	var all []string
	for _, i := range c.Ignored {
		all = append(all, i.String())
	}
	return strings.Join(all, "; ")
}

func compareAnswer(c calibrate.Comparison) Answer {
	switch c.Verdict {
	case calibrate.CompareRegressed:
		return Answer{Verdict: "REGRESSION", Why: whyRegressed(c), Mark: Bad}
	case calibrate.ComparePassed:
		return Answer{Verdict: "NO REGRESSION", Why: "nothing is beyond its limit" + flickered(c), Mark: Good}
	case calibrate.CompareMeasured:
		return Answer{Verdict: "WITH ITSELF", Why: "this machine holds " + heldBySelf(c), Mark: Good}
	}
	why := slices.Concat(whyOpen(c), noisesOf(worstNoise(c)))
	if try := whatToTry(c); len(c.Pairs) > 0 && try != "" {
		why = append(why, try)
	}
	return Answer{Verdict: "INCONCLUSIVE", Why: orElse(strings.Join(why, "; "), "too little was measured"), Mark: Doubtful}
}

// whyRegressed is one limit in a sentence, and of several what they came to: the table has the rest.
func whyRegressed(c calibrate.Comparison) string {
	var all []calibrate.Compared
	var changes []string
	least := len(c.Pairs)
	for _, one := range c.Compared {
		if one.Limit != nil && one.Verdict == calibrate.LimitExceeded {
			all, changes, least = append(all, one), append(changes, one.Metric+" "+changeOf(one)), min(least, one.Failed)
		}
	}
	if len(all) == 1 {
		return all[0].Metric + " " + whyExceeded(c, all[0])
	}
	return strings.Join(changes, ", ") + ": beyond their limits" + when(c.Way == calibrate.CompareGate, " %s", inPairs(c, least))
}

// whyOpen says of each limit that leaves a comparison open how it came to that.
func whyOpen(c calibrate.Comparison) (all []string) {
	for _, one := range c.Compared {
		if one.Limit != nil && one.Verdict == calibrate.LimitTooClose {
			all = append(all, one.Metric+" may be beyond "+one.Limit.Amounts()+": "+measuredChange(one))
		}
	}
	return append(all, unjudged(c)...)
}

// unjudged are the limits that can't be judged, those for one reason together.
func unjudged(c calibrate.Comparison) (all []string) {
	var reasons []string
	names := map[string][]string{}
	for _, one := range c.Compared {
		if one.Limit == nil || one.Verdict != calibrate.LimitNoData {
			continue
		}
		why := whyNoData(c, one.Reason)
		if len(names[why]) == 0 {
			reasons = append(reasons, why)
		}
		names[why] = append(names[why], one.Metric)
	}
	for _, why := range reasons {
		all = append(all, strings.Join(names[why], ", ")+": "+why)
	}
	return all
}

func whyNoData(c calibrate.Comparison, r calibrate.LimitReason) string {
	switch r {
	case calibrate.LimitUntrusted:
		side, of := firstRun(c, func(of calibrate.OfVersion) bool { return of.Withheld != nil })
		return "not compared, since the " + string(side) + "'s run " + of.Folder + " can't be relied on: " + withheldOf(of)
	case calibrate.LimitUnserved:
		side, of := firstRun(c, func(of calibrate.OfVersion) bool { return of.Unserved != "" })
		return "not compared, since the " + string(side) + " didn't answer its requests of phase " + of.Unserved + " in time"
	case calibrate.LimitOtherPrint:
		return "not compared, since base and head were measured otherwise"
	case calibrate.LimitUnsettled:
		return "not compared, since of one run alone it is known whether memory creeps"
	case calibrate.LimitOtherRequests:
		return "not compared, since memory may creep, and one of both had served more requests"
	}
	return "not measured in every run"
}

// firstRun is the first of a comparison's runs of which something is so, and its side.
func firstRun(c calibrate.Comparison, is func(calibrate.OfVersion) bool) (calibrate.Side, calibrate.OfVersion) {
	for _, p := range c.Pairs {
		for _, side := range []calibrate.Side{calibrate.SideBase, calibrate.SideHead} {
			if of := *p.Of(side); is(of) {
				return side, of
			}
		}
	}
	return "", calibrate.OfVersion{}
}

// withheldOf is why nothing is compared with a run.
func withheldOf(of calibrate.OfVersion) string {
	if of.Withheld.Kind == calibrate.WithheldPartial {
		return "it is partial"
	}
	return Withheld(calibrate.Result{Recommendation: calibrate.Recommendation{Withheld: of.Withheld}})
}

// whatToTry is how an answer may be had; "" where the reason says so itself.
func whatToTry(c calibrate.Comparison) string {
	for _, one := range c.Compared {
		switch one.Reason {
		case calibrate.LimitUntrusted:
			return tryWithheld(c)
		case calibrate.LimitUnserved:
			return "give it fewer: --requests, or a lower --rate"
		case calibrate.LimitUnsettled:
			return moreRequests(c)
		}
	}
	switch {
	case c.Way == calibrate.CompareSaved:
		return "run both in turn: calibrate compare -- COMMAND"
	case len(worstNoise(c)) > 0:
		return quietMachine + ", or with a limit that this one holds (--self)"
	}
	return tryRequests
}

// moreRequests is how runs come to know whether memory creeps.
func moreRequests(c calibrate.Comparison) string {
	if c.Way == calibrate.CompareSaved {
		return "measure longer"
	}
	return tryRequests
}

const tryRequests = "try more --requests"

func tryWithheld(c calibrate.Comparison) string {
	_, of := firstRun(c, func(of calibrate.OfVersion) bool { return of.Withheld != nil })
	switch of.Withheld.Kind {
	case calibrate.WithheldErrors, calibrate.WithheldReplaced:
		return "look at app.log in that run's folder"
	case calibrate.WithheldLogin:
		return calibrate.TryLogin
	case calibrate.WithheldRequests:
		return tryRequests
	case calibrate.WithheldPartial, calibrate.WithheldSeconds, calibrate.WithheldOlder:
		return "measure it again"
	}
	return ""
}

func whyExceeded(c calibrate.Comparison, one calibrate.Compared) string {
	return fmt.Sprintf("%s: limited to %s but measured %s%s", changedWord(one), one.Limit.Amounts(), changeOf(one), failedIn(c, one))
}

func failedIn(c calibrate.Comparison, one calibrate.Compared) string {
	return when(c.Way == calibrate.CompareGate, ", %s", inPairs(c, one.Failed))
}

func changedWord(one calibrate.Compared) string {
	if one.Difference.Value != nil && *one.Difference.Value < 0 {
		return "fell"
	}
	return "grew"
}

// changeOf is a difference with its sign, and what share of the base's figure that is: "+20 MB (+48 %)"; ~ where none can be told.
func changeOf(one calibrate.Compared) string {
	d := one.Difference
	switch {
	case !d.Known():
		return say.Unknown
	case one.Same:
		return "~"
	}
	text := signedAmount(one.Unit, *d.Value)
	if share := one.Share(); one.Unit != calibrate.UnitBytesPerRequest && *d.Value != 0 && !math.IsNaN(share) {
		text += " (" + say.Difference(share) + ")"
	}
	return text
}

// measuredChange is a difference in words, for where there is no table beside it that shows what ~ is.
func measuredChange(one calibrate.Compared) string {
	d := one.Difference
	if !one.Same || d.Low == nil || d.High == nil {
		return "measured " + changeOf(one)
	}
	return "measured no sure difference, between " + signedAmount(one.Unit, *d.Low) + " and " + signedAmount(one.Unit, *d.High)
}

func signedAmount(u calibrate.Unit, v float64) string {
	switch {
	case v < 0:
		return "-" + u.Say(-v)
	case v > 0:
		return "+" + u.Say(v)
	}
	return "0"
}

// heldBySelf is how far two runs of one app are apart at most.
func heldBySelf(c calibrate.Comparison) string {
	var parts []string
	for _, one := range c.Compared {
		if one.Limit == nil || one.Largest == nil || one.Base == nil {
			continue
		}
		apart := math.Abs(*one.Largest)
		text := one.Unit.Say(apart)
		if one.Unit != calibrate.UnitBytesPerRequest && *one.Base > 0 {
			text = say.Percent(apart / *one.Base)
		}
		parts = append(parts, one.Metric+" +-"+text)
	}
	return strings.Join(parts, ", ")
}

func compareFacts(c calibrate.Comparison) []Fact {
	return factsOf(fact("moved", movedOf(c)), fact("base", versionOf(c.Base)), fact("head", versionOf(c.Head)), fact("load", portionsSaid(c)), fact("ignored", ignoredOf(c)), fact("noise", strings.Join(noisesOf(worstNoise(c)), "; ")),
		fact("took", when(c.DurationSeconds > 0, "%s for %s", say.Seconds(c.DurationSeconds), say.Plural(len(c.Pairs), "pair"))))
}

func versionOf(v calibrate.Version) string {
	text := cut(say.Shell(v.Command...), 60)
	switch {
	case v.Ref != "":
		return text + " at " + v.Ref + when(len(v.Commit) >= 12, " (%s)", v.Commit[:min(len(v.Commit), 12)])
	case v.Folder != "" && v.Folder != ".":
		return text + " in " + v.Folder
	}
	return text
}

func portionsSaid(c calibrate.Comparison) string {
	soak := c.Portions.Requests[calibrate.PhaseSoak]
	if soak == 0 {
		return ""
	}
	var all int64
	for _, n := range c.Portions.Requests {
		all += n
	}
	return fmt.Sprintf("%s in each run, the same in the same order", say.Plural(all, "request")) + when(c.Portions.Rate > 0, ", %s of them at %s", say.Count(soak), say.Rate(c.Portions.Rate))
}

// partNames are the parts in words.
var partNames = map[calibrate.PartName]string{
	calibrate.PartIdle: "memory before any request", calibrate.PartSettled: "the level that memory settles at", calibrate.PartCreep: "creep",
	calibrate.PartWorkingSet: "the working set of a thread", calibrate.PartShared: "shared memory", calibrate.PartCPU: "CPU time", calibrate.PartBoot: "boot",
}

// movedOf is which part moved, in one sentence.
func movedOf(c calibrate.Comparison) string {
	var moved []string
	for _, p := range c.Parts {
		if p.Moved {
			moved = append(moved, partNames[p.Name]+" "+signedAmount(p.Unit, p.Difference))
		}
	}
	if len(moved) == 0 {
		return when(len(c.Pairs) > 0, "nothing, as far as can be told")
	}
	return strings.Join(moved, ", ")
}

func comparedTable(c calibrate.Comparison) Table {
	t := Table{Columns: []Column{{Head: "metric", Left: true, Keep: 9}, {Head: "base", Keep: 8}, {Head: "head", Keep: 8}, {Head: "difference", Keep: 9}, {Head: "limit", Left: true, Keep: 6}, {Head: "verdict", Left: true, Keep: 7}}}
	for _, one := range c.Compared {
		if one.Base == nil && one.Limit == nil {
			continue
		}
		row := Row{Cells: []string{one.Metric + perOf(one.Unit), amountOr(one.Unit, one.Base), amountOr(one.Unit, one.Head), bare(changeOf(one)), "", ""}}
		if one.Limit != nil {
			row.Cells[4], row.Cells[5] = one.Limit.Amounts(), limitSaid(c, one)
			row.Mark = map[calibrate.LimitVerdict]Mark{calibrate.LimitExceeded: Bad, calibrate.LimitTooClose: Doubtful, calibrate.LimitNoData: Doubtful}[one.Verdict]
			if one.Verdict == "" && row.Cells[5] != "" {
				row.Mark = Doubtful
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func amountOr(u calibrate.Unit, v *float64) string {
	if v == nil {
		return say.Unknown
	}
	return bare(u.Say(*v))
}

// perRequest ends what is said of a request. A table has it in its first column, where it is no limit that says it.
const perRequest = " a request"

func bare(text string) string { return strings.ReplaceAll(text, perRequest, "") }

func perOf(u calibrate.Unit) string {
	return when(u == calibrate.UnitBytesPerRequest || u == calibrate.UnitCPU, perRequest)
}

func limitSaid(c calibrate.Comparison, one calibrate.Compared) string {
	ofPairs := when(c.Way == calibrate.CompareGate, ", %s of %s", say.Count(one.Failed), say.Count(len(c.Pairs)))
	switch one.Verdict {
	case calibrate.LimitExceeded:
		return "beyond" + ofPairs
	case calibrate.LimitWithin:
		if one.Failed > 0 {
			return "within, beyond in" + strings.TrimPrefix(ofPairs, ",")
		}
		return "within" + when(one.Doubtful > 0, ", in doubt in %s of %s", say.Count(one.Doubtful), say.Count(len(c.Pairs)))
	case calibrate.LimitNoData:
		return map[bool]string{true: "not measured", false: "not compared"}[one.Reason == calibrate.LimitNotMeasured]
	case calibrate.LimitTooClose:
		return "can't be told"
	}
	switch {
	case c.Verdict != calibrate.CompareRegressed: // it is open, or nothing is to be judged
		return ""
	case one.Failed > 0: // another limit has decided before this one could
		return "beyond" + ofPairs
	}
	return "can't be told"
}

func compareNotes(c calibrate.Comparison) []Block {
	var notes []Block
	if len(c.Differs) > 0 {
		notes = section(Heading{Name: "Measured otherwise"}, Facts{Rows: differences(c.Differs)})
	}
	if why := unjudged(c); len(why) > 0 && c.Verdict == calibrate.CompareRegressed { // else the answer has it
		notes = append(notes, Note{Text: "Beside that, " + strings.Join(why, "; ") + "."})
	}
	if len(c.Discarded) > 0 {
		notes = append(notes, Note{Text: "The head served less than the base, or than this machine let it: the first run was left out, and all others have a lower rate."})
	}
	if c.Way == calibrate.CompareSaved {
		notes = append(notes, Note{Text: "Two saved runs are one pair: nothing confirms a difference, and another machine, load or length makes one. calibrate compare -- COMMAND runs both in turn."})
	}
	if c.Verdict == calibrate.CompareMeasured {
		notes = append(notes, Note{Text: "Limits of twice that or more hold here: --limit 'peak <= +5%', say. One that is closer cries at noise."})
	}
	return append(notes, warningsSection(slices.Concat(c.Warnings, warningsOfRuns(c)), c.Silenced)...)
}

// warningsOfRuns are those of the runs' own analysis, each once a version.
func warningsOfRuns(c calibrate.Comparison) (all []calibrate.Warning) {
	said := map[string]bool{}
	for _, p := range c.Pairs {
		for _, side := range []calibrate.Side{calibrate.SideBase, calibrate.SideHead} {
			of := p.Of(side)
			for _, w := range of.Warnings {
				if key := string(side) + w.Code; !said[key] {
					said[key] = true
					w.Text = string(side) + " (run " + of.Folder + "): " + w.Text
					all = append(all, w)
				}
			}
		}
	}
	return all
}
