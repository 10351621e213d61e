package sampler

import (
	"errors"
	"fmt"
	"io/fs"
	"math"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// memoryLimit is the least memory limit that binds this process.
type memoryLimit struct {
	Bytes  int64  // 0 for none
	Source string // in words: "cgroup v2 memory.max of /a/b"
	// Left is the least that one of the limited cgroups has left, math.MaxInt64 for no limit. Page cache that the
	// kernel gives back on demand counts as left, as it does in MemAvailable.
	Left int64
}

// lower takes a limit if it is the least so far. What is no less than the machine's memory limits nothing: v1 has
// no word for "none" but the largest number of whole pages (9223372036854771712 where a page is 4 kB).
func (l *memoryLimit) lower(bytes, total int64, source string) bool {
	if bytes <= 0 || bytes >= 1<<60 || total > 0 && bytes >= total {
		return false
	}
	if l.Bytes == 0 || bytes < l.Bytes {
		l.Bytes, l.Source = bytes, source
	}
	return true
}

// limits reads limits from the folders of cgroups, and keeps what it couldn't read.
type limits struct{ trouble []error }

// memory is the least limit of a hierarchy's cgroups. total is the machine's memory in bytes, 0 for unknown.
func (r *limits) memory(h linux.Hierarchy, total int64) memoryLimit {
	l := memoryLimit{Left: math.MaxInt64}
	if h.Version == 1 {
		r.memoryV1(&l, h, total)
	} else {
		r.memoryV2(&l, h, total)
	}
	return l
}

// memoryV2 takes the least of memory.max, above which the kernel kills, and memory.high, above which it slows the
// processes down until they give memory back (Documentation/admin-guide/cgroup-v2.rst). Both bind all descendants.
func (r *limits) memoryV2(l *memoryLimit, h linux.Hierarchy, total int64) {
	files := linux.MemoryV2
	for _, g := range h.Groups {
		least := int64(math.MaxInt64)
		for _, name := range []string{files.Limit, linux.HighV2} {
			bytes, ok := r.number(g, name)
			if ok && l.lower(bytes, total, "cgroup v2 "+name+" of "+g.Path) {
				least = min(least, bytes)
			}
		}
		if least == math.MaxInt64 {
			continue
		}
		r.left(l, g, files, least)
	}
}

// memoryV1 takes hierarchical_memory_limit of the process's own cgroup, in which the kernel has done the sum: the
// least over the ancestors that bind (without memory.use_hierarchy they don't), those outside the mount included
// (mm/memcontrol-v1.c, memcg1_stat_format). The walk is for its name, and for what is left.
func (r *limits) memoryV1(l *memoryLimit, h linux.Hierarchy, total int64) {
	files := linux.MemoryV1
	sum := int64(0)
	if len(h.Groups) > 0 {
		sum = r.stat(h.Groups[0], files.HierarchyLimit)
	}
	for _, g := range h.Groups {
		bytes, ok := r.number(g, files.Limit)
		if !ok || sum > 0 && bytes < sum {
			continue // it doesn't bind: the kernel's sum is higher
		}
		if !l.lower(bytes, total, "cgroup v1 "+files.Limit+" of "+g.Path) {
			continue
		}
		r.left(l, g, files, bytes)
	}
	if sum > 0 && (l.Bytes == 0 || sum < l.Bytes) {
		own := h.Groups[0]
		source := "cgroup v1 " + files.HierarchyLimit + " of " + own.Path + ", set by an ancestor that isn't mounted here"
		if l.lower(sum, total, source) {
			r.left(l, own, files, sum) // at most: what others use there isn't seen
		}
	}
}

// left notes what a limited cgroup has left.
func (r *limits) left(l *memoryLimit, g linux.Group, files linux.MemoryFiles, limit int64) {
	if used, ok := r.number(g, files.Charge); ok {
		l.Left = min(l.Left, max(limit-max(used-r.stat(g, files.Inactive), 0), 0))
	}
}

// cpu is the least quota of a hierarchy's cgroups, in cores, 0 for none, and its source in words.
func (r *limits) cpu(h linux.Hierarchy) (cores float64, source string) {
	for _, g := range h.Groups {
		n, file, err := g.CPULimit(h.Version)
		r.note(err)
		if n > 0 && (cores == 0 || n < cores) {
			cores, source = n, fmt.Sprintf("cgroup v%d %s of %s", h.Version, file, g.Path)
		}
	}
	return cores, source
}

// number reads a file of one number. ok is false if there is no such file, as in a root cgroup or without the
// controller: that is no trouble. Anything else is.
func (r *limits) number(g linux.Group, name string) (n int64, ok bool) {
	n, err := g.Number(name)
	r.note(err)
	return n, err == nil
}

// stat takes one figure of a cgroup's memory.stat, 0 if it isn't there.
func (r *limits) stat(g linux.Group, key string) int64 {
	text, err := g.Read("memory.stat")
	r.note(err)
	n, _ := linux.ParseFlat(text, key)
	return n
}

func (r *limits) note(err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.trouble = append(r.trouble, err)
	}
}

// warnings says what couldn't be read.
func (r *limits) warnings() []calibrate.Warning {
	if len(r.trouble) == 0 {
		return nil
	}
	return []calibrate.Warning{{
		Code: "cgroup-unreadable",
		Text: fmt.Sprintf("a limit of this process could not be read (%v), so a lower one than is shown may bind it", r.trouble[0]),
		Try:  giveLimits,
	}}
}
