package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Group is a cgroup.
type Group struct {
	Path   string // in its hierarchy
	Folder string // where its files are
}

// File is the path of one of its files.
func (g Group) File(name string) string { return filepath.Join(g.Folder, name) }

// Has says whether there is such a file: a root cgroup and one without the controller have none.
func (g Group) Has(name string) bool { return exists(g.File(name)) }

// Read is the text of a file.
func (g Group) Read(name string) (string, error) {
	text, err := os.ReadFile(g.File(name))
	return string(text), err
}

// Number reads a file of one number.
func (g Group) Number(name string) (int64, error) {
	text, err := g.Read(name)
	if err != nil {
		return 0, err
	}
	n, err := ParseNumber(text)
	if err != nil {
		return 0, fmt.Errorf("%s of cgroup %s: %w", name, g.Path, err)
	}
	return n, nil
}

// The files of a quota: v2's holds "QUOTA PERIOD", v1 has a file for each, all in microseconds.
const (
	quotaV2  = "cpu.max"
	quotaV1  = "cpu.cfs_quota_us"
	periodV1 = "cpu.cfs_period_us"
)

// CPULimit is the quota of the cgroup, in cores, 0 for none, and the file that says so. A quota is processor time a
// period, all cores together, and binds all descendants (Documentation/scheduler/sched-bwc.rst).
func (g Group) CPULimit(version int) (cores float64, file string, err error) {
	var quota, period int64
	if version == 1 {
		file = quotaV1
		quota, err = g.Number(quotaV1)
		if err == nil {
			period, err = g.Number(periodV1)
		}
	} else {
		file = quotaV2
		quota, period, err = g.pair(quotaV2)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil || quota <= 0 || quota == math.MaxInt64 || period <= 0 { // v1 says -1 for none, v2 max
		return 0, file, err
	}
	return float64(quota) / float64(period), file, nil
}

// pair reads a file of two numbers.
func (g Group) pair(name string) (a, b int64, err error) {
	text, err := g.Read(name)
	if err != nil {
		return 0, 0, err
	}
	first, second, _ := strings.Cut(strings.TrimSpace(text), " ")
	a, err = ParseNumber(first)
	b, err2 := ParseNumber(second)
	if err != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%s of cgroup %s: %q isn't two numbers", name, g.Path, text)
	}
	return a, b, nil
}

// ParseNumber reads one number, or "max", which is math.MaxInt64.
func ParseNumber(text string) (int64, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "max" {
		return math.MaxInt64, nil
	}
	n, err := strconv.ParseInt(trimmed, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q isn't a number", text)
	}
	return n, nil
}

// ParseFlat takes one figure of a file of "KEY FIGURE" lines, which are memory.stat, memory.events, memory.oom_control
// and /proc/vmstat (Documentation/admin-guide/cgroup-v2.rst, "flat keyed"). ok is false if it has no such figure.
func ParseFlat(text, key string) (n int64, ok bool) { return figure(text, key, " ", ParseNumber) }

// figure reads what stands behind a key and a separator, in the first line in which it can be read.
func figure(text, key, separator string, parse func(string) (int64, error)) (n int64, ok bool) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), separator)
		if name != key {
			continue
		}
		if n, err := parse(value); err == nil {
			return n, true
		}
	}
	return 0, false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
