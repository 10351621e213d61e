package linux

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate/linux/linuxtest"
)

// end has a process of the test's /proc end: the kernel answers ESRCH through a file kept open, a folder with nothing.
func (p FS) end(t *testing.T, pid int) {
	t.Helper()
	linuxtest.Write(t, p.ProcPath(strconv.Itoa(pid), "stat"), "")
	if err := os.RemoveAll(p.ProcPath(strconv.Itoa(pid))); err != nil {
		t.Fatal(err)
	}
}

func (p FS) adopt(t *testing.T, parent int, children ...int) {
	t.Helper()
	linuxtest.Write(t, p.ProcPath(strconv.Itoa(parent), "task", strconv.Itoa(parent), "children"), strings.Trim(fmt.Sprint(children), "[]"))
}

// Look after look, what is followed is what a reading from scratch finds, parents first.
func TestFollow(t *testing.T) {
	f := linuxtest.Family{}
	parents := []int{1}
	for pid := 2; pid < 62; pid++ {
		parent := parents[rand.IntN(len(parents))]
		f[parent] = append(f[parent], pid)
		parents = append(parents, pid)
	}
	p := FS{Proc: f.Write(t, true)}
	followed := Follower{proc: p}
	defer followed.Close()
	for look := range 10 {
		got := followed.Look(1)
		if want := p.Tree(1); !slices.Equal(got, want) {
			t.Fatalf("look %d: %d processes followed, %d found from scratch", look, len(got), len(want))
		}
		leaf := got[len(got)-1-rand.IntN(5)]
		if len(f[leaf.PID]) > 0 {
			continue
		}
		p.end(t, leaf.PID)
		f[leaf.Parent] = slices.DeleteFunc(f[leaf.Parent], func(pid int) bool { return pid == leaf.PID })
		p.adopt(t, leaf.Parent, f[leaf.Parent]...)
	}
}

// A pid with another owner since the last look is another process.
func TestFollowReusedPID(t *testing.T) {
	p := FS{Proc: linuxtest.Family{1: {2, 3}}.Write(t, true)}
	f := Follower{proc: p}
	defer f.Close()
	f.Look(1)
	p.end(t, 3)
	linuxtest.Write(t, filepath.Join(p.Proc, "3", "stat"), linuxtest.StatLine(3, "x", 'S', 1, 999))
	p.adopt(t, 3)
	if got := f.Look(1); len(got) != 2 || got[1].PID != 3 || got[1].Start != 999 {
		t.Errorf("%+v", got)
	}
}

// What has ended and is in no list any more is not looked for by its number, which may be a stranger's.
func TestFollowReusedPIDOfAStranger(t *testing.T) {
	p := FS{Proc: linuxtest.Family{1: {2, 3}}.Write(t, true)}
	f := Follower{proc: p}
	defer f.Close()
	f.Look(1)
	p.adopt(t, 1, 2)
	p.end(t, 3)
	stranger := FS{Proc: linuxtest.Family{3: {4}}.Write(t, true)}
	if err := os.CopyFS(filepath.Join(p.Proc, "3"), os.DirFS(filepath.Join(stranger.Proc, "3"))); err != nil {
		t.Fatal(err)
	}
	if got := PIDs(f.Look(1)); !slices.Equal(got, []int{2}) || f.Plain || f.kept[3] != nil {
		t.Errorf("%v, plain %v", got, f.Plain)
	}
}

// What the list of children leaves out while it lives is still there, and before its own children.
func TestFollowMissed(t *testing.T) {
	p := FS{Proc: linuxtest.Family{1: {9, 5}, 9: {4}, 4: {3}}.Write(t, true)}
	for pid, start := range map[int]int64{9: 2, 4: 3, 3: 4} { // parents start first
		linuxtest.Write(t, filepath.Join(p.Proc, strconv.Itoa(pid), "stat"), linuxtest.StatLine(pid, "x", 'S', 1, start))
	}
	f := Follower{proc: p}
	defer f.Close()
	f.Look(1)
	p.adopt(t, 1, 5)
	if got := PIDs(f.Look(1)); !slices.Equal(got, []int{5, 9, 4, 3}) {
		t.Errorf("%v", got)
	}
}

