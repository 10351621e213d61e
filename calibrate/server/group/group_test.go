package group

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"workermem/calibrate/linux"
)

const machines = "../../../fixtures/cgroup"

// tree is a copy of one of them, whose files may be written to.
func tree(t *testing.T, name string) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join(machines, name))); err != nil {
		t.Fatal(err)
	}
	return root
}

func machine(root string) linux.FS {
	return linux.FS{Proc: filepath.Join(root, "proc"), Sys: filepath.Join(root, "sys")}
}

// Where an app's group would be made.
func TestParent(t *testing.T) {
	for _, c := range []struct {
		tree, parent, why string
	}{
		{tree: "v1-limit", parent: "memory/web"},
		{tree: "v1-nested", parent: "memory/a/b/c"},
		{tree: "v1-container-bind-mount", parent: "memory"},
		{tree: "hybrid-memory-v1", parent: "memory/web"},
		{tree: "mounted-twice", parent: "memory/a/b"},
		{tree: "v2-user-scope", parent: "user.slice/user-1000.slice/user@1000.service/app.slice"},
		{tree: "v2-root-group", parent: "."},
		// The service's own group could hand memory down, but it is nobody's to change (see TestDelegated).
		{tree: "v2-delegated", parent: "system.slice"},
		{tree: "v2-delegated-with-processes", parent: "system.slice"},
		{tree: "v2-cpu-quota", why: "an app outside of SYS/system.slice/web.service would escape its cpu.max"},
		{tree: "v2-limit", why: "an app outside of SYS/system.slice/web.service would escape its memory.max"},
		{tree: "v2-high", why: "an app outside of SYS/web would escape its memory.max"},
		{tree: "v2-no-memory-controller", why: "an app outside of SYS/web would escape its cpu.max"},
		{tree: "v2-container-namespace", why: "no control group here hands the memory controller down to new ones"},
		{tree: "v2-not-handed-down", why: "no control group here hands the memory controller down to new ones"},
		{tree: "hybrid-memory-v2", why: "an app outside of SYS/unified/system.slice/web.service would escape its memory.max"},
		{tree: "namespace-outside", why: "outside the cgroup namespace whose cgroups are mounted"},
		{tree: "mount-of-another", why: "can't be found: the process is in /docker/1111 but /docker/2222 is what is mounted"},
		{tree: "not-mounted", why: "no cgroup file system is mounted that has them"},
		{tree: "no-cgroups", why: "this kernel has no control groups"},
	} {
		root := filepath.Join(machines, c.tree)
		sys := filepath.Join(root, "sys/fs/cgroup")
		h, err := FindHierarchy(machine(root))
		h.uid = 4711 // who owns nothing here
		at := 0
		if err == nil {
			at, err = h.parent(0)
		}
		want := filepath.Join(sys, c.parent)
		switch why := strings.ReplaceAll(c.why, "SYS", sys); {
		case why == "" && (err != nil || h.Groups[at] != want):
			t.Errorf("%s: %+v at %d (%v), want %s", c.tree, h.Groups, at, err, want)
		case why != "" && (err == nil || !strings.Contains(err.Error(), why)):
			t.Errorf("%s: %v, want %s", c.tree, err, why)
		}
	}
}

// The memory controller is switched on where the folder was given to us and has no processes of its own.
func TestDelegated(t *testing.T) {
	for _, c := range []struct {
		tree, control string
		at            int
	}{
		{"v2-delegated", "+memory", 1},
		{"v2-delegated-with-processes", "", 2},
	} {
		root := tree(t, c.tree)
		h, err := FindHierarchy(machine(root))
		if err != nil {
			t.Fatal(err)
		}
		service := filepath.Join(root, "sys/fs/cgroup/system.slice/ci.service")
		if h.uid == 0 { // to root all folders belong
			if err := unix.Setxattr(service, "user.delegate", []byte("1"), 0); err != nil {
				t.Skip("this file system keeps no attributes:", err)
			}
		}
		at, err := h.parent(0)
		if err != nil || at != c.at {
			t.Errorf("%s: at %d (%v), want %d", c.tree, at, err, c.at)
		}
		if got := read(service, "cgroup.subtree_control"); got != c.control {
			t.Errorf("%s: %q was written, want %q", c.tree, got, c.control)
		}
	}
}

