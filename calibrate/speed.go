package calibrate

// Speed is what one worker's requests cost in CPU time and in waiting, from which follows what any number of workers serve:
// see the room throughput.
type Speed struct {
	Demand    Span        `json:"demand"`                       // CPU seconds of a worker a request, its threads busy
	Rest      float64     `json:"rest_cpu_seconds"`             // CPU seconds a request of the app's other processes: router, front, master
	RestCores float64     `json:"rest_cores,omitempty"`         // that those processes can keep busy together: their busiest thread, one; 0: not known
	Beside    float64     `json:"beside_cpu_seconds,omitempty"` // CPU seconds a request of programs that are none of the app's, which were busier the more it served: a database on this machine; 0: none was seen
	Load      float64     `json:"load_cpu_seconds"`             // CPU seconds a request of calibrate's own where it sent the most of them, which production doesn't have
	Alone     float64     `json:"alone_seconds"`                // of a request when no other is under way, on average
	Waiting   Span        `json:"waiting"`                      // seconds of that in which it used no CPU time
	Cores     float64     `json:"worker_cores"`                 // that one worker was found to keep busy, at most
	Shown     bool        `json:"worker_cores_shown"`           // it had requests enough to show that; else one core is taken, or the most that were seen
	AllCores  bool        `json:"worker_cores_all,omitempty"`   // that was all there was, and more than one: it is taken to keep all cores of a larger machine busy, too
	Pool      int         `json:"pool,omitempty"`               // requests that it works on at once at most, though there were more: of a pool of threads or connections; 0: none was seen
	Factor    float64     `json:"busy_cores_ratio"`             // what a request costs with all cores busy, to what it costs with one; 1: no second worker was run
	Threads   []ThreadUse `json:"threads"`                      // demand by threads, by rising count; what each thread count costs was measured
	Times     []float64   `json:"times_alone_seconds"`          // as in Alone
	Doubt     SpeedDoubt  `json:"doubt,omitempty"`              // what spoils it
}

// AtOnce is how many requests at once keep one core busy, while each of them computes and waits; 0: not known.
//
//	(demand + rest + waiting) / (demand + rest + beside)
//
// What is beside it is a part of the waiting.
func (s Speed) AtOnce() float64 {
	cpu := s.Demand.Value + s.Rest
	if !(cpu > 0) {
		return 0
	}
	return (cpu + max(s.Waiting.Value, s.Beside, 0)) / (cpu + max(s.Beside, 0))
}

// Span is a figure with its interval of 95 %, in seconds.
type Span struct {
	Value float64 `json:"seconds"`
	Low   float64 `json:"low_seconds"`
	High  float64 `json:"high_seconds"`
}

// ThreadUse is what a request costs in a worker of so many threads, all of them busy.
type ThreadUse struct {
	Threads int     `json:"threads"`
	Demand  float64 `json:"demand_cpu_seconds"`
}

// SpeedDoubt is what makes the figures of a Speed doubtful.
type SpeedDoubt string

// The doubts.
const (
	DoubtSteal  SpeedDoubt = "steal"  // the machine's host withheld cores
	DoubtOthers SpeedDoubt = "others" // others kept the cores busy
	DoubtFew    SpeedDoubt = "few"    // requests
)

// Served is what so many workers of so many threads serve.
type Served struct {
	Rate      float64   `json:"rate_per_second"`            // at most; of a shape that a sweep ran which made the choice, what it served, without the load beside it
	RateLow   float64   `json:"rate_low_per_second"`        // interval of 95 %
	RateHigh  float64   `json:"rate_high_per_second"`       //
	RateApart float64   `json:"rate_apart_ratio,omitempty"` // of them, how far real servers were off beyond what the figures of this app allow: alike in two runs of one app
	RateBy    RateBound `json:"rate_bound_by"`              // what keeps them from more; "" where nothing is known
	UsedRatio float64   `json:"used_ratio"`                 // at the production rate: that rate / rate; 0 without one
	P50       float64   `json:"p50_seconds"`                // at the production rate; 0 without one, or where it is more than is served
	P99       float64   `json:"p99_seconds"`
	P99Low    float64   `json:"p99_low_seconds,omitempty"`  // by the intervals of a request's CPU time and waiting, of the recommended choice and a deployed one alone; or where a sweep measured it, what two runs differ by
	P99High   float64   `json:"p99_high_seconds,omitempty"` // the same; absent beside a P99Low where by them the rate may not be served at all
	CPUCost   float64   `json:"cost_cpu_seconds,omitempty"` // CPU seconds a request, of the app's other processes too, at the production rate, or at the most that is served if that is less; of the recommended choice alone
}

// RateBound is what keeps workers from serving more.
type RateBound string

// The bounds of a rate.
const (
	RateByCores   RateBound = "cores"   // all cores are busy
	RateByWorkers RateBound = "workers" // each worker keeps busy what it can: one core, under a lock such as the GIL
	RateByThreads RateBound = "threads" // all threads wait
	RateByShared  RateBound = "shared"  // something that all workers share, as short runs have shown: a lock, a database
)

// Full says that more workers of the same kind serve no more, however much memory there is.
func (b RateBound) Full() bool { return b == RateByCores || b == RateByShared }
