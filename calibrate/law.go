package calibrate

import "slices"

// kernelMemory is what a worker costs beside its own pages (page tables, sockets, its stack in the kernel): 0.2 to
// 0.9 MB a worker were measured, by the difference of the cgroup's charge and the sum of PSS.
const kernelMemory = 1 << 20

// leastThread is what an idle thread costs: 45 kB of resident stack and allocator were measured. Two short runs can't
// tell less from nothing.
const leastThread = 45_000

// law is the total at N workers and T threads, at peak, creep apart. The main run alone gives
//
//	marginal = private dirty + (peak RSS - RSS) + kernel memory - creep x requests      one more worker
//	shared   = sum of PSS - private dirty                                               the rest of the tree
//
// Library pages are not in the marginal worker, because the second worker maps the same ones. Over 144 runs the total
// at 3 to 6 workers was then 1.0 % off on average, 3.1 % at worst, where N x RSS was 68 % off. The short runs check
// that, and mend it: see fit.
func law(r Result) Law {
	threads := max(r.Target.Threads, 1)
	l := Law{Basis: "none", Runs: slices.Clone(r.Law.Runs)}
	if l.Runs == nil {
		l.Runs = []LawRun{}
	}
	peak, e := peakAtEnd(r), r.Worker.End
	if peak == 0 {
		return l
	}
	l.Basis = "computed"
	marginal := peak // the page tables could not be read: an upper bound, and a warning says so
	if e != nil {
		marginal = e.PrivateDirtyBytes + max(peak-e.RSSBytes, 0) + kernelMemory
		l.SharedBytes = max(e.TreePSSBytes-e.PrivateDirtyBytes, 0)
	}
	marginal = max(marginal-crept(r), 0)
	l.ThreadBytes = threadCost(r, threads)
	for i := range l.Runs {
		run := &l.Runs[i]
		run.MeasuredBytes = run.TotalBytes - int64(slope(r)*float64(run.Requests))
		run.PredictedBytes = l.SharedBytes + int64(run.Workers)*(marginal+int64(run.Threads-threads)*l.ThreadBytes)
	}
	marginal = l.fit(r, marginal, threads)
	l.WorkerBytes = max(marginal-int64(threads)*l.ThreadBytes, 0)
	l.ResidualBytes = l.residual()
	return l
}

// fit lets the short runs mend what the main run alone could not know: what is beside the workers, and what one more
// thread costs. A server that runs more than one process more for its second worker has a supervisor that one worker
// doesn't need, and what was missing is its; else it is the workers'. A law that promised too much stays: it errs on
// the safe side.
func (l *Law) fit(r Result, marginal int64, threads int) int64 {
	one := l.SharedBytes + marginal
	two := l.run(func(run LawRun) bool { return run.Workers > 1 && run.Threads == threads })
	if two == nil {
		return marginal
	}
	l.Basis = "measured"
	missing := two.MeasuredBytes - (l.SharedBytes + int64(two.Workers)*marginal)
	switch {
	case missing <= 0:
	case r.Worker.End != nil && two.Processes-r.Worker.End.Processes > two.Workers-1:
		l.SharedBytes += missing
	default:
		marginal += missing / int64(two.Workers-1)
		l.SharedBytes = max(one-marginal, 0)
	}
	l.fitThreads(*two, threads)
	return marginal
}

// fitThreads compares the two short runs, which have about as many requests a worker behind them: beside the main run,
// with its ten times as many, all that an app gains while it warms up would be taken for the cost of a thread.
func (l *Law) fitThreads(two LawRun, threads int) {
	other := l.run(func(run LawRun) bool { return run.Workers == 1 && run.Threads != threads })
	if other == nil {
		return
	}
	here := (two.MeasuredBytes - l.SharedBytes) / int64(two.Workers)
	there := other.MeasuredBytes - l.SharedBytes
	l.ThreadBytes = max((there-here)/int64(other.Threads-threads), leastThread)
}

func (l *Law) run(is func(LawRun) bool) *LawRun {
	if i := slices.IndexFunc(l.Runs, is); i >= 0 {
		return &l.Runs[i]
	}
	return nil
}

// residual is the most that the fitted law is off the short runs.
func (l Law) residual() int64 {
	var most int64
	for _, run := range l.Runs {
		off := run.MeasuredBytes - l.at(run)
		most = max(most, off, -off)
	}
	return most
}

// at is what the law has for a shape.
func (l Law) at(run LawRun) int64 {
	return l.SharedBytes + int64(run.Workers)*(l.WorkerBytes+int64(run.Threads)*l.ThreadBytes)
}

// slope is the creep in bytes a request where there is one, else 0.
func slope(r Result) float64 {
	if r.Creep.Verdict != "creeping" || r.Creep.BytesPerRequest == nil {
		return 0
	}
	return max(*r.Creep.BytesPerRequest, 0)
}

// crept is how much of the measured peak is creep.
func crept(r Result) int64 { return int64(slope(r) * float64(r.Worker.Requests)) }

// threadCost is an upper bound of what one more busy thread costs: all that the worker gained from idle to its peak,
// creep apart, shared out over the threads that were busy.
func threadCost(r Result, threads int) int64 {
	if r.Worker.IdleRSSBytes == 0 {
		return 0
	}
	return max(peakAtEnd(r)-r.Worker.IdleRSSBytes-crept(r), 0) / int64(threads)
}

// peakAtEnd is the peak that every phase's own would come to after all the requests of the run: a spike in the first
// second would be higher by all that has crept since.
func peakAtEnd(r Result) int64 {
	peak := r.Worker.PeakRSSBytes
	for _, p := range r.Phases {
		since := max(r.Worker.Requests-p.Answered, 0)
		peak = max(peak, p.PeakRSSBytes+int64(slope(r)*float64(since)))
	}
	return peak
}

// marginal is what one more worker costs at its measured peak, creep included, and where that was read.
func marginal(r Result) (bytes int64, source string) {
	switch {
	case r.Worker.PeakRSSBytes == 0:
		return 0, ""
	case r.Worker.End == nil:
		return r.Worker.PeakRSSBytes, "RSS, an upper bound"
	case r.Law.Basis == "measured":
		source = "private dirty pages and a second worker"
	default:
		source = "private dirty pages"
	}
	return r.Law.WorkerBytes + int64(max(r.Target.Threads, 1))*r.Law.ThreadBytes + crept(r), source
}
