package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"workermem/calibrate/linux"
)

// cgroup is a memory control group that was made for one app. The zero value is none.
type cgroup struct {
	Folder  string
	Version int
}

// newGroup makes the group of an app, with a limit on it unless that is 0.
func newGroup(limit int64) (cgroup, error) {
	name, err := newGroupName()
	if err != nil {
		return cgroup{}, err
	}
	h, err := findHierarchy(linux.Here)
	if err != nil {
		return cgroup{}, err
	}
	c, err := h.make(name)
	if err != nil || limit == 0 {
		return c, err
	}
	if err := c.limit(limit); err != nil {
		c.remove()
		return cgroup{}, err
	}
	return c, nil
}

// GroupPossible says why an app can't have a memory control group of its own, by making one as a start would; nil
// where it can. The group is removed at once, and by a later run's sweep where this process is killed meanwhile.
func GroupPossible() error {
	c, err := newGroup(0)
	c.remove()
	return err
}

// file is the path of one of the group's files.
func (c cgroup) file(name string) string { return filepath.Join(c.Folder, name) }

// limit sets what the group may be charged. Swap is shut off: an app that swaps would be within the limit, and slow.
func (c cgroup) limit(bytes int64) error {
	limit, files := strconv.FormatInt(bytes, 10), linux.MemoryOf(c.Version)
	if err := writeFile(c.file(files.Limit), limit); err != nil {
		return err
	}
	most := limit // v1: memory and swap together
	if c.Version == 2 {
		most = "0"
	}
	err := writeFile(c.file(files.Swap), most)
	if errors.Is(err, fs.ErrNotExist) && !swapIsOn() {
		return nil
	}
	return err
}

// swapIsOn reads /proc/swaps: a line of titles, and one for each swap space.
func swapIsOn() bool {
	text, err := os.ReadFile("/proc/swaps")
	return err == nil && strings.Count(string(text), "\n") > 1
}

// oomKills is where the kernel counts the group's processes that it killed for memory.
func (c cgroup) oomKills() oomCount { return readOOM(c.file(linux.MemoryOf(c.Version).OOM)) }

// kill ends every process of the group in one step in which none can fork. Only v2 can, from Linux 5.14.
func (c cgroup) kill() {
	if c.Version == 2 {
		_ = writeFile(filepath.Join(c.Folder, "cgroup.kill"), "1")
	}
}

// read is a small file's text, "" where it can't be read.
func read(folder, file string) string {
	text, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// writeFile writes to a file that the kernel made: it must never make one itself.
func writeFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
