package sizing

import "testing"

// What NOW LMS makes of its environment, odd values included, as servers.md found it in 2.x, on 2 cores with
// 1000 MB available: min(5, 1000 / 200) = 5 where nothing is set.
func TestNowLMSEnv(t *testing.T) {
	type env map[string]string
	for _, tc := range []struct {
		name             string
		env              env
		workers, threads int
	}{
		{"nothing set", env{}, 5, 1},
		{"Scenario 3: explicit workers, not divided by threads", env{"NOW_LMS_WORKERS": "1", "NOW_LMS_THREADS": "4", "NOW_LMS_WORKER_MEMORY_MB": "150"}, 1, 4},
		{"explicit workers stay whole beside threads", env{"WORKERS": "4", "THREADS": "4"}, 4, 4},
		{"prefixed before plain", env{"NOW_LMS_WORKERS": "2", "WORKERS": "3"}, 2, 1},
		{"an empty one falls through", env{"NOW_LMS_WORKERS": "", "WORKERS": "3"}, 3, 1},
		{"MEM=187.5 silently becomes 200", env{"WORKER_MEMORY_MB": "187.5"}, 5, 1},
		{"MEM=250MB silently becomes 200", env{"WORKER_MEMORY_MB": "250MB"}, 5, 1},
		{"MEM=250", env{"WORKER_MEMORY_MB": "250"}, 4, 1},
		{"MEM=0 leaves CPU alone", env{"WORKER_MEMORY_MB": "0", "THREADS": "2"}, 2, 2},
		{"MEM=-5 ends at the minimum", env{"WORKER_MEMORY_MB": "-5"}, 1, 1},
		{"WORKERS=0 is returned as is", env{"WORKERS": "0"}, 0, 1},
		{"WORKERS=-3 is returned as is", env{"WORKERS": "-3"}, -3, 1},
		{"WORKERS=abc is ignored", env{"WORKERS": "abc"}, 5, 1},
		{"an unreadable prefixed one hides the plain", env{"NOW_LMS_WORKERS": "abc", "WORKERS": "3"}, 5, 1},
		{"THREADS=0 is 1", env{"THREADS": "0"}, 5, 1},
		{"THREADS=abc is 1", env{"THREADS": "abc"}, 5, 1},
		{"Python reads spaces, signs and underscores", env{"WORKERS": " +1_0 "}, 10, 1},
		{"but no underscore at an end", env{"WORKERS": "1_"}, 5, 1},
		{"nor two together", env{"WORKERS": "1__0"}, 5, 1},
		{"nor a sign before an underscore", env{"WORKERS": "-_1"}, 5, 1},
	} {
		getenv := func(name string) string { return tc.env[name] }
		workers, threads := NowLMSEnv(getenv, 2, 1000)
		if workers != tc.workers || threads != tc.threads {
			t.Errorf("%s: %d workers, %d threads, want %d, %d", tc.name, workers, threads, tc.workers, tc.threads)
		}
	}
}
