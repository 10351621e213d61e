package linux

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Leader is the process of a thread: /proc shows threads too, to those who know their numbers.
func (fs FS) Leader(tid int) int {
	text, err := fs.readAll(strconv.Itoa(tid), "status")
	if err != nil {
		return tid
	}
	s, _ := ParseStatus(text)
	if s.Process <= 0 {
		return tid
	}
	return s.Process
}

// IsAbove says whether a process is the parent of another, or the parent's parent, and so on.
func (fs FS) IsAbove(pid, below int) bool {
	for seen := 0; below > 0 && seen < 1000; seen++ {
		s, err := fs.Stat(below)
		if err != nil {
			return false
		}
		if below = s.Parent; below == pid {
			return true
		}
	}
	return false
}

// Args is the command line of a process, or its title if it has set one (setproctitle writes over argv).
func (fs FS) Args(pid int) []string {
	data, err := fs.readAll(strconv.Itoa(pid), "cmdline")
	if err != nil {
		return nil
	}
	return ParseArgs(data)
}

// ParseArgs splits /proc/PID/cmdline. Arguments end in a NUL; a title may end in many.
func ParseArgs(data []byte) []string {
	text := strings.TrimRight(string(data), "\x00 ")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// Threads are the numbers of a process's threads.
func (fs FS) Threads(pid int) ([]int, error) { return fs.numbers(strconv.Itoa(pid), "task") }

// ThreadName is what a thread calls itself (proc_pid_comm(5)), "" if it has ended.
func (fs FS) ThreadName(pid, thread int) string {
	name, _ := fs.readAll(strconv.Itoa(pid), "task", strconv.Itoa(thread), "comm")
	return strings.TrimSuffix(string(name), "\n")
}

// Processes are the numbers of all that can be seen.
func (fs FS) Processes() ([]int, error) { return fs.numbers() }

// Descriptors are the numbers of the files that a process has open; process is a pid or "self".
func (fs FS) Descriptors(process string) ([]int, error) { return fs.numbers(process, "fd") }

// Children are the processes that a process has started or adopted, over all its threads. A kernel without
// CONFIG_PROC_CHILDREN has no such file: ErrNoChildren.
func (fs FS) Children(pid int) ([]int, error) {
	threads, err := fs.Threads(pid)
	if err != nil {
		return nil, err
	}
	var all []int
	found := false
	for _, tid := range threads {
		data, err := fs.readAll(strconv.Itoa(pid), "task", strconv.Itoa(tid), "children")
		if err != nil {
			continue // the thread has ended, or there is no such file
		}
		found = true
		all = appendNumbers(all, data)
	}
	if !found && exists(fs.ProcPath(strconv.Itoa(pid), "stat")) {
		return nil, ErrNoChildren
	}
	return all, nil
}

// ErrNoChildren says that the tree must be found by reading every process.
var ErrNoChildren = errors.New("this kernel has no /proc/PID/task/TID/children")

func appendNumbers(to []int, data []byte) []int {
	for field := range bytes.FieldsSeq(data) {
		if n, err := strconv.Atoi(string(field)); err == nil && n > 0 {
			to = append(to, n)
		}
	}
	return to
}

// PIDNamespace is the inode of the PID namespace of this process (namespaces(7)).
func (fs FS) PIDNamespace() (inode uint64, err error) {
	link, err := os.Readlink(fs.ProcPath("self", "ns", "pid"))
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscanf(link, "pid:[%d]", &inode); err != nil {
		return 0, fmt.Errorf("%s is no PID namespace: %w", link, err)
	}
	return inode, nil
}

// Mapped says whether a process has a file mapped whose name matches a pattern of path.Match. Its error says that this can't be
// read, as of another user's process.
func (fs FS) Mapped(pid int, pattern string) (bool, error) {
	files, err := fs.MappedFiles(pid)
	if err != nil {
		return false, err
	}
	for _, file := range files {
		if matches, err := path.Match(pattern, path.Base(file)); err != nil || matches {
			return matches, err
		}
	}
	return false, nil
}

// MappedFiles are the files that a process has mapped, each once, as /proc/PID/maps has them (proc_pid_maps(5)).
func (fs FS) MappedFiles(pid int) ([]string, error) {
	text, err := fs.readAll(strconv.Itoa(pid), "maps")
	if err != nil {
		return nil, fmt.Errorf("the memory map can't be read: %w", err)
	}
	return MapsFiles(string(text)), nil
}

// MapsFiles are the files in /proc/PID/maps. One that was deleted since still counts.
func MapsFiles(text string) (files []string) {
	for line := range strings.Lines(text) { // address perms offset dev inode pathname
		i := strings.IndexByte(line, '/')
		if i < 0 {
			continue
		}
		file := strings.TrimSuffix(strings.TrimSpace(line[i:]), " (deleted)")
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}
