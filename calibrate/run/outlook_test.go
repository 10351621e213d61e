package run

import (
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/knob"
)

// The progress line counts the steps up to the last, and what it says is left comes to the run's end: roughly at first, nearly from the
// peak on, where no length is left open.
func TestOutlook(t *testing.T) {
	f := newFakeRig()
	f.scale = func(s calibrate.Setup) (calibrate.Target, error) {
		f.others = otherWorkers(s)
		return f, nil
	}
	var told []calibrate.Status
	f.told = func(s calibrate.Status) { told = append(told, s) }
	r, err := runFake(t, f, fakePlan(), nil)
	if err != nil || len(told) < 100 {
		t.Fatal(err, len(told))
	}
	end := knob.Duration(r.DurationSeconds)
	step := 1
	for _, s := range told {
		if s.Steps != len(r.Steps) || s.Step < step || s.Step > s.Steps {
			t.Fatalf("step %d of %d after %d", s.Step, s.Steps, step)
		}
		step = s.Step
		most := end
		if s.Phase == calibrate.PhasePeak || s.Phase == calibrate.PhaseScale {
			most = 12 * time.Second
		}
		if off := (s.Elapsed + s.Left - end).Abs(); off > most {
			t.Errorf("at %s, in phase %s, it said that %s are left, and the run ended at %s", s.Elapsed, s.Phase, s.Left, end)
		}
	}
	if step != len(r.Steps) {
		t.Errorf("it came to step %d of %v", step, r.Steps)
	}
}
