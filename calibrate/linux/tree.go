package linux

import (
	"errors"
	"slices"
)

// Descendants are the processes below root, parents before their children, root left out. Processes that have ended
// but aren't reaped are among them.
func (fs FS) Descendants(root int) []int {
	var tree []int
	queue := []int{root}
	seen := map[int]bool{root: true}
	for len(queue) > 0 {
		children, err := fs.Children(queue[0])
		if errors.Is(err, ErrNoChildren) {
			pids, _ := fs.Processes()
			return PIDs(below(root, fs.Stats(pids)))
		}
		queue = queue[1:]
		for _, child := range children {
			if !seen[child] { // a pid can be adopted, and so seen twice, while we look
				seen[child] = true
				tree = append(tree, child)
				queue = append(queue, child)
			}
		}
	}
	return tree
}

// TreeLooks is how often a tree of which nothing seems to live is looked at: more often than a daemon forks.
const TreeLooks = 10

// Tree is what lives below root. A process on its way into the background forks and ends, more than once: if it has
// ended before its state is read, its child has come below root meanwhile, and is found at another look. So it is if
// nothing at all is found: children are listed a thread of their parent at a time, and the new one may have come to a
// thread that was read before.
func (fs FS) Tree(root int) []Stat {
	for looks := 1; ; looks++ {
		alive := Living(fs.Stats(fs.Descendants(root)))
		if len(alive) > 0 || looks == TreeLooks {
			return alive
		}
	}
}

// below picks the processes below root, parents before their children.
func below(root int, all []Stat) []Stat {
	children := map[int][]Stat{}
	for _, s := range all {
		if s.PID != root {
			children[s.Parent] = append(children[s.Parent], s)
		}
	}
	var tree []Stat
	queue := []int{root}
	for len(queue) > 0 {
		next := children[queue[0]]
		delete(children, queue[0]) // read one after the other, parents may form a ring
		queue = append(queue[1:], PIDs(next)...)
		tree = append(tree, next...)
	}
	return tree
}

// Stats leaves out who has gone meanwhile.
func (fs FS) Stats(pids []int) []Stat {
	all := make([]Stat, 0, len(pids))
	for _, pid := range pids {
		if s, err := fs.Stat(pid); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// Living leaves out the processes that have ended but aren't reaped.
func Living(all []Stat) []Stat {
	return slices.DeleteFunc(all, func(s Stat) bool { return !s.Alive() })
}

// PIDs are the numbers of some processes.
func PIDs(all []Stat) []int {
	out := make([]int, len(all))
	for i, s := range all {
		out[i] = s.PID
	}
	return out
}
