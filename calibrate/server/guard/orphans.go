package guard

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"workermem/calibrate/linux"
)

// liveGuards are the guards of this process. Children are a property of a process, so this is one for the package.
var liveGuards = guardSet{pids: map[int]bool{}}

type guardSet struct {
	mu   sync.Mutex
	pids map[int]bool
}

// start starts a guard such that nobody sees it as a child of this process and not as a guard.
func (s *guardSet) start(cmd *exec.Cmd) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	s.pids[cmd.Process.Pid] = true
	return nil
}

func (s *guardSet) remove(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pids, pid)
}

// others are the children of this process that are no guards.
func (s *guardSet) others() []linux.Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	children, err := linux.Here.Children(os.Getpid())
	if errors.Is(err, linux.ErrNoChildren) {
		children = childrenByScan(os.Getpid())
	}
	children = slices.DeleteFunc(children, func(pid int) bool { return s.pids[pid] })
	return linux.Here.Stats(children)
}

// sweep kills what a dead guard left behind: its orphans have come to this process, which is a subreaper too.
func (g *Guardian) sweep() (killed, left int) {
	x := executioner{spare: []int{g.PID}}
	for deadline := time.Now().Add(killLimit); ; {
		children := g.orphans()
		for _, s := range children {
			linux.Reap(s.PID) // never any child: this process has others, and somebody waits for those
		}
		tree := withDescendants(children)
		if len(children) == 0 || time.Now().After(deadline) {
			return len(x.killed), len(linux.Living(linux.Here.Stats(tree)))
		}
		x.kill(tree)
	}
}

// orphans are the direct children of this process that came from the guard. The kernel doesn't say which children
// were adopted; the guard's had its session, or, where they daemonised, one of their own, and they are younger than
// it. What this process starts itself has its own session, guards apart.
func (g *Guardian) orphans() []linux.Stat {
	own := linux.OwnSession()
	return slices.DeleteFunc(liveGuards.others(), func(s linux.Stat) bool { return s.Session == own || s.Start < g.born })
}

func childrenByScan(parent int) []int {
	pids, _ := linux.Here.Processes()
	children := slices.DeleteFunc(linux.Here.Stats(pids), func(s linux.Stat) bool { return s.Parent != parent })
	return linux.PIDs(children)
}

func withDescendants(roots []linux.Stat) []int {
	var all []int
	for _, s := range roots {
		all = append(all, s.PID)
		all = append(all, linux.Here.Descendants(s.PID)...)
	}
	return all
}
