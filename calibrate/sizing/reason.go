package sizing

import (
	"fmt"
	"slices"
	"strings"

	"workermem/calibrate/knob"
	"workermem/calibrate/say"
)

// reason is why c, in sentences: both bounds, the rule that overrode them, the total, and what is not known.
func (q Question) reason(c choice, a Answer) string {
	sentences := []string{q.boundsSentence(c)}
	if !c.measured { // else no rule had a say
		sentences = append(sentences, q.threadsSentence(c), q.twoSentence(c), q.boundedSentence(c), q.fewerSentence(c))
	}
	sentences = append(sentences, q.totalSentence(c, a), q.seedSentence(c, a), q.doubtSentence())
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}
func (q Question) boundsSentence(c choice) string {
	threads := count(c.threads, "thread") + each(c.workers)
	switch {
	case q.ThreadsUnknown:
		threads = "threads as they are"
	case q.AtOnce > 0:
		threads = count(q.AtOnce, "request") + " at once" + each(c.workers)
	}
	return fmt.Sprintf("%s with %s: CPU allows %s; %s.", count(c.workers, "worker"), threads, q.cpuSum(c), q.memorySum(c))
}

func each(workers int) string {
	if workers == 1 {
		return ""
	}
	return " each"
}

func (q Question) cpuSum(c choice) string {
	if c.threads == 1 {
		return fmt.Sprintf("2 x %d + 1 = %s", q.CPUs, grouped(c.byCPU))
	}
	if cpuRule(q.CPUs) < c.threads {
		return fmt.Sprintf("1, the least, of (2 x %d + 1) / %s", q.CPUs, count(c.threads, "thread"))
	}
	return fmt.Sprintf("(2 x %d + 1) / %s = %s", q.CPUs, count(c.threads, "thread"), grouped(c.byCPU))
}

func (q Question) memorySum(c choice) string {
	if c.byMemory == mostCount {
		return "what a worker takes is unknown, so memory bounds nothing"
	}
	budget := mb(q.BudgetBytes) + " budget"
	if q.Law.SharedBytes > 0 {
		budget = fmt.Sprintf("(%s - %s shared)", budget, mb(q.Law.SharedBytes))
	}
	return fmt.Sprintf("memory holds %s / %s a worker = %s, rounded down", budget, mb(q.least(c.threads)), grouped(c.byMemory))
}

// shared begins a sum; "" where nothing is shared.
func (q Question) shared() string {
	if q.Law.SharedBytes == 0 {
		return ""
	}
	return mb(q.Law.SharedBytes) + " shared + "
}

func (q Question) threadsSentence(c choice) string {
	if q.preference() != nil && len(q.ThreadChoices) > 1 {
		return q.preferredSentence(c)
	}
	if c.threads == q.Threads {
		return ""
	}
	return fmt.Sprintf("With %s, %s (that needs %s), so this is computed: measure with %s to size more.",
		q.ownThreads(), doNotFit(q.MinWorkers), mbUp(q.needs(q.Threads)), count(c.threads, "thread"))
}

// ownThreads are those of the worker that the question is about.
func (q Question) ownThreads() string {
	if q.Basis == measured {
		return "the " + count(q.Threads, "thread") + " it was measured with"
	}
	return count(q.Threads, "thread")
}

func doNotFit(workers int) string {
	if workers == 1 {
		return "not even 1 worker fits"
	}
	return fmt.Sprintf("the %d workers asked for don't fit", workers)
}

// preferredSentence says what set the threads, and out of which choice.
func (q Question) preferredSentence(c choice) string {
	why := map[string]string{
		knob.PreferWorkers: "allows the most workers",
		knob.PreferThreads: "allows the most requests at once",
		knob.PreferMemory:  "takes the least memory for all the workers that the cores ask for",
	}[q.Prefer]
	if q.Prefer == knob.PreferMemory && !q.granted(c) {
		why = "allows the most requests at once, where memory grants the workers that the cores ask for to none"
	}
	return fmt.Sprintf("Of %s threads a worker %d %s.", anyOf(q.ThreadChoices), c.threads, why)
}

