package calibrate

import (
	"math"
	"slices"

	"workermem/calibrate/creep"
	"workermem/calibrate/sizing"
)

const mib = 1 << 20

// Below these, no figure of a run says anything about the app.
const (
	mostFailed    = 0.1 // share of all load
	leastSuccess  = 1 - mostFailed
	leastRequests = 50
)

// Analyse turns what was recorded into worker memory, creep, law, recommendation and candidates. It is pure, and
// gives the same answer for a run just measured and for one read back from its folder.
func Analyse(m Measured) Result {
	m.Result.Watch = watched(m)
	r := m.Result
	m.Samples = beforeCrowd(m.Samples)
	r.Worker = worker(m)
	r.Load = load(m)
	r.Creep = creepOf(m)
	r.Law = law(r)
	r.Worker.MarginalBytes, r.Worker.MarginalSource = marginal(r)
	r.Worker.PlateauRSSBytes = plateau(m)
	r.Sweep = weighed(r)
	r.Recommendation, r.Candidates, r.Formulas = decide(r)
	r.Concurrency = concurrency(r)
	r.Triage = r.Triage.told(r.Creep)
	r.Warnings = warnings(r)
	return r
}

// beforeCrowd leaves out the samples of PhaseConcurrency.
func beforeCrowd(all []Sample) []Sample {
	if i := slices.IndexFunc(all, func(s Sample) bool { return s.Phase == PhaseConcurrency }); i >= 0 {
		return all[:i]
	}
	return all
}

// worker takes the peak over all phases, boot included: what a worker needs while it boots must fit as well.
// A run cut short in a phase has samples beyond its last finished phase.
func worker(m Measured) Worker {
	w := m.Result.Worker
	w.Samples = len(m.Samples)
	w.SampleIntervalSeconds = SampleInterval.Seconds()
	w.PeakRSSBytes, w.PeakSource = 0, ""
	for _, p := range m.Result.Phases {
		if p.PeakRSSBytes > w.PeakRSSBytes {
			w.PeakRSSBytes, w.PeakSource = p.PeakRSSBytes, p.PeakSource
		}
	}
	for _, s := range m.Samples {
		if s.Phase == m.Result.steady() {
			w.Workers = max(w.Workers, s.Workers)
		}
		if s.RSS > w.PeakRSSBytes {
			w.PeakRSSBytes = s.RSS
			if m.Result.Mode != ModeAttach || w.PeakSource == "" { // a mark that isn't reset is never below a sample
				w.PeakSource = "samples"
			}
		}
	}
	if last := len(m.Samples) - 1; last >= 0 {
		w.PID = m.Samples[last].PID
		w.Requests = max(w.Requests, m.Samples[last].Requests) // of a run cut short, more than its last whole phase had
		if m.Result.Mode == ModeAttach {
			w.Requests = seenBehind(m.Samples)
		}
	}
	if e := w.End; e != nil {
		above := max(w.PeakRSSBytes-e.RSSBytes, 0)
		w.PeakPSSBytes, w.PeakUSSBytes = e.PSSBytes+above, e.USSBytes+above
	}
	return w
}

// load is the soak's; of a soak that was cut short it is what the journal holds.
func load(m Measured) LoadInfo {
	l := m.Result.Load
	if l.Requests > 0 {
		return l
	}
	began, ended := 0.0, 0.0
	for _, b := range m.Buckets {
		if b.Phase != m.Result.steady() {
			continue
		}
		if l.Requests == 0 {
			began = b.Seconds - 1
		}
		l.Requests, l.Succeeded, ended = l.Requests+b.Requests, l.Succeeded+b.Succeeded, b.Seconds
	}
	if ended > began {
		l.RateSent = float64(l.Requests) / (ended - began)
		l.SuccessRatio = Tally{Requests: l.Requests, Succeeded: l.Succeeded}.SuccessRatio()
	}
	return l
}

