package report

import (
	"fmt"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
)

// attached says whether the server was running before calibrate came.
func attached(r calibrate.Result) bool { return r.Mode == calibrate.ModeAttach && r.Watch != nil }

// byTime says whether nobody counted the requests, so that growth is known by the clock alone.
func byTime(r calibrate.Result) bool { return r.Creep.By == calibrate.ByTime }

// watchedSection is what a watch of a running server showed.
func watchedSection(r calibrate.Result) []Block {
	latency := ""
	if r.Load.Requests > 0 {
		latency = latencyOf(r.Load)
	}
	return section(Heading{"Watched", watchedDetail(r)}, Facts{Rows: factsOf(
		fact("app", appOf(r.Target)), fact("server", processOf(r.Target)), fact("requests", countedOf(*r.Watch)), fact("load", sentOf(r.Load)),
		fact("latency", latency), fact("CPU", busyOf(r)), fact("worker RSS", watchedWorker(r.Worker)), fact("one more", meanMarginal(r.Worker)),
	)})
}

// meanMarginal: the peak is the largest worker's, and this is the mean, so their difference is not what is shared.
func meanMarginal(w calibrate.Worker) string {
	if w.MarginalBytes <= 0 {
		return notMeasured
	}
	return fmt.Sprintf("another worker needs %s (%s)", knownMB(w.MarginalBytes), marginalSource(w))
}

func watchedDetail(r calibrate.Result) string {
	title := serverOf(r.Target)
	if r.Worker.Workers > 0 {
		title += ", " + say.Plural(r.Worker.Workers, "worker")
		if r.Target.Threads > 0 {
			title += " of " + say.Plural(r.Target.Threads, "thread")
		}
	}
	if r.Watch.Seconds > 0 {
		title += ", " + say.Seconds(r.Watch.Seconds)
	}
	return title + whatAMBIs
}

func processOf(t calibrate.TargetInfo) string {
	s := fmt.Sprintf("process %d", t.PID)
	if t.NamedPID > 0 {
		s += fmt.Sprintf(", the master of the worker %d that was named", t.NamedPID)
	}
	if t.UpSeconds > 0 {
		s += "; up " + say.Seconds(t.UpSeconds)
	}
	if len(t.Ports) > 0 {
		ports := make([]string, len(t.Ports))
		for i, p := range t.Ports {
			ports[i] = fmt.Sprint(p)
		}
		s += "; listens on port " + strings.Join(ports, ", ")
	}
	return s + "; still running"
}

func countedOf(w calibrate.Watch) string {
	if w.Counter == "" {
		return "not counted: no access log was followed, and no load sent"
	}
	s := fmt.Sprintf("%s by %s", say.Count(w.Requests), counterOf(w))
	if w.Seconds > 0 && w.Requests > 0 {
		s += ", " + say.Rate(float64(w.Requests)/w.Seconds)
	}
	if w.Counter == calibrate.CounterLoad {
		s += "; requests of others, if there were any, are not counted"
	}
	return s
}

func counterOf(w calibrate.Watch) string {
	if w.Counter == calibrate.CounterLoad {
		return "the load that was sent"
	}
	return "the " + w.Counter
}

func sentOf(l calibrate.LoadInfo) string {
	if l.Requests <= 0 {
		return "none sent"
	}
	return loadOf(l)
}

func busyOf(r calibrate.Result) string {
	if r.Watch.Cores <= 0 {
		return notMeasured
	}
	return fmt.Sprintf("the workers kept %s of a core busy", say.Percent(r.Watch.Cores))
}

func watchedWorker(w calibrate.Worker) string {
	if w.PeakRSSBytes <= 0 {
		return notMeasured
	}
	s := fmt.Sprintf("at first %s, peak %s", knownMB(w.PlateauRSSBytes), knownMB(w.PeakRSSBytes))
	if w.PeakSource != "" {
		s += fmt.Sprintf(" (%s)", w.PeakSource)
	}
	if w.Restarts > 0 {
		s += fmt.Sprintf("; %s ended meanwhile", say.Plural(w.Restarts, "worker"))
	}
	return s
}

// hourly prints growth by the clock: "1.2 MB an hour".
func hourly(bytesPerSecond float64) string { return say.Bytes(bytesPerSecond*3600) + " an hour" }

// growth is what is known of creep by the clock.
func growth(r calibrate.Result) []Fact {
	c := r.Creep
	slope := notMeasured
	if c.BytesPerSecond != nil {
		slope = hourly(*c.BytesPerSecond) + " in each worker"
		if low, high := c.LowBytesPerSecond, c.HighBytesPerSecond; low != nil && high != nil {
			slope += fmt.Sprintf(" (%sinterval %s)", confidenceOf(c), say.Range(*low*3600, *high*3600))
		}
	}
	evidence := say.Seconds(c.Seconds)
	if c.DetectablePerSecond != nil {
		evidence += fmt.Sprintf("; growth of %s would have shown", hourly(*c.DetectablePerSecond))
	}
	facts := []Fact{fact("verdict", verdictByTime(c)), fact("slope", slope), fact("rests on", evidence)}
	return append(facts, missingFacts(r, "more time")...)
}

func verdictByTime(c calibrate.Creep) string {
	switch c.Verdict {
	case calibrate.Flat:
		return "flat: no growth with time that matters under the load there was"
	case calibrate.Creeping:
		return "creeping: memory grows with time and does not come back"
	case calibrate.Inconclusive:
		if c.BytesPerSecond == nil {
			return "inconclusive: too little data to fit a slope"
		}
	}
	return verdictOf(c)
}

func longerWatch(r calibrate.Result) string {
	s := fmt.Sprintf("a longer watch: --duration %s (this one lasted %s)", longer(r.Watch.Seconds), say.Seconds(r.Watch.Seconds))
	if r.Watch.Counter == "" {
		s += ", or count the requests: --access-log FILE"
	}
	return s
}
