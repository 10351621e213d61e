package sampler

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// Status reads what a process is called, its threads and its address space. Anyone may.
func (p *probe) Status() (calibrate.ProcessStatus, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	text, err := p.file("status")
	if err != nil {
		return calibrate.ProcessStatus{}, err
	}
	return statusOf(string(text))
}

func statusOf(text string) (s calibrate.ProcessStatus, err error) {
	var living bool
	if s.VirtualBytes, living = linux.ParseKilobytes(text, "VmSize"); !living {
		return s, calibrate.ErrGone
	}
	s.VirtualPeakBytes, _ = linux.ParseKilobytes(text, "VmPeak")
	s.Threads = linux.ParseThreads(text)
	s.Program, _, _ = strings.Cut(linux.ParseName(text), ":")
	return s, nil
}

// Virtual reads the address space: its limits, and where the stacks of its threads are. For these it walks the page tables as
// Detail does, and takes twice as long, since the kernel writes twenty lines a mapping. So it is for the end. What it may not
// read is left out.
func (p *probe) Virtual() (calibrate.Virtual, error) {
	s, err := p.Status()
	if err != nil {
		return calibrate.Virtual{}, err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	v := calibrate.Virtual{Bytes: s.VirtualBytes, PeakBytes: s.VirtualPeakBytes, Threads: s.Threads}
	limits, err := p.file("limits")
	if errors.Is(err, calibrate.ErrGone) {
		return calibrate.Virtual{}, err
	}
	v.StackLimitBytes, _ = linux.ParseSoftLimit(string(limits), linux.LimitStack)
	v.Limit = p.tightest(string(limits), v)
	text, err := p.file("smaps")
	switch {
	case errors.Is(err, calibrate.ErrGone):
		return calibrate.Virtual{}, err
	case err != nil:
		return v, nil
	}
	spaces, err := linux.ParseSpaces(text)
	if err != nil {
		return calibrate.Virtual{}, p.failed("smaps", err)
	}
	v.ReservedBytes = spaces.Reserved
	v.Stacks = stacksOf(spaces.Stacks, v.Threads)
	return v, nil
}

// stacksOf leaves out what is guarded like a stack and is none: a process has one less than it has threads. If more were found,
// they are the larger ones among those with room left: V8 guards the pages of its heap, too, and fills them.
func stacksOf(found []linux.Stack, threads int) calibrate.Stacks {
	filled := func(s linux.Stack) int {
		if 2*s.Resident > s.Size {
			return 1
		}
		return 0
	}
	slices.SortFunc(found, func(a, b linux.Stack) int { return cmp.Or(filled(a)-filled(b), cmp.Compare(b.Size, a.Size)) })
	var sizes []int64
	resident := int64(0)
	for _, s := range found[:min(len(found), max(threads-1, 0))] {
		sizes, resident = append(sizes, s.Size), resident+s.Resident
	}
	return calibrate.StacksOf(sizes, resident)
}

// tightest is the limit of virtual memory that leaves a process least, nil for none.
func (p *probe) tightest(limits string, v calibrate.Virtual) (tightest *calibrate.VirtualLimit) {
	for _, limit := range []calibrate.VirtualLimit{addressLimit(limits, v), privateLimit(p.host("user_beancounters")), commitLimit(p.host("sys/vm/overcommit_memory"), p.host("meminfo"))} {
		if limit.Bytes > 0 && (tightest == nil || limit.Left() < tightest.Left()) {
			tightest = &limit
		}
	}
	return tightest
}

func addressLimit(limits string, v calibrate.Virtual) calibrate.VirtualLimit {
	bytes, _ := linux.ParseSoftLimit(limits, linux.LimitAddressSpace)
	return calibrate.VirtualLimit{Kind: calibrate.LimitAddresses, Bytes: bytes, UsedBytes: v.PeakBytes}
}

func privateLimit(beancounters string) calibrate.VirtualLimit {
	held, barrier, _ := linux.ParseBeancounter(beancounters, linux.PrivatePages)
	return calibrate.VirtualLimit{Kind: calibrate.LimitPrivate, Bytes: barrier * linux.PageSize, UsedBytes: held * linux.PageSize}
}

// commitLimit binds in mode 2 only (Documentation/mm/overcommit-accounting.rst).
func commitLimit(mode, meminfo string) calibrate.VirtualLimit {
	limit := calibrate.VirtualLimit{Kind: calibrate.LimitCommit}
	if strings.TrimSpace(mode) == "2" {
		limit.Bytes, _ = linux.ParseKilobytes(meminfo, "CommitLimit")
		limit.UsedBytes, _ = linux.ParseKilobytes(meminfo, "Committed_AS")
	}
	return limit
}

// host is the text of a file of the machine, "" where it can't be read: few may read /proc/user_beancounters.
func (p *probe) host(name string) string { return readText(p.fs.ProcPath(name)) }
