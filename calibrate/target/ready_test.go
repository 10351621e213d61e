package target

import (
	"errors"
	"testing"
	"time"
)

// What makes waiting for a first answer pointless, and what doesn't.
func TestBootWatch(t *testing.T) {
	began := time.Unix(1000, 0)
	worker := func(pid int) []process { return []process{{pid: pid, start: int64(pid)}} }
	type look struct {
		after   time.Duration
		workers []process
	}
	for name, c := range map[string]struct {
		looks []look
		want  error
	}{
		"no worker yet":      {[]look{{0, nil}, {time.Minute, nil}}, nil},
		"a worker, slow":     {[]look{{0, nil}, {time.Second, worker(1)}, {time.Minute, worker(1)}}, nil},
		"one is replaced":    {[]look{{0, worker(1)}, {time.Second, nil}, {2 * time.Second, worker(2)}, {3 * time.Second, nil}}, nil},
		"none is left":       {[]look{{0, worker(1)}, {time.Second, nil}, {2 * time.Second, nil}}, errNoWorker},
		"again and again":    {[]look{{0, worker(1)}, {1, worker(2)}, {2, worker(3)}, {3, worker(4)}}, errCrashLoop},
		"again, but not yet": {[]look{{0, worker(1)}, {1, worker(2)}, {2, worker(3)}, {3, worker(3)}}, nil},
	} {
		b := bootWatch{loop: 4, seen: map[identity]bool{}}
		var got error
		for _, l := range c.looks {
			got = b.judge(l.workers, nil, began.Add(l.after))
		}
		if !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
