package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/knob"
	"workermem/calibrate/say"
)

// Sizing is the page of one worker sized for one host, or for several, a line each. All results are of the same worker;
// none may be withheld.
func Sizing(sized []calibrate.Result, servers calibrate.Servers) Document {
	d := Document{Title: "Workers and memory of a worker with given figures", Data: sizingData(sized)}
	if len(sized[0].Target.Command) > 0 {
		d.Title, d.Subject = "Workers and memory of", subjectOf(sized[0].Target)
	}
	warnings := warningsSection(common(sized), sized[0].Plan.Silenced)
	blocks := append(hostsSection(sized), warnings...)
	if len(sized) == 1 {
		blocks = slices.Concat(answerSection(sized[0], servers), warnings, sizedSection(sized[0]))
	}
	d.Blocks = slices.Concat(readingNote(sized[0]), blocks, section(Heading{Name: "What this rests on"}, Facts{Rows: restsOn(sized)}))
	return d
}

func sizedSection(r calibrate.Result) []Block {
	return slices.Concat(speedSection(r), sumOf(Heading{"The sum", hostOf(r) + whatAMBIs}, r), candidatesSection(r, inJSON), inFull(sweepSection(r)), inFull(rulesSection(r)))
}

func hostsSection(sized []calibrate.Result) []Block {
	p := sized[0].Plan
	kept := say.Percent(p.ReserveRatio) + when(p.ReserveBytes > 0, " and %s", knownMB(p.ReserveBytes)) + " of each kept back"
	blocks := []Block{Heading{Name: "Sized for " + say.Plural(len(sized), "host") + ", " + kept + wishesOf(p) + whatAMBIs}, hostTable(sized)}
	if refused := refusals(sized); len(refused) > 0 {
		blocks = append(blocks, Heading{Name: "Nothing fits"}, Facts{Rows: refused})
	}
	if slow := unmet(sized); len(slow) > 0 {
		blocks = append(blocks, Heading{Name: "Too small for " + wantedOf(sized[0].Plan.ProductionRate, sized[0].Plan.P99Seconds)}, Facts{Rows: slow})
	}
	return blocks
}

// wishesOf is what every host is held to: it may come from a run of long ago.
func wishesOf(p calibrate.PlanInfo) string {
	var s string
	for _, wish := range knob.Of(&p.Wishes) {
		if said := wish.Said(); said != "" {
			s += ", " + said
		}
	}
	return s
}

// hostTable has one row a host. Memory is what the host has, budget what is left of it for the workers.
func hostTable(sized []calibrate.Result) Table {
	t := Table{Columns: []Column{
		{Head: "cores", Keep: 9}, {Head: "memory", Unit: "MB", Keep: 9}, {Head: "budget", Unit: "MB", Keep: 4}, {Head: "workers", Keep: 9},
		{Head: threadsHead, Keep: 8}, servesColumn, {Head: usedHead, Keep: 7}, {Head: p99Head, Keep: 7}, {Head: "total", Unit: "MB", Keep: 7}, {Head: "of budget", Keep: 3}, {Head: "max-requests", Keep: 5},
		{Head: "bound by", Left: true, Keep: 6}, {Head: atOnceHead, Keep: 6},
	}}
	for _, r := range sized {
		t.Rows = append(t.Rows, Row{Cells: hostRow(r)})
	}
	return t.without(func(c Column) bool {
		switch c.Head {
		case atOnceHead:
			return !crowded(sized)
		case threadsHead:
			return !threaded(sized[0])
		case servesColumn.Head:
			return !slices.ContainsFunc(sized, fast)
		case usedHead, p99Head:
			return !slices.ContainsFunc(sized, fast) || sized[0].Plan.ProductionRate <= 0
		}
		return false
	})
}

const (
	threadsHead = "threads"
	atOnceHead  = "at once a worker"
)

// crowded says that memory bounds the requests at once of a worker, and nothing else does.
func crowded(sized []calibrate.Result) bool {
	return slices.ContainsFunc(sized, func(r calibrate.Result) bool { return r.Concurrency.Bound > 0 })
}

func threaded(r calibrate.Result) bool { return r.Target.HasThreads || r.Target.Threads > 0 }

func hostRow(r calibrate.Result) []string {
	rec := r.Recommendation
	row := []string{say.CoreCount(r.Cores()), mbCell(memoryOf(r)), mbCell(rec.BudgetBytes)}
	if rec.Workers == 0 {
		return append(row, "none", "-", "-", "-", "-", "-", "-", "-", "memory", "-")
	}
	requests := maxRequests(r)
	if rec.MaxRequests > 0 {
		requests = say.Count(rec.MaxRequests)
	}
	c, _ := chosen(r)
	return append(row, say.Count(rec.Workers), say.Count(max(rec.Threads, 1)), rateCell(c.Rate), percentCell(c.UsedRatio), waitCell(c.P99), mbCell(rec.TotalBytes), percentCell(ratioOf(rec.TotalBytes, rec.BudgetBytes)),
		requests, orElse(hostBound(c), "-"), orDash(r.Concurrency.Bound))
}

// hostBound is what a host would need more of to serve more, or where that isn't known, what stands against one worker more.
func hostBound(c calibrate.Candidate) string {
	if c.Rate <= 0 || c.BoundBy == calibrate.BoundMemory && !c.RateBy.Full() {
		return string(c.BoundBy)
	}
	return string(c.RateBy)
}

