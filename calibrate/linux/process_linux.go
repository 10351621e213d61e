package linux

import (
	"math"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits of this process (getrlimit(2)).
const (
	OpenFiles = unix.RLIMIT_NOFILE
	Addresses = unix.RLIMIT_AS
	Tasks     = unix.RLIMIT_NPROC
)

// OwnLimit is a soft limit of this process, math.MaxUint64 for none.
func OwnLimit(resource int) uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(resource, &limit) != nil {
		return math.MaxUint64
	}
	return limit.Cur
}

// Pages is memory that nobody has touched, straight from the kernel, and what gives it back.
func Pages(size int) (fresh []byte, free func() error, err error) {
	fresh, err = unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	return fresh, func() error { return unix.Munmap(fresh) }, err
}

// clock reads one of the clocks of clock_gettime(2).
func clock(id int32) (nanoseconds int64, err error) {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0, err
	}
	return t.Nano(), nil
}

// affinity says of each core whether a process may run on it; 0 is this thread.
func affinity(pid int) (func(core int) bool, error) {
	var set unix.CPUSet
	err := unix.SchedGetaffinity(pid, &set)
	return set.IsSet, err
}

// AdoptOrphans has those come to this process whose parent ends anywhere below it (prctl(2), PR_SET_CHILD_SUBREAPER).
func AdoptOrphans() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// CloseOnExec keeps every descriptor above stderr out of what this process executes, whatever its own parent left open.
func CloseOnExec() error {
	if unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return nil
	}
	fds, err := Here.Descriptors("self") // before Linux 5.11
	for _, fd := range fds {
		if fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return err
}

// InOwnSession has a child begin a session (setsid(2)).
func InOwnSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// InOwnGroup has a child begin a process group, and be told to end when the thread that started it does.
func InOwnGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// ChildrenTo tells a channel that a child has ended.
func ChildrenTo(c chan<- os.Signal) { signal.Notify(c, syscall.SIGCHLD) } //nolint:forbidigo // for the guard, which is a program of its own

// Reap collects a child that has ended: one by its number, or -1 for any. It is 0 if there is none.
func Reap(child int) (pid int, status syscall.WaitStatus) {
	for {
		pid, err := syscall.Wait4(child, &status, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, status
		default:
			return max(pid, 0), status
		}
	}
}

// Kill sends a signal to a process, or to the group of -pid. One that has ended has none.
func Kill(pid int, sig syscall.Signal) { _ = syscall.Kill(pid, sig) }

// OwnSession is the session of this process.
func OwnSession() int {
	id, _ := unix.Getsid(0) // of oneself it can't fail
	return id
}

// OwnGroup is its process group.
func OwnGroup() int { return syscall.Getpgrp() }
