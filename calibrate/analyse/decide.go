package analyse

import (
	"cmp"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/sizing"
)

// decide sizes the box. A run that can't be trusted yields no recommendation, and says why.
func decide(r calibrate.Result) (calibrate.Recommendation, []calibrate.Candidate, []calibrate.Formula) {
	budget, parts := budget(r)
	rec := calibrate.Recommendation{BudgetBytes: budget, Budget: parts, Withheld: cmp.Or(withheld(r), olderWithheld(r))}
	if r.Worker.PeakRSSBytes == 0 || rec.Withheld != nil {
		return rec, []calibrate.Candidate{}, []calibrate.Formula{}
	}
	q, a, crowd := answer(r, budget)
	a, rec.Computed = measuredChoice(r, q, a)
	fill(&rec, a)
	rec.Sum.LeavingBytes, rec.Sum.CrowdBytes = roomForLeaving(r), crowd
	if needed := rec.Sum.NeededMemoryBytes; needed > 0 { // the sizing knows what workers may use, and not what is kept back
		rec.Sum.NeededMemoryBytes = memoryFor(needed, r.Plan.Reserve)
	}
	if a.Recommended == nil {
		rec.SmallestMemoryBytes = memoryFor(a.SmallestBytes, r.Plan.Reserve)
	}
	if soonFull(&rec, r.Creep, restartEvery(r)); rec.Withheld != nil {
		return rec, []calibrate.Candidate{}, []calibrate.Formula{}
	}
	shown := a.Candidates
	if sweepDecides(r) {
		noteBasis(*r.Sweep, shown)
	}
	rules := sizing.Formulas(box(r), recycled(q, a))
	r.Recommendation.Computed = rec.Computed // by which all that follows knows whether what was run is said of the candidates: see runOf
	if rec.Computed != nil {
		noteSwept(r, &rec, shown, rules)
	}
	noteServing(r, shown)
	if q.ThreadsUnknown || threadless(r.Target) {
		rec.Threads = 0
		if shape := rec.Sum.NeededShape; shape != nil {
			rec.Sum.NeededShape = &calibrate.Shape{Workers: shape.Workers}
		}
		for i := range shown {
			shown[i].Threads = 0
			if q.ThreadsUnknown {
				shown[i].Concurrency = 0
			}
		}
	}
	return rec, shown, rules
}

// noteServing gives the recommended choice the interval of its 99th percentile, and what a request costs there: with as many threads,
// and as many cores busy.
func noteServing(r calibrate.Result, all []calibrate.Candidate) {
	i := slices.IndexFunc(all, func(c calibrate.Candidate) bool { return c.Recommended })
	if i < 0 || !(all[i].Rate > 0) {
		return
	}
	served, s := servedOf(r, all[i].Workers, all[i].Threads)
	if s == nil {
		return
	}
	c, rate := &all[i], served.Rate
	c.Served = served
	if wanted := r.Plan.ProductionRate; wanted > 0 {
		rate = min(rate, wanted)
	}
	c.CPUCost = s.costAt(r.Cores(), *c, rate)
}

// answer takes a worker as it is at the bend, where memory stops growing with the requests at once, if one fits so: production
// sends more at once than the measured peak had. If none fits, they need a bound.
func answer(r calibrate.Result, budget int64) (sizing.Question, sizing.Answer, int64) {
	q := question(r, budget)
	if bend := r.Concurrency.Bend; bend != nil {
		crowded := withCrowd(q, *bend)
		if a := sizing.Decide(crowded); a.Recommended != nil {
			return crowded, a, bend.Bytes
		}
	}
	return q, sizing.Decide(q), 0
}

// box is the machine that the field's rules look at: this one, or the one that was asked for.
func box(r calibrate.Result) calibrate.Host {
	host := r.Host
	if given := r.Plan.MemoryBytes; given > 0 {
		host = calibrate.Host{MemoryBytes: given, AvailableBytes: given}
	}
	host.CPUs = calibrate.WholeCores(r.Cores()) // the rules know no parts of one
	return host
}

func question(r calibrate.Result, budget int64) sizing.Question {
	q := sizing.Question{
		CPUs:            r.Cores(),
		BudgetBytes:     budget,
		Law:             r.Law,
		WorkerPeakBytes: peakAtEnd(r),
		Requests:        float64(r.Worker.Requests),
		Creep:           sizing.Creep{Verdict: r.Creep.Verdict},
		BootSeconds:     r.Target.WorkerBootSeconds,
		RatePerSecond:   r.Load.RateSent,
		RateBasis:       calibrate.BasisMeasured,
		Workers:         1,
		Threads:         max(r.Target.Threads, 1),
		CanRecycle:      r.Target.CanRecycle,
		NoJitter:        r.Target.CanRecycle && !r.Target.HasJitter,
		RestartSeconds:  restartEvery(r),
		Wishes:          r.Plan.Wishes,
	}
	q.Law.WorkerBytes += crept(r)
	return serving(growing(q, r), r)
}

