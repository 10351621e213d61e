package main

import (
	"testing"

	"workermem/calibrate"
)

// What a command says of threads and max-requests is what is deployed, whoever says how many workers. One worker is no number of
// workers: it is what a server does by itself.
func TestSaidSetup(t *testing.T) {
	target := func(said *calibrate.Said) calibrate.TargetInfo {
		return calibrate.TargetInfo{Server: "gunicorn", Threads: 4, HasThreads: true, Said: said}
	}
	setup := func(workers, threads int, maxRequests, jitter int64) *calibrate.Setup {
		return &calibrate.Setup{Shape: calibrate.Shape{Workers: workers, Threads: threads}, MaxRequests: maxRequests, Jitter: jitter}
	}
	for name, tc := range map[string]struct {
		said             *calibrate.Said
		workers, threads int
		want             *calibrate.Setup
	}{
		"nobody says a number":         {nil, 0, 0, nil},
		"the command, one worker":      {&calibrate.Said{Workers: 1, MaxRequests: 5000}, 0, 0, nil},
		"the command":                  {&calibrate.Said{Workers: 3, Threads: 8, MaxRequests: 5000, Jitter: 100}, 0, 0, setup(3, 8, 5000, 100)},
		"the flag":                     {nil, 6, 0, setup(6, 4, 0, 0)},
		"the flag, and the command":    {&calibrate.Said{Workers: 3, Threads: 8, MaxRequests: 5000}, 6, 2, setup(6, 2, 5000, 0)},
		"the flag, and one worker":     {&calibrate.Said{Workers: 1, Threads: 8, MaxRequests: 5000, Jitter: 100}, 6, 0, setup(6, 8, 5000, 100)},
		"the flag, and max-requests":   {&calibrate.Said{MaxRequests: 5000}, 6, 0, setup(6, 4, 5000, 0)},
		"one worker by the flag alone": {&calibrate.Said{Workers: 3, MaxRequests: 5000}, 1, 0, setup(1, 4, 5000, 0)},
	} {
		got := saidSetup(target(tc.said), tc.workers, tc.threads)
		if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}
