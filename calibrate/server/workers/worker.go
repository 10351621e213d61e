// Package workers tells the workers of an app from the rest of its process tree.
package workers

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// Titles are what a server calls its processes: patterns of what stands in place of a command line, from its beginning.
// "" if it gives them none.
type Titles struct {
	Worker string
	Helper string // a process that is there for others, and answers no requests
}

// AnyTitles are the titles of all servers.
type AnyTitles struct{ worker, helper *regexp.Regexp }

// IsWorker says whether a title is that of some server's worker.
func (a AnyTitles) IsWorker(title string) bool { return a.worker.MatchString(title) }

// JoinTitles makes one of the titles of several servers.
func JoinTitles(all []Titles) AnyTitles {
	var workers, helpers []string
	for _, t := range all {
		workers, helpers = append(workers, t.Worker), append(helpers, t.Helper)
	}
	return AnyTitles{startsWithAny(workers), startsWithAny(helpers)}
}

func startsWithAny(patterns []string) *regexp.Regexp {
	patterns = slices.DeleteFunc(patterns, func(p string) bool { return p == "" })
	if len(patterns) == 0 {
		return regexp.MustCompile(`^[^\x00-\x{10FFFF}]`) // nothing
	}
	return regexp.MustCompile("^(?:" + strings.Join(patterns, "|") + ")")
}

// PythonHelper is the command line of what Python's multiprocessing has beside the processes that were asked for
// (Lib/multiprocessing/resource_tracker.py, semaphore_tracker before 3.8, forkserver.py).
var PythonHelper = regexp.MustCompile(`multiprocessing\.(resource_tracker|semaphore_tracker|forkserver) import`)

// PythonSpawned is the command line of a process that Python's multiprocessing spawned (Lib/multiprocessing/spawn.py,
// get_command_line).
var PythonSpawned = regexp.MustCompile(`multiprocessing\.spawn import spawn_main`)

const (
	busyShare = 0.10 // of the tree's CPU time since readiness: a process that answers requests uses more
	enoughCPU = 30   // ticks, 0.3 s: what the tree must have used before the share means something
)

// NoRule is what a server's own rule says if it can't tell.
var NoRule calibrate.WorkerRule

// The rules for any command; a server that is known has its own.
var (
	ruleOnly     = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the only process"}
	ruleTitle    = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "by its title"}
	ruleServes   = calibrate.WorkerRule{Kind: calibrate.RuleServes, Words: "it holds the clients' connections"}
	ruleBehind   = calibrate.WorkerRule{Kind: calibrate.RuleServes, Words: "it serves behind a front, which holds the clients' connections"}
	ruleBusyLeaf = calibrate.WorkerRule{Kind: calibrate.RuleCPU, Words: "the busy process at the end of the tree"}
	ruleNoSocket = calibrate.WorkerRule{Kind: calibrate.RuleSocket,
		Words: "the busy process at the end of the tree, behind a front that holds the socket"}
	ruleGuessServes = calibrate.WorkerRule{Kind: calibrate.RuleGuess,
		Words: "it holds clients' connections (a guess: too few were seen so far)"}
	ruleGuessBusy = calibrate.WorkerRule{Kind: calibrate.RuleGuess,
		Words: "the busy process at the end of the tree (a guess: nobody was seen to hold a client's connection so far)"}
	ruleGuessLeaf = calibrate.WorkerRule{Kind: calibrate.RuleGuess,
		Words: "the process at the end of the tree (a guess: too little CPU time so far)"}
)

// certain picks the workers of a server that isn't known where no load is needed for it:
//
//  1. by the title of a worker of a server that is known;
//  2. the only process, helpers apart.
//
// able are the processes that may be workers, if neither applies.
func certain(tree []linux.Process, known AnyTitles) (workers []linux.Process, rule calibrate.WorkerRule, able []linux.Process) {
	if titled := Filter(tree, func(p linux.Process) bool { return known.IsWorker(p.Title()) }); len(titled) > 0 {
		return titled, ruleTitle, nil
	}
	able = Filter(tree, func(p linux.Process) bool {
		return !PythonHelper.MatchString(p.Title()) && !known.helper.MatchString(p.Title())
	})
	if len(able) < 2 {
		return able, ruleOnly, nil
	}
	return nil, NoRule, able
}

