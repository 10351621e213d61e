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
	Sweep      *calibrate.Sweep    `json:"sweep,omitempty"` // on the machine of the run
	Hosts      []sizedHost         `json:"hosts"`
	RestsOn    map[string]string   `json:"rests_on"`
	Warnings   []calibrate.Warning `json:"warnings"` // that hold for every host
}

// sizedHost has candidates and formulas only if it is the only one: a grid would be tens of megabytes.
type sizedHost struct {
	CPUs           int                      `json:"cpus"`
	MemoryBytes    int64                    `json:"memory_bytes"`
	BoundBy        calibrate.Bound          `json:"bound_by"`
	Concurrency    int                      `json:"concurrency_bound"` // the most requests at once a worker, if no threads bound them; 0 for none
	Recommendation calibrate.Recommendation `json:"recommendation"`
	Candidates     []calibrate.Candidate    `json:"candidates,omitempty"`
	Formulas       []calibrate.Formula      `json:"formulas,omitempty"`
}

const sizingSchema = "calibrate.sizing/1"

// sizingData is what the page of Sizing says.
func sizingData(sized []calibrate.Result) sizing {
	r := sized[0].Whole()
	s := sizing{
		Schema: sizingSchema, Run: r.ID, Plan: r.Plan, Worker: r.Worker, Creep: r.Creep, Law: r.Law, Sweep: r.Sweep,
		RestsOn: map[string]string{}, Warnings: common(sized),
	}
	if len(sized) > 1 {
		s.Plan.CPUs, s.Plan.MemoryBytes = 0, 0
	}
	if !given(r) {
		s.MeasuredOn = &r.Host
	}
	for _, f := range restsOn(sized) {
		s.RestsOn[f.Name] = f.Text
	}
	for _, one := range sized {
		r := one.Whole()
		host := sizedHost{
			CPUs: coresOf(r), MemoryBytes: memoryOf(r), BoundBy: boundBy(r.Candidates), Concurrency: r.Concurrency.Bound,
			Recommendation: r.Recommendation,
		}
		if len(sized) == 1 {
			host.Candidates, host.Formulas = r.Candidates, r.Formulas
		}
		s.Hosts = append(s.Hosts, host)
	}
	return s
}
