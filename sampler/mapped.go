package sampler

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Mapped says whether a process has a file mapped whose name matches a pattern of path.Match, as /proc/PID/maps has it
// (proc(5)). Its error says that this can't be read, as of another user's process.
func (m Memory) Mapped(pid int, pattern string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(cmp.Or(m.Proc, "/proc"), strconv.Itoa(pid), "maps"))
	if err != nil {
		return false, fmt.Errorf("the memory map can't be read: %w", err)
	}
	for line := range strings.Lines(string(text)) { // address perms offset dev inode pathname
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
