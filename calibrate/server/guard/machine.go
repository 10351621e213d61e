package guard

import (
	"os"
	"slices"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/group"
)

// machine is what lives on it at one moment, and what of that this process depends on itself.
type machine struct {
	all     []linux.Stat
	user    int // this process's
	session int
	above   map[int]bool    // this process, and those that it descends from
	marks   map[string]bool // of the apps below which this process runs
}

func lookAround() machine {
	pids, _ := linux.Here.Processes()
	self, _ := linux.Here.Stat(os.Getpid())
	m := machine{all: linux.Living(linux.Here.Stats(pids)), user: os.Geteuid(), session: self.Session, above: map[int]bool{}, marks: map[string]bool{}}
	for s := self; s.PID > 0 && !m.above[s.PID]; s, _ = linux.Here.Stat(s.Parent) {
		m.above[s.PID], m.marks[markOf(s.PID)] = true, true
	}
	return m
}

// mayEnd is false of what no orphan is ever made of: this process, those above it and those of its session; those of other users,
// unless root asks; those of no session that can be seen from here (0: the kernel's, and what was started from outside of a
// container); those of a guard that is ending its app just now.
func (m machine) mayEnd(s linux.Stat) bool {
	if s.Kernel || s.Session == 0 || s.Session == m.session || m.above[s.PID] {
		return false
	}
	return (m.user == 0 || linux.Here.Owner(s.PID) == m.user) && !guarded(s)
}

// membersOf are the processes of a group. In one that root made they may be anybody's, else only those of who made it.
func (m machine) membersOf(g group.Group) (all []linux.Stat) {
	maker := g.Owner()
	for _, s := range linux.Living(linux.Here.Stats(g.Processes())) {
		if m.mayEnd(s) && (maker == 0 || linux.Here.Owner(s.PID) == maker) {
			all = append(all, s)
		}
	}
	return all
}

// inSessionOf are the processes of the session that a guard began, as far as they may be ended.
func (m machine) inSessionOf(leader linux.Identity) []linux.Stat {
	return slices.DeleteFunc(m.allInSessionOf(leader), func(s linux.Stat) bool { return !m.mayEnd(s) })
}

// allInSessionOf are those that may not be, too: the guard itself, while it lives. Where another process has the guard's number, the
// session is that one's.
func (m machine) allInSessionOf(leader linux.Identity) (all []linux.Stat) {
	if now, err := linux.Here.Stat(leader.PID); leader.PID == 0 || err == nil && now.Start != leader.Start {
		return nil
	}
	for _, s := range m.all {
		if s.Session == leader.PID && s.Start >= leader.Start {
			all = append(all, s)
		}
	}
	return all
}

// without are all others than these.
func (m machine) without(some []linux.Stat) (others []linux.Stat) {
	these := map[linux.Identity]bool{}
	for _, s := range some {
		these[s.Identity()] = true
	}
	for _, s := range m.all {
		if !these[s.Identity()] {
			others = append(others, s)
		}
	}
	return others
}

// groupsOf are the process groups of some processes.
func groupsOf(some []linux.Stat) []int {
	groups := make([]int, len(some))
	for i, s := range some {
		groups[i] = s.Group
	}
	return groups
}