// Where nothing can be kept, the tree is read from scratch.
func TestFollowPlain(t *testing.T) {
	few := Follower{proc: FS{Proc: linuxtest.Family{1: {2, 3, 4}}.Write(t, true)}, most: 4, kept: map[int]*kept{}, buf: make([]byte, 4096)}
	for name, f := range map[string]*Follower{
		"a low limit of open files":    &few,
		"a kernel without child lists": {proc: FS{Proc: linuxtest.Family{1: {2, 3, 4}}.Write(t, false)}},
	} {
		for range 2 {
			got := PIDs(f.Look(1))
			if slices.Sort(got); !slices.Equal(got, []int{2, 3, 4}) || !f.Plain || len(f.kept) > 0 {
				t.Errorf("%s: %v, plain %v, %d kept", name, got, f.Plain, len(f.kept))
			}
		}
	}
}

// A thread has children of its own, and leaves them to another when it ends.
func TestFollowThreads(t *testing.T) {
	f := Follower{proc: Here}
	defer f.Close()
	sees := func(pid int) bool { return slices.Contains(PIDs(f.Look(os.Getpid())), pid) }
	var children []int
	for range 3 { // the second thread comes where the first has gone: as many as before
		child, end := childOfThread(t)
		children = append(children, child.Process.Pid)
		if !sees(child.Process.Pid) {
			t.Error("the child of a thread is not seen")
		}
		end()
	}
	for range 10 {
		for _, pid := range children {
			if !sees(pid) {
				t.Error("the child of a thread that has ended is not seen")
			}
		}
	}
	if f.Plain {
		t.Error("the tree is not followed")
	}
}

// childOfThread starts a child from a thread of its own, and returns what ends the thread.
func childOfThread(t *testing.T) (child *exec.Cmd, end func()) {
	t.Helper()
	started, over := make(chan error), make(chan bool)
	child = exec.Command("sleep", "100")
	thread := 0
	go func() {
		runtime.LockOSThread() // and so the thread ends with the goroutine, unless it is the process's first
		thread = unix.Gettid()
		started <- child.Start()
		<-over
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	return child, func() {
		close(over)
		for deadline := time.Now().Add(time.Second); thread != os.Getpid() && time.Now().Before(deadline); {
			if !exists(Here.ProcPath("self", "task", strconv.Itoa(thread))) {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// A look at known processes is two or three readings a process, and opens nothing.
func TestFollowReadings(t *testing.T) {
	const n = 20
	shell := exec.Command("/bin/sh", "-c", "for i in $(seq 20); do sleep 100 & done; wait")
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	root := shell.Process.Pid
	defer func() { _ = syscall.Kill(-root, syscall.SIGKILL); _ = shell.Wait() }()
	f := Follower{proc: Here}
	for deadline := time.Now().Add(10 * time.Second); len(f.Look(root)) < n && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if got, want := PIDs(f.Look(root)), PIDs(Here.Tree(root)); len(want) != n || !slices.Equal(got, want) || f.Plain {
		t.Fatalf("%v followed, %v found from scratch; plain %v", got, want, f.Plain)
	}
	threads := len(f.kept[root].lists)
	if allocs := testing.AllocsPerRun(10, func() { f.Look(root) }); allocs > float64(n+5*threads+5) { // a name each, and the queue; some more under -race
		t.Errorf("a look at %d processes allocates %v times", n, allocs)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	reads, files := readings(t), f.files
	f.Look(root)
	if got, want := readings(t)-reads, 2*n+threads+8; got > want || f.files != files {
		t.Errorf("%d readings of %d processes, at most %d wanted; %d files, then %d", got, n, want, files, f.files)
	}
	_ = syscall.Kill(f.tree[1].PID, syscall.SIGKILL)
	for deadline := time.Now().Add(10 * time.Second); len(f.Look(root)) == n && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if f.Close(); f.files != 0 || len(f.tree) != n-1 {
		t.Errorf("%d files kept at the end, of %d processes", f.files, len(f.tree))
	}
}

// readings are the reading system calls of this thread so far (Documentation/filesystems/proc.rst, syscr).
func readings(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/thread-self/io")
	if err != nil {
		t.Skip(err) // a kernel without CONFIG_TASK_IO_ACCOUNTING
	}
	_, rest, _ := bytes.Cut(text, []byte("syscr: "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, err := strconv.Atoi(string(line))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
