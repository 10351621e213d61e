package guard

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate/linux"
)

// silent starts a process of another user's, where that can be, in a session of its own: nothing in its environment says whose it is.
func silent(t *testing.T) linux.Stat {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.Env = []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if s, err := linux.Here.Stat(cmd.Process.Pid); err == nil && s.Session == s.PID && s.Comm == "sleep" {
			return s
		}
	}
	t.Fatal("it doesn't start")
	return linux.Stat{}
}

// An app that neither a control group nor its environment tells is found by the session that its guard has noted, and ended.
func TestOrphansAreFoundByTheirSession(t *testing.T) {
	app, kept := silent(t), silent(t)
	r := records{filepath.Join(t.TempDir(), "calibrate")}
	r.note(orphanName(t, 5), app.Identity())
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		t.Fatal(err)
	}
	found := orphanage{}
	for name, leader := range r.abandoned(namespace) {
		found.byRecord(lookAround(), name, leader)
	}
	o := found[orphanName(t, 5)]
	if o == nil || !slices.Equal(linux.PIDs(o.Processes), []int{app.PID}) {
		t.Fatalf("found %v", o)
	}
	if r.sweep(); len(r.abandoned(namespace)) != 1 {
		t.Fatal("a living app is forgotten")
	}
	if left := o.End(); left != 0 || linux.Here.Lives(app.Identity()) || !linux.Here.Lives(kept.Identity()) {
		t.Errorf("%d are left, of another's %v", left, linux.Here.Lives(kept.Identity()))
	}
	if r.sweep(); len(r.abandoned(namespace)) != 0 {
		t.Error("an app that is gone is remembered")
	}
}

// A session is nobody's whose number is another's by now, nor one of another boot; and a guard that has ended its app forgets it.
func TestRecordsOfOthers(t *testing.T) {
	app := silent(t)
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		t.Fatal(err)
	}
	r := records{filepath.Join(t.TempDir(), "calibrate")}
	forget := r.note(orphanName(t, 6), linux.Identity{PID: app.PID, Start: app.Start - 1})
	for _, leader := range r.abandoned(namespace) {
		if all := lookAround().inSessionOf(leader); len(all) > 0 {
			t.Errorf("found %v", all)
		}
	}
	if forget(); len(r.abandoned(namespace)) != 0 {
		t.Error("it isn't forgotten")
	}
	if err := os.WriteFile(filepath.Join(r.folder, orphanName(t, 7)), []byte(`{"Boot":"another","Leader":{"PID":1,"Start":1}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if all := r.abandoned(namespace); len(all) > 0 {
		t.Errorf("of another boot: %v", all)
	}
	r.note(orphanName(t, 8), app.Identity())
	if err := os.Chmod(r.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if all := r.abandoned(namespace); len(all) > 0 {
		t.Errorf("of a folder that others can read: %v", all)
	}
}
