package linux

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Mapped says whether a process has a file mapped whose name matches a pattern of path.Match, as /proc/PID/maps has it
// (proc_pid_maps(5)). Its error says that this can't be read, as of another user's process.
func (fs FS) Mapped(pid int, pattern string) (bool, error) {
	text, err := fs.readAll(strconv.Itoa(pid), "maps")
	if err != nil {
		return false, fmt.Errorf("the memory map can't be read: %w", err)
	}
	return MapsFile(string(text), pattern)
}

// MapsFile looks for a file in /proc/PID/maps. One that was deleted since still counts.
func MapsFile(text, pattern string) (bool, error) {
	for line := range strings.Lines(text) { // address perms offset dev inode pathname
		i := strings.IndexByte(line, '/')
		if i < 0 {
			continue
		}
		name := path.Base(strings.TrimSuffix(strings.TrimSpace(line[i:]), " (deleted)"))
		if matches, err := path.Match(pattern, name); err != nil || matches {
			return matches, err
		}
	}
	return false, nil
}
