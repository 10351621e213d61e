package calibrate

// Growth is a kind of memory that creeps: in bytes a request, or where nobody counted those in bytes a second.
type Growth struct {
	Kind            GrowthKind `json:"kind"`
	BytesPerRequest float64    `json:"bytes_per_request,omitempty"`
	Low             float64    `json:"low_bytes_per_request,omitempty"`
	High            float64    `json:"high_bytes_per_request,omitempty"`

	// Stays says that it is there when the worker has ended, as far as is known.
	Stays bool `json:"stays,omitempty"`

	BytesPerSecond     float64 `json:"bytes_per_second,omitempty"`
	LowBytesPerSecond  float64 `json:"low_bytes_per_second,omitempty"`
	HighBytesPerSecond float64 `json:"high_bytes_per_second,omitempty"`
}

// GrowthKind is what may creep.
type GrowthKind string

// The kinds that are judged, each apart.
const (
	GrowsAnonymous GrowthKind = "anonymous" // heaps of the workers and of what descends from them
	GrowsShared    GrowthKind = "shared"    // shared memory that they have mapped
	GrowsFiles     GrowthKind = "tmpfs"     // shared memory that they have not: files in /dev/shm and on any other tmpfs
	GrowsKernel    GrowthKind = "kernel"    // the kernel's own, page tables apart: inodes and dentries of files, sockets, mappings
	GrowsBeside    GrowthKind = "beside"    // what is left: processes beside the workers, locked pages of files
)

// Resident says that such memory is in a worker's RSS.
func (k GrowthKind) Resident() bool { return k == GrowsAnonymous || k == GrowsShared }

// Beside is how much of a creep is in no worker's own account, in bytes a request.
func (c Creep) Beside() float64 {
	for _, g := range c.Kinds {
		if g.Kind == GrowsBeside {
			return g.BytesPerRequest
		}
	}
	return 0
}

// Residing is how much of a creep is in the workers' own RSS, in bytes a request. Its slope must be known.
func (c Creep) Residing() float64 {
	if len(c.Kinds) == 0 {
		return c.Together().BytesPerRequest
	}
	slope := 0.0
	for _, g := range c.Kinds {
		if g.Kind.Resident() {
			slope += g.BytesPerRequest
		}
	}
	return slope
}

// Staying is how much of a creep no worker's end gives back, at most, in bytes a request.
func (c Creep) Staying() (high float64) {
	for _, g := range c.Kinds {
		if g.Stays {
			high += max(g.High, 0)
		}
	}
	return high
}

// Harmless says that nothing creeps, or may creep, but the kernel's own memory. That is of files on disk, and the kernel drops it where memory
// runs short: 60 000 new files were seen to fit a control group of 60 MB.
func (c Creep) Harmless() bool { return len(c.Kinds) == 1 && c.Kinds[0].Kind == GrowsKernel }
