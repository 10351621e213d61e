package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
)

// measuredTitle says what was measured, how long it took, and what a MB is.
func measuredTitle(r calibrate.Result) string {
	if attached(r) {
		return watchedTitle(r)
	}
	title := "Measured: " + serverOf(r.Target)
	if r.Target.Threads > 0 {
		title += fmt.Sprintf(", 1 worker of %s", plural(r.Target.Threads, "thread"))
	}
	if r.DurationSeconds > 0 {
		title += ", " + seconds(r.DurationSeconds)
	}
	return title + " (1 MB = 2^20 B)"
}

func serverOf(t calibrate.TargetInfo) string {
	switch {
	case t.Server == "":
		return "server " + unknown
	case t.ServerVersion == "":
		return t.Server
	}
	return t.Server + " " + t.ServerVersion
}

// measured is what was done to one worker, and what it showed.
func measured(r calibrate.Result) []fact {
	if attached(r) {
		return watched(r)
	}
	facts := []fact{
		{"app", appOf(r.Target)},
		{"boot", bootOf(r.Target)},
		{"load", loadOf(r.Load)},
		{"latency", latencyOf(r.Load)},
		{"worker RSS", workerOf(r.Worker)},
		{"one more", marginalOf(r)},
	}
	if s := treeOf(r); s != "" {
		facts = append(facts, fact{"whole tree", s})
	}
	if s := atOnceOf(r); s != "" {
		facts = append(facts, fact{"at once", s})
	}
	return facts
}

// treeOf is what all processes of the app took together when the load was over, by two accounts of the kernel.
func treeOf(r calibrate.Result) string {
	var parts []string
	if e := r.Worker.End; e != nil {
		parts = append(parts, fmt.Sprintf("sum of PSS %s", megabytes(e.TreePSSBytes)))
	}
	switch t := r.Tree; {
	case t.ChargeBytes > 0:
		s := fmt.Sprintf("charged to its cgroup %s (%s of it files, %s kernel)", megabytes(t.ChargeBytes), megabytes(t.FileBytes), megabytes(t.KernelBytes))
		if t.PeakBytes > 0 {
			s += ", at most " + megabytes(t.PeakBytes)
		}
		if t.Missing != "" {
			s += "; without " + t.Missing
		}
		parts = append(parts, s)
	case t.Missing != "":
		parts = append(parts, "no charge by cgroup: "+t.Missing)
	}
	return strings.Join(parts, "; ")
}

// atOnceOf is memory against requests at once; "" where threads bound them.
func atOnceOf(r calibrate.Result) string {
	c := r.Concurrency
	if len(c.Steps) < 2 {
		return ""
	}
	parts := make([]string, len(c.Steps))
	for i, step := range c.Steps {
		parts[i] = fmt.Sprintf("%s %s", count(step.Clients), megabytes(step.PeakRSSBytes))
		if i == 0 {
			parts[i] = fmt.Sprintf("%s requests %s", count(step.Clients), megabytes(step.PeakRSSBytes))
		}
	}
	s := fmt.Sprintf("%s: %s for each more, creep apart", strings.Join(parts, ", "), perRequest(float64(c.RequestBytes)))
	if c.Bound > 0 {
		s += fmt.Sprintf("; the budget bears %s a worker", count(c.Bound))
	}
	return s
}

func hostOf(r calibrate.Result) string {
	cpus, memory := unknown, unknown
	if r.Host.CPUs > 0 {
		cpus = plural(r.Host.SizingCPUs(), "core")
	}
	if r.Plan.CPUs > 0 {
		cpus = plural(r.Plan.CPUs, "core") + " (given)"
	}
	if bytes, source := r.Host.Memory(); bytes > 0 {
		memory = fmt.Sprintf("%s (%s)", megabytes(bytes), source)
	}
	if r.Plan.MemoryBytes > 0 {
		memory = megabytes(r.Plan.MemoryBytes) + " (given)"
	}
	return fmt.Sprintf("%s, memory %s", cpus, memory)
}

func appOf(t calibrate.TargetInfo) string {
	if len(t.Command) == 0 {
		return unknown
	}
	s := shellQuote(t.Command)
	if t.Preload {
		s += " (preloaded)"
	}
	return s
}

