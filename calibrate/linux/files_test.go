package linux

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOpenFiles(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	before, most, err := Here.OpenFiles(os.Getpid())
	if err != nil || uint64(most) != limit.Cur {
		t.Errorf("%d open of %d, %v; the limit is %d", before, most, err, limit.Cur)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if after, _, _ := Here.OpenFiles(os.Getpid()); after != before+1 {
		t.Errorf("%d open with one more, %d before", after, before)
	}
	if _, _, err := Here.OpenFiles(1 << 30); err == nil {
		t.Error("known of no process")
	}
}
