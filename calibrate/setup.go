package calibrate

import "workermem/calibrate/say"

// Shape is how many workers, and threads in each, an app is started with.
type Shape struct {
	Workers int `json:"workers"`
	Threads int `json:"threads"`
}

func (s Shape) String() string {
	if s.Threads == 0 {
		return say.Plural(s.Workers, "worker")
	}
	return say.Plural(s.Workers, "worker") + " of " + say.Plural(s.Threads, "thread")
}

// Setup is how an app is started where it isn't to be measured alone: in a shape, with workers that are replaced, under
// a limit.
type Setup struct {
	Shape
	MaxRequests, Jitter int64  // requests after which a worker is replaced, and the most that is drawn on top; 0: never
	MemoryLimit         int64  // bytes that all its processes may take together; 0: none
	Env                 string // one NAME=VALUE beside its own environment, "" for none
}
