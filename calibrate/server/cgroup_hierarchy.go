package server

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// hierarchy is where the memory controller keeps the control groups of this process. On a hybrid host each controller
// is in v1 or in v2; memory's place alone counts here.
type hierarchy struct {
	version int
	groups  []string // folders: the process's own group, its parent, and so on as far as the mount shows
	uid     int      // who asks
}

// findHierarchy reads /proc/self/cgroup and /proc/self/mountinfo below root, which is "" but in tests.
func findHierarchy(root string) (hierarchy, error) {
	groups, err := os.ReadFile(root + "/proc/self/cgroup")
	if err != nil {
		return hierarchy{}, fmt.Errorf("this kernel has no control groups (%w)", err)
	}
	mounts, err := os.ReadFile(root + "/proc/self/mountinfo")
	if err != nil {
		return hierarchy{}, err
	}
	for _, m := range memberships(string(groups)) {
		point, below := mounted(string(mounts), m)
		switch {
		case point == "":
			err = fmt.Errorf("no file system of control groups v%d is mounted", m.version)
		case below == "":
			err = fmt.Errorf("the control group %s isn't in what is mounted at %s", m.path, point)
		default:
			h := hierarchy{version: m.version, uid: os.Geteuid()}
			for ; ; below = filepath.Dir(below) {
				h.groups = append(h.groups, filepath.Join(root, point, below))
				if below == "." {
					return h, nil
				}
			}
		}
		if m.version == 1 {
			break // a controller is in one hierarchy only
		}
	}
	if err == nil {
		err = errors.New("no hierarchy of control groups has the memory controller")
	}
	return hierarchy{}, err
}

// membership is a control group of this process that may have the memory controller.
type membership struct {
	version int
	path    string // in the hierarchy
}

// memberships reads /proc/self/cgroup (man 7 cgroups: "4:memory:/a/b" for v1, "0::/a/b" for v2), v1 first: where memory
// is in v1, v2 can't have it.
func memberships(text string) []membership {
	var v1, v2 []membership
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[0] == "0" && parts[1] == "":
			v2 = append(v2, membership{2, parts[2]})
		case hasWord(parts[1], "memory"):
			v1 = append(v1, membership{1, parts[2]})
		}
	}
	return append(v1, v2...)
}

// mounted is where a group can be found: the mount point of its hierarchy ("" where that isn't mounted) and the path
// below it ("" where no mount shows the group, as in another cgroup namespace). In /proc/self/mountinfo (man 5 proc)
// field 4 is the root of the mount within the file system, field 5 where it is. Of several mounts the one with the
// higher root is taken, which shows more of the group's ancestors.
func mounted(mounts string, m membership) (point, below string) {
	root := ""
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, super := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(super) < 3 || !m.isOn(super[0], super[2]) {
			continue
		}
		rel, err := filepath.Rel(fields[3], m.path)
		outside := err != nil || strings.HasPrefix(rel+"/", "../") || strings.Contains(m.path+"/", "/../")
		switch {
		case !outside && (root == "" || len(fields[3]) < len(root)):
			point, below, root = fields[4], rel, fields[3]
		case point == "":
			point = fields[4]
		}
	}
	return point, below
}

// isOn says whether a file system holds the group's hierarchy.
func (m membership) isOn(kind, options string) bool {
	if m.version == 2 {
		return kind == "cgroup2"
	}
	return kind == "cgroup" && hasWord(options, "memory")
}

func hasWord(list, word string) bool { return slices.Contains(strings.Split(list, ","), word) }

// make makes a group for an app, as near to this process's own as may be.
func (h hierarchy) make(name string) (cgroup, error) {
	var refused error // by the nearest: the one to mend
	for at := 0; ; at++ {
		next, err := h.parent(at)
		if err != nil {
			return cgroup{}, cmp.Or(refused, err)
		}
		at = next
		made, err := h.makeBelow(h.groups[at], name)
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
func (h hierarchy) parent(from int) (int, error) {
	for i := from; i < len(h.groups) && (i == 0 || h.version == 2); i++ {
		if i > 0 {
			if limit := limitOf(h.groups[i-1]); limit != "" {
				return 0, fmt.Errorf("an app outside of %s would escape its %s", h.groups[i-1], limit)
			}
		}
		if h.version == 1 || h.handsDown(h.groups[i]) {
			return i, nil
		}
	}
	return 0, errors.New("no control group here hands the memory controller down to new ones")
}

func (h hierarchy) makeBelow(parent, name string) (cgroup, error) {
	if read(parent, "memory.use_hierarchy") == "0" { // before Linux 5.11, and not under systemd
		return cgroup{}, fmt.Errorf("a group below %s would escape its limits: memory.use_hierarchy is 0", parent)
	}
	c := cgroup{Folder: filepath.Join(parent, name), Version: h.version}
	if err := unix.Mkdir(c.Folder, 0o755); err != nil {
		return cgroup{}, fmt.Errorf("no control group can be made in %s: %w", parent, err)
	}
	if file := c.file("memory.usage_in_bytes", "memory.current"); !exists(file) {
		c.remove()
		return cgroup{}, fmt.Errorf("a group below %s has no memory controller", parent) // such as in a threaded one
	}
	return c, nil
}

// handsDown says whether the children of a v2 group have the memory controller. It is switched on only in a group that
// was delegated to us and has no processes of its own, and stays on: another run may rely on it by then.
func (h hierarchy) handsDown(group string) bool {
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
func (h hierarchy) delegated(group string) bool {
	var st unix.Stat_t
	if err := unix.Stat(group, &st); err != nil {
		return false
	}
	if h.uid != 0 {
		return int(st.Uid) == h.uid
	}
	for _, name := range []string{"user.delegate", "trusted.delegate"} {
		var value [8]byte
		if n, err := unix.Getxattr(group, name, value[:]); err == nil && string(value[:n]) == "1" {
			return true
		}
	}
	return false
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
