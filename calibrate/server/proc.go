package server

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// procfs reads /proc. Its value is the root, so that tests can point at a folder of their own.
type procfs string

const hostProc procfs = "/proc"

// clockTicks is the unit of the times in /proc/PID/stat: USER_HZ, which is 100 on every architecture that Go runs
// on under Linux (include/asm-generic/param.h).
const clockTicks = 100

// stat is the part of /proc/PID/stat that is used here.
type stat struct {
	PID     int
	Comm    string
	State   byte
	Parent  int
	Group   int
	Session int
	Threads int
	CPU     int64 // user and system time of the process and its ended threads, in ticks
	Start   int64 // ticks since the machine's boot: with the pid, the identity of a process
	Kernel  bool  // a thread of the kernel
}

// kernelThread is PF_KTHREAD of include/linux/sched.h.
const kernelThread = 0x00200000

// alive is false for a process that has ended and only waits to be reaped.
func (s stat) alive() bool { return s.State != 'Z' && s.State != 'X' }

// parseStat reads one line of /proc/PID/stat (man 5 proc). The second field is whatever the process calls itself,
// spaces and parentheses included, so it ends at the last parenthesis of the line.
func parseStat(line []byte) (stat, error) {
	open, end := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return stat{}, fmt.Errorf("no name in %q", line)
	}
	s := stat{Comm: string(line[open+1 : end])}
	var bad error
	number := func(field []byte) int64 {
		n, err := strconv.ParseInt(string(bytes.TrimSpace(field)), 10, 64)
		if err != nil {
			bad = err
		}
		return n
	}
	s.PID = int(number(line[:open]))
	n := 2 // of the field, as man 5 proc counts
	for field := range bytes.FieldsSeq(line[end+1:]) {
		n++
		switch n {
		case 3:
			s.State = field[0]
			if len(field) != 1 {
				return stat{}, fmt.Errorf("the state is %q", field)
			}
		case 4:
			s.Parent = int(number(field))
		case 5:
			s.Group = int(number(field))
		case 6:
			s.Session = int(number(field))
		case 9:
			s.Kernel = number(field)&kernelThread != 0
		case 14, 15:
			s.CPU += number(field)
		case 20:
			s.Threads = int(number(field))
		case 22:
			s.Start = number(field)
			return s, bad
		}
	}
	return stat{}, fmt.Errorf("%d fields in %q", n, line)
}

func (p procfs) stat(pid int) (stat, error) {
	var buf [1024]byte
	line, err := p.read(buf[:], strconv.Itoa(pid), "stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(line)
}

// args is the command line of a process, or its title where it has set one (setproctitle writes over argv).
func (p procfs) args(pid int) []string {
	data, err := p.readAll(strconv.Itoa(pid), "cmdline")
	if err != nil {
		return nil
	}
	return parseArgs(data)
}

// parseArgs splits /proc/PID/cmdline. Arguments end in a NUL; a title may end in many.
func parseArgs(data []byte) []string {
	text := strings.TrimRight(string(data), "\x00 ")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// children are the processes that a process has started or adopted, over all its threads. A kernel without
// CONFIG_PROC_CHILDREN has no such file: errNoChildren.
func (p procfs) children(pid int) ([]int, error) {
	threads, err := p.numbers(strconv.Itoa(pid), "task")
	if err != nil {
		return nil, err
	}
	var all []int
	found := false
	for _, tid := range threads {
		data, err := p.readAll(strconv.Itoa(pid), "task", strconv.Itoa(tid), "children")
		if err != nil {
			continue // the thread has ended, or there is no such file
		}
		found = true
		all = appendNumbers(all, data)
	}
	if !found && p.exists(strconv.Itoa(pid), "stat") {
		return nil, errNoChildren
	}
	return all, nil
}

var errNoChildren = errors.New("this kernel has no /proc/PID/task/TID/children")

func appendNumbers(to []int, data []byte) []int {
	for field := range bytes.FieldsSeq(data) {
		if n, err := strconv.Atoi(string(field)); err == nil && n > 0 {
			to = append(to, n)
		}
	}
	return to
}

// numbers lists the entries of a folder that are numbers.
func (p procfs) numbers(parts ...string) ([]int, error) {
	fd, err := p.open(unix.O_DIRECTORY, parts)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var all []int
	buf := make([]byte, 8192)
	for {
		n, err := ignoringEINTR(func() (int, error) { return unix.ReadDirent(fd, buf) })
		if err != nil || n <= 0 {
			return all, err
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if number, err := strconv.Atoi(name); err == nil {
				all = append(all, number)
			}
		}
	}
}

func (p procfs) exists(parts ...string) bool {
	var st unix.Stat_t
	return unix.Stat(p.path(parts), &st) == nil
}

// read fills buf from the start of a file, in one call.
func (p procfs) read(buf []byte, parts ...string) ([]byte, error) {
	fd, err := p.open(0, parts)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := ignoringEINTR(func() (int, error) { return unix.Read(fd, buf) })
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// readAll reads a file to its end: a read of a seq_file returns no more than a page.
func (p procfs) readAll(parts ...string) ([]byte, error) {
	fd, err := p.open(0, parts)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	data := make([]byte, 0, 512)
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := ignoringEINTR(func() (int, error) { return unix.Read(fd, data[len(data):cap(data)]) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return data, nil
		}
		data = data[:len(data)+n]
	}
}

// open uses the bare system call: os.Open also tries to register the file with the poller.
func (p procfs) open(flags int, parts []string) (int, error) {
	return ignoringEINTR(func() (int, error) {
		return unix.Open(p.path(parts), unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
	})
}

func (p procfs) path(parts []string) string {
	return string(p) + "/" + strings.Join(parts, "/")
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// sinceBoot is the clock that the start times in /proc/PID/stat are told by, in seconds.
func sinceBoot() float64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return float64(now.Sec) + float64(now.Nsec)/1e9
}
