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

	name    string         // of the app: see group.NewName
	group   group.Group    // none where it has none
	session linux.Identity // its leader, which was the guard; none where that isn't recorded
}

// FindOrphans finds the apps that were left behind. An app is known by its control group, or where it has none, by a mark in its
// environment and by its session, which its guard began and noted (see records). An app that had no group, wrote over its environment
// and began a session of its own isn't found.
//
// Whoever likes can give a process the mark, and what an app starts for good, such as tmux, hands it on: see machine.mayEnd for what is
// never taken for an orphan.
func FindOrphans() []Orphan {
	own, err := linux.Here.PIDNamespace()
	if err != nil {
		return nil
	}
	found := orphanage{}
	m := lookAround()
	found.byMark(m, own)
	for name, leader := range recordsHere().abandoned(own) {
		found.byRecord(m, name, leader)
	}
	h, _ := group.FindHierarchy(linux.Here)
	for _, parent := range h.Groups {
		for _, folder := range group.Abandoned(parent) {
			found.byGroup(m, group.Group{Folder: folder, Version: h.Version})
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

// Sweep removes the control groups, and the records, of apps that were left behind of which nothing lives.
func Sweep() {
	recordsHere().sweep()
	h, _ := group.FindHierarchy(linux.Here)
	for _, parent := range h.Groups {
		group.Sweep(parent)
	}
}

// orphanage is what was found, by its names.
type orphanage map[string]*Orphan

func (found orphanage) of(name string) *Orphan {
	if found[name] == nil {
		found[name] = &Orphan{name: name}
	}
	return found[name]
}

// byMark finds the marked processes, and those of their sessions that have the same user.
func (found orphanage) byMark(m machine, namespace uint64) {
	type part struct{ session, user int }
	marked := map[part]string{}
	for _, s := range m.all {
		if !m.mayEnd(s) || s.State == 'D' { // what it waits for may have its memory locked, which would keep the reader waiting, too
			continue
		}
		if name := markOf(s.PID); !m.marks[name] && ownerGone(name, namespace) {
			found.of(name).add(s)
			marked[part{s.Session, linux.Here.Owner(s.PID)}] = name
		}
	}
	for _, s := range m.all {
		if name := marked[part{s.Session, linux.Here.Owner(s.PID)}]; name != "" && m.mayEnd(s) {
			found.of(name).add(s)
		}
	}
}

func (found orphanage) byRecord(m machine, name string, leader linux.Identity) {
	if m.marks[name] {
		return
	}
	for _, s := range m.inSessionOf(leader) {
		found.of(name).add(s)
		found.of(name).session = leader
	}
}

func (found orphanage) byGroup(m machine, g group.Group) {
	name := filepath.Base(g.Folder)
	if m.marks[name] || slices.ContainsFunc(g.Processes(), func(pid int) bool { return m.above[pid] }) {
		return
	}
	o := found.of(name)
	o.group = g
	for _, s := range m.membersOf(g) {
		o.add(s)
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
		m := lookAround()
		all := o.living(m)
		if left = len(all); left == 0 || time.Now().After(deadline) {
			break
		}
		others := m.without(all)
		x.spare = groupsOf(others)
		members := o.group.Processes()
		if !slices.ContainsFunc(others, func(s linux.Stat) bool { return slices.Contains(members, s.PID) }) {
			o.group.Kill()
		}
		x.kill(linux.PIDs(all))
	}
	o.group.Remove()
	recordsHere().sweep()
	return left
}

// living is what lives of it now, with what has come meanwhile: into its group, and below its processes by the same user.
func (o *Orphan) living(m machine) []linux.Stat {
	for _, root := range slices.Clone(o.Processes) {
		if !linux.Here.Lives(root.Identity()) {
			continue
		}
		user := linux.Here.Owner(root.PID)
		for _, s := range linux.Here.Stats(linux.Here.Descendants(root.PID)) {
			if m.mayEnd(s) && linux.Here.Owner(s.PID) == user {
				o.add(s)
			}
		}
	}
	for _, s := range append(m.membersOf(o.group), m.inSessionOf(o.session)...) {
		o.add(s)
	}
	return slices.DeleteFunc(slices.Clone(o.Processes), func(s linux.Stat) bool { return !linux.Here.Lives(s.Identity()) || !m.mayEnd(s) })
}
