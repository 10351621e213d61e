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

// What two apps answered to one client and to several: PyPNM's threads take the interpreter's lock from each other.
func TestTogetherDoubt(t *testing.T) {
	pypnm := calibrate.Work{Seconds: 2.03, Requests: 836, Workers: 1.71}
	pypnmBusy := calibrate.Work{Seconds: 4.016, Requests: 883, Workers: 4.709, Others: 0.2}
	lms := calibrate.Work{Seconds: 2, Requests: 152, Workers: 1.82}
	lmsBusy := calibrate.Work{Seconds: 4, Requests: 288, Workers: 3.73}
	beside := pypnmBusy
	beside.Others = 0.5
	stolen := pypnmBusy
	stolen.Steal = 0.9 // of 2 cores for 4 s: 11 %
	times := func(x float64) calibrate.Work {
		return calibrate.Work{Seconds: 10, Requests: int64(1000 * x), Workers: 9.5}
	}
	few := pypnm
	few.Seconds, few.Requests = 0.1, fewForSpeed-1
	for _, c := range []struct {
		name    string
		one     calibrate.Work
		many    calibrate.Work
		threads int
		want    string // its text begins so; empty: there is none
		try     string
	}{
		{"PyPNM", pypnm, pypnmBusy, 0, "a worker answered 412 requests/s one at a time, and 220/s with 8 at once", "bound how many requests"},
		{"the same with threads to set", pypnm, pypnmBusy, 8, "a worker answered 412", "--threads 1"},
		{"NOW LMS, whose core is full either way", lms, lmsBusy, 4, "", ""},
		{"beside others", pypnm, beside, 0, "", ""},
		{"of a host that gives little", pypnm, stolen, 0, "", ""},
		{"1.39 times as much", times(1.39), times(1), 0, "", ""},
		{"1.41 times as much", times(1.41), times(1), 0, "a worker answered 141 requests/s one at a time, and 100/s with 8 at once", ""},
		{"too few requests", few, pypnmBusy, 0, "", ""},
	} {
		r := calibrate.Result{Host: calibrate.Host{CPUs: 2}, Target: calibrate.TargetInfo{Threads: c.threads}, Phases: []calibrate.Phase{
			{Name: calibrate.PhaseAlone, Clients: 1, Work: &c.one}, {Name: calibrate.PhasePeak, Clients: 8, Work: &c.many}}}
		var got calibrate.Warning
		for _, w := range doubts(r) {
			if w.Code == "slower-together" {
				got = w
			}
		}
		if (got.Code == "") != (c.want == "") || !strings.HasPrefix(got.Text, c.want) || !strings.Contains(got.Try, c.try) {
			t.Errorf("%s: %+v, want %q, to try %q", c.name, got, c.want, c.try)
		}
	}
}
