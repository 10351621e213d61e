package analyse

import (
	"math"
	"testing"

	"workermem/calibrate"
)

// watchOf is a watch of two workers, read ten times a second. Its log has what the server has answered by then, its workers
// have used 5 ms for each, and 0.1 % of a core anyway.
func watchOf(seconds float64, answered, logged func(t float64) float64) []calibrate.Sample {
	var all []calibrate.Sample
	for i := range int(seconds*10) + 1 {
		t := float64(i) / 10
		cpu := math.Floor(t)*0.002 + 0.005*answered(math.Floor(t)) // read once a second
		all = append(all, calibrate.Sample{Seconds: t, Workers: 2, Requests: int64(logged(t)), CPU: math.Floor(cpu*100) / 100})
	}
	return all
}

func TestQuietTimes(t *testing.T) {
	steady := func(rate, from, to float64) func(float64) float64 {
		return func(t float64) float64 { return rate * min(max(t-from, 0), to-from) }
	}
	twice := func(t float64) float64 { return steady(50, 0, 30)(t) + steady(50, 90, 120)(t) }
	buffered := func(t float64) float64 { return 300 * math.Floor(t/20) } // at 15 requests a second
	for name, c := range map[string]struct {
		seconds          float64
		answered, logged func(float64) float64
		load, end        float64 // seconds, counted
		byCPU            float64 // quiet seconds at the end, not counted
	}{
		"steady":                 {120, steady(50, 0, 120), steady(50, 0, 120), 120, 0, 0},
		"ends":                   {120, steady(50, 0, 30), steady(50, 0, 30), 30, 90, 90},
		"begins late":            {120, steady(50, 90, 120), steady(50, 90, 120), 30, 0, 0},
		"pauses":                 {120, twice, twice, 60, 0, 0},
		"never began":            {120, steady(50, 200, 201), steady(50, 200, 201), 120, 0, 0},
		"a request every 5 s":    {600, func(t float64) float64 { return math.Floor(t / 5) }, func(t float64) float64 { return math.Floor(t / 5) }, 600, 0, 0},
		"a buffered log":         {300, steady(15, 0, 300), buffered, 300, 0, 0},
		"a buffered log, ends":   {600, steady(15, 0, 300), func(t float64) float64 { return buffered(min(t, 300)) }, 300, 300, 300},
		"ends a moment before":   {120, steady(50, 0, 115), steady(50, 0, 115), 120, 0, 0},
		"works on without asked": {120, steady(50, 0, 120), steady(50, 0, 30), 30, 90, 0},
	} {
		samples := watchOf(c.seconds, c.answered, c.logged)
		m := calibrate.Measured{Samples: samples, Result: calibrate.Result{Mode: calibrate.ModeAttach, Watch: &calibrate.Watch{Counter: calibrate.CounterLog}}}
		w := watched(m)
		if math.Abs(w.LoadSeconds-c.load) > 1.5 || math.Abs(w.QuietSeconds-c.end) > 1.5 {
			t.Errorf("%s: load for %.1f s, quiet at the end for %.1f s; want %v, %v", name, w.LoadSeconds, w.QuietSeconds, c.load, c.end)
		}
		m.Result.Watch = &calibrate.Watch{}
		if w := watched(m); math.Abs(w.QuietSeconds-c.byCPU) > 4 {
			t.Errorf("%s, not counted: quiet at the end for %.1f s; want %v", name, w.QuietSeconds, c.byCPU)
		}
	}
}
