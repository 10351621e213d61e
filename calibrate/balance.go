package calibrate

import "workermem/calibrate/say"

// Balance holds what the kernel charged the app in one shape against what its processes have, and against the law.
type Balance struct {
	Moment   string `json:"moment"` // the phase
	Workers  int    `json:"workers"`
	Threads  int    `json:"threads"`
	Requests int64  `json:"requests"` // answered by then

	// Once the load was over, by owner and kind; all 0 where nobody read it. Of pages that several processes share, each has
	// its share.
	WorkersBytes  int64 `json:"workers_bytes"`  // anonymous and shared memory that the workers have mapped
	ChildrenBytes int64 `json:"children_bytes"` // the same of what descends from them
	RestBytes     int64 `json:"rest_bytes"`     // of the master, supervisors, fronts
	UnmappedBytes int64 `json:"unmapped_bytes"` // shared memory that no process maps (tmpfs, segments), and locked file pages
	KernelBytes   int64 `json:"kernel_bytes"`   // the kernel's own, for all of these
	FileBytes     int64 `json:"file_bytes"`     // pages of mapped files, each once
	LeftBytes     int64 `json:"left_bytes"`     // charged, and found with nobody; below zero: found, and not charged
	ReadBytes     int64 `json:"read_bytes"`     // the sum of all

	PeakBytes int64 `json:"peak_bytes"` // the most that the kernel charged under the load, and the mapped files
	LawBytes  int64 `json:"law_bytes"`  // what the law has for the shape under that load, with the creep of the requests

	// OverBytes is what the law has too much: of the measured worker beyond what was charged, of several beyond what they brought that
	// had served as many requests. That they are younger is no fault, nor what came with the second worker only.
	OverBytes int64 `json:"over_bytes,omitempty"`
}

// Unexplained is how much more was charged than the law has for it, or than is found with somebody, or how much more the law has,
// whichever is most.
func (b Balance) Unexplained() int64 {
	return max(b.PeakBytes-b.LawBytes, b.LeftBytes, -b.LeftBytes, b.OverBytes, 0)
}

// Charged is the greatest figure of the kernel's, which the unexplained is a part of.
func (b Balance) Charged() int64 { return max(b.PeakBytes, b.ReadBytes) }

// From these shares of what is charged on, and from this much on, what is unexplained is worth a word, or is too much for any
// recommendation.
const (
	unbalancedBytes = 8 * MiB
	unbalancedShare = 0.05
	hopelessShare   = 0.15
)

// Off says that so much is unexplained that it is worth a word.
func (b Balance) Off() bool { return b.beyond(unbalancedShare) }

// Hopeless says that it is too much for any recommendation. A law that several workers stay below is on the safe side.
func (b Balance) Hopeless() bool {
	if b.Workers > 1 {
		b.OverBytes = 0
	}
	return b.beyond(hopelessShare)
}

// SayUnexplained says what doesn't balance, and what can be done about it: the warning and the reason for no recommendation say
// it alike.
func (b Balance) SayUnexplained() (what, try string) {
	what = "with " + Shape{Workers: b.Workers, Threads: b.Threads}.String()
	switch b.Unexplained() {
	case b.LeftBytes:
		return what + ", " + say.MB(b.LeftBytes) + " of the " + say.MB(b.Charged()) + " that the kernel charges is found with no process of the app",
			"start it so that all its processes stay below it: look for daemons, containers, and processes that end as soon as they have begun"
	case -b.LeftBytes:
		return what + " the app's processes have " + say.MB(-b.LeftBytes) + " more than the kernel charges it with",
			"stop what shares memory with the app, and measure again: whoever touches a page first is charged with it"
	case b.OverBytes:
		return what + " the formula has " + say.MB(b.OverBytes) + " more than the app took, of " + say.MB(b.Charged()),
			"prove it: the formula is on the safe side, and a proof shows by how much"
	}
	return what + " the kernel charges up to " + say.MB(b.PeakBytes) + ", and the formula has " + say.MB(b.LawBytes),
		"measure the shape that you will run (--threads, --memory and --cpus of the real box), and longer (--duration); or prove it"
}

func (b Balance) beyond(share float64) bool {
	return float64(b.Unexplained()) > max(share*float64(b.Charged()), unbalancedBytes)
}
