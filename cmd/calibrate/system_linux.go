package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// foreign names a system that isn't Linux.
func foreign() string { return "" }

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// width is a terminal's columns, 0 if they aren't known.
func width(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// again is a descriptor of its own of an open file, or that itself if there can be none.
func again(f *os.File) *os.File {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return f
	}
	return os.NewFile(uintptr(fd), f.Name())
}

// redirect has what is written to one descriptor go to another file.
func redirect(f, to *os.File) { _ = unix.Dup3(int(to.Fd()), int(f.Fd()), unix.O_CLOEXEC) }

// inOwnGroup has a child begin a process group.
func inOwnGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// nobody is the user that owns nothing (overflowuid, Documentation/admin-guide/sysctl/fs.rst).
const nobody = 65534

// asNobody has a child be that user.
func asNobody() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}
}