// creepOf reads the creep from the longest series of the soak.
func creepOf(m Measured) Creep {
	if len(m.Samples) == 0 && m.Result.Creep.Verdict != "" {
		return m.Result.Creep // a lone result.json, without its journals
	}
	samples := judged(m.Result, phaseSamples(m.Samples, m.Result.steady()))
	if w := m.Result.Watch; w != nil && w.Counter == "" {
		return creepByTime(samples)
	}
	e := creep.Analyse(Points(samples), lastRSS(samples))
	c := Creep{Verdict: e.Verdict, By: ByRequest, Confidence: e.Confidence, Requests: int64(e.Requests), Method: e.Method, Missing: e.Missing}
	if e.Known {
		c.BytesPerRequest, c.Low, c.High = number(e.Slope), number(e.Low), number(e.High)
		c.Detectable = number(e.Detectable)
	}
	return c.apart(restOf(m), samples, m.Result.Load.RateSent)
}

// judged are the samples that ended the soak: those of the moment until the load had stopped came after the answer.
func judged(r Result, soak []Sample) []Sample {
	for _, p := range r.Phases {
		if p.Name == r.steady() && p.Judged > 0 {
			return soak[:min(p.Judged, len(soak))]
		}
	}
	return soak
}

func phaseSamples(all []Sample, phase string) []Sample {
	var some []Sample
	for _, s := range all {
		if s.Phase == phase {
			some = append(some, s)
		}
	}
	return some
}

// Points is the longest stretch of one generation of workers; where there are several, of their mean: it has one
// worker's noise at most, and grows by the same bytes for each of its requests.
func Points(samples []Sample) []creep.Point {
	best := longest(samples)
	points := make([]creep.Point, len(best))
	for i, s := range best {
		workers := float64(max(s.Workers, 1))
		points[i] = creep.Point{
			Seconds:  s.Seconds - best[0].Seconds,
			Requests: float64(s.Requests-best[0].Requests) / workers,
			Bytes:    float64(s.Anon) / workers,
		}
	}
	return points
}

