package calibrate

import (
	"cmp"
	"math"
	"math/bits"
	"os"
	"syscall"
)

// punch gives a part of a file back to the disk, and leaves its size (fallocate(2)).
func punch(file *os.File, from, to int64) error {
	const keepSize, punchHole = 0x1, 0x2 // linux/falloc.h
	return syscall.Fallocate(int(file.Fd()), keepSize|punchHole, from, to-from)
}

// free is what a user may still write to the disk of a file; math.MaxInt64 if no limit is known.
func free(file *os.File) (int64, error) {
	var disk syscall.Statfs_t
	err := syscall.Fstatfs(int(file.Fd()), &disk)
	return freeOf(disk), err
}

// FreeIn is the same of the disk that a folder is on.
func FreeIn(folder string) (int64, error) {
	var disk syscall.Statfs_t
	err := syscall.Statfs(folder, &disk)
	return freeOf(disk), err
}

// freeOf counts in fragments, as statvfs(3) has it: a block is what is best read at once, and on a network much larger. Some
// file systems, of FUSE for one, report no blocks at all, which doesn't make them full.
func freeOf(disk syscall.Statfs_t) int64 {
	size := uint64(cmp.Or(disk.Frsize, disk.Bsize))
	over, left := bits.Mul64(disk.Bavail, size)
	if disk.Blocks == 0 || size == 0 || over > 0 || left > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(left)
}
