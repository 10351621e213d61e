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
