package server

import (
	"slices"
	"sync"

	"workermem/calibrate"
)

// watch looks at the app's tree again and again, and keeps what it learned about the workers.
type watch struct {
	proc   procfs
	port   int
	server server
	rooted bool // the process at the root is the app's own, not a guard above it

	mu      sync.Mutex
	follow  follower
	ready   bool
	looks   int
	known   map[int]known // by pid
	rule    calibrate.WorkerRule
	settled []string // the kin of the workers, once the rule has settled
	behind  bool     // they are behind a front of the same kin
	sure    bool     // the server's own rule found them
	present []int    // workers at the last look at which there were any
	changes int      // times that those were others than before, since the app was ready
}

// known is what is kept of a process.
type known struct {
	start int64
	args  []string
	cpu   int64 // ticks used until the last look
	first int64 // those when the app was ready; 0 for processes that came later
	young bool  // when args were read
}

// Command lines are read again while a process is young and once after, because a title is set some time after the fork
// and looks may be far apart; and else at every tenth look, another tenth of them each time, because it is the dearest of the readings.
const (
	youngTicks   = 5 * clockTicks
	argsInterval = 10
)

func newWatch(proc procfs, port int, server server) *watch {
	return &watch{proc: proc, port: port, server: server, follow: follower{proc: proc}}
}

func (w *watch) ruleNow() calibrate.WorkerRule {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rule
}

// begin marks the moment of readiness: CPU time is counted from here, so that imports and wrappers don't count.
func (w *watch) begin(root int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = true
	w.look(root)
	for pid, k := range w.known {
		k.first = k.cpu
		w.known[pid] = k
	}
	w.find(root)
}

// processes are the living tree, before anything is known of its workers.
func (w *watch) processes(root int) []process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look(root)
}

// adopt begins with a server that has long been ready: all the CPU time that its processes have used counts.
func (w *watch) adopt(root int) []process {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = true
	return w.find(root)
}

// workers are the workers below root, now.
func (w *watch) workers(root int) []process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.find(root)
}

// sureWorkers also says whether the server's own rule found them.
func (w *watch) sureWorkers(root int) (workers []process, sure bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	workers = w.find(root)
	return workers, w.sure
}

// replacements is how often the workers were seen to be others than before.
func (w *watch) replacements() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes
}

func (w *watch) find(root int) []process {
	found := w.decide(w.look(root), w.sockets())
	w.compare(pids(found))
	return found
}

// compare counts changes of the set of workers. A change of mind about who they are is none.
func (w *watch) compare(now []int) {
	if len(now) == 0 || !w.ready || !w.sure && len(w.settled) == 0 {
		return
	}
	if w.present != nil && !slices.Equal(now, w.present) {
		w.changes++
	}
	w.present = now
}

func (w *watch) decide(tree []process, holds sockets) []process {
	found, rule := w.server.workers(tree, holds)
	if w.sure = rule != noRule; w.sure {
		w.rule = rule
		return found
	}
	if kin := w.replaced(tree, holds); len(kin) > 0 {
		return kin
	}
	chosen, rule, settled := choose(tree, holds)
	if len(chosen) > 0 {
		w.rule = rule
	}
	if settled && w.ready {
		w.settle(chosen, rule)
	}
	return chosen
}

func (w *watch) settle(chosen []process, rule calibrate.WorkerRule) {
	w.settled, w.behind = nil, rule == ruleNoSocket
	for _, p := range chosen {
		if kin := p.kin(); !slices.Contains(w.settled, kin) {
			w.settled = append(w.settled, kin)
		}
	}
}

// replaced are the workers by their likeness to those that the rule settled on: one that has just taken the place of
// another has used no CPU time yet.
func (w *watch) replaced(tree []process, holds sockets) []process {
	if len(w.settled) == 0 {
		return nil
	}
	kin := filter(tree, func(p process) bool { return slices.Contains(w.settled, p.kin()) })
	if w.behind {
		return withoutSocket(kin, holds)
	}
	return kin
}

// tree are the pids of the living tree below root.
func (w *watch) tree(root int) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return statPIDs(w.read(root))
}

// close gives back what is kept open.
func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.follow.close()
}

func (w *watch) read(root int) []stat {
	tree := w.follow.look(root)
	if !w.rooted {
		return tree
	}
	if s, err := w.proc.stat(root); err == nil && s.alive() {
		tree = slices.Insert(tree, 0, s)
	}
	return tree
}

// look reads the living tree below root, and of each process what the rules need.
func (w *watch) look(root int) []process {
	w.looks++
	now := int64(sinceBoot() * clockTicks)
	all := w.read(root)
	tree := make([]process, 0, len(all))
	seen := make(map[int]known, len(all))
	for _, s := range all {
		k := w.known[s.PID]
		if k.start != s.Start {
			k = known{start: s.Start} // another process, perhaps with a pid that was used before
		}
		if young := now-s.Start < youngTicks; k.args == nil || young || k.young || (w.looks+s.PID)%argsInterval == 0 {
			k.args, k.young = w.proc.args(s.PID), young
		}
		k.cpu = s.CPU
		seen[s.PID] = k
		tree = append(tree, process{pid: s.PID, parent: s.Parent, start: s.Start, args: k.args, cpu: w.used(s, k)})
	}
	w.known = seen
	return tree
}

// used is 0 until the app is ready: what booting took says nothing about who answers.
func (w *watch) used(s stat, k known) int64 {
	if !w.ready {
		return 0
	}
	return max(s.CPU-k.first, 0)
}

// sockets looks the listening sockets up once, at the first question.
func (w *watch) sockets() sockets {
	var inodes []string
	return func(pid int) (held, known bool) {
		if inodes == nil {
			for _, l := range w.proc.listeners(w.port) {
				inodes = append(inodes, l.inode)
			}
		}
		if len(inodes) == 0 {
			return false, false
		}
		return w.proc.holds(pid, inodes)
	}
}