// In a folder that is none of the kernel's, the group is no group, and goes again.
func TestMakeWithoutAController(t *testing.T) {
	root := tree(t, "v1-limit")
	h, err := FindHierarchy(machine(root))
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Make("calibrate-1-2-3")
	if err == nil || !strings.Contains(err.Error(), "has no memory controller") || exists(filepath.Join(h.Groups[0], "calibrate-1-2-3")) {
		t.Errorf("%+v %v", c, err)
	}
}

// Where a v1 parent's limits bind its own processes only, an app below would escape them.
func TestMakeWithoutAHierarchy(t *testing.T) {
	h, err := FindHierarchy(machine(tree(t, "v1-no-hierarchy")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Make("calibrate-1-2-3"); err == nil || !strings.Contains(err.Error(), "memory.use_hierarchy is 0") {
		t.Error(err)
	}
}

func TestOwnerOf(t *testing.T) {
	name, err := NewName()
	if err != nil {
		t.Fatal(err)
	}
	own, err := linux.Here.PIDNamespace()
	if err != nil || own == 0 {
		t.Fatal(own, err)
	}
	if who, namespace, ok := OwnerOf(name); !ok || who.PID != os.Getpid() || !linux.Here.Lives(who) || namespace != own {
		t.Errorf("%s is %+v's in %d", name, who, namespace)
	}
	if again, _ := NewName(); again == name {
		t.Error("two groups of one name")
	}
	for _, other := range []string{"", "calibrate", "calibrate-", "calibrate-1-2-3", "calibrate-1-2-3-4-5", "calibrate-1-2-3-4x", "calibrate-test-1",
		"calibrate-01-2-3-4", "calibrate- 1-2-3-4", "xcalibrate-1-2-3-4", "calibrate-+1-2-3-4", "calibrate-1-2--3-4",
		"calibrate-99999999999999999999-2-3-4"} {
		if who, _, ok := OwnerOf(other); ok {
			t.Errorf("%q is %+v's", other, who)
		}
	}
}

func FuzzOwnerOf(f *testing.F) {
	f.Add("calibrate-1-2-3-4")
	f.Add("calibrate-1--2-3-4")
	f.Fuzz(func(t *testing.T, name string) {
		if _, _, ok := OwnerOf(name); ok && (filepath.Base(name) != name || !strings.HasPrefix(name, "calibrate-")) {
			t.Errorf("%q would be removed", name)
		}
	})
}

func TestSweepGroups(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command("true")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	own, err := NewName()
	if err != nil {
		t.Fatal(err)
	}
	namespace, err := linux.Here.PIDNamespace()
	if err != nil {
		t.Fatal(err)
	}
	groupOf := func(pid int, namespace uint64) string {
		return NameOf(linux.Identity{PID: pid, Start: 1}, namespace, 1)
	}
	gone := groupOf(child.Process.Pid, namespace)
	reused := groupOf(os.Getpid(), namespace)            // our number, but not our start
	elsewhere := groupOf(child.Process.Pid, namespace+1) // whose owner may live there, whatever has its number here
	for _, name := range []string{own, gone, reused, elsewhere, gone + "x", "web", filepath.Join(gone, "below")} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got := Abandoned(dir); !slices.Equal(got, slices.Sorted(slices.Values([]string{filepath.Join(dir, gone), filepath.Join(dir, reused)}))) || !exists(got[0]) {
		t.Errorf("abandoned: %q", got)
	}
	if inhabited := Sweep(dir); len(inhabited) != 0 {
		t.Errorf("inhabited: %q", inhabited)
	}
	for name, want := range map[string]bool{own: true, gone: false, reused: false, elsewhere: true, gone + "x": true, "web": true} {
		if exists(filepath.Join(dir, name)) != want {
			t.Errorf("%s is there: %v", name, !want)
		}
	}
	if Sweep("/nowhere") != nil {
		t.Error("something in nowhere")
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
