package sampler

import (
	"bufio"
	"cmp"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Mapped says whether a process has a file of that name mapped, as /proc/PID/maps has it (proc(5)). Where that can't be
// read, nothing is known, and the answer is no.
func (m Memory) Mapped(pid int, name string) bool {
	file, err := os.Open(filepath.Join(cmp.Or(m.Proc, "/proc"), strconv.Itoa(pid), "maps"))
	if err != nil {
		return false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// address perms offset dev inode pathname
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 && path.Base(lines.Text()[i:]) == name {
			return true
		}
	}
	return false
}