func memoryOf(r calibrate.Result) int64 {
	bytes, _ := r.Host.Memory()
	return cmp.Or(r.Plan.MemoryBytes, bytes)
}

// refusals are the hosts where nothing fits, each with its sum and the memory that would do.
func refusals(sized []calibrate.Result) []Fact {
	var facts []Fact
	for _, r := range sized {
		rec := r.Recommendation
		if !rec.NothingFits {
			continue
		}
		text := Refusal(r) + when(rec.SmallestMemoryBytes > 0, ", for which a host needs %s of memory", say.MBUp(rec.SmallestMemoryBytes))
		facts = append(facts, fact(hostName(r), text))
	}
	return facts
}

// unmet are the hosts on which nothing serves what is wanted, each with the box that would.
func unmet(sized []calibrate.Result) []Fact {
	var facts []Fact
	for _, r := range sized {
		if r.Recommendation.Sum.Unmet {
			facts = append(facts, fact(hostName(r), neededBox(r)))
		}
	}
	return facts
}

// hostName is a host as --host takes it.
func hostName(r calibrate.Result) string {
	memory := float64(memoryOf(r)) / mb
	if memory >= 1024 && math.Mod(memory, 1024) == 0 {
		return fmt.Sprintf("%sc/%dG", strconv.FormatFloat(r.Cores(), 'f', -1, 64), int64(memory)/1024)
	}
	return fmt.Sprintf("%sc/%sM", strconv.FormatFloat(r.Cores(), 'f', -1, 64), strconv.FormatFloat(math.Round(memory*10)/10, 'f', -1, 64))
}

// restsOn says where the figures come from, and which of them are not known of another host.
func restsOn(sized []calibrate.Result) []Fact {
	r, f := sized[0], foundationOf(sized)
	if f.Basis == calibrate.BasisGiven {
		return factsOf(fact("given", "the worker's figures; none was measured here, so nothing was tested"), fact("config", configOf(r.Plan.Config)),
			fact("not given", when(f.ThreadsFree, "what a busy thread needs (--thread-memory): it counts as nothing here, though it needs the memory of its request")))
	}
	atOnce, elsewhereToo := "", ""
	if len(sized) > 1 && crowded(sized) {
		atOnce = atOnceBound(r)
	}
	if f.Elsewhere {
		elsewhereToo = untested(r)
	}
	return factsOf(fact("measured", measuredOn(r)), fact("computed", computedFrom(f)), fact("serves", servesElsewhere(sized, f)), fact("at once", atOnce), fact("untested", elsewhereToo))
}

// servesElsewhere says what the rates rest on where a host is not the machine of the run.
func servesElsewhere(sized []calibrate.Result, f foundation) string {
	return when(f.Elsewhere && slices.ContainsFunc(sized, fast),
		"at most, with every thread busy, by what a request cost here in CPU time. A core there may differ: a run there tells")
}

// threadsFree says that more threads look as cheap as fewer, because nobody said what they need.
func threadsFree(r calibrate.Result) bool {
	return r.Law.ThreadBytes == 0 && len(r.Plan.ThreadChoices) > 1
}

func measuredOn(r calibrate.Result) string {
	what := "the worker's peak memory, its creep and its boot"
	if v := r.Creep.Verdict; v != calibrate.Flat && v != calibrate.Creeping {
		what = "the worker's peak memory and its boot"
	}
	return what + ": 1 worker" + when(r.Target.Threads > 0, " of %s", say.Plural(r.Target.Threads, "thread")) +
		when(r.Target.ServerVersion != "", ", %s", serverOf(r.Target)) + ", on " + say.Cores(r.Host.SizingCPUs()) + " of " +
		orElse(r.Host.CPUModel, "an unknown CPU") + when(r.ID != "", ", run %s", r.ID)
}

func computedFrom(f foundation) string {
	if len(f.Checked) == 0 {
		return "every other number of workers and threads, from that one worker"
	}
	shapes := make([]string, len(f.Checked))
	for i, shape := range f.Checked {
		shapes[i] = fmt.Sprintf("%s x %s", say.Count(shape.Workers), say.Count(shape.Threads))
	}
	return "every other number of workers and threads, by the formula; it was fitted to " + strings.Join(shapes, " and ") + " (workers x threads)"
}

// atOnceBound explains the column of that name.
func atOnceBound(r calibrate.Result) string {
	return "the most requests at once in a worker that the host has memory for; nothing limits them now" +
		when(r.Target.ConcurrencyFlag != "", " (%s would)", r.Target.ConcurrencyFlag)
}

// elsewhere says that a host is not the one of the run.
func elsewhere(sized []calibrate.Result) bool {
	return slices.ContainsFunc(sized, func(r calibrate.Result) bool {
		memory, _ := r.Host.Memory()
		return r.Cores() != r.Host.SizingCPUs() || memoryOf(r) != memory
	})
}

func untested(r calibrate.Result) string {
	return "on any other host. Memory is the same with the same architecture and libraries; the boot time" +
		when(r.Plan.ProductionRate <= 0, " and the requests a second") + ", and with them the price of recycling, are those of the machine of the run"
}

// common are the warnings that hold for every host.
func common(sized []calibrate.Result) []calibrate.Warning {
	return slices.DeleteFunc(slices.Clone(sized[0].Warnings), func(w calibrate.Warning) bool {
		return slices.ContainsFunc(sized[1:], func(r calibrate.Result) bool { return !slices.Contains(r.Warnings, w) })
	})
}
