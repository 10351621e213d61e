package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// Size writes one worker sized for one host, or for several, a line each. All results are of the same worker; none
// may be withheld.
func Size(w io.Writer, sized []calibrate.Result, o TextOptions) error {
	p := newPage(o.Width, o.Color)
	if len(sized) == 1 {
		writeSized(p, sized[0])
	} else {
		writeHosts(p, sized)
	}
	p.heading("What this rests on")
	p.facts(restsOn(sized))
	writeWarnings(p, common(sized), sized[0].Plan.Silenced)
	_, err := w.Write(p.buf.Bytes())
	return err
}

func writeSized(p *page, r calibrate.Result) {
	writeAnswer(p, r)
	p.heading(sumTitle(r))
	p.facts(sum(r))
	writeCandidates(p, r, inJSON)
	writeSweep(p, r)
	writeFormulas(p, r.Formulas, r.Recommendation.BudgetBytes)
}

func sumTitle(r calibrate.Result) string {
	return fmt.Sprintf("The sum for %s (1 MB = 2^20 B)", hostOf(r))
}

func writeHosts(p *page, sized []calibrate.Result) {
	p.text(bold, hostsTitle(sized))
	p.block(hostGrid(sized).text(p.width), "")
	if refused := refusals(sized); len(refused) > 0 {
		p.heading("Nothing fits")
		p.facts(refused)
	}
}

func hostsTitle(sized []calibrate.Result) string {
	return fmt.Sprintf("Sized for %s, %s%s (1 MB = 2^20 B)", say.Plural(len(sized), "host"), keptBack(sized[0].Plan), wishesOf(sized[0].Plan))
}

// wishesOf is what every host is held to: it may come from a run of long ago.
func wishesOf(p calibrate.PlanInfo) string {
	var s string
	if p.MinWorkers > 0 {
		s += ", at least " + say.Plural(p.MinWorkers, "worker")
	}
	if p.MaxWorkers > 0 {
		s += ", at most " + say.Plural(p.MaxWorkers, "worker")
	}
	if p.Prefer != "" {
		s += ", " + p.Prefer + " preferred"
	}
	return s
}

func keptBack(p calibrate.PlanInfo) string {
	kept := say.Percent(p.ReserveRatio)
	if p.ReserveBytes > 0 {
		kept += " and " + knownMB(p.ReserveBytes)
	}
	return kept + " of each kept back"
}

// hostGrid has one row a host. Memory is what the host has, budget what is left of it for the workers.
func hostGrid(sized []calibrate.Result) grid {
	g := grid{columns: []column{
		{"cores", false, 9}, {"memory\nMB", false, 9}, {"budget\nMB", false, 4}, {"workers", false, 9}, {"threads", false, 8},
		{"total\nMB", false, 7}, {"of\nbudget", false, 5}, {"max-\nrequests", false, 7}, {"bound\nby", true, 6},
	}}
	g.columns = append(g.columns, column{"at once\na worker", false, 6})
	for _, r := range sized {
		g.rows = append(g.rows, hostRow(r))
	}
	if !crowded(sized) {
		g = g.without(len(g.columns) - 1)
	}
	if !threaded(sized[0]) {
		g = g.without(slices.IndexFunc(g.columns, func(c column) bool { return c.head == "threads" }))
	}
	return g
}

// crowded says that memory bounds the requests at once of a worker, and nothing else does.
func crowded(sized []calibrate.Result) bool {
	return slices.ContainsFunc(sized, func(r calibrate.Result) bool { return r.Concurrency.Bound > 0 })
}

func threaded(r calibrate.Result) bool { return r.Target.HasThreads || r.Target.Threads > 0 }

func hostRow(r calibrate.Result) []string {
	rec := r.Recommendation
	row := []string{say.Count(coresOf(r)), mbCell(memoryOf(r)), mbCell(rec.BudgetBytes)}
	if rec.Workers == 0 {
		return append(row, "none", "-", "-", "-", "-", "memory", "-")
	}
	requests := maxRequests(r)
	if rec.MaxRequests > 0 {
		requests = say.Count(rec.MaxRequests)
	}
	used := float64(rec.TotalBytes) / float64(rec.BudgetBytes)
	atOnce := "-"
	if r.Concurrency.Bound > 0 {
		atOnce = say.Count(r.Concurrency.Bound)
	}
	return append(row, say.Count(rec.Workers), say.Count(max(rec.Threads, 1)), mbCell(rec.TotalBytes), percentCell(used), requests,
		orElse(boundBy(r.Candidates), "-"), atOnce)
}

func coresOf(r calibrate.Result) int {
	if r.Plan.CPUs > 0 {
		return r.Plan.CPUs
	}
	return r.Host.SizingCPUs()
}

