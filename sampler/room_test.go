package sampler

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// What is free of memory and tasks is the kernel's word; where it says nothing, nothing is lacking.
func TestLacks(t *testing.T) {
	if got := (Roots{}).lacks(calibrate.Host{}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	got := (Roots{}).lacks(calibrate.Host{AvailableBytes: 20 * calibrate.MiB})
	if len(got) != 1 || got[0].why != "20 MB of memory are free, and it takes up to 52 MB itself" || got[0].try == "" {
		t.Errorf("%+v", got)
	}
}

// The least of a group and those above it bounds what may be started.
func TestTasksOfGroups(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("proc/self/cgroup", "0::/a/b\n")
	write("proc/self/mountinfo", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n")
	write("sys/fs/cgroup/cgroup.controllers", "pids memory\n")
	write("sys/fs/cgroup/a/cgroup.controllers", "pids memory\n")
	write("sys/fs/cgroup/a/pids.max", "100\n")
	write("sys/fs/cgroup/a/pids.current", "93\n")
	write("sys/fs/cgroup/a/b/cgroup.controllers", "pids memory\n")
	write("sys/fs/cgroup/a/b/pids.max", "max\n")
	write("sys/fs/cgroup/a/b/pids.current", "9\n")
	here := Roots{FS: linux.FS{Proc: filepath.Join(root, "proc"), Sys: filepath.Join(root, "sys")}}
	if free, bound := here.tasks(); free != 7 || !strings.HasSuffix(bound, "/a") {
		t.Errorf("%d by %q", free, bound)
	}
	got := here.lacks(calibrate.Host{})
	if len(got) != 1 || !strings.HasPrefix(got[0].why, "only 7 more threads may be started (pids.max of /a), and it needs ") {
		t.Errorf("%+v", got)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(64)) // of many cores few are busy
	write("sys/fs/cgroup/a/pids.max", "129\n")
	if got := here.lacks(calibrate.Host{}); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	write("sys/fs/cgroup/a/pids.max", "128\n")
	if got := here.lacks(calibrate.Host{}); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	write("sys/fs/cgroup/a/pids.max", "90\n") // it was lowered
	if free, _ := here.tasks(); free != 0 {
		t.Errorf("%d", free)
	}
	if free, _ := (Roots{}).tasks(); free != math.MaxInt64 && os.Getuid() == 0 {
		t.Errorf("%d", free)
	}
}
