package server

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
)

// recycling-cuts: a request under way has 15 s (graceful-timeout) and 5 s more (shutdown-timeout), then it is cut off.
func TestE2EModWSGIRecyclingCuts(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t, "-DFOREGROUND"), MaxRequests: 5, Path: "/pid", Env: map[string]string{"CALIBRATE_HOLD_MS": "40000"}})
	answered, began := make(chan string, 1), time.Now()
	client := plainClient()
	go func() {
		res, err := client.Get(r.Info().URL + "/")
		if err != nil {
			answered <- err.Error()
			return
		}
		res.Body.Close()
		answered <- res.Status
	}()
	eventually(t, "the request under way", func() bool { return r.established() > 0 })
	for range 5 {
		r.get("/pid")
	}
	if got, took := <-answered, time.Since(began); strings.HasPrefix(got, "200") || took < 19*time.Second {
		t.Errorf("the request was answered after %v: %s", took, got)
	}
}

// slow-respawn: Apache looks about once a second.
func TestE2EModWSGISlowRespawn(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t, "-DFOREGROUND"), MaxRequests: 5, Path: "/pid"})
	var longest time.Duration
	for range 3 {
		before, asked := r.worker(), make(chan struct{})
		go func() { // a request that comes between the two workers waits for the second
			defer close(asked)
			for range 6 {
				pidAt(r.Info().URL + "/pid")
			}
		}()
		eventually(t, "the worker's end", func() bool {
			s, err := linux.Here.Stat(before)
			return err != nil || !s.Alive()
		})
		ended := time.Now()
		eventually(t, "another worker", func() bool {
			workers, _ := r.Workers()
			return len(workers) == 1 && workers[0] != before
		})
		longest = max(longest, time.Since(ended))
		<-asked
	}
	if t.Logf("the longest of three pauses was %v", longest); longest < 150*time.Millisecond {
		t.Errorf("a worker was replaced in %v", longest)
	}
}

// nothing-shared: what a process has of its own is all that it has, but for the libraries' files.
func TestE2EModWSGISharesNothing(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t, "-DFOREGROUND"), Workers: 2, Path: "/pid"})
	r.load(t, 100)
	workers, _ := r.Workers()
	for _, pid := range workers {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			t.Fatal(err)
		}
		fact := func(name string) int {
			_, rest, _ := strings.Cut(string(text), "\n"+name+":")
			return atoi(t, strings.Fields(rest)[0])
		}
		if own, all := fact("Private_Dirty"), fact("Anonymous"); float64(own) < 0.85*float64(all) {
			t.Errorf("%d: %d of %d KB of its own", pid, own, all)
		}
	}
}
