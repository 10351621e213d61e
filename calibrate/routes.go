package calibrate

// Routes is what each route of a load does to a worker that is asked for nothing else.
type Routes struct {
	Runs []RouteRun `json:"runs"`
	// Left are the routes that were not run, and LeftShare what they are of the load.
	Left      int     `json:"left"`
	LeftShare float64 `json:"left_share"`
}

// RouteRun is one route alone, every thread busy with it. Its bill is PeakRSSBytes above IdleRSSBytes, and its Creep.
type RouteRun struct {
	Route
	Soaked
}

// Bill is what a route takes at its peak beyond an idle worker, in bytes, creep apart.
func (r RouteRun) Bill() int64 {
	bytes := r.PeakRSSBytes - r.IdleRSSBytes
	if r.Creep != nil && r.Creep.Verdict == Creeping {
		bytes -= int64(r.Creep.BytesPerRequest * float64(r.Requests))
	}
	return max(bytes, 0)
}

// Creep is the mean of the routes' creeps, each by its share of the load, and of its lower bounds, in bytes a request. ok is
// false where one of them is missing.
func (s *Routes) Creep() (mean, low float64, ok bool) {
	if s == nil {
		return 0, 0, false
	}
	for _, run := range s.Runs {
		if run.Creep == nil || run.Failed != nil {
			return 0, 0, false
		}
		mean += run.Share * run.Creep.BytesPerRequest
		low += run.Share * run.Creep.Low
	}
	return mean, low, s.Left == 0 && len(s.Runs) > 0
}
