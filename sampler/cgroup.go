package sampler

import (
	"os"
	"path"
	"slices"
	"strings"
)

// membership is one line of /proc/PID/cgroup: the cgroup a process is in, within one hierarchy (cgroups(7)).
type membership struct {
	Controllers []string // of a v1 hierarchy; empty for v2
	Path        string   // seen from the root of the process's cgroup namespace
}

// parseCgroup reads the lines it understands.
func parseCgroup(text string) []membership {
	var all []membership
	for line := range strings.Lines(text) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, where, ok := strings.Cut(rest, ":") // the path may hold colons
		if !ok || id == "" || !strings.HasPrefix(where, "/") {
			continue
		}
		m := membership{Path: where}
		if controllers != "" {
			m.Controllers = strings.Split(controllers, ",")
		} else if id != "0" {
			continue
		}
		all = append(all, m)
	}
	return all
}

// hierarchy is where one controller's cgroups of this process can be read.
type hierarchy struct {
	Version int    // 1 or 2; 0 where no hierarchy has the controller
	Path    string // the process's cgroup
	Groups  []group
	// Doubt says why not every cgroup of the process can be seen, "" where they can.
	Doubt string
}

// group is a cgroup and the folder in which it is mounted.
type group struct{ Path, Folder string }

// findHierarchy looks where one controller's cgroups are. Controllers are looked for one by one, since a hybrid host
// has some of them in v1 and others in v2. Groups begins with the process's own cgroup and goes up to the topmost
// that is mounted here, which in a container is seldom the root.
func findHierarchy(controller string, memberships []membership, mounts []mount) hierarchy {
	h := hierarchy{}
	for _, m := range memberships {
		switch {
		case slices.Contains(m.Controllers, controller):
			h = hierarchy{Version: 1, Path: m.Path}
		case len(m.Controllers) == 0 && h.Version == 0:
			h = hierarchy{Version: 2, Path: m.Path}
		}
	}
	if h.Version == 0 {
		return h
	}
	mounts = slices.DeleteFunc(slices.Clone(mounts), func(m mount) bool {
		if h.Version == 2 {
			return m.Type != "cgroup2"
		}
		return m.Type != "cgroup" || !slices.Contains(m.Options, controller)
	})
	h.Groups, h.Doubt = groups(h.Path, mounts)
	return h
}

// check compares what should be mounted with what is. Groups that aren't there are dropped, with a doubt: the mount is
// out of sight, or the cgroup was removed. file is what every cgroup with the controller has, a v2 root apart.
func (h *hierarchy) check(r Roots, file string) {
	groups := len(h.Groups)
	h.Groups = slices.DeleteFunc(h.Groups, func(g group) bool { return !exists(r.sys(g.Folder)) })
	switch {
	case h.Version == 0 || h.Doubt != "":
	case len(h.Groups) < groups || groups == 0:
		h.Doubt = "cgroup " + h.Path + " isn't there"
	case h.Version == 2 && !h.root(r) && !slices.ContainsFunc(h.Groups, func(g group) bool {
		return exists(r.sys(path.Join(g.Folder, file)))
	}):
		h.Doubt = file + " isn't handed down to cgroup " + h.Path
	}
}

// root says whether the topmost group is the root of the whole hierarchy: it alone has no type.
func (h *hierarchy) root(r Roots) bool {
	return !exists(r.sys(path.Join(h.Groups[len(h.Groups)-1].Folder, "cgroup.type")))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// groups lists the cgroup at a path and its ancestors, as far as one of the mounts shows them. Of several mounts it
// takes the one that shows most ancestors.
func groups(where string, mounts []mount) (found []group, doubt string) {
	if len(mounts) == 0 {
		return nil, "no cgroup file system is mounted that has them"
	}
	if strings.Contains(where+"/", "/../") {
		return nil, "the process is outside the cgroup namespace whose cgroups are mounted"
	}
	for _, m := range mounts {
		if !within(where, m.Root) {
			continue
		}
		if all := ancestors(where, m); len(all) > len(found) {
			found = all
		}
	}
	if found != nil {
		return found, ""
	}
	// A container whose mount and membership disagree: what is mounted is most likely its own cgroup, or one above.
	m := mounts[0]
	return []group{{Path: m.Root, Folder: m.Point}}, "the process is in " + where + " but " + m.Root + " is what is mounted"
}

// ancestors lists the cgroup at a path within the mount's root, and those between them.
func ancestors(where string, m mount) []group {
	var all []group
	for at := where; within(at, m.Root); at = path.Dir(at) {
		all = append(all, group{Path: at, Folder: path.Join(m.Point, strings.TrimPrefix(at, m.Root))})
		if at == m.Root || at == "/" {
			break
		}
	}
	return all
}
