package linux

import (
	"bytes"
	"errors"
	"math"
)

// Rollup is what the mappings of a process add up to, in bytes (proc_pid_smaps(5)).
type Rollup struct {
	RSS, PSS, PrivateClean, PrivateDirty, Swap int64

	Anon, PSSAnon int64 // the anonymous part of RSS and PSS; kernels before 5.4 don't tell the second, which is 0 then
}

// The lines of smaps_rollup that are read, without which there is no answer. Swap and the anonymous parts aren't among them.
const (
	sawRSS = 1 << iota
	sawPSS
	sawPrivateClean
	sawPrivateDirty
	sawAll = sawRSS | sawPSS | sawPrivateClean | sawPrivateDirty
)

var (
	errRollup      = errors.New("one of Rss, Pss, Private_Clean and Private_Dirty is missing")
	errRollupRange = errors.New("the mappings add up to more than fits")
)

// ParseRollup adds up the lines of /proc/PID/smaps_rollup (fs/proc/task_mmu.c, __show_smap), in bytes. Because it
// adds, it reads /proc/PID/smaps as well, which has the same lines once a mapping.
func ParseRollup(b []byte) (Rollup, error) {
	var d Rollup
	saw := 0
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		sum, bit := rollupField(&d, name)
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
		saw |= bit
	}
	if saw != sawAll {
		return Rollup{}, errRollup
	}
	return d, nil
}

// rollupField is where a line's figure belongs, nil for the lines that aren't read.
func rollupField(d *Rollup, name []byte) (sum *int64, bit int) {
	switch string(name) {
	case "Rss":
		return &d.RSS, sawRSS
	case "Pss":
		return &d.PSS, sawPSS
	case "Private_Clean":
		return &d.PrivateClean, sawPrivateClean
	case "Private_Dirty":
		return &d.PrivateDirty, sawPrivateDirty
	case "Swap":
		return &d.Swap, 0
	case "Anonymous":
		return &d.Anon, 0
	case "Pss_Anon":
		return &d.PSSAnon, 0
	}
	return nil, 0
}
