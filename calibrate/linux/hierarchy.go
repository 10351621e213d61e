package linux

import (
	"path"
	"slices"
	"strings"
)

// Hierarchy is where one controller's cgroups of this process can be read.
type Hierarchy struct {
	Version int    // 1 or 2; 0 if no hierarchy has the controller
	Path    string // the process's cgroup
	Groups  []Group
	// Doubt says why not every cgroup of the process can be seen, "" if all can.
	Doubt string
}

// FindHierarchy looks where one controller's cgroups are. Controllers are looked for one by one, since a hybrid host
// has some of them in v1 and others in v2. Groups begins with the process's own cgroup and goes up to the topmost
// that is mounted here, which in a container is seldom the root.
func FindHierarchy(controller string, memberships []Membership, mounts []Mount) Hierarchy {
	version, where := MemberOf(controller, memberships)
	if version == 0 {
		return Hierarchy{}
	}
	mounts = slices.DeleteFunc(slices.Clone(mounts), func(m Mount) bool {
		if version == 2 {
			return m.Type != "cgroup2"
		}
		return m.Type != "cgroup" || !slices.Contains(m.Options, controller)
	})
	h := Hierarchy{Version: version, Path: where}
	h.Groups, h.Doubt = groups(where, mounts)
	return h
}

// Check compares what should be mounted with what is. Groups that aren't there are dropped, with a doubt: the mount is
// out of sight, or the cgroup was removed. file is what every cgroup with the controller has, a v2 root apart.
func (h *Hierarchy) Check(file string) {
	groups := len(h.Groups)
	h.Groups = slices.DeleteFunc(h.Groups, func(g Group) bool { return !exists(g.Folder) })
	switch {
	case h.Version == 0 || h.Doubt != "":
	case len(h.Groups) < groups || groups == 0:
		h.Doubt = "cgroup " + h.Path + " isn't there"
	case h.Version == 2 && !h.root() && !slices.ContainsFunc(h.Groups, func(g Group) bool {
		return g.Has(file)
	}):
		h.Doubt = file + " isn't handed down to cgroup " + h.Path
	}
}

// root says whether the topmost group is the root of the whole hierarchy: it alone has no type.
func (h *Hierarchy) root() bool { return !h.Groups[len(h.Groups)-1].Has("cgroup.type") }

// groups lists the cgroup at a path and its ancestors, as far as one of the mounts shows them. Of several mounts it
// takes the one that shows most ancestors.
func groups(where string, mounts []Mount) (found []Group, doubt string) {
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
	return []Group{{Path: m.Root, Folder: m.Point}}, "the process is in " + where + " but " + m.Root + " is what is mounted"
}

// ancestors lists the cgroup at a path within the mount's root, and those between them.
func ancestors(where string, m Mount) []Group {
	var all []Group
	for at := where; within(at, m.Root); at = path.Dir(at) {
		all = append(all, Group{Path: at, Folder: path.Join(m.Point, strings.TrimPrefix(at, m.Root))})
		if at == m.Root || at == "/" {
			break
		}
	}
	return all
}
