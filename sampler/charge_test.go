package sampler

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

const ownGroup = "calibrate-4711-99-1"

// Recorded from a process that held 20 MB, 4 MB of shared memory and a file of 6 MB (in v2's case on a tmpfs), after a
// spike of 30 MB: by Linux 6.18 in v1, by 6.1 in v2.
func TestCharge(t *testing.T) {
	v1 := calibrate.Charge{
		ChargeBytes: 41127936, PeakBytes: 72589312, AnonBytes: 30126080, FileBytes: 10526720, ShmemBytes: 4194304, KernelBytes: 339968,
		WorkingSetBytes: 41127936 - 6324224, UnreclaimableBytes: 41127936 - 6324224 - 8192,
		OOMKills: 2, Source: "cgroup v1 memory.usage_in_bytes",
	}
	v2 := calibrate.Charge{
		ChargeBytes: 47304704, PeakBytes: 79024128, AnonBytes: 30126080, FileBytes: 16990208, ShmemBytes: 10485760, KernelBytes: 188416,
		WorkingSetBytes: 47304704 - 6471680, UnreclaimableBytes: 47304704 - 6471680 - 32768,
		OOMKills: 2, Source: "cgroup v2 memory.current",
	}
	old := v2
	old.PeakBytes, old.KernelBytes = 0, 110592+73144 // page tables and slab
	for _, c := range []struct {
		tree, folder string
		want         calibrate.Charge
		missing      string
	}{
		{"v1-charge", "memory/web", v1, ""},
		{"v2-charge", "system.slice", v2, ""},
		{"v2-charge-before-5.18", "system.slice", old, "the peak (open FOLDER/memory.peak: no such file or directory)"},
	} {
		folder := filepath.Join(roots(c.tree).Sys, "fs/cgroup", c.folder, ownGroup)
		g, err := New().OpenGroup(folder)
		if err != nil {
			t.Errorf("%s: %v", c.tree, err)
			continue
		}
		got, err := g.Charge()
		c.want.Missing = strings.ReplaceAll(c.missing, "FOLDER", folder)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.tree, err, d)
		}
		if g.Close() != nil {
			t.Error(c.tree)
		}
	}
}

// A root of v2 has no charge of its own, and other folders none at all.
func TestNoCharge(t *testing.T) {
	for _, folder := range []string{filepath.Join(roots("v2-charge").Sys, "fs/cgroup"), t.TempDir(), "/nowhere", ""} {
		if g, err := New().OpenGroup(folder); err == nil || !strings.Contains(err.Error(), "is no memory control group") {
			t.Errorf("%q: %v %v", folder, g, err)
		}
	}
}

func TestChargeThatIsNoNumber(t *testing.T) {
	folder := t.TempDir()
	for file, text := range map[string]string{"memory.current": "1x\n", "memory.peak": "\n", "memory.stat": "anon\nfile x\n\n"} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if g, err := New().OpenGroup(folder); err == nil {
		t.Error(g.Charge())
	}
	if err := os.WriteFile(filepath.Join(folder, "memory.current"), []byte("8192\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g, err := New().OpenGroup(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	c, err := g.Charge()
	want := calibrate.Charge{ChargeBytes: 8192, WorkingSetBytes: 8192, UnreclaimableBytes: 8192, Source: "cgroup v2 memory.current",
		Missing: `the peak ("\n" isn't a number)`}
	if d := cmp.Diff(want, c); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

// Another's group is read and not written to, v1's peak being everybody's.
func TestPeakOfAnotherIsNotReset(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "web")
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(roots("v1-charge").Sys, "fs/cgroup/memory/web", ownGroup))); err != nil {
		t.Fatal(err)
	}
	g, err := New().OpenGroup(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if err := g.ResetPeak(); err == nil || !strings.Contains(err.Error(), "is not a control group of calibrate's") {
		t.Error(err)
	}
	if c, err := g.Charge(); err != nil || c.PeakBytes != 72589312 {
		t.Errorf("%+v %v", c, err)
	}
}

// A real group, with a process whose memory is known.
func TestE2ECharge(t *testing.T) {
	if testing.Short() {
		t.Skip("a real control group is not for -short")
	}
	folder := makeGroup(t)
	s := start(t, nil)
	if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), fmt.Append(nil, s.pid), 0); err != nil {
		t.Fatal(err)
	}
	g, err := New().OpenGroup(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	charge := func() calibrate.Charge {
		t.Helper()
		c, err := g.Charge()
		if err != nil || c.Missing != "" {
			t.Fatalf("%+v %v", c, err)
		}
		return c
	}
	near := func(what string, got, want int64) {
		t.Helper()
		if got < want-mb || got > want+2*mb { // charges are taken in batches, and Go's own heap moves
			t.Errorf("%s: %.1f MB, want %.1f", what, float64(got)/mb, float64(want)/mb)
		}
	}
	near("charge at the start", charge().ChargeBytes, 0) // what a process has already isn't moved along
	s.do("hold 50")
	near("anonymous after 50 MB", charge().AnonBytes, 50*mb)
	s.do("share 10")
	near("file after 10 MB of shared memory", charge().FileBytes, 10*mb)
	near("unreclaimable, shared memory included", charge().UnreclaimableBytes, 60*mb)
	s.do("spike 100 5")
	near("peak after a spike of 5 ms", charge().PeakBytes, 160*mb)
	near("charge after it", charge().ChargeBytes, 60*mb)
	if err := g.ResetPeak(); err != nil {
		t.Log("the peak can't be reset here:", err)
	} else {
		near("peak after a reset", charge().PeakBytes, 60*mb)
		s.do("spike 20 5")
		near("peak after another spike", charge().PeakBytes, 80*mb)
	}
	if n := charge().OOMKills; n != 0 {
		t.Errorf("%d kills for memory", n)
	}
}

// makeGroup makes a memory control group, below this process's own in v1 and beside it in v2. Who may not skips; root
// may, where the controller is there and can be written to.
func makeGroup(t testing.TB) (folder string) {
	t.Helper()
	cgroups, _ := linux.Here.Cgroups("self")
	h := cgroups.Hierarchy("memory")
	h.Check(linux.MemoryV2.Limit)
	if len(h.Groups) < h.Version || h.Version == 0 {
		t.Skipf("this machine has no memory controller to make a group with (%+v)", h)
	}
	parent := h.Groups[h.Version-1].Folder
	folder = filepath.Join(parent, fmt.Sprintf("calibrate-test-charge-%d", os.Getpid()))
	err := os.Mkdir(folder, 0o755)
	if err != nil || !exists(filepath.Join(folder, "memory.stat")) {
		_ = syscall.Rmdir(folder)
		writable := h.Version == 1 && unix.Access(parent, unix.W_OK) == nil
		if os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" && os.Geteuid() == 0 && writable {
			t.Fatalf("root can't make a control group here: %v", err)
		}
		t.Skipf("this user can make no memory control group in %s (%v)", parent, err)
	}
	t.Cleanup(func() {
		if err := syscall.Rmdir(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func BenchmarkCharge(b *testing.B) {
	g, err := New().OpenGroup(makeGroup(b))
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	for b.Loop() {
		if _, err := g.Charge(); err != nil {
			b.Fatal(err)
		}
	}
}
