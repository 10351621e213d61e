package sampler

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

const (
	mb = 1 << 20
	gb = 1 << 30
)

func roots(name string) Roots {
	dir := filepath.Join("..", "fixtures", "cgroup", name)
	return Roots{FS: linux.FS{Proc: filepath.Join(dir, "proc"), Sys: filepath.Join(dir, "sys")}, Etc: filepath.Join(dir, "etc")}
}

// Every tree is a machine of 8 GB, 6 of them available.
var trees = []struct {
	name      string
	memory    int64
	source    string
	available int64
	cpus      float64
	cpuSource string
	warnings  []string
}{
	// Unlimited sentinels: the largest whole number of pages, of 4 and of 64 kB.
	{name: "v1-no-limit", available: 6 * gb},
	{name: "v1-unlimited-64k-pages", available: 6 * gb},
	{name: "v1-above-total", available: 6 * gb},
	// 2 GB, of which 1 GB is used, half of that cache: 1.5 GB is left.
	{name: "v1-limit", memory: 2 * gb, source: "cgroup v1 memory.limit_in_bytes of /web", available: 1.5 * gb,
		cpus: 1.5, cpuSource: "cgroup v1 cpu.cfs_quota_us of /web"},
	// The least is the parent's, 1 GB under 3 and over 4; the own quota equals the grandparent's: the nearer is named.
	{name: "v1-nested", memory: gb, source: "cgroup v1 memory.limit_in_bytes of /a/b", available: 0.75 * gb,
		cpus: 1, cpuSource: "cgroup v1 cpu.cfs_quota_us of /a/b/c"},
	// Without memory.use_hierarchy a parent's 1 GB doesn't bind, says the kernel's own sum.
	{name: "v1-no-hierarchy", memory: 3 * gb, source: "cgroup v1 memory.limit_in_bytes of /a/b", available: 3*gb - 100*mb},
	// The container sees its own 1 GB, and in the kernel's sum the 512 MB of an ancestor that it can't see.
	{name: "v1-container-bind-mount", memory: gb / 2, available: gb/2 - 100*mb,
		source: "cgroup v1 hierarchical_memory_limit of /docker/3f2a, set by an ancestor that isn't mounted here",
		cpus:   2, cpuSource: "cgroup v1 cpu.cfs_quota_us of /docker/3f2a"},
	{name: "v1-removed", memory: gb, source: "cgroup v1 memory.limit_in_bytes of /web", available: gb - 100*mb,
		warnings: []string{"cgroup-unseen"}},

	{name: "v2-no-limit", available: 6 * gb},
	{name: "v2-limit", memory: 2 * gb, source: "cgroup v2 memory.max of /system.slice/web.service", available: 1.5 * gb,
		cpus: 2.5, cpuSource: "cgroup v2 cpu.max of /system.slice/web.service"},
	{name: "v2-nested", memory: gb, source: "cgroup v2 memory.max of /a/b", available: gb - 100*mb,
		cpus: 0.5, cpuSource: "cgroup v2 cpu.max of /a/b"},
	// The own limit is the least, but its parent, which others share, has least left.
	{name: "v2-left-at-ancestor", memory: 2 * gb, source: "cgroup v2 memory.max of /a/b", available: gb / 4},
	{name: "v2-high", memory: gb, source: "cgroup v2 memory.high of /web", available: gb - 100*mb},
	{name: "v2-container-namespace", memory: 512 * mb, source: "cgroup v2 memory.max of /", available: 448 * mb,
		cpus: 1, cpuSource: "cgroup v2 cpu.max of /"},
	{name: "v2-container-bind-mount", memory: gb, source: "cgroup v2 memory.max of /system.slice/docker-3f2a.scope",
		available: gb - 100*mb},
	// A kernel without the memory controller limits no memory, and that is all there is to know.
	{name: "v2-no-memory-controller", available: 6 * gb, cpus: 1.5, cpuSource: "cgroup v2 cpu.max of /web"},
	// In a container it may be that only the container lacks it.
	{name: "v2-not-handed-down", available: 6 * gb, warnings: []string{"cgroup-unseen"}},
	{name: "v2-malformed", available: 6 * gb, warnings: []string{"cgroup-unreadable"}},

	// Each controller where it is.
	{name: "hybrid-memory-v1", memory: gb, source: "cgroup v1 memory.limit_in_bytes of /web", available: gb - 100*mb,
		cpus: 3, cpuSource: "cgroup v2 cpu.max of /system.slice/web.service"},
	{name: "hybrid-memory-v2", memory: 3 * gb, source: "cgroup v2 memory.max of /system.slice", available: 3*gb - 100*mb,
		cpus: 0.5, cpuSource: "cgroup v1 cpu.cfs_quota_us of /web"},

	// Entered a container's mounts from outside: its limits aren't ours.
	{name: "namespace-outside", available: 6 * gb, warnings: []string{"cgroup-unseen"}},
	{name: "namespace-old-mount", available: 6 * gb, warnings: []string{"cgroup-unseen"}},
	{name: "mount-of-another", memory: gb, source: "cgroup v1 memory.limit_in_bytes of /docker/2222",
		available: gb - 100*mb, warnings: []string{"cgroup-unseen"}},
	{name: "mounted-twice", memory: gb, source: "cgroup v1 memory.limit_in_bytes of /a", available: gb - 100*mb},
	{name: "not-mounted", available: 6 * gb, warnings: []string{"cgroup-unseen"}},
	{name: "no-cgroups", available: 6 * gb},
	// For what is made in them: an app's own group, here and in calibrate/server.
	{name: "v1-charge", available: 6 * gb},
	{name: "v2-charge", available: 6 * gb},
	{name: "v2-charge-before-5.18", available: 6 * gb},
	{name: "v2-user-scope", available: 6 * gb},
	{name: "v2-root-group", available: 6 * gb},
	{name: "v2-delegated", available: 6 * gb},
	{name: "v2-delegated-with-processes", available: 6 * gb},
	{name: "v2-cpu-quota", available: 6 * gb, cpus: 0.5, cpuSource: "cgroup v2 cpu.max of /system.slice/web.service"},
	{name: "no-meminfo", memory: 2 * gb, source: "cgroup v2 memory.max of /web", warnings: []string{"memory-unknown"}},
}

