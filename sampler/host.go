package sampler

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	// gopsutil reads two numbers of /proc/meminfo. It stays, because who asked for this tool fixed the library.
	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/mem"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

const giveLimits = "give the limits yourself with --memory and --cpus"

// Roots is where a machine's file systems are mounted.
type Roots struct {
	linux.FS
	Etc string // "/etc", for the name of the distribution; may be empty
}

// Here is this machine.
func Here() Roots { return Roots{FS: linux.Here, Etc: "/etc"} }

// Host reads the machine and the limits which bind this process. It takes about half a millisecond: of gopsutil it
// uses the memory alone, since host.Info runs lsb_release and cpu.Info reads a file a core.
func Host() (calibrate.Host, []calibrate.Warning) {
	return HostAt(Here())
}

// HostAt reads a machine whose file systems are elsewhere. CPUs stays this process's own affinity. What can't be read
// is 0 or "", with a warning if a limit may bind that isn't seen.
func HostAt(r Roots) (calibrate.Host, []calibrate.Warning) {
	h := calibrate.Host{
		OS:       osName(r),
		Kernel:   firstLine(filepath.Join(r.Proc, "sys/kernel/osrelease")),
		CPUModel: cpuModel(r),
		CPUs:     runtime.NumCPU(), // sched_getaffinity, so cpusets and taskset count; GOMAXPROCS doesn't
		Arch:     runtime.GOARCH, PageBytes: os.Getpagesize(),
		HugePages: linux.ParseChosen(firstLine(r.SysPath("/sys/kernel/mm/transparent_hugepage/enabled"))),
	}
	warnings := readMemory(&h, r)
	cgroups, _ := r.Cgroups("self") // what can't be read is in no hierarchy, and a kernel without cgroups has no limits
	var read limits

	cpu := cgroups.Hierarchy("cpu")
	cpu.Check("cpu.max")
	h.CPULimit, h.CPULimitSource = read.cpu(cpu)

	memory := cgroups.Hierarchy("memory")
	memory.Check(linux.MemoryV2.Limit)
	limit := read.memory(memory, h.MemoryBytes)
	h.MemoryLimitBytes, h.MemoryLimitSource = limit.Bytes, limit.Source
	h.AvailableBytes = min(h.AvailableBytes, limit.Left)

	warnings = append(warnings, doubts(memory, cpu)...)
	return h, append(warnings, read.warnings()...)
}

// readMemory is the machine's memory, through gopsutil: it knows how to estimate what is available where the kernel
// doesn't say (before 3.14).
func readMemory(h *calibrate.Host, r Roots) []calibrate.Warning {
	ctx := context.WithValue(context.Background(), common.EnvKey, common.EnvMap{common.HostProcEnvKey: r.Proc})
	vm, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil || vm.Total == 0 {
		return []calibrate.Warning{{
			Code: "memory-unknown",
			Text: "this machine's memory could not be read from " + filepath.Join(r.Proc, "meminfo"),
			Try:  "give it yourself with --memory",
		}}
	}
	h.MemoryBytes, h.AvailableBytes = int64(vm.Total), int64(vm.Available)
	return nil
}

// doubts warns once of limits that may be there and can't be seen.
func doubts(memory, cpu linux.Hierarchy) []calibrate.Warning {
	for _, h := range []struct {
		linux.Hierarchy
		what string
	}{{memory, "memory"}, {cpu, "CPU"}} {
		if h.Doubt != "" {
			return []calibrate.Warning{{
				Code: "cgroup-unseen",
				Text: "not every " + h.what + " limit of this process's cgroup can be seen: " + h.Doubt,
				Try:  "mount /sys/fs/cgroup where calibrate runs, or " + giveLimits,
			}}
		}
	}
	return nil
}

// osName is the distribution's own name for itself, "linux" if it has none.
func osName(r Roots) string {
	for line := range strings.Lines(readText(filepath.Join(r.Etc, "os-release"))) {
		if name, found := strings.CutPrefix(line, "PRETTY_NAME="); found {
			return strings.Trim(strings.TrimSpace(name), `"'`)
		}
	}
	return runtime.GOOS
}

// cpuModel is the first core's. The kernel writes cpuinfo as it is read, and on some machines asks every core for its
// speed meanwhile: so no more of it is read than the first cores take.
func cpuModel(r Roots) string {
	f, err := os.Open(filepath.Join(r.Proc, "cpuinfo"))
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, 4096))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "" // ARM has none
}

func firstLine(path string) string {
	line, _, _ := strings.Cut(readText(path), "\n")
	return line
}

// readText is a file's text, "" where it can't be read: that it is missing shows in what is missing from the result.
func readText(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}
