package analyse

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/creep"
)

// Below these, no figure of a run says anything about the app.
const (
	mostFailed    = 0.1 // share of all load
	LeastSuccess  = 1 - mostFailed
	LeastRequests = 50
)

// Analyse turns what was recorded into worker memory, creep, law, recommendation and candidates. It is pure, and
// gives the same answer for a run just measured and for one read back from its folder.
func Analyse(m calibrate.Measured) calibrate.Result {
	m.Samples = ofWorker(m)
	if w := m.Result.Watch; w != nil {
		m.Samples = Requested(m.Samples, w.Log)
	}
	m.Result.Watch = watched(m)
	r := m.Result
	m.Samples = beforeCrowd(m.Samples)
	r.Worker = worker(m)
	r.Load = load(m)
	r.Creep = Creep(m)
	r.Law = withSameRequests(m, r)
	r.Law = law(r)
	r.Worker.MarginalBytes, r.Worker.MarginalSource = marginal(r)
	r.Worker.PlateauRSSBytes = plateau(m)
	r.Worker.BootPeak, r.Worker.LoadedPeakBytes = bootPeak(r), belowBefore(r)
	r.Speed = speed(r)
	r.Sweep = weighed(r)
	r.Books = Balances(r)
	r = sized(r)
	r.LeftOut = leftOut(r)
	r.Triage = withShares(r.Triage, r.Creep)
	r.Warnings = warnings(r)
	return r
}

// ofWorker leaves out the samples of what was taken for the worker before the load showed who serves.
func ofWorker(m calibrate.Measured) []calibrate.Sample {
	i := slices.IndexFunc(m.Samples, func(s calibrate.Sample) bool { return s.Generation >= m.Result.Worker.Generation })
	if i < 0 {
		return nil
	}
	return m.Samples[i:]
}

// beforeCrowd leaves out the samples of PhaseConcurrency.
func beforeCrowd(all []calibrate.Sample) []calibrate.Sample {
	if i := slices.IndexFunc(all, func(s calibrate.Sample) bool { return s.Phase == calibrate.PhaseConcurrency }); i >= 0 {
		return all[:i]
	}
	return all
}

// worker takes the peak over all phases, boot included: what a worker needs while it boots must fit as well.
// A run cut short in a phase has samples beyond its last finished phase.
func worker(m calibrate.Measured) calibrate.Worker {
	w := m.Result.Worker
	w.Samples = len(m.Samples)
	w.SampleIntervalSeconds = apart(m.Samples)
	w.PeakRSSBytes, w.PeakSource = 0, ""
	for _, p := range m.Result.Phases {
		if p.PeakRSSBytes > w.PeakRSSBytes {
			w.PeakRSSBytes, w.PeakSource = p.PeakRSSBytes, p.PeakSource
		}
	}
	for _, s := range m.Samples {
		w.Children = max(w.Children, s.Children)
		if s.Phase == m.Result.SteadyPhase() {
			w.Workers = max(w.Workers, s.Workers)
		}
		if s.RSS > w.PeakRSSBytes {
			w.PeakRSSBytes = s.RSS
			if m.Result.Mode != calibrate.ModeAttach || w.PeakSource == "" { // a mark that isn't reset is never below a sample
				w.PeakSource = calibrate.PeakSamples
			}
		}
	}
	if last := len(m.Samples) - 1; last >= 0 {
		w.PID = m.Samples[last].PID
		w.Requests = max(w.Requests, m.Samples[last].Requests) // of a run cut short, more than its last whole phase had
		if m.Result.Mode == calibrate.ModeAttach {
			w.Requests = seenBehind(m.Samples)
		}
	}
	if e := w.End; e != nil {
		above := max(w.PeakRSSBytes-e.RSSBytes, 0)
		w.PeakPSSBytes, w.PeakUSSBytes = e.PSSBytes+above, e.USSBytes+above
	}
	return withChildren(w, m.Result)
}

// apart is how far the samples are from each other: as far as the readings, or on average where not all of those were kept.
func apart(samples []calibrate.Sample) float64 {
	every := calibrate.SampleInterval.Seconds()
	if len(samples) < 2 {
		return every
	}
	if all := lasted(samples); calibrate.KeptOf(int(all/every)) > 1 {
		return all / float64(len(samples)-1)
	}
	return every
}

// load is the soak's; of a soak that was cut short it is what the journal holds.
func load(m calibrate.Measured) calibrate.LoadInfo {
	l := m.Result.Load
	if l.Requests > 0 {
		return l
	}
	began, ended := 0.0, 0.0
	for _, b := range m.Buckets {
		if b.Phase != m.Result.SteadyPhase() || b.Seconds < steadyBegan(m.Result) {
			continue
		}
		if l.Requests == 0 {
			began = b.Seconds - 1
		}
		l.Requests, l.Succeeded, ended = l.Requests+b.Requests, l.Succeeded+b.Succeeded, b.Seconds
	}
	if ended > began {
		l.RateSent = float64(l.Requests) / (ended - began)
		l.SuccessRatio = calibrate.Tally{Requests: l.Requests, Succeeded: l.Succeeded}.SuccessRatio()
	}
	return l
}

