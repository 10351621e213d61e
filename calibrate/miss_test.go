package calibrate

import "testing"

// A miss is said from its kind and figures: what was said at the time is no part of it, but what a program said itself.
func TestMissIsSaidFromItsFigures(t *testing.T) {
	const old = "as an older version said it, 10m0s"
	for want, m := range map[string]Miss{
		"not run: it might need 2 048 MB, more than half of the memory that is free": {Kind: MissTooLarge, PromisedBytes: 2 << 30, Words: old},
		"not run: it is more than 64 workers":                                        {Kind: MissTooMany, Wanted: 80, Most: 64, Words: old},
		"not run: 1 024 threads are more than the load can keep busy":                {Kind: MissTooBusy, Wanted: 1024, Words: old},
		"jemalloc isn't installed":                                                   {Kind: MissNotHad, Words: "jemalloc isn't installed"},
		"it did not start: the app ended with exit code 1":                           {Kind: MissNotStarted, Words: "the app ended with exit code 1"},
		"1 of 2 workers were found":                                                  {Kind: MissWorkers, Found: 1, Wanted: 2, Words: old},
		"4 500 of 4 950 requests failed":                                             {Kind: MissErrors, Requests: 4950, Succeeded: 450, Words: old},
		"no request was answered in 10 s":                                            {Kind: MissFew, LimitSeconds: 10, Words: old},
		"only 1 request was answered in 10 s":                                        {Kind: MissFew, Requests: 1, LimitSeconds: 10, Words: old},
		"only 40 requests were answered in 10 s":                                     {Kind: MissFew, Requests: 40, LimitSeconds: 10, Words: old},
		"it took 600 MB, more than half of the memory that was free":                 {Kind: MissMemory, TakenBytes: 600 << 20, Words: old},
		"the memory of its processes could not be read":                              {Kind: MissUnreadable},
		"the memory of its processes could not be read: no such file":                {Kind: MissUnreadable, Words: "no such file"},
		"the worker ended during the measurement":                                    {Kind: MissEnded, Words: "the worker ended during the measurement"},
		"1 of 4 recycles seen in 10 min":                                             {Kind: MissLimit, Found: 1, Wanted: 4, LimitSeconds: 600, Words: old},
		"900 of 2 000 requests served in 10 min":                                     {Kind: MissLimit, Requests: 900, WantedRequests: 2000, LimitSeconds: 600, Words: old},
		"cut short":                                                                  {Kind: MissCut, Words: old},
		"POST /login was answered by 401":                                            {Kind: MissOther, Words: "POST /login was answered by 401"},
		"ended":                                                                      {Kind: MissEnded},
	} {
		if got := m.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
