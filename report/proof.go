package report

import (
	"fmt"
	"io"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Proof writes what became of a recommendation that was really run. The run it rests on is not repeated.
func Proof(w io.Writer, r calibrate.Result, o TextOptions) error {
	p := newPage(o.Width, o.Color)
	writeProof(p, r)
	writeWarnings(p, r.Warnings, r.Plan.Silenced)
	_, err := w.Write(p.buf.Bytes())
	return err
}

func writeProof(p *page, r calibrate.Result) {
	proof := r.Proof
	if proof == nil {
		return
	}
	verdict, how := proofVerdict(*proof)
	p.rule()
	for _, l := range flow(append([]string{verdict}, proofFields(*proof)...), p.width) {
		p.line(how, l)
	}
	p.rule()
	p.facts(proofFacts(*proof))
	if len(proof.Trials) > 0 {
		p.heading("Really run, every thread busy")
		p.block(trialGrid(proof.Trials).without(recyclesColumn, failedColumn, p99Column, unusedColumn).text(p.width), ">")
	}
}

func proofVerdict(p calibrate.Proof) (string, style) {
	if !p.Complete && len(p.Trials) == 0 {
		return "NOT PROVED", yellow
	}
	switch p.Verdict {
	case calibrate.ProofHolds:
		return "PROVED", green
	case calibrate.ProofKilled:
		return "KILLED FOR MEMORY", red
	case calibrate.ProofOverLimit:
		return "OVER ITS LIMIT", red
	case calibrate.ProofOff:
		return "OFF", red
	}
	return "NOT PROVED", yellow
}

func proofFields(p calibrate.Proof) []string {
	if len(p.Trials) == 0 {
		return nil
	}
	t := p.Trials[0]
	fields := []string{"workers " + say.Count(t.Workers)}
	if t.Threads > 0 {
		fields = append(fields, "threads "+say.Count(t.Threads))
	}
	return append(fields, "max-requests "+lifeOf(t), "limit "+mbCell(t.LimitBytes)+" MB")
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
func proofFacts(p calibrate.Proof) []fact {
	facts := []fact{{"verdict", p.Reason}}
	if !p.Complete {
		facts = append(facts, fact{"cut short", "by: " + p.InterruptedBy})
	}
	if len(p.Trials) == 0 {
		return facts
	}
	t := p.Trials[0]
	facts = append(facts, fact{"memory", trialMemory(t)}, fact{"creep", trialCreep(t)}, fact{"recycles", recyclesOf(t)})
	if s := recyclingCost(t); s != "" {
		facts = append(facts, fact{"their cost", s})
	}
	return append(facts, fact{"requests", requestsOf(t)}, fact{"killed", killedOf(t)}, fact{"limit", limitOf(p)}, fact{"run", p.Of})
}

func trialMemory(t calibrate.Trial) string {
	s := fmt.Sprintf("at most %s (%s)", knownMB(t.PeakBytes), t.PeakSource)
	if t.LimitBytes > 0 {
		s += fmt.Sprintf(", %s of the limit", say.Percent(float64(t.PeakBytes)/float64(t.LimitBytes)))
	}
	if t.LimitBytes > 0 && t.PeakBytes > t.LimitBytes && t.OOMKills == 0 && !t.OverLimit {
		s += " (more than all: file pages that somebody else had read before are charged to him)"
	}
	return s + fmt.Sprintf("; the law has %s with every worker at its end at once", knownMB(t.MostBytes))
}

func trialCreep(t calibrate.Trial) string {
	if t.Creep == nil {
		return "not to be told in the time before the first worker was replaced"
	}
	return fmt.Sprintf("%s, %s a request (95 %% interval %s), before the first worker was replaced", t.Creep.Verdict,
		say.Bytes(t.Creep.BytesPerRequest), say.Range(t.Creep.Low, t.Creep.High))
}

func recyclesOf(t calibrate.Trial) string {
	if t.MaxRequests == 0 {
		return "none wanted"
	}
	return fmt.Sprintf("%s of %s", say.Times(t.Recycles), say.Plural(t.Workers, "worker"))
}

// recyclingCost is what the seconds in which a worker was replaced were like, beside the others.
func recyclingCost(t calibrate.Trial) string {
	c := t.Recycling
	switch {
	case c == nil:
		return ""
	case c.LostRatio == nil || c.LostError == nil:
		return fmt.Sprintf("not to be told: %s with a replacement, %s without", say.Plural(c.Meeting.Seconds, "second"), say.Plural(c.Quiet.Seconds, "second"))
	}
	s := fmt.Sprintf("%s of throughput, give or take %s", say.Percent(*c.LostRatio), say.Percent(*c.LostError))
	if c.PredictedRatio != nil {
		s += fmt.Sprintf(" (%s computed)", say.Percent(*c.PredictedRatio))
	}
	if with, without := c.Meeting.P99, c.Quiet.P99; with != nil && without != nil {
		s += fmt.Sprintf("; p99 of a typical second %s with a replacement, %s without", knownSeconds(*with), knownSeconds(*without))
	}
	return s + fmt.Sprintf("; %s failed in those with, %s without", say.Count(c.Meeting.Failed), say.Count(c.Quiet.Failed))
}

func requestsOf(t calibrate.Trial) string {
	s := fmt.Sprintf("%s in %s, %s", say.Count(t.Requests), say.Seconds(t.Seconds), say.Rate(t.RatePerSecond))
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
		return "no process, for memory"
	}
	return say.Plural(int(t.OOMKills), "process") + " by the kernel, for memory"
}

func limitOf(p calibrate.Proof) string {
	if p.Limit == calibrate.LimitByKernel {
		return "held by the kernel, on a control group of the app's own"
	}
	return "watched by calibrate only: " + p.Limit
}

// The columns of a trial that a terminal has no room for.
const (
	unusedColumn = 6 + iota
	recyclesColumn
	failedColumn
	p99Column
)

// trialGrid has one row a trial.
func trialGrid(trials []calibrate.Trial) grid {
	g := grid{columns: []column{
		{"workers", false, 9}, {"threads", false, 8}, {"by law\nMB", false, 7}, {"peak\nMB", false, 9}, {"law\noff", false, 6},
		{"of\nlimit", false, 7}, {"unused\nMB", false, 5}, {"recycles", false, 2}, {"failed", false, 4}, {"p99", false, 1}, {"end", true, 8},
		{"says", true, 9},
	}}
	for i, t := range trials {
		mark := ""
		if i == 0 {
			mark = "> "
		}
		g.rows = append(g.rows, append(append([]string{mark + say.Count(t.Workers), orDash(t.Threads)}, trialCells(t)...), t.Name))
	}
	return g
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
		off = fmt.Sprintf("%+.1f %%", 100*t.Off())
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
	case t.Failed != "":
		return t.Failed
	}
	return "ok"
}

// proofList is the proof in Markdown.
func proofList(p calibrate.Proof) string {
	verdict, _ := proofVerdict(p)
	facts := append([]fact{{"proof", strings.Join(append([]string{verdict}, proofFields(p)...), ", ")}}, proofFacts(p)...)
	return factList(facts) + "\n" + trialGrid(p.Trials).markdown()
}
