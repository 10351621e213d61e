package analyse

import (
	"slices"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

func TestThreadsAsked(t *testing.T) {
	takes := func(demand, waiting, cores float64) *calibrate.Speed {
		return &calibrate.Speed{Demand: calibrate.Span{Value: demand}, Waiting: calibrate.Span{Value: waiting}, Cores: cores}
	}
	rest := takes(0.001, 0.018, 1)
	rest.Rest = 0.001
	for _, c := range []struct {
		name  string
		speed *calibrate.Speed
		cpus  float64
		most  int // workers
		want  []int
	}{
		{"nothing is known", nil, 2, 0, nil},
		{"it computes alone", takes(0.005, 0, 1), 2, 0, nil},
		{"half of the time", takes(0.005, 0.005, 1), 2, 0, []int{2, 3}},
		{"nine tenths: ten at once a core", takes(0.002, 0.018, 1), 2, 0, []int{10, 16}}, // 15 is no rung
		{"of eight cores, as each has a worker", takes(0.002, 0.018, 1), 8, 0, []int{10, 16}},
		{"a router's time keeps a core busy, too", rest, 2, 0, []int{10, 16}},
		{"a hundredth", takes(0.001, 0.099, 1), 2, 0, []int{64}},
		{"two workers share one core", takes(0.002, 0.018, 1), 1, 0, []int{5, 8}},
		{"and a quarter of one", takes(0.002, 0.018, 1), 0.25, 0, []int{2}}, // 1.25 each, 1.875 with room
		{"four cores a worker", takes(0.002, 0.018, 4), 8, 0, []int{40, 64}},
		{"one worker alone keeps one core busy", takes(0.002, 0.018, 1), 2, 1, []int{10, 16}},
	} {
		r := calibrate.Result{Speed: c.speed, Plan: calibrate.PlanInfo{Box: knob.Box{CPUs: c.cpus}, Wishes: knob.Wishes{MaxWorkers: c.most}}}
		if got := ThreadsAsked(r); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Threads that were never run are no choice for the sake of waiting: nobody knows what they take.
func TestThreadChoices(t *testing.T) {
	r := calibrate.Result{
		Target: calibrate.TargetInfo{HasThreads: true, Threads: 1}, Plan: calibrate.PlanInfo{Box: knob.Box{CPUs: 2}},
		Speed: &calibrate.Speed{Demand: calibrate.Span{Value: 0.002}, Waiting: calibrate.Span{Value: 0.018}, Cores: 1},
	}
	for _, c := range []struct {
		name string
		law  calibrate.Law
		want []int
	}{
		{"no other threads were run", calibrate.Law{}, []int{1}},
		{"16 were", calibrate.Law{Runs: []calibrate.LawRun{{Workers: 1, Threads: 16, PeakRSSBytes: 1}}}, []int{1, 2, 4, 10, 16}},
		{"8 were", calibrate.Law{Runs: []calibrate.LawRun{{Workers: 1, Threads: 8, PeakRSSBytes: 1}}}, []int{1, 2, 4, 8}},
		{"8 were, and 16 hardly served", calibrate.Law{Runs: []calibrate.LawRun{{Workers: 1, Threads: 8, PeakRSSBytes: 1}}, Unserved: []calibrate.Shape{{Workers: 1, Threads: 16}}}, []int{1, 2, 4, 8}},
		{"their memory was given", calibrate.Law{Basis: calibrate.BasisGiven}, []int{1, 2, 4, 10, 16}},
	} {
		r.Law = c.law
		got := threadChoices(r, 1)
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
