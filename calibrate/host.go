package calibrate

// Host is the machine and the limits that bind this process on it.
type Host struct {
	OS                string  `json:"os"`
	Kernel            string  `json:"kernel"`
	CPUModel          string  `json:"cpu_model"`
	CPUs              int     `json:"cpus"`            // usable by this process (affinity)
	CPULimit          float64 `json:"cpu_limit_cores"` // cores by cgroup quota, 0 for none
	CPULimitSource    string  `json:"cpu_limit_source,omitempty"`
	MemoryBytes       int64   `json:"memory_bytes"`
	AvailableBytes    int64   `json:"memory_available_bytes"`
	MemoryLimitBytes  int64   `json:"memory_limit_bytes"` // the least limit over the cgroup's ancestors, 0 for none
	MemoryLimitSource string  `json:"memory_limit_source"`
	Arch              string  `json:"arch,omitempty"` // as Go names it: "amd64"
	PageBytes         int     `json:"page_bytes,omitempty"`
	HugePages         string  `json:"huge_pages,omitempty"` // the kernel's setting for transparent ones: "always", "madvise", "never"
}

// Runtime is what a worker runs on; "" where that can't be told.
type Runtime struct {
	Interpreter string `json:"interpreter"` // "Python 3.11.2"
	Libc        string `json:"libc"`        // "glibc 2.36"
	Allocator   string `json:"allocator"`   // "libc", or the file of another: "libjemalloc.so.2"
}

// SizingCPUs is the number of cores that sizing may count on: the usable ones (1 if they aren't known), or the quota where
// it is less. A quota of a quarter of a core is a quarter of a core.
func (h Host) SizingCPUs() float64 {
	if h.CPULimited() {
		return h.CPULimit
	}
	return float64(max(h.CPUs, 1))
}

// CPULimited says that a quota leaves less than the usable cores.
func (h Host) CPULimited() bool { return h.CPULimit > 0 && h.CPULimit < float64(max(h.CPUs, 1)) }

// OthersOf is what other programs took of the cores that sizing counts on. Of a quota they take nothing.
func (h Host) OthersOf(w Work) float64 {
	if h.CPULimited() {
		return 0
	}
	return w.Others
}

// Memory is what the workers and all else on the host must fit: the limit where there is one, else the total.
// The source says which.
func (h Host) Memory() (bytes int64, source MemorySource) {
	if h.MemoryLimitBytes > 0 && (h.MemoryBytes == 0 || h.MemoryLimitBytes < h.MemoryBytes) {
		return h.MemoryLimitBytes, MemoryLimit
	}
	return h.MemoryBytes, MemoryTotal
}
