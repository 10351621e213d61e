package linux

import (
	"bytes"
	"slices"
)

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
	Shmem          string   // shared memory and tmpfs, part of File; v1 has it since Linux 4.17
	Inactive       string   // file pages that weren't used lately, which the kernel drops first
	Active         string   // the other file pages that it can drop
	InactiveAnon   string   // anonymous and shared memory that wasn't used lately, ...
	ActiveAnon     string   // ... and that was
	Unevictable    string   // pages of any kind that are locked in memory
	KernelFile     string   // v1: a file of its own for the kernel's memory
	kernel         string   // v2: its key, since Linux 5.18
	kernelParts    []string // v2: its parts, before
	sockets        string   // v2: buffers of sockets, which are in no kernel (mm/memcontrol.c, mem_cgroup_charge_skmem)
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
	Anon: "total_rss", File: "total_cache", Shmem: "total_shmem", Inactive: "total_inactive_file", Active: "total_active_file",
	InactiveAnon: "total_inactive_anon", ActiveAnon: "total_active_anon", Unevictable: "total_unevictable",
	KernelFile:     "memory.kmem.usage_in_bytes",
	HierarchyLimit: "hierarchical_memory_limit",
}

// MemoryV2 are v2's.
var MemoryV2 = MemoryFiles{
	Version: 2,
	Charge:  "memory.current", Peak: "memory.peak", Limit: "memory.max",
	Swap: "memory.swap.max", OOM: "memory.events", Stat: "memory.stat",
	Anon: "anon", File: "file", Shmem: "shmem", Inactive: "inactive_file", Active: "active_file",
	InactiveAnon: "inactive_anon", ActiveAnon: "active_anon", Unevictable: "unevictable",
	kernel: "kernel", kernelParts: []string{"kernel_stack", "pagetables", "percpu", "slab"}, sockets: "sock",
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
	Anon, File, Shmem int64
	Inactive, Active  int64 // of file pages: see MemoryFiles
	Kernel            int64 // v2, sockets included; v1 has it in KernelFile

	Pinned int64 // pages that are locked in memory, of any kind
	Kept   int64 // the others that aren't file pages: with Pinned, all of Anon and Shmem and the locked file pages
}

// LockedFile is the file pages that are locked in memory.
func (s MemoryStat) LockedFile() int64 {
	return max(min(s.Kept+s.Pinned-s.Anon-s.Shmem, s.Pinned), 0)
}

// ParseStat reads memory.stat, in one pass: it is read at every sample. What isn't there is 0.
func (f MemoryFiles) ParseStat(text []byte) MemoryStat {
	var s MemoryStat
	var parts, sockets int64
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		sum := f.sum(&s, &parts, &sockets, string(key))
		if sum == nil {
			continue
		}
		if n, err := ParseNumber(string(value)); err == nil {
			*sum += n
		}
	}
	if s.Kernel == 0 {
		s.Kernel = parts
	}
	s.Kernel += sockets
	return s
}

// sum is what a key counts towards, nil for a key that isn't read.
func (f MemoryFiles) sum(s *MemoryStat, parts, sockets *int64, key string) *int64 {
	switch key {
	case f.Anon:
		return &s.Anon
	case f.File:
		return &s.File
	case f.Shmem:
		return &s.Shmem
	case f.Inactive:
		return &s.Inactive
	case f.Active:
		return &s.Active
	case f.InactiveAnon, f.ActiveAnon:
		return &s.Kept
	case f.Unevictable:
		return &s.Pinned
	case f.kernel:
		return &s.Kernel
	case f.sockets:
		return sockets
	}
	if slices.Contains(f.kernelParts, key) {
		return parts
	}
	return nil
}
