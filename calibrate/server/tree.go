package server

import (
	"errors"
	"slices"
)

// descendants are the processes below root, parents before their children, root left out. Processes that have ended
// but aren't reaped are among them.
func (p procfs) descendants(root int) []int {
	var tree []int
	queue := []int{root}
	seen := map[int]bool{root: true}
	for len(queue) > 0 {
		children, err := p.children(queue[0])
		if errors.Is(err, errNoChildren) {
			pids, _ := p.numbers()
			return statPIDs(below(root, p.stats(pids)))
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

// treeLooks is how often a tree of which nothing seems to live is looked at: more often than a daemon forks.
const treeLooks = 10

// tree is what lives below root. A process on its way into the background forks and ends, more than once: where it has
// ended before its state is read, its child has come below root meanwhile, and is found at another look. So it is where
// nothing at all is found: children are listed a thread of their parent at a time, and the new one may have come to a
// thread that was read before.
func (p procfs) tree(root int) []stat {
	for looks := 1; ; looks++ {
		alive := living(p.stats(p.descendants(root)))
		if len(alive) > 0 || looks == treeLooks {
			return alive
		}
	}
}

// below picks the processes below root, parents before their children.
func below(root int, all []stat) []stat {
	children := map[int][]stat{}
	for _, s := range all {
		if s.PID != root {
			children[s.Parent] = append(children[s.Parent], s)
		}
	}
	var tree []stat
	queue := []int{root}
	for len(queue) > 0 {
		next := children[queue[0]]
		delete(children, queue[0]) // read one after the other, parents may form a ring
		queue = append(queue[1:], statPIDs(next)...)
		tree = append(tree, next...)
	}
	return tree
}

// stats leaves out who has gone meanwhile.
func (p procfs) stats(pids []int) []stat {
	all := make([]stat, 0, len(pids))
	for _, pid := range pids {
		if s, err := p.stat(pid); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// living leaves out the processes that have ended but aren't reaped.
func living(all []stat) []stat {
	return slices.DeleteFunc(all, func(s stat) bool { return !s.alive() })
}

func statPIDs(all []stat) []int {
	out := make([]int, len(all))
	for i, s := range all {
		out[i] = s.PID
	}
	return out
}
