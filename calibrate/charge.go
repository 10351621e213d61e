package calibrate

import "os"

// GroupPrefix begins the name of every control group that calibrate makes. It writes to no other.
const GroupPrefix = "calibrate-"

// Charge is what the kernel counts against a memory control group, all its processes together. A zero is a figure only
// where Missing doesn't say otherwise.
//
//	charge = anonymous + file + kernel memory
//
// A page is charged once, however many processes map it, and to the group whose process touched it first. So beside
// the sum of PSS the charge has kernel memory and the cache of every file that was read, and lacks the pages of
// programs and libraries that somebody else had in memory before. It is some [ChargeBatch] a core above its parts.
type Charge struct {
	ChargeBytes int64 `json:"charge_bytes"`           // against which a limit is held
	PeakBytes   int64 `json:"peak_bytes"`             // the highest charge
	AnonBytes   int64 `json:"anon_bytes"`             // heaps and stacks
	FileBytes   int64 `json:"file_bytes"`             // page cache, mapped or not; shared memory and tmpfs too
	ShmemBytes  int64 `json:"shmem_bytes,omitempty"`  // of the file pages: shared memory and tmpfs, which the kernel can't drop
	LockedBytes int64 `json:"locked_bytes,omitempty"` // of the file pages: locked in memory, give or take pages on their way from list to list
	KernelBytes int64 `json:"kernel_bytes"`           // page tables, stacks of threads in the kernel, sockets, inodes

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

// ChargeBatch is by how much a core takes charges in advance (MEMCG_CHARGE_BATCH, 64 pages), in bytes: a charge moves by that itself.
func ChargeBatch() int64 { return 64 * int64(os.Getpagesize()) }

// Held is what the app can't do without, in bytes, by kind: the charge less the file pages that the kernel can drop.
type Held struct {
	AnonBytes   int64 `json:"anon_bytes"`
	ShmemBytes  int64 `json:"shmem_bytes"`
	KernelBytes int64 `json:"kernel_bytes"`
	LockedBytes int64 `json:"locked_bytes"` // file pages that are locked in memory (mlock)
}

// Sum is all of it.
func (h Held) Sum() int64 { return h.AnonBytes + h.ShmemBytes + h.KernelBytes + h.LockedBytes }

// Books is who has the memory of an app at one moment, as the page tables of its processes say, beside what the kernel charges
// its control group.
type Books struct {
	Workers   Owned `json:"workers"`    // the workers' own processes
	Children  Owned `json:"children"`   // those that descend from them
	Rest      Owned `json:"rest"`       // master, supervisor, fronts
	FileBytes int64 `json:"file_bytes"` // pages of mapped files, each once; 0 where the kinds of page aren't told
	Held      *Held `json:"held"`       // null where the app has no control group of its own
}

// Owned is what some processes have: of pages that they share with others, their share (PSS).
type Owned struct {
	Processes    int   `json:"processes"`
	AnonBytes    int64 `json:"anon_bytes"`
	ShmemBytes   int64 `json:"shmem_bytes"`
	PrivateBytes int64 `json:"private_dirty_bytes"` // what nobody else has mapped
	RSSBytes     int64 `json:"rss_bytes"`           // resident, whoever shares it

	// AwayBytes are in no figure of what is resident, and needed all the same: swapped out, or in pages of hugetlbfs.
	AwayBytes int64 `json:"away_bytes,omitempty"`
}

// Mapped is the anonymous and shared memory that they have mapped.
func (o Owned) Mapped() int64 { return o.AnonBytes + o.ShmemBytes }

// Own is what goes with these processes alone.
func (o Owned) Own() int64 { return o.PrivateBytes + o.AwayBytes }

// Told says that the kernel tells the kinds of page that PSS consists of: before Linux 5.4 it doesn't, and they are 0.
func (b Books) Told() bool { return b.Workers.AnonBytes > 0 }

// Away is that of all processes.
func (b Books) Away() int64 { return b.Workers.AwayBytes + b.Children.AwayBytes + b.Rest.AwayBytes }

// underWay is the most pages of a core that are on their way from one of the kernel's lists to another (mm/swap.c): 31 in a
// batch, of which a core has six.
const underWay = 6 * 31

// Cache is the file pages that are neither shared memory nor tmpfs.
func (c Charge) Cache() int64 { return c.FileBytes - c.ShmemBytes }

// Held is the charge by kind.
func (c Charge) Held(cores int) Held {
	h := Held{AnonBytes: c.AnonBytes, ShmemBytes: c.ShmemBytes, KernelBytes: c.KernelBytes}
	if c.LockedBytes > int64(max(cores, 1)*underWay*os.Getpagesize()) {
		h.LockedBytes = c.LockedBytes
	}
	return h
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
