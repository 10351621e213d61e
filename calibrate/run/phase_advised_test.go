package run

import (
	"slices"
	"testing"

	"workermem/calibrate"
)

// What is advised is run last, unless it was run already, and is held by the law.
func TestRunWhatIsAdvised(t *testing.T) {
	for name, c := range map[string]struct {
		cpus int
		plan func(*calibrate.Plan)
	}{
		"by what it serves":     {cpus: 4},
		"two are the most":      {cpus: 4, plan: func(p *calibrate.Plan) { p.MaxWorkers = 2 }},
		"one of more threads":   {cpus: 4, plan: func(p *calibrate.Plan) { p.MaxWorkers = 1 }},
		"more than one machine": {cpus: 1, plan: func(p *calibrate.Plan) { p.CPUs = 64 }},
	} {
		f := newFakeRig()
		f.cpus, f.computes = c.cpus, demand/4
		var shapes []calibrate.Shape
		f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
			shapes, f.others = append(shapes, s.Shape), otherWorkers(s)
			return f, nil
		}
		p := fakePlan()
		if c.plan != nil {
			c.plan(&p)
		}
		r, err := runFake(t, f, p, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		advised := calibrate.Shape{Workers: min(r.Recommendation.Workers, 2*c.cpus+1), Threads: r.Recommendation.Threads}
		if !slices.Contains(shapes, advised) || len(shapes) > 4 {
			t.Errorf("%s: %v is advised, %v were run", name, advised, shapes)
		}
		if sorted := slices.Clone(shapes); len(slices.CompactFunc(sorted, func(a, b calibrate.Shape) bool { return a == b })) != len(shapes) || len(r.Law.Runs) != len(shapes) {
			t.Errorf("%s: %v, of which %d are in the law", name, shapes, len(r.Law.Runs))
		}
	}
}

// Where the cores bind what is advised, many workers are run beside it, unless a rate says that so many are not needed.
func TestRunManyWorkersWhereTheCoresBind(t *testing.T) {
	for rate, want := range map[float64]bool{0: true, 100: false} {
		f := newFakeRig()
		f.cpus, f.computes = 2, demand
		var shapes []calibrate.Shape
		f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
			shapes, f.others = append(shapes, s.Shape), otherWorkers(s)
			return f, nil
		}
		p := fakePlan()
		p.ProductionRate = rate
		r, err := runFake(t, f, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		ran := slices.ContainsFunc(shapes, func(s calibrate.Shape) bool { return s.Workers == 5 })
		if ran != want || len(r.Law.Runs) != len(shapes) {
			t.Errorf("at %g: %v were run, %d x %d is recommended", rate, shapes, r.Recommendation.Workers, r.Recommendation.Threads)
		}
	}
}

// What was run as advised and failed is not advised any more.
func TestRunAdvisesNothingThatFailed(t *testing.T) {
	f := newFakeRig()
	f.computes = demand / 4
	var failed []calibrate.Shape
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		f.others, f.capacity = otherWorkers(s), 500
		if s.Workers > 2 {
			failed, f.capacity = append(failed, s.Shape), 0
		}
		return f, nil
	}
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(failed) == 0 {
		t.Fatalf("nothing was advised that fails: %v", r.Law.Runs)
	}
	for _, s := range failed {
		if r.Recommendation.Workers >= s.Workers && r.Recommendation.Threads >= s.Threads {
			t.Errorf("%d x %d is recommended, %v failed", r.Recommendation.Workers, r.Recommendation.Threads, s)
		}
	}
}
