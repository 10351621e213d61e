package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/say"
)

// workersReason is why so many workers, in sentences: both bounds, the rule that overrode them, the total, and what is
// not known. "" if there is no recommendation.
func workersReason(r calibrate.Result) string {
	rec := r.Recommendation
	if rec.Workers == 0 {
		return ""
	}
	sentences := []string{sweepReason(r), boundsSentence(r)}
	if rec.Computed == nil { // else no rule had a say
		sentences = append(sentences, speedSentence(r), threadsSentence(r), twoSentence(rec), boundedSentence(rec.Sum), fewerSentence(rec))
	}
	sentences = append(sentences, totalSentence(rec), crowdSentence(r), plainSentence(rec))
	if rec.Recycling.Kind == calibrate.RecyclingUnknown {
		sentences = append(sentences, "No max-requests: "+doubtOf(rec)+".")
	}
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}

// threadsIn are those that the recommendation's sum was made for: a server without threads counts as one.
func threadsIn(rec calibrate.Recommendation) int { return max(rec.Threads, 1) }

// boundsSentence is both bounds: where what they serve decided, the rule of the field has no say.
func boundsSentence(r calibrate.Result) string {
	rec := r.Recommendation
	s, each := rec.Sum, when(rec.Workers > 1, " each")
	threads := say.Plural(threadsIn(rec), "thread") + each
	switch {
	case s.ThreadsUnknown:
		threads = "threads as they are"
	case s.AtOnce > 0:
		threads = say.Plural(s.AtOnce, "request") + " at once" + each
	}
	head := say.Plural(rec.Workers, "worker") + " with " + threads + ": "
	if s.BySpeed {
		return head + memorySum(rec) + "."
	}
	return head + "the field's rule for the cores says " + cpuSum(rec) + "; " + memorySum(rec) + "."
}

// speedSentence is what decided how many the cores ask for: what they serve, or else the field's rule, and why.
func speedSentence(r calibrate.Result) string {
	rec := r.Recommendation
	s := rec.Sum
	c, ok := chosen(r)
	switch {
	case !s.BySpeed:
		return "That rule stands in, since " + cpuUnknown(r) + "."
	case !ok:
		return ""
	case s.Unmet:
		return "They come nearest to " + wantedOf(s.WantedRate, s.WantedP99) + "."
	case s.BestRate <= 0:
		return ""
	case r.Plan.Prefer != "" || s.AllowedWorkers != s.RuleWorkers || rec.Workers != s.AllowedWorkers: // something else has set them, too
		return fmt.Sprintf("They serve %s; of all that fit the most is %s.", say.RequestRate(c.Rate), say.RequestRate(s.BestRate))
	case s.WantedRate > 0:
		return "Of those that fit and serve " + wantedOf(s.WantedRate, s.WantedP99) + ", they take about the least memory."
	}
	serves := when(say.Number(c.Rate) != say.Number(s.BestRate), ", and serve %s", say.Number(c.Rate))
	return fmt.Sprintf("Of those that fit the most serve %s; of those within %s of that they take about the least memory%s.",
		say.RequestRate(s.BestRate), say.Percent(calibrate.Alike), serves)
}

// noneServes begins what is wanted and not served: by what was run, or by all that fits as it was asked for.
func noneServes(r calibrate.Result) string {
	most := r.Recommendation.Sum.MaxWorkers
	if r.Recommendation.Computed != nil {
		return "none that was really run serves "
	}
	return "nothing that fits" + when(most > 0, " with %s at most", say.Plural(most, "worker")) + " serves "
}

func cpuSum(rec calibrate.Recommendation) string {
	s, threads := rec.Sum, threadsIn(rec)
	switch {
	case threads == 1:
		whole := 2*s.CPUs == math.Trunc(2*s.CPUs)
		return fmt.Sprintf("2 x %s + 1 = %s", say.CoreCount(s.CPUs), say.Count(s.CPUWorkers)) + when(!whole, ", rounded down")
	case 2*s.CPUs+1 < float64(threads):
		return fmt.Sprintf("1, the least, of (2 x %s + 1) / %s", say.CoreCount(s.CPUs), say.Plural(threads, "thread"))
	}
	return fmt.Sprintf("(2 x %s + 1) / %s = %s", say.CoreCount(s.CPUs), say.Plural(threads, "thread"), say.Count(s.CPUWorkers))
}

