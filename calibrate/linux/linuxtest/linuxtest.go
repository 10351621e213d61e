// Package linuxtest writes a /proc for tests: a family of processes in a folder of the test's own.
package linuxtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// StatLine is a line of /proc/PID/stat as the kernel writes it (fs/proc/array.c, do_task_stat).
func StatLine(pid int, comm string, state byte, parent int, start int64) string {
	return fmt.Sprintf("%d (%s) %c %d %d 7 0 -1 4194304 100 0 0 0 11 22 3 4 20 0 1 0 %d 1000 200 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
		pid, comm, state, parent, pid, start)
}

// Family is who has started whom.
type Family map[int][]int

// Write writes a family into a folder, which is a /proc. Without children files it is that of a kernel without
// CONFIG_PROC_CHILDREN.
func (f Family) Write(t testing.TB, childrenFiles bool) (root string) {
	t.Helper()
	root = t.TempDir()
	for parent, children := range f {
		for _, pid := range children {
			Write(t, filepath.Join(root, strconv.Itoa(pid), "stat"), StatLine(pid, "x", 'S', parent, int64(pid)))
		}
	}
	for pid := range f.all() {
		thread := filepath.Join(root, strconv.Itoa(pid), "task", strconv.Itoa(pid))
		Write(t, filepath.Join(thread, "comm"), "x")
		if _, err := os.Stat(filepath.Join(root, strconv.Itoa(pid), "stat")); err != nil {
			Write(t, filepath.Join(root, strconv.Itoa(pid), "stat"), StatLine(pid, "root", 'S', 0, 1))
		}
		if childrenFiles {
			Write(t, filepath.Join(thread, "children"), strings.Trim(fmt.Sprint(f[pid]), "[]"))
		}
	}
	return root
}

func (f Family) all() map[int]bool {
	all := map[int]bool{}
	for parent, children := range f {
		all[parent] = true
		for _, pid := range children {
			all[pid] = true
		}
	}
	return all
}

// Write writes a file, and makes its folder.
func Write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
