package calibrate

import (
	"errors"
	"syscall"
)

// TryFolder is what helps where a run's folder can't be made or written, by what the system said.
func TryFolder(err error) string {
	for number, try := range tries {
		if errors.Is(err, number) {
			return try + ", or name another folder with --out"
		}
	}
	return "name a folder with --out that isn't there yet"
}

var tries = map[syscall.Errno]string{
	syscall.ENOSPC: "free some space",
	syscall.EDQUOT: "free some of what you may use of the disk (quota)",
	syscall.EROFS:  "mount the disk so that it can be written",
	syscall.EIO:    "look what the kernel says of the disk (dmesg)",
	syscall.EACCES: "look who may write there (ls -ld)",
	syscall.EPERM:  "look who may write there (ls -ld, lsattr -d)",
	syscall.ENOENT: "leave the folder where it is until the run has ended",
	syscall.ESTALE: "leave the folder where it is until the run has ended",
}
