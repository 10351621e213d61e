package calibrate

import (
	"cmp"
	"errors"
	"syscall"
)

// TryFolder is what helps where a run's folder can't be made or written, by what the system said.
func TryFolder(err error) string {
	if try := cmp.Or(TryDisk(err), helpOf(err, ofFolder)); try != "" {
		return try + ", or name another folder with --out"
	}
	return "name a folder with --out that isn't there yet"
}

// TryDisk is what helps where a disk doesn't take what is written to it; "" where that isn't the reason.
func TryDisk(err error) string { return helpOf(err, ofDisk) }

func helpOf(err error, tries map[syscall.Errno]string) string {
	for number, try := range tries {
		if errors.Is(err, number) {
			return try
		}
	}
	return ""
}

var ofDisk = map[syscall.Errno]string{
	syscall.ENOSPC: "free some space",
	syscall.EDQUOT: "free some of what you may use of the disk (quota)",
	syscall.EROFS:  "mount the disk so that it can be written",
	syscall.EIO:    "look what the kernel says of the disk (dmesg)",
}

var ofFolder = map[syscall.Errno]string{
	syscall.EACCES: "look who may write there (ls -ld)",
	syscall.EPERM:  "look who may write there (ls -ld, lsattr -d)",
	syscall.ENOENT: "leave the folder where it is until the run has ended",
	syscall.ESTALE: "leave the folder where it is until the run has ended",
}