func bootOf(t calibrate.TargetInfo) string {
	if t.BootSeconds <= 0 {
		return notMeasured
	}
	s := seconds(t.BootSeconds) + " to the first answer"
	if t.WorkerBootSeconds > 0 {
		s += ", of which the worker " + seconds(t.WorkerBootSeconds)
	}
	return s
}

func loadOf(l calibrate.LoadInfo) string {
	if l.Requests <= 0 {
		return withCapacity(notMeasured, l.Capacity)
	}
	parts := []string{
		fmt.Sprintf("%s requests, %s", count(l.Requests), succeeded(l)),
		withCapacity(paceOf(l), l.Capacity),
	}
	if len(l.Errors) > 0 {
		parts = append(parts, "errors: "+errorsOf(l.Errors))
	}
	return strings.Join(parts, "; ")
}

// withCapacity adds what one worker can serve, where that was sought.
func withCapacity(s string, capacity float64) string {
	if capacity <= 0 {
		return s
	}
	return s + "; capacity " + rate(capacity)
}

func succeeded(l calibrate.LoadInfo) string {
	if l.Succeeded >= l.Requests {
		return "all ok"
	}
	return percent(float64(l.Succeeded)/float64(l.Requests)) + " ok"
}

func paceOf(l calibrate.LoadInfo) string {
	if l.RateAsked > 0 {
		return fmt.Sprintf("asked %s, sent %s", rate(l.RateAsked), rate(l.RateSent))
	}
	if l.Clients > 0 {
		return fmt.Sprintf("%s in closed loop, %s", plural(l.Clients, "client"), rate(l.RateSent))
	}
	return "sent " + rate(l.RateSent)
}

func errorsOf(errors []calibrate.ErrorCount) string {
	parts := make([]string, len(errors))
	for i, e := range errors {
		parts[i] = fmt.Sprintf("%s %s", count(e.Count), e.Class)
	}
	return strings.Join(parts, ", ")
}

func latencyOf(l calibrate.LoadInfo) string {
	lat := l.LatencySeconds
	var parts []string
	for _, q := range []struct {
		name  string
		value *float64
	}{{"p50", lat.P50}, {"p95", lat.P95}, {"p99", lat.P99}} {
		if q.value != nil {
			parts = append(parts, q.name+" "+seconds(*q.value))
		}
	}
	if len(parts) == 0 {
		return notMeasured
	}
	s := strings.Join(parts, ", ")
	if l.Mode == "closed" {
		s += " (service time: a closed loop leaves out the queue)"
	}
	return s
}

func workerOf(w calibrate.Worker) string {
	if w.IdleRSSBytes <= 0 && w.PlateauRSSBytes <= 0 && w.PeakRSSBytes <= 0 {
		return notMeasured
	}
	s := fmt.Sprintf("idle %s, settled %s, peak %s",
		megabytes(w.IdleRSSBytes), megabytes(w.PlateauRSSBytes), megabytes(w.PeakRSSBytes))
	if w.PeakSource != "" {
		s += fmt.Sprintf(" (%s)", w.PeakSource)
	}
	if w.Restarts > 0 {
		s += fmt.Sprintf("; the worker was replaced %s meanwhile", times(w.Restarts))
	}
	return s
}

// marginalOf explains the number that the guides get wrong: RSS counts pages that all workers share.
func marginalOf(r calibrate.Result) string {
	marginal, rss := marginalBytes(r), r.Worker.PeakRSSBytes
	switch shared := rss - marginal; {
	case marginal <= 0:
		return notMeasured
	case rss <= 0 || shared < 0:
		return "another worker adds " + megabytes(marginal)
	case shared < mb/20:
		return fmt.Sprintf("another worker adds %s at most, its whole RSS", megabytes(marginal))
	default:
		return fmt.Sprintf("another worker adds %s; %s of its RSS are shared by all", megabytes(marginal), megabytes(shared))
	}
}

// marginalBytes is what one more worker costs, from the law where it isn't given.
func marginalBytes(r calibrate.Result) int64 {
	if r.Worker.MarginalBytes != 0 || r.Law.WorkerBytes <= 0 {
		return r.Worker.MarginalBytes
	}
	return r.Law.WorkerBytes + int64(max(r.Target.Threads, 1))*r.Law.ThreadBytes
}
