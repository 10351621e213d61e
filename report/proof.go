package report

import (
	"fmt"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Proof is the page of a recommendation that was really run. The run it rests on is not repeated.
func Proof(r calibrate.Result) Document {
	return Document{
		Title: "Proof of the recommendation for", Subject: subjectOf(r.Target), Again: showAgain, Data: published(r),
		Blocks: slices.Concat(proved(r), warningsSection(r.Warnings, r.Plan.Silenced)),
	}
}

// proofSection is the same as a part of the run's page.
func proofSection(r calibrate.Result) []Block {
	if r.Proof == nil {
		return nil
	}
	return section(Heading{"Proof", "the recommendation, really run"}, proved(r)...)
}

func proved(r calibrate.Result) []Block {
	if r.Proof == nil {
		return nil
	}
	p := *r.Proof
	verdict, mark := proofVerdict(p)
	blocks := []Block{Answer{Verdict: verdict, Mark: mark, Settings: proofSettings(p)}, Facts{Rows: proofFacts(p, r)}}
	if len(p.Trials) > 0 {
		blocks = append(append(blocks, proofCharts(p.Trials)...), trialsSection(p.Trials)...)
	}
	return blocks
}

// trialsSection is a table of all trials. Of one alone the facts have said it.
func trialsSection(trials []calibrate.Trial) []Block {
	blocks := section(Heading{Name: "Really run, every thread busy"}, trialTable(trials))
	if len(trials) == 1 {
		return inFull(blocks)
	}
	return blocks
}

func proofVerdict(p calibrate.Proof) (string, Mark) {
	failed := map[calibrate.ProofVerdict]string{
		calibrate.ProofKilled: "KILLED FOR MEMORY", calibrate.ProofOverLimit: "OVER ITS LIMIT", calibrate.ProofOff: "OFF",
	}[p.Verdict]
	switch {
	case !p.Complete && len(p.Trials) == 0:
	case p.Verdict == calibrate.ProofHolds:
		return "PROVED", Good
	case failed != "":
		return failed, Bad
	}
	return "NOT PROVED", Doubtful
}

func proofSettings(p calibrate.Proof) []Fact {
	if len(p.Trials) == 0 {
		return nil
	}
	t := p.Trials[0]
	return factsOf(fact("workers", say.Count(t.Workers)), fact("threads", when(t.Threads > 0, "%s", say.Count(t.Threads))),
		fact("max-requests", orElse(when(t.MaxRequests > 0, "%s", requestLimit(t.MaxRequests, t.Jitter)), "off")), fact("limit", knownMB(t.LimitBytes)))
}

// proofFacts are the verdict's grounds, and what the service was like meanwhile.
func proofFacts(p calibrate.Proof, r calibrate.Result) []Fact {
	facts := factsOf(fact("verdict", proofReason(p)), fact("cut short", when(!p.Complete, "by: %s", interruptedBy(p.Interrupted))))
	if len(p.Trials) == 0 {
		return facts
	}
	t := p.Trials[0]
	return append(facts, factsOf(
		fact("memory", trialMemory(t)), detail("heaps", trialAge(t, r.Worker.Requests)), detail("slower", trialPace(p, r.Load.RateSent)), detail("creep", trialCreep(t)),
		fact("recycles", orElse(when(t.MaxRequests > 0, "workers were replaced %s", say.Times(t.Recycles)), "off")), detail("their cost", recyclingCost(t)),
		fact("requests", requestsOf(t)), fact("throughput", trialRate(p, t)),
		fact("killed", orElse(when(t.OOMKills > 0, "%s, by the kernel, for want of memory", say.Plural(t.OOMKills, "process")), "no process")),
		fact("limit", limitOf(p)), detail("run", p.Of),
	)...)
}

func trialMemory(t calibrate.Trial) string {
	charged := t.LimitBytes > 0 && t.PeakBytes > t.LimitBytes && t.OOMKills == 0 && !t.OverLimit
	return fmt.Sprintf("at most %s (%s)", knownMB(t.PeakBytes), peakSource(t.PeakSource)) +
		when(t.LimitBytes > 0, ", %s of the limit", say.Percent(ratioOf(t.PeakBytes, t.LimitBytes))) +
		when(charged, " (over 100 %%: the kernel charges file pages to whoever read them first)") +
		fmt.Sprintf("; predicted %s if every worker is at its largest at once", knownMB(t.MostBytes))
}

// trialAge says that the workers served less than the one that the law is of, where that tells.
func trialAge(t calibrate.Trial, measured int64) string {
	return when(ranges(t) && t.YoungBytes > 0, "each worker had %s of the %s that the measured one had, and may still grow: %s of what is expected comes only with more of them, if at all",
		say.Count(t.Requests/int64(max(t.Workers, 1))), say.Plural(measured, "request"), knownMB(t.YoungBytes))
}

// trialPace says that the workers of a trial that took too little served more slowly than the one that the law is of. Node's heaps
// were 434 MB in five workers that served 316 requests a second each, and 376 in five that served 155, after as many requests.
func trialPace(p calibrate.Proof, measured float64) string {
	t := p.Trials[0]
	each := t.RatePerSecond / float64(max(t.Workers, 1))
	return when(t.Off() < -p.Tolerance && 2*each < measured, "each worker served %s, the measured one %s: a heap that is collected as time goes by is smaller then",
		say.Rate(each), say.Rate(measured))
}

// ranges says that what is expected at least is so much less than at most that it is worth a word.
func ranges(t calibrate.Trial) bool { return t.ExpectedBytes-t.LeastBytes() > t.ExpectedBytes/100 }

func trialCreep(t calibrate.Trial) string {
	switch {
	case t.Creep == nil && t.Recycles > 0:
		return "unknown: the first worker was replaced too soon"
	case t.Creep == nil:
		return "unknown: too little was served to tell"
	}
	return fmt.Sprintf("%s, %s a request (95 %% interval %s)", t.Creep.Verdict, say.Bytes(t.Creep.BytesPerRequest), say.Range(t.Creep.Low, t.Creep.High)) +
		when(t.Recycles > 0, ", before the first worker was replaced")
}

// recyclingCost is what the seconds in which a worker was replaced were like, beside the others.
func recyclingCost(t calibrate.Trial) string {
	c := t.Recycling
	switch {
	case c == nil:
		return ""
	case c.LostRatio == nil || c.LostError == nil:
		return fmt.Sprintf("unknown: there were %s with a replacement, and %s without", say.Plural(c.Meeting.Seconds, "second"), say.Plural(c.Quiet.Seconds, "second"))
	}
	s := fmt.Sprintf("%s of throughput, give or take %s", say.Percent(*c.LostRatio), say.Percent(*c.LostError))
	if c.PredictedRatio != nil {
		s += fmt.Sprintf(" (%s predicted)", say.Percent(*c.PredictedRatio))
	}
	if with, without := c.Meeting.P99, c.Quiet.P99; with != nil && without != nil {
		s += fmt.Sprintf("; p99 in a typical second: %s with a replacement, %s without", knownSeconds(*with), knownSeconds(*without))
	}
	return s + fmt.Sprintf("; requests failed: %s with, %s without", say.Count(c.Meeting.Failed), say.Count(c.Quiet.Failed))
}

func requestsOf(t calibrate.Trial) string {
	s := fmt.Sprintf("%s in %s, %s", say.Count(t.Requests), say.Seconds(t.Seconds), knownRate(t.RatePerSecond))
	failed := t.Requests - t.Succeeded
	s += orElse(when(failed > 0, "; %s failed (%s)", say.Count(failed), calibrate.SayErrors(t.Errors)), "; all ok")
	return s + when(t.Latency.P99 != nil, "; p99 %s with every thread busy", latencyCell(t.Latency.P99))
}

// noisy is the share of the cores that others may have kept busy, or the machine's host withheld, before a rate tells nothing of
// the app: a prediction is to be within 15 %.
const noisy = 0.1

// trialRate is what was served beside what was predicted, if others left the app the cores.
func trialRate(p calibrate.Proof, t calibrate.Trial) string {
	served := undisturbed(t)
	if t.PredictedRate <= 0 || served <= 0 {
		return ""
	}
	if w := t.Work; w != nil && w.Seconds > 0 && w.Others+w.Steal > noisy*p.Host.SizingCPUs()*w.Seconds {
		return fmt.Sprintf("%s predicted; no test of that, since others kept %s busy meanwhile", say.Rate(t.PredictedRate), say.Cores(twoDigits((w.Others+w.Steal)/w.Seconds)))
	}
	return fmt.Sprintf("%s predicted, on this machine and beside the load, %s served (%s)", say.Rate(t.PredictedRate), say.Rate(served), say.Difference(served/t.PredictedRate-1)) +
		when(t.Recycling != nil, ", in the seconds without a replacement")
}

// undisturbed is what a trial served in the seconds in which no worker was replaced.
func undisturbed(t calibrate.Trial) float64 {
	if t.Recycling != nil {
		return t.Recycling.Quiet.RatePerSecond
	}
	return t.RatePerSecond
}

func limitOf(p calibrate.Proof) string {
	if p.Limit == calibrate.LimitByKernel {
		return "enforced by the kernel, on a control group of the app's own"
	}
	return "only watched by calibrate: " + orElse(p.NoLimit, say.Unknown)
}

// trialTable has one row a trial, the recommendation's marked.
func trialTable(trials []calibrate.Trial) Table {
	t := Table{Columns: []Column{
		{Head: "workers", Keep: 9}, {Head: "threads", Keep: 8}, {Head: "expected", Unit: "MB", Keep: 7}, {Head: "observed", Unit: "MB", Keep: 9}, {Head: "off by", Keep: 6},
		{Head: "peak", Unit: "MB", For: OfPage}, {Head: "of limit", Keep: 7}, {Head: "all at their largest", Unit: "MB", For: OfPage}, {Head: "unused", Unit: "MB", For: OfPage}, {Head: "recycles", For: OfPage}, {Head: "failed", For: OfPage}, {Head: "p99", For: OfPage}, {Head: "served", Unit: "a second", For: OfPage}, {Head: "predicted", Unit: "a second", For: OfPage},
		{Head: "end", Left: true, Keep: 8}, {Head: "chosen by", Left: true, Keep: 9},
	}}
	for i, trial := range trials {
		t.Rows = append(t.Rows, Row{
			Mark:  recommended(i == 0),
			Cells: append(append([]string{say.Count(trial.Workers), orDash(trial.Threads)}, trialCells(trial)...), trial.Name),
		})
	}
	return t
}

func trialCells(t calibrate.Trial) []string {
	expected, most := mbCell(t.ExpectedBytes), mbCell(t.MostBytes)
	if t.PeakBytes == 0 {
		return []string{expected, "-", "-", "-", "-", most, "-", "-", "-", "-", "-", rateCell(t.PredictedRate), endOf(t)}
	}
	off := orElse(when(t.ExpectedBytes > 0, "%s", say.Difference(t.Off())), "-")
	return []string{expected, mbCell(t.ObservedBytes), off, mbCell(t.PeakBytes), percentCell(ratioOf(t.PeakBytes, t.LimitBytes)), most, mbCell(t.LimitBytes - t.PeakBytes), say.Count(t.Recycles),
		say.Count(t.Requests - t.Succeeded), latencyCell(t.Latency.P99), rateCell(undisturbed(t)), rateCell(t.PredictedRate), endOf(t)}
}

func endOf(t calibrate.Trial) string {
	switch {
	case t.OOMKills > 0:
		return "killed"
	case t.OverLimit:
		return "over"
	case t.Failed != nil:
		return failedWords(t.Failed)
	}
	return "ok"
}

// proofReason is what a proof's verdict rests on.
func proofReason(p calibrate.Proof) string {
	const notRun = "the recommendation was not run to its end"
	if len(p.Trials) == 0 {
		return notRun
	}
	t := p.Trials[0]
	switch p.Reason {
	case calibrate.ProofKill:
		return "the kernel killed for memory at the limit of " + say.MB(t.LimitBytes)
	case calibrate.ProofTooMuch:
		return fmt.Sprintf("it took %s of a limit of %s, which nothing but calibrate holds here", say.MB(t.PeakBytes), say.MB(t.LimitBytes))
	case calibrate.ProofFailed:
		return failedWords(t.Failed)
	case calibrate.ProofUnbidden:
		return say.Plural(t.Recycles, "worker") + " ended, and none was to be replaced"
	case calibrate.ProofEarly:
		return fmt.Sprintf("%s ended in %s, before their limit of %s each", say.Plural(t.Recycles, "worker"), say.Plural(t.Requests, "request"), say.Count(t.MaxRequests))
	case calibrate.ProofErrors:
		return fmt.Sprintf("%s of %s failed, more than a proof can rest on", say.Count(t.Requests-t.Succeeded), say.Plural(t.Requests, "request"))
	case calibrate.ProofUnreadable:
		return "the memory of its processes could not be read"
	case calibrate.ProofAboveMost:
		return fmt.Sprintf("it took %s, more than the %s of all workers at the end of their lives", say.MB(t.PeakBytes), say.MB(t.MostBytes))
	case calibrate.ProofFar:
		return comparedOf(t) + ", where " + say.Percent(p.Tolerance) + " are allowed"
	case calibrate.ProofNear:
		return comparedOf(t)
	}
	return notRun
}

func comparedOf(t calibrate.Trial) string {
	least := when(ranges(t), "%s to ", say.MB(t.LeastBytes()))
	return fmt.Sprintf("%s%s expected for the requests served, %s observed (%s)", least, say.MB(t.ExpectedBytes), say.MB(t.ObservedBytes), say.Difference(t.Off())) +
		when(t.Recycles > 0, ", up to the first worker's replacement")
}

// failedWords is why a run beside the main one says nothing; "" if it does.
func failedWords(m *calibrate.Miss) string {
	if m == nil {
		return ""
	}
	return m.Error()
}
