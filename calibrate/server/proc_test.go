package server

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// statLine is a line of /proc/PID/stat as the kernel writes it (fs/proc/array.c, do_task_stat).
func statLine(pid int, comm string, state byte, parent int, start int64) string {
	return fmt.Sprintf("%d (%s) %c %d %d 7 0 -1 4194304 100 0 0 0 11 22 3 4 20 0 1 0 %d 1000 200 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n",
		pid, comm, state, parent, pid, start)
}

func TestParseStat(t *testing.T) {
	for _, comm := range []string{"gunicorn", "", ")", "a) S 1 (b", "two words", "tab\tnew\nline", strings.Repeat(")", 15), "(wsgi:pylons)"} {
		got, err := parseStat([]byte(statLine(42, comm, 'S', 7, 123456)))
		want := stat{PID: 42, Comm: comm, State: 'S', Parent: 7, Group: 42, Session: 7, Threads: 1, CPU: 33, Start: 123456}
		if err != nil || got != want {
			t.Errorf("comm %q: %+v, %v", comm, got, err)
		}
	}
	for _, bad := range []string{"", "42", "42 (x", "42 x) S 1", "42 (x) S 1 2 3", "42 (x) SS " + strings.Repeat("1 ", 30), "x (x) S " + strings.Repeat("1 ", 30), ") ("} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
}

func TestOwnStat(t *testing.T) {
	s, err := hostProc.stat(os.Getpid())
	if err != nil || s.PID != os.Getpid() || s.Parent != os.Getppid() || !s.alive() {
		t.Errorf("%+v %v", s, err)
	}
	if now := int64(sinceBoot() * clockTicks); s.Start <= 0 || s.Start > now+1 || now-s.Start > 3600*clockTicks {
		t.Errorf("started at %d ticks, it is %d now", s.Start, now)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(statLine(1, "a) S (b", 'Z', 2, 3)))
	f.Add([]byte("1 (x) S"))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := parseStat(line)
		if err == nil && !strings.Contains(string(line), "("+s.Comm+")") {
			t.Errorf("the name %q is not in %q", s.Comm, line)
		}
	})
}

func TestParseArgs(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                  nil,
		"\x00\x00":                          nil,
		"python\x00-m\x00x\x00":             {"python", "-m", "x"},
		"a\x00\x00b\x00":                    {"a", "", "b"},
		"gunicorn: worker [x]\x00\x00\x00":  {"gunicorn: worker [x]"},
		"puma: cluster worker 0: 1 [app]  ": {"puma: cluster worker 0: 1 [app]"},
	} {
		if got := parseArgs([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	f.Add([]byte("a\x00b\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, arg := range parseArgs(data) {
			if strings.Contains(arg, "\x00") {
				t.Errorf("%q in %q", arg, data)
			}
		}
	})
}

// A /proc of a test: who has started whom.
type family map[int][]int

// proc writes a family into a folder. Without children files it is a kernel without CONFIG_PROC_CHILDREN.
func (f family) proc(t *testing.T, childrenFiles bool) procfs {
	t.Helper()
	root := t.TempDir()
	for parent, children := range f {
		for _, pid := range children {
			write(t, filepath.Join(root, strconv.Itoa(pid), "stat"), statLine(pid, "x", 'S', parent, int64(pid)))
		}
	}
	for pid := range f.all() {
		thread := filepath.Join(root, strconv.Itoa(pid), "task", strconv.Itoa(pid))
		write(t, filepath.Join(thread, "comm"), "x")
		if _, err := os.Stat(filepath.Join(root, strconv.Itoa(pid), "stat")); err != nil {
			write(t, filepath.Join(root, strconv.Itoa(pid), "stat"), statLine(pid, "root", 'S', 0, 1))
		}
		if childrenFiles {
			write(t, filepath.Join(thread, "children"), strings.Trim(fmt.Sprint(f[pid]), "[]"))
		}
	}
	return procfs(root)
}

func (f family) all() map[int]bool {
	all := map[int]bool{}
	for parent, children := range f {
		all[parent] = true
		for _, pid := range children {
			all[pid] = true
		}
	}
	return all
}

func TestDescendants(t *testing.T) {
	for name, c := range map[string]struct {
		family family
		want   []int
	}{
		"none":       {family{1: {2}, 3: {4}}, nil},
		"chain":      {family{5: {6}, 6: {7}, 7: {8}}, []int{6, 7, 8}},
		"two levels": {family{1: {5, 9}, 5: {6, 7}, 6: {8}}, []int{6, 7, 8}},
	} {
		for _, files := range []bool{true, false} {
			p := c.family.proc(t, files)
			root := 5
			if name == "none" {
				root = 2
			}
			if got := p.descendants(root); !slices.Equal(got, c.want) {
				t.Errorf("%s, children files %v: %v, want %v", name, files, got, c.want)
			}
			if got := statPIDs(p.tree(root)); !slices.Equal(got, c.want) {
				t.Errorf("%s, children files %v: tree %v, want %v", name, files, got, c.want)
			}
		}
	}
}

func TestZombiesDoNotLive(t *testing.T) {
	p := family{1: {2, 3}}.proc(t, true)
	write(t, filepath.Join(string(p), "3", "stat"), statLine(3, "x", 'Z', 1, 3))
	if got := statPIDs(p.tree(1)); !slices.Equal(got, []int{2}) {
		t.Errorf("%v", got)
	}
}

// Whenever it is looked at, something lives of an app whose processes end as soon as they have forked, for fewer times
// than it is looked at.
func TestForkingIntoTheBackgroundLives(t *testing.T) {
	script := fmt.Sprintf("hop() { [ $1 = 0 ] && exec sleep 30; hop $(($1 - 1)) & exit 0; }; hop %d", treeLooks-1)
	for range 20 {
		g, err := startGuard(order{Path: "/bin/sh", Args: []string{"sh", "-c", script}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for last, deadline := "", time.Now().Add(10*time.Second); last != "sleep"; { // without a pause: the gaps are short
			tree := hostProc.tree(g.pid)
			if len(tree) == 0 || time.Now().After(deadline) {
				g.stop(t.Context(), syscall.SIGKILL, 0)
				t.Fatalf("nothing seems to live after %q", last)
			}
			last = tree[0].Comm
		}
		g.stop(t.Context(), syscall.SIGKILL, 0)
	}
}

// Processes read one after the other may look like each other's parents.
func TestRing(t *testing.T) {
	all := []stat{{PID: 2, Parent: 1}, {PID: 3, Parent: 4}, {PID: 4, Parent: 3}, {PID: 5, Parent: 2}, {PID: 1, Parent: 5}}
	if got := statPIDs(below(1, all)); !slices.Equal(got, []int{2, 5}) {
		t.Errorf("%v", got)
	}
}

func TestChildrenOfAProcessThatIsGone(t *testing.T) {
	p := family{1: {2}}.proc(t, true)
	if got, err := p.children(99); err == nil {
		t.Errorf("%v", got)
	}
	if got := p.descendants(99); got != nil {
		t.Errorf("%v", got)
	}
}

// A file longer than one read.
func TestReadAll(t *testing.T) {
	p := procfs(t.TempDir())
	var want []int
	for n := range 3000 {
		want = append(want, n+1)
	}
	write(t, string(p)+"/7/task/7/children", strings.Trim(fmt.Sprint(want), "[]"))
	if got, err := p.children(7); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d of %d, %v", len(got), len(want), err)
	}
}