func memorySum(rec calibrate.Recommendation) string {
	s := rec.Sum
	if s.MemoryWorkers == nil {
		return "what a worker needs is unknown, so memory bounds nothing"
	}
	budget := say.MB(rec.BudgetBytes) + " budget"
	if s.SharedBytes > 0 {
		budget = fmt.Sprintf("(%s - %s shared%s)", budget, say.MB(s.SharedBytes), when(s.LeavingBytes > 0, ", with %s for a worker that exits", say.MB(s.LeavingBytes)))
	}
	return fmt.Sprintf("memory holds %s / %s a worker = %s, rounded down", budget, say.MB(s.LeastBytes), say.Count(*s.MemoryWorkers))
}

// sharedSum begins a sum; "" if nothing is shared.
func sharedSum(s calibrate.Sum) string {
	return when(s.SharedBytes != 0, "%s shared + ", say.MB(s.SharedBytes))
}

func threadsSentence(r calibrate.Result) string {
	rec := r.Recommendation
	s, threads := rec.Sum, threadsIn(rec)
	if r.Plan.Prefer != "" && len(s.ThreadChoices) > 1 {
		return preferredSentence(r)
	}
	if threads == s.MeasuredThreads || s.ThreadsUnknown || s.BySpeed {
		return ""
	}
	own := say.Plural(s.MeasuredThreads, "thread")
	if s.Basis == calibrate.BasisMeasured {
		own = "the " + own + " it was measured with"
	}
	fit := "not even 1 worker fits"
	if s.MinWorkers > 1 {
		fit = fmt.Sprintf("the %s asked for don't fit", say.Plural(s.MinWorkers, "worker"))
	}
	return fmt.Sprintf("With %s, %s (that needs %s), so this is computed: measure with %s to size more.",
		own, fit, say.MBUp(s.NeededBytes), say.Plural(threads, "thread"))
}

// preferredSentence says what set the threads, and out of which choice.
func preferredSentence(r calibrate.Result) string {
	s := r.Recommendation.Sum
	if s.Unmet {
		return "What is preferred (" + r.Plan.Prefer + ") has no say, since nothing serves that."
	}
	why := map[string]string{
		knob.PreferWorkers: "allows the most workers",
		knob.PreferThreads: "allows the most requests at once",
		knob.PreferMemory:  "needs the least memory for all the workers that the cores ask for",
	}[r.Plan.Prefer]
	if r.Plan.Prefer == knob.PreferMemory && !s.CoresGranted {
		why = "allows the most requests at once, where memory grants the workers that the cores ask for to none"
	}
	among := when(s.WantedRate > 0, " of those that serve %s", wantedOf(s.WantedRate, s.WantedP99))
	return fmt.Sprintf("Of %s threads a worker %s %s%s.", anyOf(s.ThreadChoices), say.Count(threadsIn(r.Recommendation)), why, among)
}

// anyOf lists numbers: 1, 4 or 16.
func anyOf(numbers []int) string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = say.Count(n)
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " or " + texts[last]
}

// twoSentence is the rule of two, if it raised the count or could not.
func twoSentence(rec calibrate.Recommendation) string {
	switch {
	case rec.Workers == 2 && rec.Sum.CPUWorkers < 2:
		return "Two all the same: with one, nobody answers while it restarts, and one worker of most languages keeps one core busy."
	case rec.Workers == 1 && rec.Sum.RuleWorkers == 1:
		return "Only one fits: while it restarts nobody answers, and one worker of most languages keeps one core busy."
	}
	return ""
}

// boundedSentence is the minimum or the maximum that was asked for, if it changed the count.
func boundedSentence(s calibrate.Sum) string {
	switch {
	case s.AllowedWorkers > s.RuleWorkers:
		return fmt.Sprintf("No fewer than %s were asked for.", say.Plural(s.MinWorkers, "worker"))
	case s.AllowedWorkers < s.RuleWorkers && s.AllowedWorkers == 1:
		return "1 worker is the most allowed: while it restarts nobody answers."
	case s.AllowedWorkers < s.RuleWorkers:
		return fmt.Sprintf("%s are the most allowed.", say.Plural(s.MaxWorkers, "worker"))
	}
	return ""
}