// busiest picks the workers by what the processes have used of the tree's CPU time since readiness: those with at least 10 %,
// with no other such process below them; and if some of these hold the listening socket and some don't, the ones that
// don't: the others are a front. While the tree has used less than 0.3 s it is a guess at those with no other below them,
// or rather at those of them that hold the socket, if any does.
//
// The rule fitted all of twelve layouts of nine servers. But it takes a busy helper for a worker, and on a busy machine it
// comes late: whoever is seen to serve comes before it.
func busiest(able, tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	total := cpuOf(tree)
	if total < enoughCPU {
		return guess(able, tree, holds), ruleGuessLeaf
	}
	busy := ends(Filter(able, func(p linux.Process) bool { return float64(p.CPU) >= busyShare*float64(total) }), tree)
	if behind := withoutSocket(busy, holds); len(behind) < len(busy) {
		return behind, ruleNoSocket
	}
	return busy, ruleBusyLeaf
}

// primary is what Node's cluster listens by, and what passes every connection on to the workers below it.
var primary = regexp.MustCompile(`^(node|nodejs|PM2)$`)

// guess leaves out what is none of the app's own.
func guess(able, tree []linux.Process, holds linux.Sockets) []linux.Process {
	own := Filter(able, func(p linux.Process) bool {
		return !store.MatchString(program(p)) && !frontProgram.MatchString(program(p))
	})
	if len(own) == 0 {
		own = able
	}
	listening := Filter(own[:min(len(own), mostIdle)], func(p linux.Process) bool { // it is only a guess, and must be cheap
		held, _ := holds(p.PID)
		return held && !primary.MatchString(program(p))
	})
	if len(listening) > 0 {
		own = listening
	}
	return ends(own, tree)
}

// withoutSocket are those known not to hold the socket, if some do; else all.
func withoutSocket(all []linux.Process, holds linux.Sockets) []linux.Process {
	front := 0
	without := Filter(all, func(p linux.Process) bool {
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
	return Filter(some, func(p linux.Process) bool { return !above[p.PID] })
}

// ChildrenOf are the children of a process, without those that Python's multiprocessing has for itself.
func ChildrenOf(tree []linux.Process, parent int) []linux.Process {
	return Filter(tree, func(p linux.Process) bool { return p.Parent == parent && !PythonHelper.MatchString(p.Title()) })
}

// Filter is the processes that are to be kept.
func Filter(all []linux.Process, keep func(linux.Process) bool) []linux.Process {
	var kept []linux.Process
	for _, p := range all {
		if keep(p) {
			kept = append(kept, p)
		}
	}
	return kept
}

// PIDs are the numbers of processes, sorted.
func PIDs(all []linux.Process) []int {
	out := make([]int, len(all))
	for i, p := range all {
		out[i] = p.PID
	}
	slices.Sort(out)
	return out
}

var digits = regexp.MustCompile(`\d+`)

// Runs says whether a process runs a server itself, by what its adapter recognises: not a wrapper around it.
func Runs(p linux.Process, recognises func(cli.Program) bool) bool {
	if len(p.Args) == 0 {
		return false
	}
	first := filepath.Base(p.Args[0])
	return recognises(cli.Program{Name: first}) || cli.IsPython(first) && recognises(cli.SeeThrough(p.Args))
}

// kin is what a worker has in common with the one that takes its place: its parent, and its command line but for
// numbers: spawn_main(tracker_fd=5, pipe_handle=7), as Python's multiprocessing has it, has other ones each time.
func kin(p linux.Process) string {
	return fmt.Sprintf("%d %s", p.Parent, digits.ReplaceAllString(p.Title(), "#"))
}

// WithSocket are those that hold the listening socket, if that tells any apart; else all.
func WithSocket(all []linux.Process, holds linux.Sockets) []linux.Process {
	if len(all) < 2 {
		return all
	}
	with := Filter(all, func(p linux.Process) bool {
		held, known := holds(p.PID)
		return held || !known
	})
	if len(with) == 0 {
		return all
	}
	return with
}
