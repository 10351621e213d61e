package sizing

import (
	"math"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// Creep is what the creep room found, in bytes per request. High is the upper 95 % bound.
type Creep struct {
	Verdict     calibrate.Verdict
	Known       bool
	Slope, High float64
	Staying     float64 // the part of High that no worker's end gives back
	Uncounted   bool    // a server was watched, and nobody counted its requests: that it grows with time says nothing of max-requests
}

// Drift is the part of a creep that goes on without any request, in bytes a second and worker. The creep has it in it, at
// the rate of requests at which it was measured.
type Drift struct{ Low, High, Rate float64 }

// Question is what was measured and what is to be decided. Odd parts are taken so:
//
//   - CPUs of zero or less, and Workers, Threads and thread choices below 1, are 1; Threads is always among the choices; beyond
//     65 536 is 65 536.
//   - A budget of zero or less holds nothing, so nothing fits.
//   - Parts of the law below zero are 0. A law without a worker takes WorkerPeakBytes for it, as the seeds do;
//     without that too the worker's memory is unknown and CPU alone decides.
//   - Requests, BootSeconds, RatePerSecond, RestartSeconds and WantedP99 that are negative, NaN or infinite are 0: unknown.
//   - A creep bound that is NaN or infinite is no bound; a bound below the slope is the slope.
//   - A minimum below 1 is 1, a maximum below 1 is none, and a maximum below the minimum is the minimum.
//   - A preference of another name is none.
//   - A Served with a rate that is no number, or not above zero, is nothing known.
type Question struct {
	CPUs            float64           // a part of one is a part of one
	BudgetBytes     int64             // what the workers may use: the limit less the reserve
	Law             calibrate.Law     // of which the three parts are looked at
	Unserved        []calibrate.Shape // of several workers that were run and hardly served: neither they nor more of either
	WorkerPeakBytes int64             // the worker's peak RSS (kernel high-water mark) after Requests requests
	Requests        float64           // requests the worker had served at its peak; 0 where creep is taken out of law and peak
	Seen            float64           // requests that the run saw; 0: as many as Requests
	Creep           Creep
	Drift           Drift           // zero: none, or none that could be told apart
	BootSeconds     float64         // a worker's boot
	RatePerSecond   float64         // request rate: what the one measured worker served if measured, else over all workers
	RateBasis       calibrate.Basis // Measured, Given or Watched
	Workers         int             // that were measured together
	Threads         int             // threads the app was measured with
	AtOnce          int             // requests at once that a worker without threads was measured with; 0: as many as threads
	CostUnknown     bool            // of a thread: no shape with other threads was run
	ThreadsUnknown  bool            // the server is running already, and how many it has can't be seen; Threads is 1
	ThreadChoices   []int           // thread counts worth showing (the server has threads), else {Threads}
	CanRecycle      bool            // the server has a request limit of its own
	NoJitter        bool            // but can't spread it among its workers
	RestartSeconds  float64         // after which the whole server is started anew, as far as is known; 0: never
	Basis           calibrate.Basis // where Workers with Threads threads come from; "" is Measured

	// Serve is what so many workers of so many threads serve on CPUs cores, and at RatePerSecond where that was given; nil: not
	// known. It gets 1 thread of a server that has none, or whose threads can't be seen, and knows how many requests at once
	// a worker takes then. A zero Served is of a shape of which nothing is known. It is asked many times for a shape: see Remembered.
	Serve     func(workers, threads int) calibrate.Served
	ServeOn   func(cores float64) func(workers, threads int) calibrate.Served // the same on other cores; nil: no larger box is looked for
	WantedP99 float64                                                         // seconds that 99 of 100 requests may take at most at a given rate; 0: any

	knob.Wishes // what the user asked for

	// Chosen is what a measurement chose, whatever the rules come to. It is taken where it fits, has one of the thread
	// choices, and keeps to the minimum and the maximum; its zero value chooses nothing.
	Chosen calibrate.Shape
}

const (
	mostBudget  = 1 << 60 // 1 EiB
	mostPart    = 1 << 45 // 32 TiB for one part of the law: with mostThreads a worker stays within int64
	mostSeconds = 1e9
	mostRate    = 1e9
)

// sound is the question with its odd parts taken as said at Question.
func (q Question) sound() Question {
	q.CPUs = soundCPUs(q.CPUs)
	q.Workers = clamp(q.Workers, 1, mostCount)
	q.Threads = clamp(q.Threads, 1, mostThreads)
	q.ThreadChoices = soundChoices(q.ThreadChoices, q.Threads)
	q.BudgetBytes = clamp(q.BudgetBytes, 0, mostBudget)
	q.WorkerPeakBytes = clamp(q.WorkerPeakBytes, 0, mostPart)
	q.Law = q.soundLaw()
	q.Requests = known(q.Requests, mostCount)
	if q.Seen = known(q.Seen, mostCount); q.Seen == 0 {
		q.Seen = q.Requests
	}
	q.BootSeconds = known(q.BootSeconds, mostSeconds)
	q.RatePerSecond = known(q.RatePerSecond, mostRate)
	q.RestartSeconds = known(q.RestartSeconds, mostSeconds)
	q.Creep = q.Creep.sound()
	if d := q.Drift; !finite(d.Low) || !finite(d.High) || !finite(d.Rate) || d.Rate <= 0 || d.High < d.Low || d.Low < 0 {
		q.Drift = Drift{}
	}
	if q.Basis == "" {
		q.Basis = calibrate.BasisMeasured
	}
	q.MinWorkers = clamp(q.MinWorkers, 1, mostCount)
	q.MaxWorkers = clamp(q.MaxWorkers, 0, mostCount)
	if q.MaxWorkers > 0 {
		q.MaxWorkers = max(q.MaxWorkers, q.MinWorkers)
	}
	q.WantedP99 = known(q.WantedP99, mostSeconds)
	return q
}

func (q Question) soundLaw() calibrate.Law {
	l := calibrate.Law{
		SharedBytes: clamp(q.Law.SharedBytes, 0, mostPart),
		WorkerBytes: clamp(q.Law.WorkerBytes, 0, mostPart),
		ThreadBytes: clamp(q.Law.ThreadBytes, 0, mostPart),
		LoneBytes:   clamp(q.Law.LoneBytes, 0, mostPart),
		Raised:      q.Law.Raised,
	}
	if l.Worker(1) == 0 {
		l.WorkerBytes = q.WorkerPeakBytes
	}
	return l
}

func soundChoices(choices []int, measured int) []int {
	sorted := []int{measured}
	for _, t := range choices {
		sorted = append(sorted, clamp(t, 1, mostThreads))
	}
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// sound leaves a bound that may be relied on, or none: Known then says that High is a number.
func (c Creep) sound() Creep {
	if !finite(c.Slope) {
		c.Slope = 0
	}
	if !finite(c.Staying) {
		c.Staying = 0
	}
	if !c.Known || !finite(c.High) {
		return Creep{Verdict: c.Verdict, Uncounted: c.Uncounted}
	}
	c.High = math.Max(c.High, c.Slope)
	return c
}

// known is x within 0 and most; what is negative or no number is 0.
func known(x, most float64) float64 {
	if !finite(x) {
		return 0
	}
	return clamp(x, 0, most)
}

func ceilBytes(x float64) int64 { return int64(clamp(math.Ceil(x), 0, mostBudget)) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// creeps says that workers grow, by a rate that has an upper bound.
func (q Question) creeps() bool {
	return q.Creep.Verdict == calibrate.Creeping && q.Creep.Known && q.steepest(1) > 0
}

// recycles says that the recommendation will hold a max-requests.
func (q Question) recycles() bool { return q.creeps() && q.CanRecycle && q.going(1) > 0 }

// creepTakenOut says that law and peak are those of a worker that has crept by nothing yet.
func (q Question) creepTakenOut() bool { return q.Requests == 0 && q.Seen > 0 }

// peak is a worker's peak RSS with that many threads: as measured, or moved by the law's cost of a thread, and
// never below what the law says that a worker costs.
func (q Question) peak(threads int) int64 {
	return max(q.WorkerPeakBytes+q.Law.Worker(threads)-q.Law.Worker(q.Threads), q.Law.Worker(threads))
}
