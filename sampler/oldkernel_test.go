package sampler

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// The oldest kernel that is meant to work is RHEL 8's, 4.18: cgroups v1, smaps_rollup without the kinds of PSS (5.4), no pressure
// (4.20), no memory.peak, and of the system calls neither clone3, nor close_range, nor pidfd_open. What it has is read, and what it
// lacks is answered.
func TestKernel418(t *testing.T) {
	d := doctorAt("kernel-4.18")
	m := Memory{d.Roots.FS}
	p := must(m.Open(4711))(t)
	defer p.Close()
	if rss, anon := read(t, p); rss != 10301*linux.PageSize || anon != (10301-4550)*linux.PageSize {
		t.Errorf("RSS %d, anon %d", rss, anon)
	}
	detail := calibrate.Detail{RSS: 41204 << 10, PSS: 27511 << 10, PrivateClean: 1200 << 10, PrivateDirty: 22400 << 10, Swap: 64 << 10, Anon: 22400 << 10}
	if got := must(p.Detail())(t); got != detail {
		t.Errorf("detail %+v, want %+v", got, detail)
	}
	if got, want := must(p.Kinds())(t), (calibrate.Resident{Anon: 23004 << 10, File: 18200 << 10}); got != want {
		t.Errorf("kinds %+v, want %+v", got, want)
	}
	if _, ok := m.PressureMemory(); ok {
		t.Error("pressure is known")
	}
	if got, want := m.ThreadTimes(4711), map[int]linux.ThreadTime{4711: {Ran: 1730012345, Waited: 20123456}}; !cmp.Equal(got, want) {
		t.Errorf("threads %v, want %v", got, want)
	}
	if got := must(m.Children(4711))(t); !cmp.Equal(got, []int{4712, 4713}) {
		t.Errorf("children %v", got)
	}
	host, warnings := HostAt(d.Roots)
	if host.Kernel != "4.18.0-553.el8_10.x86_64" || host.MemoryLimitBytes != 2*gb || host.AvailableBytes != 1.5*gb || host.CPULimit != 1.5 || len(warnings) > 0 {
		t.Errorf("host %+v, %v", host, warnings)
	}
}

func TestChargeOfKernel418(t *testing.T) {
	root := filepath.Join("..", "fixtures", "proc", "kernel-4.18", "sys", "fs", "cgroup", "memory", "system.slice", "calibrate-4711-99-1-1")
	g := must(Memory{}.OpenGroup(root))(t)
	defer g.Close()
	want := calibrate.Charge{ChargeBytes: 70 * mb, PeakBytes: 90 * mb, AnonBytes: 40 * mb, FileBytes: 24 * mb, ShmemBytes: 4 * mb, KernelBytes: 6 * mb,
		WorkingSetBytes: 58 * mb, UnreclaimableBytes: 50 * mb, OOMKills: 1, Source: "cgroup v1 memory.usage_in_bytes"}
	if diff := cmp.Diff(want, must(g.Charge())(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
