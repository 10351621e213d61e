package report

import "workermem/calibrate"

// sizing is `calibrate size --json`: one worker, sized for every host. Keys may join freely.
type sizing struct {
	Schema     string              `json:"schema"`
	Run        string              `json:"run"`         // id; "" if the figures were given
	MeasuredOn *calibrate.Host     `json:"measured_on"` // null if the figures were given
	Plan       calibrate.PlanInfo  `json:"plan"`        // what was asked for; of several hosts each has its own cores and memory
	Worker     calibrate.Worker    `json:"worker"`
	Creep      calibrate.Creep     `json:"creep"`
	Law        calibrate.Law       `json:"law"`
	Speed      *calibrate.Speed    `json:"speed,omitempty"`
	Sweep      *calibrate.Sweep    `json:"sweep,omitempty"` // on the machine of the run
	Hosts      []sizedHost         `json:"hosts"`
	RestsOn    foundation          `json:"rests_on"`
	Warnings   []calibrate.Warning `json:"warnings"` // that hold for every host
}

// sizedHost has candidates and formulas only if it is the only one: a grid would be tens of megabytes.
type sizedHost struct {
	CPUs           float64                  `json:"cpus"`
	MemoryBytes    int64                    `json:"memory_bytes"`
	BoundBy        calibrate.Bound          `json:"bound_by"`
	Served         *calibrate.Served        `json:"served,omitempty"`  // by the recommendation; absent where that isn't known
	Concurrency    int                      `json:"concurrency_bound"` // the most requests at once a worker, if no threads bound them; 0 for none
	Recommendation calibrate.Recommendation `json:"recommendation"`
	Candidates     []calibrate.Candidate    `json:"candidates,omitempty"`
	Formulas       []calibrate.Formula      `json:"formulas,omitempty"`
}

const sizingSchema = "calibrate.sizing/2"

// foundation is what a sizing rests on.
type foundation struct {
	Basis         calibrate.Basis   `json:"basis"`   // BasisGiven, or BasisMeasured: the worker's memory, creep and boot
	Threads       int               `json:"threads"` // of the measured worker; 0: the server has none to set
	Server        string            `json:"server"`
	ServerVersion string            `json:"server_version"`
	Checked       []calibrate.Shape `json:"checked"`               // that the law was checked with; all others are computed by it
	ThreadsFree   bool              `json:"thread_memory_missing"` // threads are weighed, and nobody gave what they need
	Elsewhere     bool              `json:"other_host"`            // a host is not measured_on, whose boot time and rate these are
}

// foundationOf is the same for every host.
func foundationOf(sized []calibrate.Result) foundation {
	r := sized[0]
	f := foundation{Basis: calibrate.BasisMeasured, Threads: r.Target.Threads, Server: r.Target.Server, ServerVersion: r.Target.ServerVersion,
		Checked: []calibrate.Shape{}}
	if given(r) {
		f.Basis, f.Threads, f.ThreadsFree = calibrate.BasisGiven, 0, threadsFree(r)
		return f
	}
	for _, run := range r.Law.Runs {
		f.Checked = append(f.Checked, calibrate.Shape{Workers: run.Workers, Threads: run.Threads})
	}
	f.Elsewhere = elsewhere(sized)
	return f
}

// sizingData is what the page of Sizing says.
func sizingData(sized []calibrate.Result) sizing {
	r := sized[0].Whole()
	s := sizing{
		Schema: sizingSchema, Run: r.ID, Plan: r.Plan, Worker: r.Worker, Creep: r.Creep, Law: r.Law, Speed: r.Speed, Sweep: r.Sweep,
		RestsOn: foundationOf(sized), Warnings: common(sized),
	}
	if len(sized) > 1 {
		s.Plan.CPUs, s.Plan.MemoryBytes = 0, 0
	}
	if !given(r) {
		s.MeasuredOn = &r.Host
	}
	for _, one := range sized {
		r := one.Whole()
		host := sizedHost{
			CPUs: r.Cores(), MemoryBytes: memoryOf(r), BoundBy: boundBy(r.Candidates), Concurrency: r.Concurrency.Bound,
			Recommendation: r.Recommendation,
		}
		if c, ok := chosen(r); ok && c.Rate > 0 {
			host.Served = &c.Served
		}
		if len(sized) == 1 {
			host.Candidates, host.Formulas = r.Candidates, r.Formulas
		}
		s.Hosts = append(s.Hosts, host)
	}
	return s
}
