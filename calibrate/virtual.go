package calibrate

import (
	"slices"

	"workermem/calibrate/say"
)

// Virtual is the address space of one worker: what its mappings span, whether or not there is memory behind them. It takes
// none of the budget, and matters only where it is limited itself.
type Virtual struct {
	Bytes     int64 `json:"bytes"`      // VmSize
	PeakBytes int64 `json:"peak_bytes"` // VmPeak, since the worker's start
	Threads   int   `json:"threads"`    // of the worker, the server's own among them
	// ReservedBytes is what nothing may touch yet: an allocator's room to grow. glibc keeps 64 MB for an arena, and gives each
	// thread one of its own, up to eight a core (malloc/arena.c: HEAP_MAX_SIZE, NARENAS_FROM_NCORES).
	ReservedBytes int64         `json:"reserved_bytes"`
	Stacks        Stacks        `json:"stacks,omitzero"` // absent where none were found, or they could not be read
	Limit         *VirtualLimit `json:"limit,omitempty"` // the one that leaves least; absent where there is none
	// StackLimitBytes is the worker's ulimit -s, 0 for none: how large the C library makes a stack if the program doesn't say.
	StackLimitBytes int64 `json:"stack_limit_bytes,omitempty"`
}

// Stacks are those of the threads beside the main one, whose stack grows as it is used.
type Stacks struct {
	Count         int   `json:"count"`
	EachBytes     int64 `json:"each_bytes"` // the commonest size, with its guard
	Bytes         int64 `json:"bytes"`
	ResidentBytes int64 `json:"resident_bytes"` // what was touched, and so the most that smaller stacks could save
}

// StacksOf adds up stacks of such sizes.
func StacksOf(sizes []int64, resident int64) Stacks {
	s := Stacks{Count: len(sizes), ResidentBytes: resident}
	seen := map[int64]int{}
	for _, size := range sizes {
		s.Bytes += size
		seen[size]++
	}
	for _, size := range slices.Sorted(slices.Values(sizes)) { // of two as common the larger
		if seen[size] >= seen[s.EachBytes] {
			s.EachBytes = size
		}
	}
	return s
}

// VirtualLimit bounds virtual memory: there every byte of a stack counts, touched or not.
type VirtualLimit struct {
	Kind      VirtualLimitKind `json:"kind"`
	Bytes     int64            `json:"bytes"`
	UsedBytes int64            `json:"used_bytes"` // of it, by all that it bounds
}

// Left is what may still be mapped.
func (l VirtualLimit) Left() int64 { return max(l.Bytes-l.UsedBytes, 0) }

// VirtualLimitKind is what a limit bounds.
type VirtualLimitKind string

// The kinds.
const (
	LimitAddresses VirtualLimitKind = "address-space" // RLIMIT_AS of each process: ulimit -v, LimitAS=
	LimitPrivate   VirtualLimitKind = "privvmpages"   // of an OpenVZ container: private pages of all its processes
	LimitCommit    VirtualLimitKind = "commit"        // of the machine, where vm.overcommit_memory is 2: the same
)

// arenaBytes is what glibc reserves for a thread's arena.
const arenaBytes = 64 * MiB

// MoreThreads is how many more threads the limit leaves room for; ok is false where there is none, or it isn't known how large
// a stack is. An address space also holds what is merely reserved. There the least is if each new thread gets an arena of its own
// as long as one fits, and the most if none does, as with MALLOC_ARENA_MAX=1: the C library goes on without.
func (v Virtual) MoreThreads() (least, most int64, ok bool) {
	each := v.Stacks.EachBytes
	if each == 0 {
		each = v.StackLimitBytes
	}
	if v.Limit == nil || each <= 0 {
		return 0, 0, false
	}
	left := v.Limit.Left()
	least, most = left/each, left/each
	if v.Limit.Kind == LimitAddresses {
		with := left / (each + arenaBytes)
		least = with + (left-with*(each+arenaBytes))/each
	}
	return least, most, true
}

// Beside is what runs beside the workers: the processes of one program, such as a master, a supervisor or a web server as the
// front. The formula's shared part has them.
type Beside struct {
	Program   string `json:"program"` // as the kernel has its name
	Processes int    `json:"processes"`
	Threads   int    `json:"threads"`
	Bytes     int64  `json:"bytes"` // PSS
}

// least is the least of its figures, for a look at whether any is below zero.
func (v *Virtual) least() int64 {
	if v == nil {
		return 0
	}
	least := min(v.Bytes, v.PeakBytes, int64(v.Threads), v.ReservedBytes, v.StackLimitBytes, int64(v.Stacks.Count), v.Stacks.EachBytes, v.Stacks.Bytes, v.Stacks.ResidentBytes)
	if v.Limit != nil {
		least = min(least, v.Limit.Bytes, v.Limit.UsedBytes)
	}
	return least
}

// SayLimit says what limits virtual memory, and how many threads fit: the warning and the report say it alike.
func (v Virtual) SayLimit() string {
	limit := v.Limit.say()
	switch least, most, known := v.MoreThreads(); {
	case !known:
		return limit
	case least == most:
		return limit + ": room for " + say.Plural(most, "more thread")
	default:
		return limit + ": room for " + say.Count(least) + " to " + say.Plural(most, "more thread") + ", by how many reserve an arena"
	}
}

func (l VirtualLimit) say() string {
	used := ", and " + say.MB(l.UsedBytes) + " of it are used"
	switch l.Kind {
	case LimitPrivate:
		return "privvmpages allows the container " + say.MB(l.Bytes) + used
	case LimitCommit:
		return "vm.overcommit_memory=2 allows this machine " + say.MB(l.Bytes) + used
	}
	return "ulimit -v allows a process " + say.MB(l.Bytes)
}
