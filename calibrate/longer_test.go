package calibrate

import "testing"

func TestLongerTry(t *testing.T) {
	for _, c := range []struct {
		seconds, times float64
		want           string
	}{{0, 0, "5m"}, {120, 0, "10m"}, {120, 2, "10m"}, {120, 9, "20m"}, {1e9, 0, "240m"}} {
		r := Result{Phases: []Phase{{Name: PhaseSoak, Seconds: c.seconds}}, Creep: Creep{Missing: &Missing{TimesLonger: c.times}}}
		if got := r.LongerTry(); got != "--duration "+c.want {
			t.Errorf("a soak of %v s that should be %v times as long: %q, want %q", c.seconds, c.times, got, c.want)
		}
	}
}