func memoryOf(r calibrate.Result) int64 {
	if r.Plan.MemoryBytes > 0 {
		return r.Plan.MemoryBytes
	}
	bytes, _ := r.Host.Memory()
	return bytes
}

// refusals are the hosts where nothing fits, each with its sum and the memory that would do.
func refusals(sized []calibrate.Result) []fact {
	var facts []fact
	for _, r := range sized {
		rec := r.Recommendation
		if !rec.NothingFits {
			continue
		}
		text := rec.Reason
		if rec.SmallestMemoryBytes > 0 {
			text += ", which takes " + atLeastMB(rec.SmallestMemoryBytes) + " of memory"
		}
		facts = append(facts, fact{hostName(r), text})
	}
	return facts
}

// hostName is a host as --host takes it.
func hostName(r calibrate.Result) string {
	memory := float64(memoryOf(r)) / mb
	if memory >= 1024 && math.Mod(memory, 1024) == 0 {
		return fmt.Sprintf("%dc/%dG", coresOf(r), int64(memory)/1024)
	}
	return fmt.Sprintf("%dc/%sM", coresOf(r), strconv.FormatFloat(math.Round(memory*10)/10, 'f', -1, 64))
}

// atLeastMB is for what is needed: rounded up.
func atLeastMB(bytes int64) string { return say.MBUp(bytes) }

// restsOn says where the figures come from, and which of them are not known of another host.
func restsOn(sized []calibrate.Result) []fact {
	r := sized[0]
	if given(r) {
		return append([]fact{{"given", "the worker's figures; none was measured here, so nothing was tested"}}, threadsFree(r)...)
	}
	facts := []fact{{"measured", measuredOn(r)}, {"computed", computedFrom(r)}}
	if len(sized) > 1 && crowded(sized) {
		facts = append(facts, fact{"at once", atOnceBound(r)})
	}
	if elsewhere(sized) {
		facts = append(facts, fact{"untested", untested(r)})
	}
	return facts
}

// threadsFree warns where more threads look as cheap as fewer, because nobody said what they take.
func threadsFree(r calibrate.Result) []fact {
	if r.Law.ThreadBytes > 0 || len(r.Plan.ThreadChoices) < 2 {
		return nil
	}
	return []fact{{"not given", "what a busy thread takes (--thread-memory): it counts as nothing here, but takes the memory of its request"}}
}

func measuredOn(r calibrate.Result) string {
	what := "the worker's memory at its peak, its creep and its boot"
	if v := r.Creep.Verdict; v != verdictFlat && v != verdictCreeping {
		what = "the worker's memory at its peak and its boot"
	}
	s := what + ": 1 worker"
	if r.Target.Threads > 0 {
		s += " of " + say.Plural(r.Target.Threads, "thread")
	}
	if r.Target.ServerVersion != "" {
		s += ", " + serverOf(r.Target)
	}
	s += fmt.Sprintf(", on %s of %s", say.Plural(r.Host.SizingCPUs(), "core"), orElse(r.Host.CPUModel, "an unknown CPU"))
	if r.ID != "" {
		s += ", run " + r.ID
	}
	return s
}

func computedFrom(r calibrate.Result) string {
	if len(r.Law.Runs) == 0 {
		return "every other count of workers and threads, by the law of that one worker"
	}
	shapes := make([]string, len(r.Law.Runs))
	for i, run := range r.Law.Runs {
		shapes[i] = fmt.Sprintf("%d x %d", run.Workers, run.Threads)
	}
	return "every other count of workers and threads, by the law; it was checked with " + strings.Join(shapes, " and ") + " (workers x threads)"
}

// atOnceBound explains the column of that name.
func atOnceBound(r calibrate.Result) string {
	s := "the requests at once that a worker may take before the host is full; nothing bounds them now"
	if flag := r.Target.ConcurrencyFlag; flag != "" {
		s += " (" + flag + " would)"
	}
	return s
}

// elsewhere says that a host is not the one of the run.
func elsewhere(sized []calibrate.Result) bool {
	return slices.ContainsFunc(sized, func(r calibrate.Result) bool {
		memory, _ := r.Host.Memory()
		return coresOf(r) != r.Host.SizingCPUs() || memoryOf(r) != memory
	})
}

func untested(r calibrate.Result) string {
	theirs := "the boot time"
	if r.Plan.ProductionRate <= 0 {
		theirs = "the boot time and the requests a second"
	}
	return "on any other host. Memory carries over to the same architecture and libraries; " + theirs +
		", and with them the price of recycling, are those of the machine of the run"
}

// common are the warnings that hold for every host.
func common(sized []calibrate.Result) []calibrate.Warning {
	return slices.DeleteFunc(slices.Clone(sized[0].Warnings), func(w calibrate.Warning) bool {
		return slices.ContainsFunc(sized[1:], func(r calibrate.Result) bool { return !slices.Contains(r.Warnings, w) })
	})
}
