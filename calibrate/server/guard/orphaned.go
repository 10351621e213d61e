package guard

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/group"
)

// Orphan is an app of which tool and guard were killed together, and which did not heed the SIGTERM that it got for that.
type Orphan struct {
	Processes []linux.Stat

	name  string      // of the app: see group.NewName
	group group.Group // none where it has none
}

// FindOrphans finds the apps that were left behind, and removes the control groups in which nothing lives. An app is known by its
// control group, or where it has none, by a mark in its environment and by its session, which its guard began. An app that had no
// group, wrote over its environment and began a session of its own isn't found.
func FindOrphans() []Orphan {
	own, err := linux.Here.PIDNamespace()
	if err != nil {
		return nil
	}
	found := orphanage{}
	pids, _ := linux.Here.Processes()
	found.byMark(linux.Living(linux.Here.Stats(pids)), own)
	h, _ := group.FindHierarchy(linux.Here)
	for _, parent := range h.Groups {
		for _, folder := range group.Sweep(parent) {
			found.byGroup(group.Group{Folder: folder, Version: h.Version})
		}
	}
	var orphans []Orphan
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if len(found[name].Processes) > 0 {
			orphans = append(orphans, *found[name])
		}
	}
	return orphans
}

// orphanage is what was found, by its names.
type orphanage map[string]*Orphan

func (found orphanage) of(name string) *Orphan {
	if found[name] == nil {
		found[name] = &Orphan{name: name}
	}
	return found[name]
}

func (found orphanage) byMark(all []linux.Stat, namespace uint64) {
	sessions := map[int]string{}
	for _, s := range all {
		if name := markOf(s.PID); ownerGone(name, namespace) && !guarded(s) {
			found.of(name).add(s)
			sessions[s.Session] = name
		}
	}
	for _, s := range all {
		if name := sessions[s.Session]; name != "" {
			found.of(name).add(s)
		}
	}
}

func (found orphanage) byGroup(g group.Group) {
	o := found.of(filepath.Base(g.Folder))
	o.group = g
	for _, s := range linux.Living(linux.Here.Stats(g.Processes())) {
		if !guarded(s) {
			o.add(s)
		}
	}
}

// markOf is the name of the app that a process belongs to by its environment, "" for none.
func markOf(pid int) (name string) {
	text, err := os.ReadFile(linux.Here.ProcPath(strconv.Itoa(pid), "environ"))
	if err != nil {
		return ""
	}
	for variable := range bytes.SplitSeq(text, []byte{0}) {
		if value, is := strings.CutPrefix(string(variable), group.Mark+"="); is {
			name = value // the last: calibrate may run below an app of another's
		}
	}
	return name
}

func ownerGone(name string, namespace uint64) bool {
	owner, its, ours := group.OwnerOf(name)
	return ours && its == namespace && !linux.Here.Lives(owner)
}

// guarded says that the guard which began a process's session still lives: it is ending the app just now.
func guarded(s linux.Stat) bool {
	leader, err := linux.Here.Stat(s.Session)
	return err == nil && leader.Alive() && leader.Comm == Name
}

func (o *Orphan) add(s linux.Stat) {
	if !slices.ContainsFunc(o.Processes, func(have linux.Stat) bool { return have.Identity() == s.Identity() }) {
		o.Processes = append(o.Processes, s)
	}
}

// String names its processes.
func (o Orphan) String() string {
	var names []string
	for i, s := range o.Processes {
		if i == 3 && len(o.Processes) > 4 {
			names = append(names, "...")
			break
		}
		names = append(names, s.Comm+" (pid "+strconv.Itoa(s.PID)+")")
	}
	return say.Plural(len(o.Processes), "process") + ", " + strings.Join(names, ", ")
}

// End kills all of it, and returns how many it could not.
func (o Orphan) End() (left int) {
	var x executioner
	for deadline := time.Now().Add(killLimit); ; {
		all := withDescendants(linux.Living(slices.DeleteFunc(slices.Clone(o.Processes), func(s linux.Stat) bool { return !linux.Here.Lives(s.Identity()) })))
		all = append(all, o.group.Processes()...)
		if left = len(linux.Living(linux.Here.Stats(all))); left == 0 || time.Now().After(deadline) {
			break
		}
		o.group.Kill()
		x.kill(all)
	}
	o.group.Remove()
	return left
}
