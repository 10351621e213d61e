package group

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"workermem/calibrate/linux"
)

// Group is a memory control group that was made for one app. The zero value is none.
type Group struct {
	Folder  string
	Version int
}

// NotEntered says why the app could not be started in its group.
type NotEntered struct{ Why string }

func (n NotEntered) Error() string { return n.Why }

// New makes the group of an app by its name, with a limit on it unless that is 0.
func New(name string, limit int64) (Group, error) {
	h, err := FindHierarchy(linux.Here)
	if err != nil {
		return Group{}, err
	}
	c, err := h.Make(name)
	if err != nil || limit == 0 {
		return c, err
	}
	if err := c.limit(limit); err != nil {
		c.Remove()
		return Group{}, err
	}
	return c, nil
}

// Possible says why an app can't have a memory control group of its own, by making one as a start would; nil
// if it can. The group is removed at once, and by a later run's sweep if this process is killed meanwhile.
func Possible() error {
	name, err := NewName()
	if err != nil {
		return err
	}
	c, err := New(name, 0)
	c.Remove()
	return err
}

// File is the path of one of the group's files.
func (g Group) File(name string) string { return filepath.Join(g.Folder, name) }

// limit sets what the group may be charged. Swap is shut off: an app that swaps would be within the limit, and slow.
func (g Group) limit(bytes int64) error {
	limit, files := strconv.FormatInt(bytes, 10), linux.MemoryOf(g.Version)
	if err := writeFile(g.File(files.Limit), limit); err != nil {
		return err
	}
	most := limit // v1: memory and swap together
	if g.Version == 2 {
		most = "0"
	}
	err := writeFile(g.File(files.Swap), most)
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

// OOMKills is where the kernel counts the group's processes that it killed for memory.
func (g Group) OOMKills() OOMCount { return readOOM(g.File(linux.MemoryOf(g.Version).OOM)) }

// Kill ends every process of the group in one step in which none can fork. Only v2 can, from Linux 5.14.
func (g Group) Kill() {
	if g.Version == 2 {
		_ = writeFile(filepath.Join(g.Folder, "cgroup.kill"), "1")
	}
}

// Processes are those in the group and in those below it.
func (g Group) Processes() (pids []int) {
	if g.Folder == "" {
		return nil
	}
	_ = filepath.WalkDir(g.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil //nolint:nilerr // it is being removed
		}
		for _, pid := range strings.Fields(read(path, "cgroup.procs")) {
			if n, err := strconv.Atoi(pid); err == nil && n > 0 {
				pids = append(pids, n)
			}
		}
		return nil
	})
	return pids
}

// Owner is the user who made the group, -1 for none.
func (g Group) Owner() int {
	if g.Folder == "" {
		return -1
	}
	return linux.OwnerOf(g.Folder)
}

// read is a small file's text, "" if it can't be read.
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
