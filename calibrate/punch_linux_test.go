package calibrate

import (
	"math"
	"os"
	"syscall"
	"testing"
)

// What isn't known of a disk ends no run.
func TestFree(t *testing.T) {
	for name, c := range map[string]struct {
		disk syscall.Statfs_t
		want int64
	}{
		"fragments":               {syscall.Statfs_t{Bsize: 1 << 20, Frsize: 4096, Blocks: 100, Bavail: 10}, 40960},
		"blocks alone":            {syscall.Statfs_t{Bsize: 4096, Blocks: 100, Bavail: 10}, 40960},
		"full":                    {syscall.Statfs_t{Bsize: 4096, Frsize: 4096, Blocks: 100}, 0},
		"no blocks":               {syscall.Statfs_t{Bsize: 4096, Frsize: 4096}, math.MaxInt64},
		"no size of a block":      {syscall.Statfs_t{Blocks: 100, Bavail: 10}, math.MaxInt64},
		"past 63 bits":            {syscall.Statfs_t{Frsize: 4096, Blocks: 1 << 52, Bavail: 1 << 51}, math.MaxInt64},
		"past 64 bits":            {syscall.Statfs_t{Frsize: 4096, Blocks: math.MaxUint64, Bavail: math.MaxUint64}, math.MaxInt64},
		"as many as 63 bits hold": {syscall.Statfs_t{Frsize: 4096, Blocks: 1 << 52, Bavail: 1<<51 - 1}, math.MaxInt64 - 4095},
	} {
		if got := freeOf(c.disk); got != c.want {
			t.Errorf("%s: %d, not %d", name, got, c.want)
		}
	}
	here, err := os.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if left, err := free(here); err != nil || left < 0 {
		t.Errorf("%d, %v", left, err)
	}
}
