package analyse

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/creep"
	"workermem/calibrate/say"
)

// longest is the longest stretch of one generation of workers: a new worker starts a new series. It is the longest in time: of what is
// watched for long fewer readings are kept.
func longest(samples []calibrate.Sample) []calibrate.Sample {
	var best []calibrate.Sample
	for start := 0; start < len(samples); {
		end := start
		for end < len(samples) && samples[end].Generation == samples[start].Generation {
			end++
		}
		if one := samples[start:end]; best == nil || lasted(one) > lasted(best) {
			best = one
		}
		start = end
	}
	return best
}

// lasted is the time between the first and the last of some samples, in seconds.
func lasted(samples []calibrate.Sample) float64 {
	return samples[len(samples)-1].Seconds - samples[0].Seconds
}

// watched completes what the samples say of the watch as a whole.
func watched(m calibrate.Measured) *calibrate.Watch {
	if m.Result.Mode != calibrate.ModeAttach {
		return nil
	}
	w := calibrate.Watch{}
	if m.Result.Watch != nil {
		w = *m.Result.Watch
	}
	if w.Log != nil {
		l := *w.Log
		l.Doubts = LogDoubts(l)
		w.Log = &l
	}
	if last := len(m.Samples) - 1; last >= 0 {
		w.Seconds = m.Samples[last].Seconds - m.Samples[0].Seconds
		if w.Counter != "" {
			w.Requests = m.Samples[last].Requests - m.Samples[0].Requests
		}
		w.LoadSeconds, w.QuietSeconds = w.Seconds, QuietFor(m.Samples, w.Counter != "")
		for _, quiet := range quietTimes(m.Samples, w.Counter != "") {
			w.LoadSeconds -= quiet.seconds(m.Samples)
		}
		w.Cores = cores(longest(withLoad(judged(m.Result, m.Samples), w.Counter != "")))
	}
	return &w
}

// cores are those kept busy after the first fifth of a series, which the verdict leaves out as well.
func cores(series []calibrate.Sample) float64 {
	if len(series) == 0 {
		return 0
	}
	settled := series[0].Seconds + lasted(series)/5
	from, _ := slices.BinarySearchFunc(series, settled, func(s calibrate.Sample, at float64) int { return cmp.Compare(s.Seconds, at) })
	if series = series[from:]; len(series) < 2 {
		return 0
	}
	first, last := series[0], series[len(series)-1]
	return max(last.CPU-first.CPU, 0) / (last.Seconds - first.Seconds)
}

// seenBehind is how many requests each of the present workers is known to have served: those counted since the last
// change among them, shared out evenly. What they had served before is not known. Too few is the safe side: what crept
// with the others is then taken for what a worker needs anyway.
func seenBehind(samples []calibrate.Sample) int64 {
	last := len(samples) - 1
	if last < 0 {
		return 0
	}
	first := last
	for first > 0 && samples[first-1].Generation == samples[last].Generation {
		first--
	}
	return (samples[last].Requests - samples[first].Requests) / int64(max(samples[last].Workers, 1))
}

// creepByTime is the creep where nobody counted the requests.
func creepByTime(samples []calibrate.Sample) calibrate.Creep {
	e, of := growth(longest(samples), -1, creep.ByTime)
	c := calibrate.Creep{Verdict: e.Verdict, By: calibrate.ByTime, Confidence: e.Confidence, Seconds: e.Seconds, Method: e.Method, Missing: e.Missing}
	if e.Known {
		c.BytesPerSecond, c.LowBytesPerSecond, c.HighBytesPerSecond = calibrate.Figure(e.Slope), calibrate.Figure(e.Low), calibrate.Figure(e.High)
		c.DetectablePerSecond = calibrate.Figure(e.Detectable)
	}
	c.Kinds = growths(of, calibrate.ByTime)
	return c
}

// treeOfWorkers splits the tree of a server with several workers into what one of them costs at its peak, on average, and
// what they have in common.
func treeOfWorkers(e calibrate.EndReading, peak int64, threads int) tree {
	workers, others := int64(max(e.Workers, 1)), int64(max(e.Processes-e.Workers, 0))
	return tree{
		worker: (e.PrivateDirtySumBytes+e.RaisedSumBytes)/workers + KernelMemory(peak, threads),
		shared: max(cmp.Or(e.TreeBytes, e.TreePSSBytes)-e.PrivateDirtySumBytes, 0) + others*KernelMemory(0, 1),
	}
}

// leastLife is how long a worker lives that isn't recycled by its requests, if nobody said: until somebody restarts the
// server, and nobody does so more than once a day.
const leastLife = 24 * time.Hour

// restartEvery is how often the whole server is started anew, in seconds.
func restartEvery(r calibrate.Result) float64 {
	return cmp.Or(r.Plan.RestartSeconds, leastLife.Seconds())
}

// soonFull weighs a recommendation for workers that grow with time: it notes how long their headroom lasts, and withholds
// what wouldn't last.
func soonFull(rec *calibrate.Recommendation, c calibrate.Creep, restart float64) {
	if c.By != calibrate.ByTime || c.Verdict != calibrate.Creeping || rec.Workers == 0 || c.HighBytesPerSecond == nil {
		return
	}
	headroom, growth := (rec.BudgetBytes-rec.TotalBytes)/int64(rec.Workers), *c.HighBytesPerSecond
	lasts := float64(headroom) / growth
	if lasts < restart {
		*rec = calibrate.Recommendation{BudgetBytes: rec.BudgetBytes, Budget: rec.Budget,
			Withheld: &calibrate.Withheld{Kind: calibrate.WithheldGrowth, BytesPerSecond: growth, Workers: rec.Workers, Seconds: lasts}}
		return
	}
	rec.Recycling.Kind, rec.Recycling.Doubt = calibrate.RecyclingByTime, ""
	rec.Recycling.GrowthPerSecond, rec.Recycling.HeadroomBytes, rec.Recycling.LastsSeconds = growth, headroom, lasts
}

// watchDoubts adds what is doubtful of a watch alone.
func watchDoubts(r calibrate.Result, add func(doubtful bool, code, try, format string, args ...any)) {
	w := r.Watch
	add(w.Counter == calibrate.CounterLog && w.Requests == 0 && w.Seconds > 0, "no-requests", "check that it is this server's, and that somebody asks the server for something",
		"the access log gained no line in %s", say.Seconds(w.Seconds))
	add(w.Counter == "" && w.QuietSeconds == 0 && r.Complete && w.Cores < idleShare*float64(max(r.Worker.Workers, 1)), "idle", "watch it while it is used, or send it load: --url",
		"the workers kept only %s of a core busy: hardly anything was asked of them, so memory that stays as it is says little", say.Percent(w.Cores))
	logDoubts(*w, add)
	during, try := "", "watch it while it is used, or send it load: --url"
	if w.Counter != "" && w.Requests > 0 {
		during = fmt.Sprintf(": %s are the rate of the %s with load", say.RequestRate(w.Rate()), say.Seconds(w.LoadSeconds))
	}
	add(w.QuietSeconds > 0, "load-ended", try, "nobody asked the server for anything in the last %s of the watch%s", say.Seconds(w.QuietSeconds), during)
	add(r.Worker.Restarts > 0 && r.Creep.Unsettled(), "recycled", "raise max-requests while you watch, or measure by calibrate run, which turns recycling off",
		"%s ended while they were watched, and only the longest time without such a change can be judged", say.Plural(r.Worker.Restarts, "worker"))
}
