package server

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// Titles that servers give their workers, from their sources: gunicorn/arbiter.py, puma/cluster/worker.rb,
// unicorn/http_server.rb, sapi/fpm/fpm/fpm_children.c, mod_wsgi's display-name=%{GROUP}, uwsgi's auto-procname,
// granian/server/mp.py.
var workerTitles = regexp.MustCompile(`^(granian \w+ .+ worker-\d|gunicorn: worker \[|puma: cluster worker \d+:|unicorn worker\[|php-fpm: pool |\(wsgi\b|uWSGI worker \d)`)

// Processes that are there for others: Python's multiprocessing helpers (Lib/multiprocessing/resource_tracker.py,
// semaphore_tracker before 3.8, forkserver.py), Gunicorn's arbiter of background tasks, Passenger's watchdog.
var helperTitles = regexp.MustCompile(`multiprocessing\.(resource_tracker|semaphore_tracker|forkserver) import|^gunicorn: (dirty-|master)`)

const (
	busyShare = 0.10 // of the tree's CPU time since readiness: a process that answers requests uses more
	enoughCPU = 30   // ticks, 0.3 s: what the tree must have used before the share means something
)

// The rules for any command; a server that is known has its own.
var (
	noRule        calibrate.WorkerRule // it can't be told
	ruleOnly      = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the only process"}
	ruleTitle     = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "by its title"}
	ruleBusyLeaf  = calibrate.WorkerRule{Kind: calibrate.RuleCPU, Words: "the busy process at the end of the tree"}
	ruleNoSocket  = calibrate.WorkerRule{Kind: calibrate.RuleSocket, Words: "the busy process at the end of the tree, behind a front that holds the socket"}
	ruleGuessLeaf = calibrate.WorkerRule{Kind: calibrate.RuleGuess, Words: "the process at the end of the tree (a guess: too little CPU time so far)"}
)

// choose picks the workers of a server that isn't known, by the first rule that applies:
//
//  1. a known worker's title;
//  2. the only process, helpers apart;
//  3. of the processes with at least 10 % of the tree's CPU time since readiness, those with no other such process
//     below them; and where some of these hold the listening socket and some don't, the ones that don't: the others
//     are a front;
//  4. while the tree has used less than 0.3 s: the processes with no other below them. A guess, and settled is false:
//     the answer may change.
//
// The rule fitted all of twelve layouts of nine servers (shared/servers.md).
func choose(tree []linux.Process, holds linux.Sockets) (workers []linux.Process, rule calibrate.WorkerRule, settled bool) {
	if titled := filter(tree, func(p linux.Process) bool { return workerTitles.MatchString(p.Title()) }); len(titled) > 0 {
		return titled, ruleTitle, true
	}
	able := filter(tree, func(p linux.Process) bool { return !helperTitles.MatchString(p.Title()) })
	if len(able) < 2 {
		return able, ruleOnly, len(able) == 1
	}
	var total int64
	for _, p := range tree {
		total += p.CPU
	}
	if total < enoughCPU {
		return ends(able, tree), ruleGuessLeaf, false
	}
	busy := filter(able, func(p linux.Process) bool { return float64(p.CPU) >= busyShare*float64(total) })
	workers = ends(busy, tree)
	if behind := withoutSocket(workers, holds); len(behind) < len(workers) {
		return behind, ruleNoSocket, true
	}
	return workers, ruleBusyLeaf, true
}

// withoutSocket are those known not to hold the socket, where some do; else all.
func withoutSocket(all []linux.Process, holds linux.Sockets) []linux.Process {
	front := 0
	without := filter(all, func(p linux.Process) bool {
		held, known := holds(p.PID)
		if held {
			front++
		}
		return known && !held
	})
	if front == 0 || len(without) == 0 {
		return all
	}
	return without
}

// ends are those of some that have no other of them below.
func ends(some, tree []linux.Process) []linux.Process {
	parents := map[int]int{}
	for _, p := range tree {
		parents[p.PID] = p.Parent
	}
	above := map[int]bool{}
	for _, p := range some {
		for pid, ok := parents[p.PID]; ok && !above[pid]; pid, ok = parents[pid] {
			above[pid] = true
		}
	}
	return filter(some, func(p linux.Process) bool { return !above[p.PID] })
}

// childrenOf are a server's children, multiprocessing's own apart.
func childrenOf(tree []linux.Process, parent int) []linux.Process {
	return filter(tree, func(p linux.Process) bool { return p.Parent == parent && !helperTitles.MatchString(p.Title()) })
}

func filter(all []linux.Process, keep func(linux.Process) bool) []linux.Process {
	var kept []linux.Process
	for _, p := range all {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

func pids(all []linux.Process) []int {
	out := make([]int, len(all))
	for i, p := range all {
		out[i] = p.PID
	}
	slices.Sort(out)
	return out
}

var digits = regexp.MustCompile(`\d+`)

// runs says whether a process is a server itself, not a wrapper around it.
func runs(p linux.Process, recognises func(program) bool) bool {
	if len(p.Args) == 0 {
		return false
	}
	first := filepath.Base(p.Args[0])
	return recognises(program{name: first}) || pythonName.MatchString(first) && recognises(seeThrough(p.Args))
}

// kin is what a worker has in common with the one that takes its place: its parent, and its command line but for
// numbers (uvicorn's spawn_main(tracker_fd=5, pipe_handle=7) has other ones each time).
func kin(p linux.Process) string {
	return fmt.Sprintf("%d %s", p.Parent, digits.ReplaceAllString(p.Title(), "#"))
}
