package linux

// MemoryFiles are the files of one version of the memory controller, and the keys of its memory.stat
// (Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst). Figures are bytes.
type MemoryFiles struct {
	Version int

	Charge string // what the cgroup and those below are charged now
	Peak   string // the most that was; in v2 since Linux 5.19
	Limit  string // above which the kernel kills
	Swap   string // v1: the limit of memory and swap together; v2: of swap alone
	OOM    string // has the counter OOMKill
	Stat   string // what the charge consists of

	Anon, File     string   // keys of Stat: anonymous memory, page cache (tmpfs and shared memory included)
	Inactive       string   // file pages that weren't used lately, which the kernel drops first
	Active         string   // the other file pages that it can drop
	KernelFile     string   // v1: a file of its own for the kernel's memory
	kernel         string   // v2: its key, since Linux 5.18
	kernelParts    []string // v2: its parts, before
	HierarchyLimit string   // v1: the least limit of the cgroup and the ancestors that bind it
}

// OOMKill is the key of the counter of processes that the kernel killed for memory: in memory.events (v2), in
// memory.oom_control (v1, since Linux 4.13), and of the whole machine in /proc/vmstat.
const OOMKill = "oom_kill"

// MemoryV1 are v1's. Its keys without total_ leave out the cgroups below.
var MemoryV1 = MemoryFiles{
	Version: 1,
	Charge:  "memory.usage_in_bytes", Peak: "memory.max_usage_in_bytes", Limit: "memory.limit_in_bytes",
	Swap: "memory.memsw.limit_in_bytes", OOM: "memory.oom_control", Stat: "memory.stat",
	Anon: "total_rss", File: "total_cache", Inactive: "total_inactive_file", Active: "total_active_file",
	KernelFile:     "memory.kmem.usage_in_bytes",
	HierarchyLimit: "hierarchical_memory_limit",
}

// MemoryV2 are v2's.
var MemoryV2 = MemoryFiles{
	Version: 2,
	Charge:  "memory.current", Peak: "memory.peak", Limit: "memory.max",
	Swap: "memory.swap.max", OOM: "memory.events", Stat: "memory.stat",
	Anon: "anon", File: "file", Inactive: "inactive_file", Active: "active_file",
	kernel: "kernel", kernelParts: []string{"kernel_stack", "pagetables", "percpu", "sock", "slab"},
}

// HighV2 is the limit above which v2 slows processes down until they give memory back.
const HighV2 = "memory.high"

// MemoryOf are the files of a version.
func MemoryOf(version int) MemoryFiles {
	if version == 2 {
		return MemoryV2
	}
	return MemoryV1
}

// MemoryStat is what a charge consists of, in bytes.
type MemoryStat struct {
	Anon, File       int64
	Inactive, Active int64 // of file pages: see MemoryFiles
	Kernel           int64 // v2; v1 has it in KernelFile
}

// ParseStat reads memory.stat. What isn't there is 0.
func (f MemoryFiles) ParseStat(text string) MemoryStat {
	get := func(key string) int64 { n, _ := ParseFlat(text, key); return n }
	s := MemoryStat{Anon: get(f.Anon), File: get(f.File), Inactive: get(f.Inactive), Active: get(f.Active), Kernel: get(f.kernel)}
	if s.Kernel == 0 {
		for _, part := range f.kernelParts {
			s.Kernel += get(part)
		}
	}
	return s
}
