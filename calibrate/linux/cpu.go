package linux

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// clockOfProcess makes the number of a process's CPU clock of its pid (include/linux/posix-timers.h, MAKE_PROCESS_CPUCLOCK,
// with CPUCLOCK_SCHED).
func clockOfProcess(pid int) int32 { return int32(^pid)<<3 | 2 } //nolint:gosec // pids have 22 bits at most

// ProcessCPU is the CPU time that a process has used, all its threads together and those that ended too, in nanoseconds. It
// needs no permission. What runs at this moment is known up to the last tick of the kernel's clock.
func ProcessCPU(pid int) (nanoseconds int64, err error) { return clock(clockOfProcess(pid)) }

// OwnCPU is the same of this process.
func OwnCPU() (nanoseconds int64, err error) { return clock(clockOwn) }

// ThreadCPU is that of the calling thread, 0 if it can't be read.
func ThreadCPU() time.Duration {
	used, _ := clock(clockThread)
	return time.Duration(used)
}

// Clocks of clock_gettime(2), by their numbers in include/uapi/linux/time.h.
const (
	clockAwake  = 1 // CLOCK_MONOTONIC
	clockOwn    = 2 // CLOCK_PROCESS_CPUTIME_ID
	clockThread = 3 // CLOCK_THREAD_CPUTIME_ID
	clockBoot   = 7 // CLOCK_BOOTTIME
)

// ThreadTime is for how long a thread ran, and was ready to run and had no core, in nanoseconds.
type ThreadTime struct{ Ran, Waited int64 }

// ParseSchedstat takes the first figures of /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst).
// /proc/PID/schedstat is that of the first thread alone.
func ParseSchedstat(text []byte) (t ThreadTime, ok bool) {
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return ThreadTime{}, false
	}
	ran, odd := strconv.ParseInt(string(fields[0]), 10, 64)
	waited, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if odd != nil || err != nil || ran < 0 || waited < 0 {
		return ThreadTime{}, false
	}
	return ThreadTime{ran, waited}, true
}

// PressureMemory is how long somebody on this machine was held up for want of memory since its boot, in microseconds: pages that had
// to be reclaimed, or read back (Documentation/accounting/psi.rst). ok is false where the kernel doesn't say (before 4.20, or off).
func (fs FS) PressureMemory() (microseconds int64, ok bool) {
	text, err := os.ReadFile(fs.ProcPath("pressure", "memory"))
	if err != nil {
		return 0, false
	}
	return ParsePressure(text)
}

// ParsePressure takes the total of the line "some".
func ParsePressure(text []byte) (microseconds int64, ok bool) {
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 0 || string(fields[0]) != "some" {
			continue
		}
		total, found := bytes.CutPrefix(fields[len(fields)-1], []byte("total="))
		microseconds, err := strconv.ParseInt(string(total), 10, 64)
		if !found || err != nil || microseconds < 0 {
			return 0, false
		}
		return microseconds, true
	}
	return 0, false
}

// The file of a v2 group that has its CPU time, and the key of all of it, in microseconds.
const (
	CPUStatV2  = "cpu.stat"
	CPUUsageV2 = "usage_usec"
)

// Cores is what some cores together have done since the machine's boot, in ticks.
type Cores struct {
	Count int
	Busy  int64 // for anybody, interrupts included
	Steal int64 // ready for it, and withheld by the host of a virtual machine
}

// mostTicks are more than a machine lives: sums of them don't overflow.
const mostTicks = 1 << 40

// ParseCores adds up the lines of those cores in /proc/stat that count (proc_stat(5): user, nice, system, idle, iowait, irq,
// softirq, steal; what guests use is in user).
func ParseCores(text []byte, counts func(core int) bool) Cores {
	var sum Cores
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 9 || !bytes.HasPrefix(fields[0], []byte("cpu")) {
			continue
		}
		core, err := strconv.Atoi(string(fields[0][3:]))
		if err != nil || !counts(core) { // the first line is of all
			continue
		}
		var ticks [8]int64
		for i := range ticks {
			if ticks[i], err = strconv.ParseInt(string(fields[i+1]), 10, 64); err != nil || ticks[i] < 0 || ticks[i] > mostTicks {
				return Cores{}
			}
		}
		sum.Count++
		sum.Busy += ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
		sum.Steal += ticks[7]
	}
	return sum
}

// CoresOf is what the cores have done that this process or another may run on.
func (fs FS) CoresOf(pid int) (Cores, error) {
	text, err := os.ReadFile(fs.ProcPath("stat"))
	if err != nil {
		return Cores{}, err
	}
	own, err := affinity(0)
	if err != nil {
		return Cores{}, err
	}
	others, _ := affinity(pid) // one that has ended has none
	return ParseCores(text, func(core int) bool { return own(core) || others(core) }), nil
}

// ThreadTimes are those of each thread of a process, by its number. Kernels without CONFIG_SCHED_INFO don't say, and it is empty
// then.
func (fs FS) ThreadTimes(pid int) map[int]ThreadTime {
	threads, err := fs.Threads(pid)
	if err != nil {
		return nil
	}
	all := make(map[int]ThreadTime, len(threads))
	var buf [64]byte
	for _, tid := range threads {
		text, err := fs.read(buf[:], strconv.Itoa(pid), "task", strconv.Itoa(tid), "schedstat")
		if err != nil {
			continue // it has ended
		}
		if t, ok := ParseSchedstat(text); ok {
			all[tid] = t
		}
	}
	return all
}
