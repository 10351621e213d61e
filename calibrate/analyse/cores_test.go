package analyse

import (
	"strings"
	"testing"

	"workermem/calibrate"
)

func TestCoresDoubts(t *testing.T) {
	run := func(of string, w calibrate.Work) calibrate.Result {
		quiet := calibrate.Work{Seconds: 10, Others: 4.9, Steal: 0.9}
		r := calibrate.Result{Host: calibrate.Host{CPUs: 2}}
		for _, name := range []string{calibrate.PhaseAlone, calibrate.PhaseCapacity, calibrate.PhaseSoak, calibrate.PhasePeak} {
			p := calibrate.Phase{Name: name, Work: &quiet}
			if name == of {
				p.Work = &w
			}
			r.Phases = append(r.Phases, p)
		}
		r.Phases = append(r.Phases, calibrate.Phase{Name: calibrate.PhaseRest})
		return r
	}
	const spoilt = ": times and rates are doubtful by that; memory, and what a request costs in CPU time, are not"
	for _, c := range []struct {
		name string
		r    calibrate.Result
		want map[string]string
	}{
		{"quiet", run("", calibrate.Work{}), nil},
		{"a busy soak", run(calibrate.PhaseSoak, calibrate.Work{Seconds: 100, Others: 80}), map[string]string{"cpu-busy": "other programs kept 0.8 of 2 cores busy in phase soak" + spoilt}},
		{"a busy capacity, which nothing rests on", run(calibrate.PhaseCapacity, calibrate.Work{Seconds: 10, Others: 20, Steal: 10}), nil},
		{"a host that gives little", run(calibrate.PhasePeak, calibrate.Work{Seconds: 4, Steal: 0.8}), map[string]string{"cpu-steal": "the host of this machine gave 10 % of its cores' time to other machines in phase peak" + spoilt}},
		{"both, while there was one client", run(calibrate.PhaseAlone, calibrate.Work{Seconds: 2, Others: 3, Steal: 1}), map[string]string{"cpu-steal": "phase alone", "cpu-busy": "1.5 of 2 cores busy in phase alone"}},
	} {
		got := map[string]string{}
		for _, w := range doubts(c.r) {
			if strings.HasPrefix(w.Code, "cpu-") {
				got[w.Code] = w.Text
			}
			if w.Try == "" {
				t.Errorf("%s: %s has nothing to try", c.name, w.Code)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		for code, text := range c.want {
			if !strings.Contains(got[code], text) {
				t.Errorf("%s: %q, want %q", c.name, got[code], text)
			}
		}
	}
}
