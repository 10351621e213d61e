package linux

import (
	"bytes"
	"fmt"
	"strconv"
)

// Stat is the part of /proc/PID/stat that is used here.
type Stat struct {
	PID     int
	Comm    string
	State   byte
	Parent  int
	Group   int
	Session int
	Threads int
	CPU     int64 // user and system time of the process and its ended threads, in ticks
	System  int64 // the system time of that
	Reaped  int64 // user and system time of the children that ended and were waited for, and of theirs
	// ReapedSystem is the system time of that.
	ReapedSystem int64
	Start        int64 // ticks since the machine's boot: with the pid, the identity of a process
	Kernel       bool  // a thread of the kernel
}

// kernelThread is PF_KTHREAD of include/linux/sched.h.
const kernelThread = 0x00200000

// Alive is false for a process that has ended and only waits to be reaped.
func (s Stat) Alive() bool { return s.State != 'Z' && s.State != 'X' }

// Identity is what tells the process from a later one with its number.
func (s Stat) Identity() Identity { return Identity{s.PID, s.Start} }

// ParseStat reads one line of /proc/PID/stat (man 5 proc). The second field is whatever the process calls itself,
// spaces and parentheses included, so it ends at the last parenthesis of the line.
func ParseStat(line []byte) (Stat, error) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return Stat{}, fmt.Errorf("no name in %q", line)
	}
	s := Stat{Comm: string(line[open+1 : end])}
	var bad error
	number := func(field []byte) int64 {
		n, err := strconv.ParseInt(string(bytes.TrimSpace(field)), 10, 64)
		if err != nil {
			bad = err
		}
		return n
	}
	s.PID = int(number(line[:open]))
	var times [4]int64
	n := 2 // of the field, as man 5 proc counts
	for field := range bytes.FieldsSeq(line[end+1:]) {
		n++
		switch n {
		case 3:
			s.State = field[0]
			if len(field) != 1 {
				return Stat{}, fmt.Errorf("the state is %q", field)
			}
		case 4:
			s.Parent = int(number(field))
		case 5:
			s.Group = int(number(field))
		case 6:
			s.Session = int(number(field))
		case 9:
			s.Kernel = number(field)&kernelThread != 0
		case 14, 15, 16, 17:
			times[n-14] = number(field)
		case 20:
			s.Threads = int(number(field))
		case 22:
			s.Start = number(field)
			s.CPU, s.System = times[0]+times[1], times[1]
			s.Reaped, s.ReapedSystem = times[2]+times[3], times[3]
			return s, bad
		}
	}
	return Stat{}, fmt.Errorf("%d fields in %q", n, line)
}

// Stat reads the stat of a process.
func (fs FS) Stat(pid int) (Stat, error) {
	var buf [1024]byte
	line, err := fs.read(buf[:], strconv.Itoa(pid), "stat")
	if err != nil {
		return Stat{}, err
	}
	return ParseStat(line)
}

// ClockTicks is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on every architecture that Go runs
// on under Linux (include/asm-generic/param.h).
const ClockTicks = 100

// SinceBoot is the clock that the start times in /proc/PID/stat are told by, in seconds.
func SinceBoot() float64 { return secondsBy(clockBoot) }

// Suspended is for how many seconds the machine has slept since its boot: of the two clocks one goes on meanwhile (man 2
// clock_gettime). It is a few microseconds too much.
func Suspended() float64 {
	awake := secondsBy(clockAwake)
	return SinceBoot() - awake
}

func secondsBy(id int32) float64 {
	nanoseconds, err := clock(id)
	if err != nil {
		return 0
	}
	return float64(nanoseconds) / 1e9
}
