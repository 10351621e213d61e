package calibrate

import "testing"

// Others spoil times, and hardly CPU time: a gate is told nothing of the first, and the second all the same.
func TestDoubtfulTimesAreUnknown(t *testing.T) {
	r := Result{Speed: &Speed{Demand: Span{0.002, 0.0019, 0.0021}, Waiting: Span{0.018, 0.017, 0.019}, Alone: 0.02}}
	known := func() map[string]bool {
		is := map[string]bool{}
		for _, m := range Metrics() {
			is[m.Name] = m.Read(r).Value != nil
		}
		return is
	}
	if is := known(); !is["cpu"] || !is["waiting"] || !is["alone"] {
		t.Errorf("%v", is)
	}
	r.Speed.Doubt = DoubtOthers
	if is := known(); !is["cpu"] || is["waiting"] || is["alone"] {
		t.Errorf("%v, where others kept the cores busy", is)
	}
}
