package report

import (
	"fmt"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// measuredSection is what was done to one worker, and what it showed.
func measuredSection(r calibrate.Result) []Block {
	if attached(r) {
		return append(watchedSection(r), measuredMore(r))
	}
	return section(Heading{"Measured", measuredDetail(r)}, Facts{Rows: append([]Fact{
		detail("app", appOf(r.Target)), detail("boot", bootOf(r.Target)), detail("load", loadOf(r.Load)), detail("latency", latencyOf(r.Load)),
		fact(workerLabel(r.Worker), workerOf(r.Worker)), fact("one more", marginalOf(r)),
	}, factsOf(detail("config", configOf(r.Plan.Config)), detail("beside", besideOf(r)), detail("whole tree", treeOf(r)), detail("at once", atOnceOf(r)), detail("virtual", virtualOf(r.Worker.Virtual)))...)}, measuredMore(r))
}

// measuredMore is what a terminal has no room for.
func measuredMore(r calibrate.Result) Block {
	w := r.Worker
	samples := when(w.Samples > 0, "%s, one every %s", say.Count(w.Samples), knownSeconds(w.SampleIntervalSeconds))
	return Only{OfPage, []Block{Facts{Rows: factsOf(
		fact("PSS, USS at peak", knownMB(w.PeakPSSBytes)+", "+knownMB(w.PeakUSSBytes)), fact("one more, from", marginalSource(w)),
		fact("samples", samples), fact("phases", phaseList(r.Phases)),
	)}}}
}

// measuredDetail says what was measured, how long it took, and what a MB is.
func measuredDetail(r calibrate.Result) string {
	return serverOf(r.Target) + when(r.Target.Threads > 0, ", 1 worker of %s", say.Plural(r.Target.Threads, "thread")) +
		when(r.DurationSeconds > 0, ", %s", say.Seconds(r.DurationSeconds)) + whatAMBIs
}

const whatAMBIs = " (1 MB = 2^20 B)"

func serverOf(t calibrate.TargetInfo) string {
	switch {
	case t.Server == "":
		return "server " + say.Unknown
	case t.ServerVersion == "":
		return t.Server
	}
	return t.Server + " " + t.ServerVersion
}

// treeOf is what all processes of the app took together when the load was over, by two accounts of the kernel.
func treeOf(r calibrate.Result) string {
	if t := r.Tree; inBooks(r) {
		return when(t.ChargeBytes > 0, "its cgroup is charged %s, at most %s, by another account than below: the cache of files that it read is in that, "+
			"and pages of files that others read first are not", knownMB(t.ChargeBytes), knownMB(max(t.PeakBytes, t.ChargeBytes))) + when(t.Missing != "", "; without %s", t.Missing)
	}
	var parts []string
	if e := r.Worker.End; e != nil {
		parts = append(parts, "PSS adds up to "+knownMB(e.TreePSSBytes))
	}
	switch t := r.Tree; {
	case t.ChargeBytes > 0:
		parts = append(parts, fmt.Sprintf("the kernel charges its cgroup %s (%s for files, %s for itself)", knownMB(t.ChargeBytes), say.MB(t.FileBytes),
			say.MB(t.KernelBytes))+when(t.PeakBytes > 0, ", at most %s", knownMB(t.PeakBytes))+when(t.Missing != "", "; without %s", t.Missing))
	case t.Missing != "":
		parts = append(parts, "what the kernel charges is not known: "+t.Missing)
	}
	return strings.Join(parts, "; ")
}

// inBooks says that the page has the table of who has the memory.
func inBooks(r calibrate.Result) bool {
	return slices.ContainsFunc(r.Books, func(b calibrate.Balance) bool { return b.ReadBytes > 0 })
}

// atOnceOf is memory against requests at once; "" if threads bound them.
func atOnceOf(r calibrate.Result) string {
	c := r.Concurrency
	if len(c.Steps) < 2 {
		return ""
	}
	parts := make([]string, len(c.Steps))
	for i, step := range c.Steps {
		parts[i] = say.Count(step.Clients) + when(i == 0, " requests") + " " + knownMB(step.PeakRSSBytes)
	}
	return fmt.Sprintf("%s: %s%s for each one more, without creep", strings.Join(parts, ", "), when(c.Bend != nil, "at most "), say.Bytes(float64(c.RequestBytes))) +
		bendOf(c) +
		when(c.Bound > 0, "; the budget allows %s in a worker", say.Count(c.Bound))
}

// bendOf says where memory stops growing; "" if it was not seen to.
func bendOf(c calibrate.Concurrency) string {
	if c.Bend == nil {
		return ""
	}
	return fmt.Sprintf("; memory stops growing between %s and %s, as with a pool of threads or a limit", say.Count(c.Bend.Below), say.Count(c.Bend.Clients))
}

func hostOf(r calibrate.Result) string {
	cores := when(r.Host.CPUs > 0 || r.Plan.CPUs > 0, "%s (%s)", say.Cores(r.Cores()), coresSource(r))
	bytes, source := r.Host.Memory()
	from := when(bytes > 0, " (%s)", memorySource(r.Host, source))
	if r.Plan.MemoryBytes > 0 {
		from = " (given)"
	}
	return orElse(cores, say.Unknown) + ", memory " + knownMB(memoryOf(r)) + from
}

// coresSource is where the number of cores is from.
func coresSource(r calibrate.Result) string {
	switch {
	case r.Plan.CPUs > 0:
		return "given"
	case r.Host.CPULimited():
		return orElse(r.Host.CPULimitSource, "limit") + ", of " + say.Count(r.Host.CPUs)
	}
	return "affinity"
}

func appOf(t calibrate.TargetInfo) string {
	if len(t.Command) == 0 {
		return say.Unknown
	}
	return say.Shell(t.Command...) + when(t.Preload, " (preloaded)")
}

func bootOf(t calibrate.TargetInfo) string {
	return measured(t.BootSeconds > 0, "%s to the first answer%s", say.Seconds(t.BootSeconds),
		when(t.WorkerBootSeconds > 0, "; a worker alone takes %s", say.Seconds(t.WorkerBootSeconds)))
}

func loadOf(l calibrate.LoadInfo) string {
	if l.Requests <= 0 {
		return withCapacity(notMeasured, l.Capacity)
	}
	parts := []string{
		fmt.Sprintf("%s requests, %s", say.Count(l.Requests), succeeded(l)),
		withCapacity(paceOf(l), l.Capacity),
	}
	if len(l.Errors) > 0 {
		parts = append(parts, "errors: "+calibrate.SayErrors(l.Errors))
	}
	return strings.Join(parts, "; ")
}

// withCapacity adds what one worker can serve, if that was looked for.
func withCapacity(s string, capacity float64) string {
	return s + when(capacity > 0, "; capacity %s", say.Rate(capacity))
}

func succeeded(l calibrate.LoadInfo) string {
	if l.Succeeded >= l.Requests {
		return "all ok"
	}
	return say.Percent(float64(l.Succeeded)/float64(l.Requests)) + " ok"
}

func paceOf(l calibrate.LoadInfo) string {
	if l.RateAsked > 0 {
		asked := say.Rate(l.RateAsked)
		if l.Lowered != nil {
			asked += " (lowered from " + say.Rate(l.Lowered.FromRate) + ")"
		}
		return fmt.Sprintf("asked %s, sent %s", asked, knownRate(l.RateSent))
	}
	if l.Clients > 0 {
		return fmt.Sprintf("%s in closed loop, %s", say.Plural(l.Clients, "client"), knownRate(l.RateSent))
	}
	return "sent " + knownRate(l.RateSent)
}

func latencyOf(l calibrate.LoadInfo) string {
	lat := l.LatencySeconds
	var parts []string
	for _, q := range []struct {
		name  string
		value *float64
	}{{"p50", lat.P50}, {"p95", lat.P95}, {"p99", lat.P99}} {
		if q.value != nil {
			parts = append(parts, q.name+" "+say.Seconds(*q.value))
		}
	}
	return measured(len(parts) > 0, "%s%s", strings.Join(parts, ", "), when(l.Mode == calibrate.LoadClosed, " (service time: a closed loop leaves out the queue)"))
}

// bootOnly says what a peak that no load came to means for a limit.
func bootOnly(b *calibrate.BootPeak) string {
	switch {
	case b == nil:
		return ""
	case b.OfMaster:
		return fmt.Sprintf(", at boot alone; %s at most under load. The peak is the kernel's mark of pages that are the master's, so the formula and a limit need no room for it", knownMB(b.LoadedBytes))
	}
	return fmt.Sprintf(", at boot alone; %s at most under load. The formula has room for it in every worker, and a limit must: all of them boot at once when the server starts", knownMB(b.LoadedBytes))
}

// beforeOnly says the same of one that only the requests before the load came to.
func beforeOnly(loaded int64) string {
	return when(loaded > 0, ", by the requests before the load alone; %s at most under load. The formula has room for it in every worker: any of them may be asked the same", knownMB(loaded))
}

// workerLabel: where children are part of a worker, its memory is no process's RSS.
func workerLabel(w calibrate.Worker) string {
	if w.ChildrenPeakBytes > 0 {
		return "worker"
	}
	return "worker RSS"
}

func workerOf(w calibrate.Worker) string {
	return measured(w.IdleRSSBytes > 0 || w.PlateauRSSBytes > 0 || w.PeakRSSBytes > 0, "idle %s, settled %s, peak %s%s%s%s%s", knownMB(w.IdleRSSBytes),
		knownMB(w.PlateauRSSBytes), knownMB(w.PeakRSSBytes), when(w.PeakSource != "", " (%s)", peakSource(w.PeakSource)),
		when(w.ChildrenPeakBytes > 0, " with its children, %s without", knownMB(w.PeakRSSBytes-w.ChildrenPeakBytes)),
		bootOnly(w.BootPeak)+beforeOnly(w.LoadedPeakBytes), when(w.Restarts > 0, "; the worker was replaced %s during the run", say.Times(w.Restarts)))
}

// marginalOf explains the number that the guides get wrong: RSS counts pages that all workers share.
func marginalOf(r calibrate.Result) string {
	marginal, rss := marginalBytes(r), r.Worker.PeakRSSBytes
	switch shared := rss - marginal; {
	case marginal <= 0:
		return notMeasured
	case rss <= 0 || shared < 0:
		return "another worker needs " + knownMB(marginal) + creepOf(r)
	case shared < mb/20:
		return fmt.Sprintf("another worker needs %s at most, its whole RSS", knownMB(marginal)) + when(r.Worker.ChildrenPeakBytes > 0, " and its children")
	default:
		of := "RSS"
		if r.Worker.ChildrenPeakBytes > 0 {
			of = "peak"
		}
		return fmt.Sprintf("another worker needs %s%s; all workers share %s of its %s", knownMB(marginal), creepOf(r), knownMB(shared), of)
	}
}

// creepOf says how much of one more worker is the creep of the requests so far, which the formula leaves out.
func creepOf(r calibrate.Result) string {
	creep := r.Worker.MarginalBytes - r.Law.Worker(max(r.Target.Threads, 1))
	return when(r.Creep.Verdict == calibrate.Creeping && r.Law.WorkerBytes > 0 && creep >= mb, ", %s of it creep so far", knownMB(creep))
}

// marginalBytes is what one more worker costs, from the law if it isn't known by itself.
func marginalBytes(r calibrate.Result) int64 {
	if r.Worker.MarginalBytes != 0 || r.Law.WorkerBytes <= 0 {
		return r.Worker.MarginalBytes
	}
	return r.Law.Worker(max(r.Target.Threads, 1))
}

// peakSource is where a peak was read, in the kernel's words if it has one.
func peakSource(s calibrate.PeakSource) string {
	switch s {
	case calibrate.PeakMark:
		return "VmHWM"
	case calibrate.PeakMarkSince:
		return "VmHWM since the worker's start"
	case calibrate.PeakGroup:
		return "control group"
	case calibrate.PeakTables:
		return "page tables, once a second"
	}
	return string(s)
}
