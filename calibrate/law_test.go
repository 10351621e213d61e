package calibrate

import (
	"math"
	"testing"
)

func TestLawTotal(t *testing.T) {
	l := Law{SharedBytes: 33, WorkerBytes: 20, ThreadBytes: 5}
	for _, tc := range []struct {
		law              Law
		workers, threads int
		want             int64
	}{
		{l, 3, 4, 33 + 3*(20+4*5)},
		{l, 0, 4, 33},
		{l, -1, 4, 33},
		{l, 2, -1, 33 + 2*20},
		{Law{SharedBytes: -1, WorkerBytes: -1, ThreadBytes: -1}, 2, 2, 0},
		{Law{SharedBytes: 0, WorkerBytes: math.MaxInt64, ThreadBytes: 0}, 2, 0, math.MaxInt64}, // held, not wrapped
		{Law{SharedBytes: math.MaxInt64, WorkerBytes: 0, ThreadBytes: 1}, 1, 1, math.MaxInt64},
		{Law{SharedBytes: 1, WorkerBytes: 0, ThreadBytes: math.MaxInt64}, math.MaxInt, math.MaxInt, math.MaxInt64},
	} {
		if got := tc.law.Total(tc.workers, tc.threads); got != tc.want {
			t.Errorf("%+v.Total(%d, %d) = %d, want %d", tc.law, tc.workers, tc.threads, got, tc.want)
		}
	}
}

// Between two raises a worker is above the line in proportion, and beyond them as at the nearest.
func TestRaise(t *testing.T) {
	l := Law{WorkerBytes: 100, ThreadBytes: 10, Raised: []Raise{{Threads: 1}, {Threads: 4, Bytes: 30}, {Threads: 16, Bytes: 6}}}
	for threads, want := range map[int]int64{0: 100, 1: 110, 2: 130, 4: 170, 10: 218, 16: 266, 64: 746} {
		if got := l.Worker(threads); got != want {
			t.Errorf("%d threads: %d, want %d", threads, got, want)
		}
	}
	if got := l.Total(2, 4); got != 340 {
		t.Errorf("two of them: %d", got)
	}
	l.LoneBytes = 20 // of a boot, which is over when the load comes
	if worker, loaded := l.Worker(4), l.Loaded(1, 4); worker != 140+10 || loaded != 120+30 {
		t.Errorf("%d, under load %d: want what is more of 20 before the load and 30 under it", worker, loaded)
	}
	if worker := l.Worker(16); worker != 260 {
		t.Errorf("%d: the boot takes more than is raised", worker)
	}
	if odd := (Law{Raised: []Raise{{Threads: 4}, {Threads: 4}}}).implausible(); odd == "" {
		t.Error("the same threads twice")
	}
}
