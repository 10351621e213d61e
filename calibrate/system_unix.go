//go:build unix

package calibrate

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// noFollow has no link opened that has come since somebody looked.
const noFollow = syscall.O_NOFOLLOW

// Owner is the number of a file's owner, -1 where it isn't known.
func Owner(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

// lock marks a file as one that this process writes, until it ends (flock(2)).
func lock(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

func isLocked(file *os.File) bool {
	return errors.Is(syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}
