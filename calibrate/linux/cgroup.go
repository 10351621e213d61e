package linux

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// Membership is one line of /proc/PID/cgroup: the cgroup a process is in, within one hierarchy (cgroups(7)).
type Membership struct {
	Controllers []string // of a v1 hierarchy; empty for v2
	Path        string   // seen from the root of the process's cgroup namespace
}

// Memberships are the cgroups of a process, which is a pid or "self".
func (fs FS) Memberships(process string) ([]Membership, error) {
	text, err := os.ReadFile(fs.ProcPath(process, "cgroup"))
	if err != nil {
		return nil, err
	}
	return ParseCgroup(string(text)), nil
}

// ParseCgroup reads the lines of /proc/PID/cgroup that it understands: "4:memory:/a/b" in v1, "0::/a/b" in v2.
func ParseCgroup(text string) []Membership {
	var all []Membership
	for line := range strings.Lines(text) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, where, ok := strings.Cut(rest, ":") // the path may hold colons
		if !ok || id == "" || !strings.HasPrefix(where, "/") {
			continue
		}
		m := Membership{Path: where}
		if controllers != "" {
			m.Controllers = strings.Split(controllers, ",")
		} else if id != "0" {
			continue
		}
		all = append(all, m)
	}
	return all
}

// MemberOf is the cgroup by which a controller binds a process, and its version: v1 if a v1 hierarchy has the
// controller, as v2 can't have it then, else v2. Version 0 is for none.
func MemberOf(controller string, memberships []Membership) (version int, path string) {
	for _, m := range memberships {
		switch {
		case slices.Contains(m.Controllers, controller):
			return 1, m.Path
		case len(m.Controllers) == 0 && version == 0:
			version, path = 2, m.Path
		}
	}
	return version, path
}

// Cgroups is what is needed to find the cgroups of one process.
type Cgroups struct {
	Memberships []Membership
	Mounts      []Mount // as this process sees them
	fs          FS
}

// Cgroups reads /proc/PROCESS/cgroup and /proc/self/mountinfo. With an error comes what could be read nevertheless.
func (fs FS) Cgroups(process string) (Cgroups, error) {
	memberships, err := fs.Memberships(process)
	mounts, err2 := fs.Mounts()
	return Cgroups{Memberships: memberships, Mounts: mounts, fs: fs}, errors.Join(err, err2)
}

// Hierarchy is where the cgroups of one controller can be read.
func (c Cgroups) Hierarchy(controller string) Hierarchy {
	h := FindHierarchy(controller, c.Memberships, c.Mounts)
	for i, g := range h.Groups {
		h.Groups[i].Folder = c.fs.SysPath(g.Folder)
	}
	return h
}