// Creep reads the creep from the longest series of the soak.
func Creep(m calibrate.Measured) calibrate.Creep {
	if len(m.Samples) == 0 && m.Result.Creep.Verdict != "" {
		return m.Result.Creep // a lone result.json, without its journals
	}
	samples := judged(m.Result, steadySamples(m))
	if w := m.Result.Watch; w != nil && w.Counter == "" {
		return creepByTime(withLoad(samples, false))
	}
	series := longest(samples)
	e, of := growth(series, Copyable(m.Result.Worker.Early, series), estimatorOf(m.Result))
	c := calibrate.Creep{Verdict: e.Verdict, By: calibrate.ByRequest, Confidence: e.Confidence, Requests: int64(e.Requests), Method: e.Method, Missing: e.Missing}
	if e.Known {
		c.BytesPerRequest, c.Low, c.High = calibrate.Figure(e.Slope), calibrate.Figure(e.Low), calibrate.Figure(e.High)
		c.Detectable = calibrate.Figure(e.Detectable)
	}
	c.Kinds = withStays(growths(of, calibrate.ByRequest), m)
	return unlessBrief(splitByTime(c, restOf(m, of), samples, m.Result.Load.RateSent), m.Result)
}

// judged are the samples that ended the soak: those of the moment until the load had stopped came after the answer.
func judged(r calibrate.Result, soak []calibrate.Sample) []calibrate.Sample {
	for _, p := range r.Phases {
		if p.Name == r.SteadyPhase() && p.Judged > 0 {
			return soak[:min(p.Judged, len(soak))]
		}
	}
	return soak
}

// steadySamples are those of the soak; of one that began again at a lower rate, those of the last.
func steadySamples(m calibrate.Measured) []calibrate.Sample {
	began := steadyBegan(m.Result)
	return slices.DeleteFunc(phaseSamples(m.Samples, m.Result.SteadyPhase()), func(s calibrate.Sample) bool { return s.Seconds < began })
}

// steadyBegan is the end of the last soak that was too much for the worker, 0 where there was none.
func steadyBegan(r calibrate.Result) (seconds float64) {
	for _, p := range r.Phases {
		if p.Name == r.SteadyPhase() && p.Ended.By == calibrate.EndQueue {
			seconds = p.StartSeconds + p.Seconds
		}
	}
	return seconds
}

func phaseSamples(all []calibrate.Sample, phase string) []calibrate.Sample {
	var some []calibrate.Sample
	for _, s := range all {
		if s.Phase == phase {
			some = append(some, s)
		}
	}
	return some
}

// pointsOf is one kind of memory of one generation of workers; where there are several, of their mean: it has one worker's
// noise at most, and grows by the same bytes for each of its requests. What shares pages may add up to less than nothing, so
// that all is lifted to where the least is none.
func pointsOf(series []calibrate.Sample, bytes func(calibrate.Sample) int64) []creep.Point {
	lowest, _ := span(series, bytes)
	lowest = min(lowest, 0)
	points := make([]creep.Point, len(series))
	for i, s := range series {
		workers := float64(max(s.Workers, 1))
		points[i] = creep.Point{
			Seconds:  s.Seconds - series[0].Seconds,
			Requests: float64(s.Requests-series[0].Requests) / workers,
			Bytes:    float64(bytes(s)-lowest) / workers,
		}
	}
	return points
}

// plateau is the median RSS of the soak's first second: warm-up is over, and creep has added next to nothing yet.
func plateau(m calibrate.Measured) int64 {
	if len(m.Samples) == 0 {
		return m.Result.Worker.PlateauRSSBytes
	}
	var first []int64
	for _, s := range steadySamples(m) {
		if len(first) == int(1/calibrate.SampleInterval.Seconds()) {
			break
		}
		first = append(first, s.RSS)
	}
	if len(first) == 0 {
		return 0
	}
	slices.Sort(first)
	return first[len(first)/2]
}

func traffic(r calibrate.Result) (requests, succeeded int64) {
	for _, p := range r.Phases {
		requests += p.Requests
		succeeded += p.Succeeded
	}
	return requests, succeeded
}

// LastRSS is that of the last sample, 0 of none.
func LastRSS(samples []calibrate.Sample) float64 {
	if len(samples) == 0 {
		return 0
	}
	return float64(samples[len(samples)-1].RSS)
}

// CreepSeen is nil where nothing could be fitted.
func CreepSeen(samples []calibrate.Sample) *calibrate.CreepSeen {
	e, _ := growth(longest(samples), -1, creep.Analyse)
	if !e.Known {
		return nil
	}
	return &calibrate.CreepSeen{Verdict: e.Verdict, BytesPerRequest: e.Slope, Low: e.Low, High: e.High}
}
