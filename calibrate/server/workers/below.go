package workers

import "workermem/calibrate/linux"

// Below are the processes that descended from each worker at the last look.
func (w *Watch) Below() map[int][]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.below
}

// below gives every process of a tree that is no worker to the nearest worker above it.
func below(workers, tree []linux.Process) map[int][]int {
	parents := make(map[int]int, len(tree))
	for _, p := range tree {
		parents[p.PID] = p.Parent
	}
	found := make(map[int][]int, len(workers))
	for _, w := range workers {
		found[w.PID] = nil
	}
	for _, p := range tree {
		if _, works := found[p.PID]; works {
			continue
		}
		above, inTree := p.Parent, true
		for steps := 0; inTree && steps < len(tree); steps++ { // parents that were read one after the other may form a ring
			if of, works := found[above]; works {
				found[above] = append(of, p.PID)
				break
			}
			above, inTree = parents[above]
		}
	}
	return found
}
