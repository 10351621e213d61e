package calibrate

// GroupPrefix begins the name of every control group that calibrate makes. It writes to no other.
const GroupPrefix = "calibrate-"

// Charge is what the kernel counts against a memory control group, all its processes together. A zero is a figure only
// where Missing doesn't say otherwise.
//
//	charge = anonymous + file + kernel memory
//
// A page is charged once, however many processes map it, and to the group whose process touched it first. So beside
// the sum of PSS the charge has kernel memory and the cache of every file that was read, and lacks the pages of
// programs and libraries that somebody else had in memory before. It is some 256 KB a core above its parts: the kernel
// takes charges in batches (MEMCG_CHARGE_BATCH, 64 pages a core).
type Charge struct {
	ChargeBytes int64 `json:"charge_bytes"` // against which a limit is held
	PeakBytes   int64 `json:"peak_bytes"`   // the highest charge
	AnonBytes   int64 `json:"anon_bytes"`   // heaps and stacks
	FileBytes   int64 `json:"file_bytes"`   // page cache, mapped or not; shared memory and tmpfs too
	KernelBytes int64 `json:"kernel_bytes"` // page tables, stacks of threads in the kernel, sockets, inodes

	// WorkingSetBytes is the charge less the file pages that nobody used lately (inactive_file): the figure of docker
	// stats, and the one by which a kubelet evicts.
	WorkingSetBytes int64 `json:"working_set_bytes"`
	// UnreclaimableBytes is the charge less all file pages that the kernel can drop (inactive_file and active_file):
	// what a limit must hold in any case.
	UnreclaimableBytes int64 `json:"unreclaimable_bytes"`

	OOMKills int64  `json:"oom_kills"`         // processes that the kernel killed for memory
	Source   string `json:"source"`            // "cgroup v1 memory.usage_in_bytes"
	Missing  string `json:"missing,omitempty"` // what could not be read, and why
}

// Tree is the memory of the app's whole process tree as its own control group has it: read after the last load, before
// the app was stopped.
type Tree struct {
	Charge
	PeakSince     string `json:"peak_since"`      // PeakSinceAnswer or PeakSinceStart
	BootPeakBytes int64  `json:"boot_peak_bytes"` // the highest charge up to the first answer
}

// From when on the peak counts.
const (
	PeakSinceAnswer = "first answer"
	PeakSinceStart  = "start of the app" // where the kernel can't start again, boot is in it
)
