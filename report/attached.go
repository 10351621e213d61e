package report

import (
	"fmt"
	"slices"
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
	return section(Heading{"Watched", watchedDetail(r)}, Facts{Rows: factsOf(
		detail("app", appOf(r.Target)), detail("server", processOf(r.Target)), fact("requests", countedOf(*r.Watch)),
		detail("load", orElse(when(r.Load.Requests > 0, "%s", loadOf(r.Load)), "none sent")),
		detail("latency", when(r.Load.Requests > 0, "%s", latencyOf(r.Load))),
		detail("CPU", measured(r.Watch.Cores > 0, "the workers kept %s of a core busy", say.Percent(r.Watch.Cores))),
		fact("worker RSS", watchedWorker(r.Worker)), fact("one more", meanMarginal(r)),
		detail("config", configOf(r.Plan.Config)), detail("beside", besideOf(r)), detail("virtual", virtualOf(r.Worker.Virtual)),
	)})
}

// meanMarginal: the peak is the largest worker's, and this is the mean, so their difference is not what is shared.
func meanMarginal(r calibrate.Result) string {
	w := r.Worker
	return measured(w.MarginalBytes > 0, "another worker needs %s%s (%s)", knownMB(w.MarginalBytes), creepOf(r), marginalSource(w))
}

func watchedDetail(r calibrate.Result) string {
	title := serverOf(r.Target)
	if r.Worker.Workers > 0 {
		title += ", " + say.Plural(r.Worker.Workers, "worker") + when(r.Target.Threads > 0, " of %s", say.Plural(r.Target.Threads, "thread"))
	}
	return title + when(r.Watch.Seconds > 0, ", %s", say.Seconds(r.Watch.Seconds)) + whatAMBIs
}

func processOf(t calibrate.TargetInfo) string {
	var ports []string
	for _, p := range t.Ports {
		ports = append(ports, fmt.Sprint(p))
	}
	return fmt.Sprintf("process %d", t.PID) + when(t.NamedPID > 0, ", the master of the worker %d that was named", t.NamedPID) +
		when(t.UpSeconds > 0, "; up %s", say.Seconds(t.UpSeconds)) + when(len(ports) > 0, "; listens on port %s", strings.Join(ports, ", ")) + "; still running"
}

func countedOf(w calibrate.Watch) string {
	if w.Counter == "" {
		return "not counted: no access log was followed, and no load sent"
	}
	twice := w.Log != nil && slices.Contains(w.Log.Doubts, calibrate.LogTwice)
	return fmt.Sprintf("%s by %s", say.Count(w.Requests), counterOf(w)) + when(twice, ", which has two lines for each") +
		when(w.Seconds > 0 && w.Requests > 0, ", %s", say.Rate(w.Rate())) +
		when(w.LoadSeconds > 0 && w.LoadSeconds < w.Seconds && w.Requests > 0, " in the %s with load", say.Seconds(w.LoadSeconds)) +
		when(w.Counter == calibrate.CounterLoad, "; requests of others, if there were any, are not counted")
}

func counterOf(w calibrate.Watch) string {
	if w.Counter == calibrate.CounterLoad {
		return "the load that was sent"
	}
	return "the " + string(w.Counter)
}

func watchedWorker(w calibrate.Worker) string {
	return measured(w.PeakRSSBytes > 0, "at first %s, peak %s%s%s", knownMB(w.PlateauRSSBytes), knownMB(w.PeakRSSBytes),
		when(w.PeakSource != "", " (%s)", peakSource(w.PeakSource)), when(w.Restarts > 0, "; %s ended meanwhile", say.Plural(w.Restarts, "worker")))
}

func longerWatch(r calibrate.Result) string {
	return fmt.Sprintf("a longer watch: %s (this one lasted %s)", r.LongerTry(), say.Seconds(r.Watch.Seconds)) +
		when(r.Watch.Counter == "", ", or count the requests: --access-log FILE")
}
