package workers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/linux/linuxtest"
)

// Who serves, by what each process holds at one look after the other: connections by their inodes. Process 1 is above 2 and 3.
func TestHandedDown(t *testing.T) {
	type look map[int][]int
	queue := []look{{1: {10, 11, 12}, 2: {}}} // at every look the primary holds others alone
	for n := 11; n < 21; n++ {
		queue = append(queue, look{1: {n, n + 1, n + 2}, 2: {}})
	}
	for name, c := range map[string]struct {
		looks []look
		gave  int // by process 1
		want  []int
	}{
		"a primary kept from the cores":      {append(slices.Clone(queue), look{1: {21, 22}, 2: {20}}, look{1: {23, 24}, 2: {22}}), 2, []int{2}},
		"the same, before it acknowledged":   {append(slices.Clone(queue), look{1: {20, 21, 22}, 2: {20}}, look{1: {22, 23, 24}, 2: {22}}), 2, []int{2}},
		"accepted and handed between looks":  {append(slices.Clone(queue), look{1: {30}, 2: {30}}, look{1: {31}, 2: {31}}), 2, []int{2}},
		"one is too few to tell":             {append(slices.Clone(queue), look{1: {21, 22}, 2: {20}}), 1, []int{1}},
		"children that accept by themselves": {[]look{{1: {}, 2: {10}, 3: {11}}, {1: {}, 2: {12}, 3: {13}}, {1: {}, 2: {14}, 3: {15}}}, 0, []int{2, 3}},
		"a pool that was forked meanwhile":   {append(slices.Clone(queue), look{1: {20, 21, 30}, 2: {}, 3: {20, 21}}, look{1: {20, 21, 31}, 2: {}, 3: {20, 21}}), 0, []int{1}},
		"a fork for each connection":         {append(slices.Clone(queue), look{1: {30}, 3: {30}}, look{1: {31}, 3: {30}}), 0, []int{1}},
		"one of many to a helper":            {append(slices.Concat(queue, queue, queue), look{1: {21}, 2: {20}}, look{1: {23}, 2: {21}}), 2, []int{1}},
	} {
		s := newServing(linux.FS{Proc: t.TempDir()})
		var tree []linux.Process
		for _, l := range c.looks {
			tree = writeHolders(t, s.proc.Proc, l)
			s.next = time.Time{}
			s.look(tree, []int{80}, false)
		}
		if gave := s.seen[linux.Identity{PID: 1, Start: 1}]; c.gave > 0 && (gave == nil || gave.gave != c.gave) || c.gave == 0 && gave != nil && gave.gave > 0 {
			t.Errorf("%s: %+v, should have handed %d down", name, gave, c.gave)
		}
		if got, _ := s.servers(tree); !slices.Equal(PIDs(got), c.want) {
			t.Errorf("%s: %v serve, want %v", name, PIDs(got), c.want)
		}
	}
}

// writeHolders writes what a /proc has of processes that hold connections at port 80.
func writeHolders(t *testing.T, proc string, holders map[int][]int) (tree []linux.Process) {
	t.Helper()
	lines, written := []string{"  sl  local_address rem_address   st"}, map[int]bool{}
	for _, pid := range []int{1, 2, 3} {
		held, there := holders[pid]
		folder := filepath.Join(proc, strconv.Itoa(pid), "fd")
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if !there {
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, inode := range held {
			if err := os.Symlink(fmt.Sprintf("socket:[%d]", inode), filepath.Join(folder, strconv.Itoa(inode))); err != nil {
				t.Fatal(err)
			}
			if !written[inode] {
				lines = append(lines, fmt.Sprintf("   0: 0100007F:0050 0100007F:%04X 01 00000000:00000000 00:00000000 00000000 0 0 %d 1", 0x8000+inode, inode))
				written[inode] = true
			}
		}
		tree = append(tree, linux.Process{PID: pid, Parent: min(pid-1, 1), Start: 1, Args: []string{"app"}, CPU: 30})
	}
	lines = append(lines, "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 9 1")
	linuxtest.Write(t, filepath.Join(proc, "1", "net", "tcp"), strings.Join(lines, "\n")+"\n")
	return tree
}
