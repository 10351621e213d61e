package group

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate/linux"
)

// Hierarchy is where the memory controller keeps the control groups of this process. On a hybrid host each controller
// is in v1 or in v2; memory's place alone counts here.
type Hierarchy struct {
	Version int
	Groups  []string // folders: the process's own group, its parent, and so on as far as the mount shows
	uid     int      // who asks
}

// FindHierarchy finds the groups of this process.
func FindHierarchy(fs linux.FS) (Hierarchy, error) {
	cgroups, err := fs.Cgroups("self")
	if err != nil {
		return Hierarchy{}, fmt.Errorf("this kernel has no control groups (%w)", err)
	}
	found := cgroups.Hierarchy("memory")
	switch {
	case found.Version == 0:
		return Hierarchy{}, errors.New("no hierarchy of control groups has the memory controller")
	case found.Doubt != "":
		return Hierarchy{}, fmt.Errorf("the control group %s can't be found: %s", found.Path, found.Doubt)
	}
	h := Hierarchy{Version: found.Version, uid: os.Geteuid()}
	for _, g := range found.Groups {
		h.Groups = append(h.Groups, g.Folder)
	}
	return h, nil
}

// Make makes a group for an app, as near to this process's own as may be.
func (h Hierarchy) Make(name string) (Group, error) {
	var refused error // by the nearest: the one to mend
	for at := 0; ; at++ {
		next, err := h.parent(at)
		if err != nil {
			return Group{}, cmp.Or(refused, err)
		}
		at = next
		made, err := h.makeBelow(h.Groups[at], name)
		if err == nil {
			return made, nil
		}
		refused = cmp.Or(refused, err)
	}
}

// parent looks, from one of the groups on upwards, for the next in which an app's group could be made.
//
// In v1 that is the process's own, whose limits then bind the app too. v2 allows no group that has both processes and
// such children (Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint"), so there it is one above,
// unless the app would thereby escape a limit that binds the tool.
func (h Hierarchy) parent(from int) (int, error) {
	for i := from; i < len(h.Groups) && (i == 0 || h.Version == 2); i++ {
		if i > 0 {
			if limit := limitOf(h.Groups[i-1]); limit != "" {
				return 0, fmt.Errorf("an app outside of %s would escape its %s", h.Groups[i-1], limit)
			}
		}
		if h.Version == 1 || h.handsDown(h.Groups[i]) {
			return i, nil
		}
	}
	return 0, errors.New("no control group here hands the memory controller down to new ones")
}

func (h Hierarchy) makeBelow(parent, name string) (Group, error) {
	if read(parent, "memory.use_hierarchy") == "0" { // before Linux 5.11, and not under systemd
		return Group{}, fmt.Errorf("a group below %s would escape its limits: memory.use_hierarchy is 0", parent)
	}
	c := Group{Folder: filepath.Join(parent, name), Version: h.Version}
	if err := syscall.Mkdir(c.Folder, 0o755); err != nil {
		return Group{}, fmt.Errorf("no control group can be made in %s: %w", parent, err)
	}
	if !(linux.Group{Folder: c.Folder}).Has(linux.MemoryOf(c.Version).Charge) {
		c.Remove()
		return Group{}, fmt.Errorf("a group below %s has no memory controller", parent) // such as in a threaded one
	}
	return c, nil
}

// handsDown says whether the children of a v2 group have the memory controller. It is switched on only in a group that
// was delegated to us and has no processes of its own, and stays on: another run may rely on it by then.
func (h Hierarchy) handsDown(group string) bool {
	const control = "cgroup.subtree_control"
	if slices.Contains(strings.Fields(read(group, control)), "memory") {
		return true
	}
	if !slices.Contains(strings.Fields(read(group, "cgroup.controllers")), "memory") ||
		!h.delegated(group) || read(group, "cgroup.procs") != "" {
		return false
	}
	return writeFile(filepath.Join(group, control), "+memory") == nil
}

// delegated says whether a group was given to the user (the kernel's sense: the folder is theirs) or to a service
// (systemd marks those). Root owns every group, which says nothing.
func (h Hierarchy) delegated(group string) bool {
	if h.uid != 0 {
		return linux.OwnerOf(group) == h.uid
	}
	return linux.Attribute(group, "user.delegate") == "1" || linux.Attribute(group, "trusted.delegate") == "1"
}

// limitOf names a limit that a v2 group sets on what is in it, "" for none. pids.max isn't looked at: systemd sets it
// everywhere, and far above what a server needs.
func limitOf(group string) string {
	for _, file := range []string{"memory.max", "memory.high", "memory.swap.max", "cpu.max", "cpuset.cpus", "cpuset.mems", "io.max"} {
		text := read(group, file)
		if text != "" && text != "max" && !strings.HasPrefix(text, "max ") { // cpu.max: "max 100000"
			return file
		}
	}
	return ""
}