func fewerSentence(rec calibrate.Recommendation) string {
	s := rec.Sum
	return when(rec.Workers != s.AllowedWorkers, "%s would fit, but share the headroom among more, and so be recycled more often: %s of their time against %s.",
		say.Plural(s.AllowedWorkers, "worker"), say.Percent(s.AllowedCost), say.Percent(s.Cost))
}

func totalSentence(rec calibrate.Recommendation) string {
	s := rec.Sum
	worker := (rec.TotalBytes - s.SharedBytes) / int64(rec.Workers)
	text := fmt.Sprintf("In all %s%s x %s = %s", sharedSum(s), say.Count(rec.Workers), say.MB(worker), say.MB(rec.TotalBytes))
	text += when(rec.BudgetBytes > 0, ", %s of the budget", say.Percent(float64(rec.TotalBytes)/float64(rec.BudgetBytes)))
	if s.CreepBytes > 0 {
		peak := "at its measured peak"
		if s.CreepApart {
			peak = "at its peak without creep"
		} else if s.Basis == calibrate.BasisGiven {
			peak = "at its given peak"
		}
		until := "it is recycled"
		if s.Lasting != nil {
			until = "the server is restarted"
		}
		text += fmt.Sprintf("; a worker's %s is %s %s and %s of creep until %s",
			say.MB(worker), say.MB(worker-s.CreepBytes), peak, say.MB(s.CreepBytes), until)
	}
	return text + "."
}

// crowdSentence says that a worker is sized for more requests at once than it was measured with at its peak.
func crowdSentence(r calibrate.Result) string {
	bend, crowd := r.Concurrency.Bend, r.Recommendation.Sum.CrowdBytes
	if bend == nil || crowd == 0 {
		return ""
	}
	return fmt.Sprintf("With %s at once a worker takes %s more than at its peak, and no more with any more of them.", say.Plural(bend.Clients, "request"), say.MB(crowd))
}

// plainSentence shows the field's plain formula with the same worker, if it comes to another count.
func plainSentence(rec calibrate.Recommendation) string {
	s := rec.Sum
	if s.PlainWorkers == rec.Workers || s.PlainWorkers == 0 || s.BySpeed { // then it is a row of the field's rules, with what it would serve
		return ""
	}
	divided := when(threadsIn(rec) > 1, " / %s", say.Plural(threadsIn(rec), "thread"))
	return fmt.Sprintf("(The plain formula, min(2 x %s + 1, %s / %s MB)%s, says %s.)",
		say.Count(calibrate.WholeCores(s.CPUs)), say.MB(rec.BudgetBytes), say.Count(rec.WorkerMemoryMB), divided, say.Count(s.PlainWorkers))
}

// Refusal is why nothing fits, as a sum at the measured threads, and what would fit; "" if something does.
func Refusal(r calibrate.Result) string {
	rec, s := r.Recommendation, r.Recommendation.Sum
	if !rec.NothingFits {
		return ""
	}
	worker := say.MB(s.LeastBytes)
	if s.ThreadBytes > 0 || s.Lasting != nil {
		worker = "(" + say.MB(s.WorkerBytes) + when(s.ThreadBytes > 0, " + %s x %s", say.Plural(s.MeasuredThreads, "thread"), say.MB(s.ThreadBytes)) +
			when(s.Lasting != nil, " + %s of creep", lastingMB(s.Lasting)) + ")"
	}
	text := fmt.Sprintf("needs %s, has %s: %s%s x %s; the smallest budget that fits is %s", say.MBUp(s.NeededBytes),
		say.MBLess(rec.BudgetBytes, s.SmallestBytes), sharedSum(s), say.Count(s.MinWorkers), worker, say.MBUp(s.SmallestBytes))
	text += when(s.SmallestThreads != s.MeasuredThreads, ", with %s", say.Plural(s.SmallestThreads, "thread"))
	if s.Lasting != nil {
		text += "; creep that nothing recycles is " + lastingSum(*s.Lasting)
	}
	return text
}
