package linux

import (
	"bytes"
	"errors"
	"math"
)

// Rollup is what the mappings of a process add up to, in bytes (proc_pid_smaps(5)).
type Rollup struct {
	RSS, PSS, PrivateClean, PrivateDirty, Swap int64
	Locked                                     int64 // of PSS, in mappings that are locked in memory
	Huge                                       int64 // in pages of hugetlbfs, which are in no other figure

	Anon int64 // the anonymous part of RSS
	// The parts of PSS. Kernels before 5.4 don't tell them, and they are 0 then.
	PSSAnon, PSSShmem int64
}

var (
	errRollup      = errors.New("one of Rss, Pss, Private_Clean and Private_Dirty is missing")
	errRollupRange = errors.New("the mappings add up to more than fits")
)

// ParseRollup adds up the lines of /proc/PID/smaps_rollup (fs/proc/task_mmu.c, __show_smap), in bytes. Because it
// adds, it reads /proc/PID/smaps as well, which has the same lines once a mapping.
func ParseRollup(b []byte) (Rollup, error) {
	var d Rollup
	sums := map[string]*int64{
		"Rss": &d.RSS, "Pss": &d.PSS, "Private_Clean": &d.PrivateClean, "Private_Dirty": &d.PrivateDirty, "Swap": &d.Swap, "Locked": &d.Locked, "Private_Hugetlb": &d.Huge, "Shared_Hugetlb": &d.Huge,
		"Anonymous": &d.Anon, "Pss_Anon": &d.PSSAnon, "Pss_Shmem": &d.PSSShmem,
	}
	missing := map[string]bool{"Rss": true, "Pss": true, "Private_Clean": true, "Private_Dirty": true}
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		sum := sums[string(name)]
		if sum == nil {
			continue
		}
		n, err := kilobytes(value)
		if err != nil {
			return Rollup{}, err
		}
		if n > math.MaxInt64/4-*sum { // a quarter: USS is a sum of two
			return Rollup{}, errRollupRange
		}
		*sum += n
		delete(missing, string(name))
	}
	if len(missing) > 0 {
		return Rollup{}, errRollup
	}
	return d, nil
}
