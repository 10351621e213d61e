package calibrate

// Work is the CPU time that a stretch of load took, and whose. All of it is in seconds of CPU time, unless said otherwise.
type Work struct {
	Seconds    float64    `json:"seconds"`                           // of the clock
	Requests   int64      `json:"requests"`                          // answered in them, good or bad
	Workers    float64    `json:"workers_cpu_seconds"`               // of the workers and of all that descends from them, those that ended too
	Rest       float64    `json:"rest_cpu_seconds"`                  // of the app's other processes: master, router, front
	RestThread float64    `json:"rest_thread_cpu_seconds,omitempty"` // of the one of their threads that took the most; 0: not known
	System     float64    `json:"system_cpu_seconds"`                // the part of both that was spent in the kernel, to a tick of its clock (10 ms)
	Own        float64    `json:"own_cpu_seconds"`                   // of calibrate, which sends the load
	Others     float64    `json:"others_cpu_seconds"`                // of everybody else, on the cores that the app or calibrate may use
	Steal      float64    `json:"steal_seconds"`                     // that the machine's host gave to other machines, of these cores together
	Waited     float64    `json:"waited_seconds"`                    // for which the app's threads were ready to run and had no core, each; 0 also where the kernel doesn't say
	Stalled    float64    `json:"stalled_seconds"`                   // of the clock, in which somebody on the machine was held up for want of memory; 0 also where the kernel doesn't say
	Source     WorkSource `json:"source"`
}

// WorkSource is where an app's CPU time was read.
type WorkSource string

// The sources.
const (
	WorkGroup  WorkSource = "control-group" // the app's own, in nanoseconds: children that ended are in it
	WorkClocks WorkSource = "clocks"        // the CPU clock of each process, in nanoseconds; of children that ended what their parents reaped, in ticks
)

// PerRequest is so much CPU time shared among the requests, 0 where there was none.
func (w Work) PerRequest(cpu float64) float64 {
	if w.Requests <= 0 {
		return 0
	}
	return cpu / float64(w.Requests)
}

// Busy is how many cores were busy on average, whoever kept them so.
func (w Work) Busy() float64 {
	if w.Seconds <= 0 {
		return 0
	}
	return (w.Workers + w.Rest + w.Own + w.Others) / w.Seconds
}

// Alone is what a request takes when no other is under way: one client, one request after the other.
type Alone struct {
	// Times are quantiles of the time from a request to its whole answer, in even steps from the least to the most.
	Times []float64 `json:"times_seconds"`
	Mean  float64   `json:"mean_seconds"`
	Work  Work      `json:"work"`
}