func TestHostAt(t *testing.T) {
	for _, tt := range trees {
		t.Run(tt.name, func(t *testing.T) {
			h, warnings := HostAt(roots(tt.name))
			want := calibrate.Host{OS: h.OS, Kernel: h.Kernel, CPUModel: h.CPUModel, CPUs: runtime.NumCPU(),
				MemoryBytes: 8 * gb, AvailableBytes: tt.available, MemoryLimitBytes: tt.memory, MemoryLimitSource: tt.source,
				CPULimit: tt.cpus, CPULimitSource: tt.cpuSource, Arch: runtime.GOARCH, PageBytes: os.Getpagesize()}
			if tt.name == "no-meminfo" {
				want.MemoryBytes = 0
			}
			if d := cmp.Diff(want, h); d != "" {
				t.Errorf("host (-want +got):\n%s", d)
			}
			var codes []string
			for _, w := range warnings {
				codes = append(codes, w.Code)
				if w.Text == "" || w.Try == "" {
					t.Errorf("warning %q lacks its text or what to try", w.Code)
				}
			}
			if !slices.Equal(codes, tt.warnings) {
				t.Errorf("warnings %q, want %q (%v)", codes, tt.warnings, warnings)
			}
		})
	}
}

// A tree without a row would be a case that nothing tests.
func TestEveryTreeIsTested(t *testing.T) {
	dirs, err := os.ReadDir(filepath.Join("..", "fixtures", "cgroup"))
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, d := range dirs {
		have = append(have, d.Name())
	}
	for _, tt := range trees {
		want = append(want, tt.name)
	}
	slices.Sort(want)
	if d := cmp.Diff(want, have); d != "" {
		t.Errorf("rows and trees differ (-rows +trees):\n%s", d)
	}
}

func TestMachineNames(t *testing.T) {
	h, _ := HostAt(roots("v2-limit"))
	got := [3]string{h.OS, h.Kernel, h.CPUModel}
	want := [3]string{"Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64", "Intel(R) Xeon(R) CPU @ 2.80GHz"}
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if h, _ := HostAt(roots("no-cgroups")); h.OS != "linux" || h.Kernel != "" || h.CPUModel != "" {
		t.Errorf("a machine without names is called %q, %q, %q", h.OS, h.Kernel, h.CPUModel)
	}
}

// The sentence is what a user acts on.
func TestUnseenLimitIsExplained(t *testing.T) {
	_, got := HostAt(roots("not-mounted"))
	want := []calibrate.Warning{{
		Code: "cgroup-unseen",
		Text: "not every memory limit of this process's cgroup can be seen: no cgroup file system is mounted that has them",
		Try:  "mount /sys/fs/cgroup where calibrate runs, or give the limits yourself with --memory and --cpus",
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// This machine, whatever it is, and fast: every command starts with it.
func TestHostHere(t *testing.T) {
	Host()
	best := time.Hour
	var h calibrate.Host
	for range 5 {
		start := time.Now()
		h, _ = Host()
		best = min(best, time.Since(start))
	}
	if h.MemoryBytes < 64*mb || h.AvailableBytes <= 0 || h.AvailableBytes > h.MemoryBytes || h.CPUs < 1 || h.Kernel == "" {
		t.Errorf("not a machine: %+v", h)
	}
	if best > 20*time.Millisecond { // half a millisecond, but twenty times that under the race detector on a busy machine
		t.Errorf("Host took %v", best)
	}
}

func BenchmarkHost(b *testing.B) {
	for b.Loop() {
		Host()
	}
}
