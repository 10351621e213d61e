package guard

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/group"
)

// marked starts a process, in a session of its own, that says it is an app of another; it ignores SIGTERM. Its child has no mark, and
// is started by some words that may change its user.
func marked(t *testing.T, name string, by ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", `trap "" TERM; env -i `+strings.Join(by, " ")+` sleep 60 & exec env `+group.Mark+`="$0" sleep 61`, name)
	cmd.Env = append(os.Environ(), group.Mark+"=another's")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	return cmd
}

// orphan is the one that has a process, nil if it is found in none.
func orphan(pid int) *Orphan {
	for _, o := range FindOrphans() {
		if slices.Contains(linux.PIDs(o.Processes), pid) {
			return &o
		}
	}
	return nil
}

// An app is an orphan if its owner is gone, with all of its session; it is named, and ended though it ignores SIGTERM.
func TestOrphansAreFoundAndEnded(t *testing.T) {
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		t.Fatal(err)
	}
	own, err := group.NewName()
	if err != nil {
		t.Fatal(err)
	}
	kept := marked(t, own)
	elsewhere := marked(t, group.NameOf(linux.Identity{PID: os.Getpid(), Start: 1}, namespace+1, 1)) // who knows whether it lives
	left := marked(t, group.NameOf(linux.Identity{PID: os.Getpid(), Start: 1}, namespace, 1))
	var o *Orphan
	for deadline := time.Now().Add(5 * time.Second); o == nil || !strings.HasPrefix(o.String(), "2 processes, sleep (pid "); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not found: %v", o)
		}
		o = orphan(left.Process.Pid)
	}
	for _, other := range []*exec.Cmd{kept, elsewhere} {
		if found := orphan(other.Process.Pid); found != nil {
			t.Errorf("somebody's app is called an orphan: %v", found)
		}
	}
	go func() { _ = left.Wait() }()
	if n := o.End(); n != 0 || orphan(left.Process.Pid) != nil {
		t.Errorf("%d are left", n)
	}
	if kept.Process.Signal(syscall.Signal(0)) != nil {
		t.Error("another's app was ended")
	}
}

// orphanName is the name of an app whose owner is gone.
func orphanName(t *testing.T, n int64) string {
	t.Helper()
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		t.Fatal(err)
	}
	return group.NameOf(linux.Identity{PID: os.Getpid(), Start: 1}, namespace, n)
}

// What is in an orphan's session and process group, and another user's, is left alone: anybody can give a process of his the mark.
func TestOrphansAreOneUsers(t *testing.T) {
	setpriv, err := exec.LookPath("setpriv")
	if err != nil || os.Getuid() != 0 {
		t.Skip("changing the user takes root and setpriv")
	}
	left := marked(t, orphanName(t, 2), setpriv, "--reuid=65534", "--clear-groups")
	var o *Orphan
	var other int
	for deadline := time.Now().Add(5 * time.Second); o == nil || other == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("found %v, and of another user %d", o, other)
		}
		o = orphan(left.Process.Pid)
		for _, s := range linux.Here.Stats(linux.Here.Descendants(left.Process.Pid)) {
			if linux.Here.Owner(s.PID) == 65534 && s.Comm == "sleep" {
				other = s.PID
			}
		}
	}
	if found := orphan(other); found != nil {
		t.Fatalf("found %v", found)
	}
	o = orphan(left.Process.Pid) // a moment ago the other may have been root's still
	go func() { _ = left.Wait() }()
	if n := o.End(); n != 0 || orphan(left.Process.Pid) != nil {
		t.Errorf("%d are left", n)
	}
	if s, err := linux.Here.Stat(other); err != nil || !s.Alive() {
		t.Error("another user's process was ended")
	}
}

// An orphan has nothing of what this process depends on, or can't tell whose it is.
func TestMayEnd(t *testing.T) {
	child := marked(t, orphanName(t, 3))
	s, err := linux.Here.Stat(child.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	s.Session = s.PID // it may not be there yet
	m := lookAround()
	if !m.mayEnd(s) {
		t.Error("a stranger may not be ended")
	}
	with := func(change func(*linux.Stat, *machine)) bool {
		s, m := s, m
		change(&s, &m)
		return m.mayEnd(s)
	}
	for what, change := range map[string]func(*linux.Stat, *machine){
		"in no session that is seen from here": func(s *linux.Stat, _ *machine) { s.Session = 0 },
		"in this process's session":            func(s *linux.Stat, m *machine) { m.session = s.Session },
		"above this process":                   func(s *linux.Stat, m *machine) { m.above = map[int]bool{s.PID: true} },
		"a thread of the kernel":               func(s *linux.Stat, _ *machine) { s.Kernel = true },
		"another user's":                       func(_ *linux.Stat, m *machine) { m.user = os.Getuid() + 1 },
	} {
		if with(change) {
			t.Errorf("ended though %s", what)
		}
	}
	for _, pid := range []int{os.Getpid(), os.Getppid()} {
		if s, err := linux.Here.Stat(pid); err == nil && m.mayEnd(s) {
			t.Errorf("may end %v", s)
		}
	}
}

// What calibrate runs below, such as a terminal that an app started for good, is no orphan to it.
func TestOrphanAboveIsNone(t *testing.T) {
	name := orphanName(t, 4)
	child := marked(t, name)
	for deadline := time.Now().Add(5 * time.Second); orphan(child.Process.Pid) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not found")
		}
	}
	namespace, _ := linux.Here.PIDNamespace()
	m := lookAround()
	m.marks[name] = true
	found := orphanage{}
	if found.byMark(m, namespace); found[name] != nil {
		t.Errorf("found %v", found[name])
	}
}
