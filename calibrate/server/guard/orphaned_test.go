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

// marked starts a process, in a session of its own, that says it is an app of another; it ignores SIGTERM. Its child has no mark.
func marked(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", `trap "" TERM; env -i sleep 60 & exec env `+group.Mark+`="$0" sleep 61`, name)
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
	for deadline := time.Now().Add(5 * time.Second); o == nil || len(o.Processes) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not found: %v", o)
		}
		o = orphan(left.Process.Pid)
	}
	if !strings.Contains(o.String(), "2 processes, sleep (pid ") {
		t.Error(o)
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