// anyOf lists numbers: 1, 4 or 16.
func anyOf(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = grouped(n)
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// boundedSentence is the minimum or the maximum that was asked for, where it changed the count.
func (q Question) boundedSentence(c choice) string {
	switch {
	case c.roomiest > c.free:
		return fmt.Sprintf("No fewer than %s were asked for.", count(q.MinWorkers, "worker"))
	case c.roomiest < c.free && c.roomiest == 1:
		return "1 worker is the most allowed: while it restarts nobody answers."
	case c.roomiest < c.free:
		return fmt.Sprintf("%s are the most allowed.", count(q.MaxWorkers, "worker"))
	}
	return ""
}

// twoSentence is the rule of two, where it raised the count or could not.
func (q Question) twoSentence(c choice) string {
	const why = "with one, nobody answers while it restarts, and one worker of most languages keeps one core busy"
	switch {
	case c.workers == 2 && c.byCPU < 2:
		return "Two all the same: " + why + "."
	case c.workers == 1 && c.free == 1:
		return "Only one fits: while it restarts nobody answers, and one worker of most languages keeps one core busy."
	}
	return ""
}

func (q Question) fewerSentence(c choice) string {
	if c.workers == c.roomiest {
		return ""
	}
	return fmt.Sprintf("%s would fit, but share the headroom among more, and so be recycled more often: "+
		"%s of their time against %s.", count(c.roomiest, "worker"),
		percent(q.life(c.roomiest, c.threads).cost), percent(q.life(c.workers, c.threads).cost))
}

func (q Question) totalSentence(c choice, a Answer) string {
	one := a.Recommended
	text := fmt.Sprintf("In all %s%d x %s = %s, %s of the budget",
		q.shared(), c.workers, mb(one.WorkerBytes), mb(one.TotalBytes), percent(one.BudgetRatio))
	if l := q.life(c.workers, c.threads); l.growth > 0 {
		peak := "at its " + q.source() + " peak"
		if q.creepTakenOut() {
			peak = "at its peak without creep"
		}
		text += fmt.Sprintf("; a worker's %s is %s %s and %s of creep until it is recycled",
			mb(one.WorkerBytes), mb(one.WorkerBytes-l.growth), peak, mb(l.growth))
	}
	return text + "."
}

// source says how the figures of the worker came to be known.
func (q Question) source() string {
	if q.Basis == given {
		return given
	}
	return measured
}

// seedSentence shows the seeds' formula with the same worker where it comes to another count.
func (q Question) seedSentence(c choice, a Answer) string {
	seed := Workers(q.CPUs, megabytes(q.BudgetBytes), float64(a.WorkerMemoryMB), c.threads)
	if seed == c.workers || a.WorkerMemoryMB == 0 {
		return ""
	}
	divided := ""
	if c.threads > 1 {
		divided = fmt.Sprintf(" / %s", count(c.threads, "thread"))
	}
	return fmt.Sprintf("(The plain formula, min(2 x %d + 1, %s / %s MB)%s, says %s.)",
		q.CPUs, mb(q.BudgetBytes), grouped(a.WorkerMemoryMB), divided, grouped(seed))
}

// doubtSentence repeats in the reason what keeps max-requests from being recommended.
func (q Question) doubtSentence() string {
	if q.creeps() || q.Creep.Verdict == flat {
		return ""
	}
	return "No max-requests: " + q.doubt() + "."
}

// refusal is why nothing fits, as a sum at the measured threads, and what would fit.
func (q Question) refusal(smallest int64, threads int) string {
	text := fmt.Sprintf("needs %s, has %s: %s%d x %s",
		mbUp(q.needs(q.Threads)), say.MBLess(q.BudgetBytes, smallest), q.shared(), q.MinWorkers, q.workerSum(q.Threads))
	text += "; the smallest budget that fits is " + mbUp(smallest)
	if threads != q.Threads {
		text += ", with " + count(threads, "thread")
	}
	return text
}

// workerSum is one worker's memory as the law's sum: (227 MB + 4 threads x 100 MB).
func (q Question) workerSum(threads int) string {
	if q.Law.ThreadBytes == 0 {
		return mb(q.least(threads))
	}
	return fmt.Sprintf("(%s + %s x %s)", mb(q.Law.WorkerBytes), count(threads, "thread"), mb(q.Law.ThreadBytes))
}
