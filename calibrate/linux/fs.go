package linux

import (
	"cmp"
	"path/filepath"
	"strings"
)

// FS is where the kernel's file systems are mounted. An empty field is the usual place.
type FS struct {
	Proc string // procfs, "/proc"
	Sys  string // sysfs, "/sys"
}

// Here is this machine.
var Here = FS{Proc: "/proc", Sys: "/sys"}

// ProcPath is a path below /proc: the parts of it, without /proc.
func (fs FS) ProcPath(parts ...string) string {
	return cmp.Or(fs.Proc, "/proc") + "/" + strings.Join(parts, "/")
}

// SysPath moves a path that begins with /sys to where that is mounted, and leaves any other as it is.
func (fs FS) SysPath(path string) string {
	if rest, found := strings.CutPrefix(path, "/sys/"); found {
		return filepath.Join(cmp.Or(fs.Sys, "/sys"), rest)
	}
	return path
}