// growing has what the workers gain with time and requests, and how many there may be.
func growing(q sizing.Question, r calibrate.Result) sizing.Question {
	if most := r.Target.MaxWorkers; most > 0 && (q.MaxWorkers == 0 || q.MaxWorkers > most) {
		q.MinWorkers, q.MaxWorkers = min(q.MinWorkers, most), most
	}
	if r.Law.Basis == calibrate.BasisGiven {
		q.Basis = calibrate.BasisGiven
	}
	if r.Mode != calibrate.ModeAttach {
		q = withoutCreep(q, r)
	}
	q = withLeaving(withCreep(q, r), r)
	if r.Mode == calibrate.ModeAttach {
		q.RatePerSecond, q.RateBasis, q.Workers = r.Watch.Rate(), calibrate.BasisWatched, r.Worker.Workers
		q.ThreadsUnknown = r.Target.Threads == 0
	}
	if r.Creep.By == calibrate.ByTime { // of a watch
		q.Creep = sizing.Creep{Uncounted: true}
	}
	return q
}

// serving has what shapes serve, at which rate, and which thread counts there are to choose from.
func serving(q sizing.Question, r calibrate.Result) sizing.Question {
	if r.Plan.ProductionRate > 0 {
		q.RatePerSecond, q.RateBasis = r.Plan.ProductionRate, calibrate.BasisGiven
	}
	if s := ServingOf(r); s != nil {
		q.WantedP99 = r.Plan.P99Seconds
		q.Serve = sizing.Remembered(s.on(q.CPUs, r.Plan.ProductionRate)) // by all that is decided of this question
		q.ServeOn = func(cores float64) func(workers, threads int) calibrate.Served {
			return s.elsewhere(cores, r.Plan.ProductionRate, r.Plan.P99Seconds > 0)
		}
	}
	if threadless(r.Target) {
		q.AtOnce = PeakClients(r)
	}
	q.Unserved = slices.DeleteFunc(slices.Clone(r.Law.Unserved), func(s calibrate.Shape) bool { return s.Workers < 2 }) // of one, see ThreadRange
	_, most := r.ThreadRange()
	q.CostUnknown = r.Target.HasThreads && most == q.Threads
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
func withCreep(q sizing.Question, r calibrate.Result) sizing.Question {
	c := r.Creep
	if c.BytesPerRequest == nil || c.High == nil {
		return q
	}
	all := c.Together()
	if c.Harmless() {
		q.Creep = sizing.Creep{Verdict: calibrate.Flat}
		return q
	}
	q.Creep.Known, q.Creep.Slope, q.Creep.High, q.Creep.Staying = true, all.BytesPerRequest, all.High, c.Staying()
	if c.By == calibrate.ByBoth {
		q.Drift = sizing.Drift{Low: *c.LowBytesPerSecond, High: *c.HighBytesPerSecond, Rate: c.Rest.RatePerSecond}
	}
	if least, hidden := hiddenCreep(r.Routes, c); hidden {
		q.Creep.High = max(q.Creep.High, least)
	}
	return q
}

// withoutCreep starts a worker's life at its first request, not at the measured peak: how much creep the peak has in it is
// a matter of how long the run was, and recycling takes it away. The run's own curve is what is gone back along; beyond
// the slope, the interval's upper bound is for what the workers will keep.
func withoutCreep(q sizing.Question, r calibrate.Result) sizing.Question {
	if Slope(r) == 0 {
		return q
	}
	q.Law.WorkerBytes = r.Law.WorkerBytes
	q.WorkerPeakBytes = max(q.WorkerPeakBytes-residing(r, r.Worker.Requests), 0)
	q.Seen, q.Requests = q.Requests, 0
	return q
}

// threadless is a server that takes as many requests at once as come, as far as is known.
func threadless(t calibrate.TargetInfo) bool { return t.Threads == 0 && !t.HasThreads }

// budget is what the workers may use: the limit or total, less the reserve.
func budget(r calibrate.Result) (int64, calibrate.Budget) {
	total, source := r.Host.Memory()
	if r.Plan.MemoryBytes > 0 {
		total, source = r.Plan.MemoryBytes, calibrate.MemoryGiven
	}
	return budgetOf(total, r.Plan.Reserve), calibrate.Budget{MemoryBytes: total, Source: source, ReserveBytes: reserved(total, r.Plan.Reserve), OthersBytes: r.Plan.ReserveBytes}
}

func fill(rec *calibrate.Recommendation, a sizing.Answer) {
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