// plateau is the median RSS of the soak's first second: warm-up is over, and creep has added next to nothing yet.
func plateau(m Measured) int64 {
	if len(m.Samples) == 0 {
		return m.Result.Worker.PlateauRSSBytes
	}
	var first []int64
	for _, s := range phaseSamples(m.Samples, m.Result.steady()) {
		if len(first) == int(1/SampleInterval.Seconds()) {
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

// decide sizes the box. A run that can't be trusted yields no recommendation, and says why.
func decide(r Result) (Recommendation, []Candidate, []Formula) {
	budget, parts := budget(r)
	rec := Recommendation{BudgetBytes: budget, Budget: parts, Withheld: withheld(r)}
	if r.Worker.PeakRSSBytes == 0 || rec.Withheld != nil {
		return rec, []Candidate{}, []Formula{}
	}
	q := question(r, budget)
	a := sizing.Decide(q)
	a, rec.Computed = measuredChoice(r, q, a)
	rec.fill(a)
	rec.Sum.LeavingBytes = roomForLeaving(r)
	if a.Recommended == nil {
		rec.SmallestMemoryBytes = memoryFor(a.SmallestBytes, r.Plan.Reserve)
	}
	if rec.growing(r.Creep); rec.Withheld != nil {
		return rec, []Candidate{}, []Formula{}
	}
	shown := a.Candidates
	if r.sweptHere() {
		r.Sweep.noteBasis(shown)
	}
	if q.ThreadsUnknown || threadless(r.Target) {
		rec.Threads = 0
		for i := range shown {
			shown[i].Threads = 0
			if q.ThreadsUnknown {
				shown[i].Concurrency = 0
			}
		}
	}
	return rec, shown, sizing.Formulas(box(r), recycled(q, a))
}

// box is the machine that the field's rules look at: this one, or the one that was asked for.
func box(r Result) sizing.Box {
	if given := r.Plan.MemoryBytes; given > 0 {
		return sizing.Box{CPUs: cpus(r), MemoryBytes: given, AvailableBytes: given}
	}
	return sizing.Box{CPUs: cpus(r), MemoryBytes: r.Host.MemoryBytes, AvailableBytes: r.Host.AvailableBytes, LimitBytes: r.Host.MemoryLimitBytes}
}

func question(r Result, budget int64) sizing.Question {
	q := sizing.Question{
		CPUs:            cpus(r),
		BudgetBytes:     budget,
		Law:             sizing.Law{SharedBytes: r.Law.SharedBytes, WorkerBytes: r.Law.WorkerBytes + crept(r), ThreadBytes: r.Law.ThreadBytes},
		WorkerPeakBytes: peakAtEnd(r),
		Requests:        float64(r.Worker.Requests),
		Creep:           sizing.Creep{Verdict: r.Creep.Verdict},
		BootSeconds:     r.Target.WorkerBootSeconds,
		RatePerSecond:   r.Load.RateSent,
		RateBasis:       BasisMeasured,
		Workers:         1,
		Threads:         max(r.Target.Threads, 1),
		CanRecycle:      r.Target.CanRecycle,
		NoJitter:        r.Target.CanRecycle && !r.Target.HasJitter,
		Wishes:          r.Plan.Wishes,
	}
	if most := r.Target.MaxWorkers; most > 0 && (q.MaxWorkers == 0 || q.MaxWorkers > most) {
		q.MinWorkers, q.MaxWorkers = min(q.MinWorkers, most), most
	}
	if r.Law.Basis == BasisGiven {
		q.Basis = BasisGiven
	}
	if r.Mode != ModeAttach {
		q = withoutCreep(q, r)
	}
	q = withLeaving(withCreep(q, r), r)
	if r.Mode == ModeAttach {
		q.RatePerSecond, q.RateBasis, q.Workers = watchedRate(*r.Watch), BasisWatched, r.Worker.Workers
		q.ThreadsUnknown = r.Target.Threads == 0
	}
	if r.Creep.By == ByTime { // of a watch
		q.Creep = sizing.Creep{Uncounted: true}
	}
	if r.Plan.ProductionRate > 0 {
		q.RatePerSecond, q.RateBasis = r.Plan.ProductionRate, BasisGiven
	}
	if threadless(r.Target) {
		q.AtOnce = peakClients(r)
	}
	if chosen := r.Plan.ThreadChoices; len(chosen) > 0 {
		return withThreads(q, chosen)
	}
	q.ThreadChoices = threadChoices(r, q.Threads)
	return q
}

// recycled is the question for workers that grow as the recommended one does until it is recycled: the field's rules know
// no other worker.
func recycled(q sizing.Question, a sizing.Answer) sizing.Question {
	if best := a.Recommended; best != nil {
		growth := max(best.WorkerBytes-q.Law.Total(1, best.Threads)+q.Law.SharedBytes, 0)
		q.Law.WorkerBytes += growth
		q.WorkerPeakBytes += growth
	}
	return q
}

// withCreep says how steep the creep is at most, by whatever of the run shows the most.
func withCreep(q sizing.Question, r Result) sizing.Question {
	c := r.Creep
	if c.BytesPerRequest == nil || c.High == nil {
		return q
	}
	all := c.Together()
	q.Creep.Known, q.Creep.Slope, q.Creep.High = true, all.BytesPerRequest, all.High
	if c.By == ByBoth {
		q.Drift = sizing.Drift{Low: *c.LowBytesPerSecond, High: *c.HighBytesPerSecond, Rate: c.Rest.RatePerSecond}
	}
	if least, hidden := r.Routes.hidden(c); hidden {
		q.Creep.High = max(q.Creep.High, least)
	}
	return q
}

// withoutCreep starts a worker's life at its first request, not at the measured peak: how much creep the peak has in it is
// a matter of how long the run was, and recycling takes it away. The run's own curve is what is gone back along; beyond
// the slope, the interval's upper bound is for what the workers will keep.
func withoutCreep(q sizing.Question, r Result) sizing.Question {
	if slope(r) == 0 {
		return q
	}
	q.Law.WorkerBytes = r.Law.WorkerBytes
	q.WorkerPeakBytes = max(q.WorkerPeakBytes-crept(r), 0)
	q.Seen, q.Requests = q.Requests, 0
	return q
}

// threadChoices are the measured threads and, as far as the law vouches for them, one thread, up to four times as many,
// and those that the user named.
func threadChoices(r Result, threads int) []int {
	least, most := r.ThreadRange()
	choices := []int{threads}
	for _, other := range append([]int{1, 2 * threads, 4 * threads}, r.Plan.OtherThreads...) {
		if other >= least && other <= most {
			choices = append(choices, other)
		}
	}
	return choices
}

// threadsSeen says that a short run had other threads than the main one.
func threadsSeen(r Result) bool {
	return slices.ContainsFunc(r.Law.Runs, func(run LawRun) bool { return run.Workers == 1 && run.PeakRSSBytes > 0 })
}

// threadless is a server that takes as many requests at once as come, as far as is known.
func threadless(t TargetInfo) bool { return t.Threads == 0 && !t.HasThreads }

func cpus(r Result) int {
	if r.Plan.CPUs > 0 {
		return r.Plan.CPUs
	}
	return r.Host.SizingCPUs()
}

// budget is what the workers may use: the limit or total, less the reserve.
func budget(r Result) (int64, Budget) {
	total, source := r.Host.Memory()
	if r.Plan.MemoryBytes > 0 {
		total, source = r.Plan.MemoryBytes, MemoryGiven
	}
	return left(total, r.Plan.Reserve), Budget{MemoryBytes: total, Source: source, ReserveBytes: reserved(total, r.Plan.Reserve), OthersBytes: r.Plan.ReserveBytes}
}

// withheld says why a run yields no recommendation, nil if it does.
func withheld(r Result) *Withheld {
	if r.Mode == ModeAttach {
		return watchWithheld(r)
	}
	requests, succeeded := traffic(r)
	switch {
	case r.Law.Basis == BasisGiven:
		return nil
	case !r.Complete:
		return &Withheld{Kind: WithheldPartial}
	case r.Worker.Workers > 1:
		return &Withheld{Kind: WithheldWorkers, Workers: r.Worker.Workers}
	case r.Worker.Restarts > 0:
		return &Withheld{Kind: WithheldReplaced}
	case requests < leastRequests:
		return &Withheld{Kind: WithheldRequests, Requests: requests, NeededRequests: leastRequests}
	case float64(succeeded) < leastSuccess*float64(requests):
		return tooManyFailed(requests, succeeded)
	case toLoginMostly(r.Load):
		return &Withheld{Kind: WithheldLogin, Requests: r.Load.Requests, Elsewhere: r.Load.ToLogin}
	}
	return nil
}

func tooManyFailed(requests, succeeded int64) *Withheld {
	return &Withheld{Kind: WithheldErrors, Requests: requests, Failed: requests - succeeded, MostFailed: mostFailed}
}

func traffic(r Result) (requests, succeeded int64) {
	for _, p := range r.Phases {
		requests += p.Requests
		succeeded += p.Succeeded
	}
	return requests, succeeded
}

func (rec *Recommendation) fill(a sizing.Answer) {
	rec.Sum = a.Sum
	if a.Recommended == nil {
		rec.NothingFits = true
		return
	}
	rec.WorkerMemoryMB = a.WorkerMemoryMB
	rec.Workers, rec.Threads = a.Recommended.Workers, a.Recommended.Threads
	rec.TotalBytes = a.TotalBytes
	rec.Recycling = a.Recycling
	rec.MaxRequests, rec.MaxRequestsJitter = a.Recycling.MaxRequests, a.Recycling.Jitter
	rec.RestartIntervalSeconds, rec.RecycleCostRatio = a.Recycling.RestartSeconds, a.Recycling.CostRatio
	rec.SafeRequests = a.Recycling.SafeRequests
}

func lastRSS(samples []Sample) float64 {
	if len(samples) == 0 {
		return 0
	}
	return float64(samples[len(samples)-1].RSS)
}

func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

func ceil(x float64) int { return int(math.Ceil(x)) }
