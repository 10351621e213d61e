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
		Title: "Proof of the recommendation for", Subject: subjectOf(r.Target), Data: r.Whole(),
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
	blocks := []Block{Answer{Verdict: verdict, Mark: mark, Settings: proofSettings(p)}, Facts{Rows: proofFacts(p)}}
	if len(p.Trials) > 0 {
		blocks = append(blocks, Heading{Name: "Really run, every thread busy"}, trialTable(p.Trials))
	}
	return blocks
}

func proofVerdict(p calibrate.Proof) (string, Mark) {
	if !p.Complete && len(p.Trials) == 0 {
		return "NOT PROVED", Doubtful
	}
	switch p.Verdict {
	case calibrate.ProofHolds:
		return "PROVED", Good
	case calibrate.ProofKilled:
		return "KILLED FOR MEMORY", Bad
	case calibrate.ProofOverLimit:
		return "OVER ITS LIMIT", Bad
	case calibrate.ProofOff:
		return "OFF", Bad
	}
	return "NOT PROVED", Doubtful
}

func proofSettings(p calibrate.Proof) []Fact {
	if len(p.Trials) == 0 {
		return nil
	}
	t := p.Trials[0]
	threads := ""
	if t.Threads > 0 {
		threads = say.Count(t.Threads)
	}
	return factsOf(fact("workers", say.Count(t.Workers)), fact("threads", threads), fact("max-requests", lifeOf(t)), fact("limit", knownMB(t.LimitBytes)))
}

func lifeOf(t calibrate.Trial) string {
	switch {
	case t.MaxRequests == 0:
		return "off"
	case t.Jitter == 0:
		return say.Count(t.MaxRequests)
	}
	return fmt.Sprintf("%s (jitter %s)", say.Count(t.MaxRequests), say.Count(t.Jitter))
}

// proofFacts are the verdict's grounds, and what the service was like meanwhile.
func proofFacts(p calibrate.Proof) []Fact {
	cut := ""
	if !p.Complete {
		cut = "by: " + interruptedBy(p.Interrupted)
	}
	facts := []Fact{fact("verdict", proofReason(p))}
	facts = append(facts, factsOf(fact("cut short", cut))...)
	if len(p.Trials) == 0 {
		return facts
	}
	t := p.Trials[0]
	return append(facts, factsOf(
		fact("memory", trialMemory(t)), fact("creep", trialCreep(t)), fact("recycles", recyclesOf(t)), fact("their cost", recyclingCost(t)),
		fact("requests", requestsOf(t)), fact("killed", killedOf(t)), fact("limit", limitOf(p)), fact("run", p.Of),
	)...)
}

func trialMemory(t calibrate.Trial) string {
	s := fmt.Sprintf("at most %s (%s)", knownMB(t.PeakBytes), t.PeakSource)
	if t.LimitBytes > 0 {
		s += fmt.Sprintf(", %s of the limit", say.Percent(float64(t.PeakBytes)/float64(t.LimitBytes)))
	}
	if t.LimitBytes > 0 && t.PeakBytes > t.LimitBytes && t.OOMKills == 0 && !t.OverLimit {
		s += " (over 100 %: the kernel charges file pages to whoever read them first)"
	}
	return s + fmt.Sprintf("; predicted %s if every worker is at its largest at once", knownMB(t.MostBytes))
}

func trialCreep(t calibrate.Trial) string {
	if t.Creep == nil {
		return "unknown: the first worker was replaced too soon"
	}
	return fmt.Sprintf("%s, %s a request (95 %% interval %s), before the first worker was replaced", t.Creep.Verdict,
		say.Bytes(t.Creep.BytesPerRequest), say.Range(t.Creep.Low, t.Creep.High))
}

func recyclesOf(t calibrate.Trial) string {
	if t.MaxRequests == 0 {
		return "off"
	}
	return "workers were replaced " + say.Times(t.Recycles)
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
	if failed := t.Requests - t.Succeeded; failed > 0 {
		s += fmt.Sprintf("; %s failed (%s)", say.Count(failed), errorsOf(t.Errors))
	} else {
		s += "; all ok"
	}
	if p99 := t.Latency.P99; p99 != nil {
		s += "; p99 " + knownSeconds(*p99) + " with every thread busy"
	}
	return s
}

func killedOf(t calibrate.Trial) string {
	if t.OOMKills == 0 {
		return "no process"
	}
	return say.Plural(int(t.OOMKills), "process") + ", by the kernel, for want of memory"
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
		{Head: "workers", Keep: 9}, {Head: "threads", Keep: 8}, {Head: "predicted", Unit: "MB", Keep: 7}, {Head: "peak", Unit: "MB", Keep: 9}, {Head: "off by", Keep: 6},
		{Head: "of limit", Keep: 7}, {Head: "unused", Unit: "MB", For: OfPage}, {Head: "recycles", For: OfPage}, {Head: "failed", For: OfPage}, {Head: "p99", For: OfPage},
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
	most := mbCell(t.MostBytes)
	if t.PeakBytes == 0 {
		return []string{most, "-", "-", "-", "-", "-", "-", "-", endOf(t)}
	}
	p99, off, limit, unused := "-", "-", "-", "-"
	if t.Latency.P99 != nil {
		p99 = knownSeconds(*t.Latency.P99)
	}
	if t.ExpectedBytes > 0 {
		off = say.Difference(t.Off())
	}
	if t.LimitBytes > 0 {
		limit, unused = percentCell(float64(t.PeakBytes)/float64(t.LimitBytes)), mbCell(max(t.LimitBytes-t.PeakBytes, 0))
	}
	return []string{most, mbCell(t.PeakBytes), off, limit, unused, say.Count(t.Recycles), say.Count(t.Requests - t.Succeeded), p99, endOf(t)}
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
