package sampler

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

func virtualOf(t *testing.T, name string) (calibrate.Virtual, calibrate.ProcessStatus) {
	t.Helper()
	p, err := Memory{linux.FS{Proc: filepath.Join("..", "fixtures", "proc", name)}}.Open(4711)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	return must(p.Virtual())(t), must(p.Status())(t)
}

func TestVirtualOfTrees(t *testing.T) {
	// Three threads have two stacks beside the main one: what is guarded and smaller is none.
	got, status := virtualOf(t, "virtual-threads")
	want := calibrate.Virtual{
		Bytes: 300 * mb, PeakBytes: 400 * mb, Threads: 3, ReservedBytes: 65404 << 10, StackLimitBytes: 8 * mb,
		Stacks: calibrate.Stacks{Count: 2, EachBytes: 516 << 10, Bytes: 1032 << 10, ResidentBytes: 52 << 10},
		Limit:  &calibrate.VirtualLimit{Kind: calibrate.LimitAddresses, Bytes: 1000 * mb, UsedBytes: 400 * mb},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := (calibrate.ProcessStatus{Program: "gunicorn", Threads: 3, VirtualBytes: 300 * mb, VirtualPeakBytes: 400 * mb}); status != want {
		t.Errorf("%+v", status)
	}

	// Without smaps, the stacks aren't known; of two limits the one that leaves less binds.
	got, _ = virtualOf(t, "virtual-openvz")
	want = calibrate.Virtual{Bytes: 300 * mb, PeakBytes: 400 * mb, Threads: 3,
		Limit: &calibrate.VirtualLimit{Kind: calibrate.LimitPrivate, Bytes: 65536 * linux.PageSize, UsedBytes: 60000 * linux.PageSize}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Node has a small stack, and pages of its heap that are larger than that and full. A deep stack is one all the same.
func TestStacksAmongOtherGuardedMemory(t *testing.T) {
	const kb = 1 << 10
	node := []linux.Stack{{Size: 260 * kb, Resident: 256 * kb}, {Size: 8 * mb, Resident: 12 * kb}, {Size: 260 * kb, Resident: 232 * kb}, {Size: 36 * kb, Resident: 8 * kb}}
	if got := stacksOf(node, 3); got.Count != 2 || got.ResidentBytes != 20*kb {
		t.Errorf("%+v", got)
	}
	if got := stacksOf([]linux.Stack{{Size: 512 * kb, Resident: 500 * kb}, {Size: 512 * kb, Resident: 12 * kb}}, 3); got.Count != 2 || got.ResidentBytes != 512*kb {
		t.Errorf("%+v", got)
	}
}

// Where the machine promises no more than it has, that is the limit.
func TestCommitLimit(t *testing.T) {
	const meminfo = "CommitLimit:  900 kB\nCommitted_AS:  100 kB\n"
	if got := commitLimit("2\n", meminfo); got != (calibrate.VirtualLimit{Kind: calibrate.LimitCommit, Bytes: 900 << 10, UsedBytes: 100 << 10}) {
		t.Errorf("%+v", got)
	}
	if got := commitLimit("0\n", meminfo); got.Bytes != 0 {
		t.Errorf("in mode 0: %+v", got)
	}
}

// A real process: 40 MB reserved, and what is touched of what is guarded. A Go program has threads, whose stacks are its heap's.
func TestVirtualOfAProcess(t *testing.T) {
	s := start(t, nil)
	p := open(t, s.pid)
	before := must(p.Virtual())(t)
	s.do("reserve 40")
	s.do("stack 8")
	after := must(p.Virtual())(t)
	near(t, "virtual", after.Bytes-before.Bytes, 48*mb+linux.PageSize, 0.05)
	near(t, "reserved", after.ReservedBytes-before.ReservedBytes, 40*mb, 0.01)
	if got := after.Stacks; got.EachBytes != 8*mb+linux.PageSize || got.ResidentBytes < 3*linux.PageSize || after.Threads < 2 || after.PeakBytes < after.Bytes {
		t.Errorf("%+v", after)
	}
	if status := must(p.Status())(t); status.Program == "" || status.Threads < 2 {
		t.Errorf("%+v", status)
	}
}
