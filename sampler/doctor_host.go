package sampler

import (
	"errors"
	"net"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
)

// hostMemory is what the sizing goes by.
func hostMemory(h calibrate.Host) calibrate.Finding {
	bytes, source := h.Memory()
	by := "total memory"
	if source == calibrate.MemoryLimit {
		by = h.MemoryLimitSource
	}
	switch {
	case bytes == 0:
		return missing("give it yourself: calibrate run --memory 2G", "this machine's memory isn't known")
	case h.MemoryLimitBytes > 0:
		return fine("%s of memory, %s of them free, by %s", say.MB(bytes), say.MB(h.AvailableBytes), by)
	}
	return fine("%s of memory, %s of them free, and no cgroup limit", say.MB(bytes), say.MB(h.AvailableBytes))
}

func hostCPUs(h calibrate.Host) calibrate.Finding {
	if h.CPULimit > 0 && h.CPULimit < float64(h.CPUs) {
		return fine("%s of %s, by %s", say.Number(h.CPULimit), say.Plural(h.CPUs, "core"), h.CPULimitSource)
	}
	return fine("%s by affinity, and no quota below that", say.Plural(h.CPUs, "core"))
}

// busy compares the load average with the cores of the whole machine, which it counts. Above half of them the load
// generator, the app and the others wait for one another.
func (d Doctor) busy(h calibrate.Host) calibrate.Finding {
	average, ok := linux.ParseLoadAverage(readText(d.path("loadavg")))
	n := max(cores(d.Roots), h.CPUs)
	switch {
	case !ok:
		return unread("how busy the machine is", "/proc/loadavg")
	case average > float64(n)/2:
		return limited("measure when the machine is quiet: the app can't use the CPU time that others use",
			"load average %s on %s: the machine is busy", say.Number(average), say.Plural(n, "core"))
	}
	return fine("load average %s on %s: quiet enough", say.Number(average), say.Plural(n, "core"))
}

// cores are those of the machine that are online, whoever may use them; 1 if that can't be read.
func cores(r Roots) int {
	return max(linux.ParseCoreList(readText(r.SysPath("/sys/devices/system/cpu/online"))), 1)
}

// controller says which version of cgroups counts memory, if any does.
func (d Doctor) controller() calibrate.Finding {
	cgroups, _ := d.Roots.Cgroups("self")
	h := cgroups.Hierarchy("memory")
	h.Check(linux.MemoryV2.Limit)
	v2 := slices.ContainsFunc(cgroups.Mounts, func(m linux.Mount) bool { return m.Type == "cgroup2" })
	switch {
	case h.Doubt != "" || !counts(h):
		return limited("mount /sys/fs/cgroup here with its memory controller; or give limits by --memory and --cpus",
			"no cgroup of this process counts memory here: limits and kills for memory may go unseen")
	case h.Version == 1 && v2:
		return fine("cgroups: hybrid, memory is counted by v1")
	}
	return fine("cgroups: v%d, with the memory controller", h.Version)
}

// counts says whether the controller is there: v1 has it if it is mounted. In v2 the process's own cgroup names it,
// or one above has what the controller brings; the root has nothing of that and hands the controller down or doesn't.
func counts(h linux.Hierarchy) bool {
	if h.Version != 2 || len(h.Groups) == 0 {
		return h.Version == 1
	}
	own, _ := h.Groups[0].Read("cgroup.controllers")
	return slices.Contains(strings.Fields(own), "memory") ||
		slices.ContainsFunc(h.Groups, func(g linux.Group) bool { return g.Has(linux.MemoryV2.Limit) })
}

// reason is what the kernel said, without the path or the addresses.
func reason(err error) string {
	var errno syscall.Errno
	var op *net.OpError
	switch {
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return err.Error()
}
