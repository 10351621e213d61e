package sampler

import (
	"path/filepath"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
)

// What the kernel is set to that makes RSS say more or less than what the app uses.

// swap is left out of RSS (Documentation/filesystems/proc.rst, VmSwap).
func (d Doctor) swap() calibrate.Finding {
	text := readText(d.path("meminfo"))
	total, known := linux.ParseKilobytes(text, "SwapTotal")
	free, known2 := linux.ParseKilobytes(text, "SwapFree")
	switch used := total - free; {
	case !known || !known2:
		return unread("whether there is swap, which RSS leaves out,", "/proc/meminfo")
	case total == 0:
		return fine("no swap: all that the app holds is in its RSS")
	case used > 0:
		return limited("swapoff -a while you measure, or free memory first",
			"%s of %s of swap are in use: RSS leaves out what is swapped", say.MB(used), say.MB(total))
	}
	return fine("%s of swap, unused", say.MB(total))
}

// hugePages looks at the setting, and at what one touched byte costs here and now: the setting may not hold for this
// process (PR_SET_THP_DISABLE), and an app that it starts has the same.
func (d Doctor) hugePages() calibrate.Finding {
	folder := "/sys/kernel/mm/transparent_hugepage"
	setting := linux.ParseChosen(readText(d.Roots.SysPath(filepath.Join(folder, "enabled"))))
	if setting != "always" {
		return sayHugePages(setting, 0, linux.PageSize)
	}
	size, err := strconv.Atoi(strings.TrimSpace(readText(d.Roots.SysPath(filepath.Join(folder, "hpage_pmd_size")))))
	if err != nil || size < 1<<16 || size > 1<<30 {
		size = 2 << 20
	}
	if size > mostTouched {
		return limited(tryMadvise, "huge pages of %s may come unasked (transparent_hugepage: always)", say.MB(int64(size)))
	}
	p, err := d.self()
	if err != nil {
		return unread("what a touched byte takes", "/proc")
	}
	defer p.Close()
	grown, err := growth(p, 2*size, func(b []byte) { b[size] = 1 }) // the huge page around it fits, wherever b begins
	if err != nil {
		return limited("free some memory", "the memory that a touched byte needs isn't known: %s", brief(err))
	}
	return sayHugePages(setting, grown, linux.PageSize)
}

const (
	mostTouched = 64 << 20 // of memory, to see what comes of it; where pages have 64 KB, a huge one has 512 MB
	tryMadvise  = "measure with production's setting: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"
)

func sayHugePages(setting string, touch, page int64) calibrate.Finding {
	switch {
	case setting == "":
		return fine("this kernel has no transparent huge pages")
	case setting != "always":
		return fine("the kernel gives no huge page unasked (transparent_hugepage: %s)", setting)
	case touch < 16*page: // the runtime may touch some of its own meanwhile
		return fine("the kernel gives no huge page unasked, though the setting is always")
	}
	return limited(tryMadvise,
		"huge pages come unasked: one touched byte took %s kB of RSS", say.Count(touch>>10))
}

// overcommit says whether memory can run out before it is used (Documentation/mm/overcommit-accounting.rst).
func (d Doctor) overcommit() calibrate.Finding {
	mode := strings.TrimSpace(readText(d.path("sys/vm/overcommit_memory")))
	if mode == "" {
		return unread("whether memory is promised beyond what there is", "/proc/sys/vm/overcommit_memory")
	}
	if mode != "2" {
		return fine("memory counts when it is used (vm.overcommit_memory=%s)", mode)
	}
	text := readText(d.path("meminfo"))
	most, _ := linux.ParseKilobytes(text, "CommitLimit")
	promised, _ := linux.ParseKilobytes(text, "Committed_AS")
	left := max(most-promised, 0)
	return limited("sysctl vm.overcommit_memory=0; or keep more in reserve: calibrate run --reserve 40%",
		"vm.overcommit_memory=2: %s are left to be asked for, used or not; a fork may fail at that", say.MB(left))
}

// merging looks for KSM, which makes equal pages one if processes ask for it: RSS counts each, memory only one
// (Documentation/admin-guide/mm/ksm.rst).
func (d Doctor) merging() calibrate.Finding {
	const folder = "/sys/kernel/mm/ksm"
	read := func(file string) string {
		return strings.TrimSpace(readText(d.Roots.SysPath(filepath.Join(folder, file))))
	}
	if read("run") != "1" {
		return fine("equal pages aren't merged (KSM is off)")
	}
	shared, _ := strconv.ParseInt(read("pages_sharing"), 10, 64)
	if shared <= 0 {
		return fine("KSM is on, and has merged nothing")
	}
	return limited("echo 2 > /sys/kernel/mm/ksm/run while you measure, unless production has it too",
		"KSM has merged %s of equal pages: RSS counts them all", say.MB(shared*linux.PageSize))
}
