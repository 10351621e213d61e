package guard

import (
	"slices"
	"syscall"
	"time"

	"workermem/calibrate/linux"
)

// killPause is between two looks at a tree in which all has been killed that was there. Where there is something new,
// the next look follows at once.
const killPause = 5 * time.Millisecond

// executioner kills processes again and again, until its caller sees none.
type executioner struct {
	spare  []int // process groups to leave alone, beside the caller's own
	killed map[linux.Identity]bool
}

// kill kills the processes of a tree, the youngest first, each as soon as it is known: one that forks and ends is
// caught only between two forks. Then it kills their groups: that is one step, in which no member can fork
// (kernel/signal.c holds the task list).
func (x *executioner) kill(tree []int) {
	if x.killed == nil {
		x.killed = map[linux.Identity]bool{}
	}
	before := len(x.killed)
	groups := map[int]bool{}
	for _, pid := range slices.Backward(tree) {
		s, err := linux.Here.Stat(pid)
		if err != nil || !s.Alive() {
			continue
		}
		linux.Kill(pid, syscall.SIGKILL)
		x.killed[s.Identity()] = true
		groups[s.Group] = true
	}
	for group := range groups {
		if group > 1 && group != linux.OwnGroup() && !slices.Contains(x.spare, group) {
			linux.Kill(-group, syscall.SIGKILL)
		}
	}
	if len(x.killed) == before {
		time.Sleep(killPause)
	}
}
