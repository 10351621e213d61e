package workers

import (
	"cmp"
	"slices"
	"sync"

	"workermem/calibrate"
	"workermem/calibrate/linux"
)

// Watch looks at the app's tree again and again, and keeps what it learned about the workers.
type Watch struct {
	Port   int    // at which the server listens
	Ports  []int  // at which clients come; none: any at which its processes listen
	Wanted int    // workers that it was told to have; 0: not known
	Server Finder // the server's own rule
	Rooted bool   // the process at the root is the app's own, not a guard above it

	proc   linux.FS
	titles AnyTitles

	mu      sync.Mutex
	follow  *linux.Follower
	ready   bool
	looks   int
	known   map[int]known // by pid
	rule    calibrate.WorkerRule
	settled []string // the kin of the workers, once the rule has settled
	behind  bool     // they are behind a front of the same kin

	serving  *serving
	picked   []linux.Process // those that were seen to serve, once enough was seen
	pickedAt int64           // ticks since the machine's boot
	pickedBy int             // looks after which they were all there

	sure    bool          // the server's own rule found them
	present []int         // workers at the last look at which there were any
	below   map[int][]int // what descends from each worker
	changes int           // times that those were others than before, since the app was ready
}

// Finder tells a server's workers from the rest of a tree by what that server is known to do. It has no rule if it can't
// tell, and the rule for any command decides.
type Finder interface {
	Workers(tree []linux.Process, holds linux.Sockets) (workers []linux.Process, rule calibrate.WorkerRule)
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
	youngTicks   = 5 * linux.ClockTicks
	argsInterval = 10
)

// NewWatch looks for the workers of a server that listens at a port: by its own rule, or else by that for any command, which
// knows the titles of all servers.
func NewWatch(proc linux.FS, port int, server Finder, titles AnyTitles) *Watch {
	w := &Watch{proc: proc, Port: port, Server: server, titles: titles, follow: linux.NewFollower(proc), serving: newServing(proc)}
	if port > 0 {
		w.Ports = []int{port}
	}
	return w
}

// Know says whose rule finds the workers, if that is known only once they run.
func (w *Watch) Know(server Finder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Server = server
}

// Rule is how the workers were told apart at the last look.
func (w *Watch) Rule() calibrate.WorkerRule {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rule
}

// Begin marks the moment of readiness: CPU time is counted from here, so that imports and wrappers don't count.
func (w *Watch) Begin(root int) {
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

// Processes are the living tree, before anything is known of its workers.
func (w *Watch) Processes(root int) []linux.Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look(root)
}

// Adopt begins with a server that has long been ready: all the CPU time that its processes have used counts.
func (w *Watch) Adopt(root int) []linux.Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = true
	return w.find(root)
}

// Workers are the workers below root, now.
func (w *Watch) Workers(root int) []linux.Process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.find(root)
}

// SureWorkers also says whether the server's own rule found them.
func (w *Watch) SureWorkers(root int) (workers []linux.Process, sure bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	workers = w.find(root)
	return workers, w.sure
}

// Replacements is how often the workers were seen to be others than before.
func (w *Watch) Replacements() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes
}

func (w *Watch) find(root int) []linux.Process {
	tree := w.look(root)
	found := w.decide(tree, w.proc.Sockets(w.Port))
	w.below = below(found, tree)
	w.compare(PIDs(found))
	return found
}

// compare counts changes of the set of workers. A change of mind about who they are is none.
func (w *Watch) compare(now []int) {
	if len(now) == 0 || !w.ready || !w.sure && len(w.settled)+len(w.picked) == 0 {
		return
	}
	if w.present != nil && !slices.Equal(now, w.present) {
		w.changes++
	}
	w.present = now
}

func (w *Watch) decide(tree []linux.Process, holds linux.Sockets) []linux.Process {
	found, rule := w.Server.Workers(tree, holds)
	if w.sure = rule != NoRule; w.sure {
		w.rule = rule
		return found
	}
	if len(w.picked) > 0 {
		return w.serve(tree, holds)
	}
	chosen, rule, able := certain(tree, w.titles)
	if rule != NoRule {
		return w.decided(chosen, rule)
	}
	if serve := w.serve(tree, holds); len(serve) > 0 {
		return serve
	}
	if alike := w.replaced(tree, holds); len(alike) > 0 {
		return alike
	}
	chosen, rule = busiest(able, tree, holds)
	if rule.Kind != calibrate.RuleGuess && w.ready && !w.serving.blind && w.serving.vain < enoughInVain {
		rule = ruleGuessBusy
	}
	return w.decided(chosen, rule)
}

// enoughInVain is how many looks in a row meet no client's connection before the CPU time decides alone.
const enoughInVain = 30

func (w *Watch) decided(chosen []linux.Process, rule calibrate.WorkerRule) []linux.Process {
	if len(chosen) > 0 {
		w.rule = rule
	}
	if len(chosen) > 0 && w.ready && rule.Kind != calibrate.RuleGuess {
		w.settle(chosen, rule)
	}
	return chosen
}

// serve are those that are seen to serve, none if nobody was so far.
func (w *Watch) serve(tree []linux.Process, holds linux.Sockets) []linux.Process {
	if !w.ready {
		return nil
	}
	missing := len(w.picked) - len(Filter(tree, func(p linux.Process) bool { return isOneOf(p, w.picked) }))
	w.serving.look(tree, w.Ports, len(w.picked) >= max(w.Wanted, 1) && missing == 0)
	serve, behind := w.serving.servers(tree)
	switch {
	case len(serve) > 0 && w.serving.fronts != nil && len(serve) >= len(w.picked):
		w.pick(serve, behind)
	case len(w.picked) > 0:
		return w.withSuccessors(serve, tree)
	case len(serve) > 0:
		if alike := w.replaced(tree, holds); contains(alike, serve) {
			return alike // nothing speaks against it
		}
		w.rule = ruleGuessServes
	}
	return serve
}

func contains(all, some []linux.Process) bool {
	return !slices.ContainsFunc(some, func(p linux.Process) bool { return !isOneOf(p, all) })
}

// pick keeps those that serve. From here on only others that are seen to serve join them, and who takes the place of one.
func (w *Watch) pick(serve []linux.Process, behind bool) {
	if len(w.picked) == 0 {
		w.present, w.pickedAt = nil, int64(linux.SinceBoot()*linux.ClockTicks)
	}
	w.picked, w.pickedBy, w.rule = serve, w.serving.looks, ruleServes
	if behind {
		w.rule = ruleBehind
	}
}

// withSuccessors adds, for those that served and have ended, the youngest processes that are like them, until they are seen
// to serve themselves. If none comes for long, there are fewer workers now.
func (w *Watch) withSuccessors(serve, tree []linux.Process) []linux.Process {
	young := Filter(tree, func(p linux.Process) bool {
		return p.Start >= w.pickedAt && !isOneOf(p, w.picked) && !isOneOf(p, serve) &&
			slices.ContainsFunc(w.picked, func(q linux.Process) bool { return kin(p) == kin(q) })
	})
	if len(young) == 0 && len(serve) > 0 && w.serving.looks >= w.pickedBy+10*enoughLooks {
		w.pick(serve, w.rule == ruleBehind)
	}
	slices.SortStableFunc(young, func(a, b linux.Process) int { return cmp.Compare(b.Start, a.Start) })
	return append(serve, young[:min(len(young), max(len(w.picked)-len(serve), 0))]...)
}

func (w *Watch) settle(chosen []linux.Process, rule calibrate.WorkerRule) {
	w.settled, w.behind = nil, rule == ruleNoSocket
	for _, p := range chosen {
		if name := kin(p); !slices.Contains(w.settled, name) {
			w.settled = append(w.settled, name)
		}
	}
}

// replaced are the workers by their likeness to those that the rule settled on: one that has just taken the place of
// another has used no CPU time yet.
func (w *Watch) replaced(tree []linux.Process, holds linux.Sockets) []linux.Process {
	if len(w.settled) == 0 {
		return nil
	}
	alike := Filter(tree, func(p linux.Process) bool { return slices.Contains(w.settled, kin(p)) })
	if w.behind {
		return withoutSocket(alike, holds)
	}
	return alike
}

// Tree are the pids of the living tree below root.
func (w *Watch) Tree(root int) []int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return linux.PIDs(w.read(root))
}

// Close gives back what is kept open.
func (w *Watch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.follow.Close()
}

func (w *Watch) read(root int) []linux.Stat {
	tree := w.follow.Look(root)
	if !w.Rooted {
		return tree
	}
	if s, err := w.proc.Stat(root); err == nil && s.Alive() {
		tree = slices.Insert(tree, 0, s)
	}
	return tree
}

// look reads the living tree below root, and of each process what the rules need.
func (w *Watch) look(root int) []linux.Process {
	w.looks++
	now := int64(linux.SinceBoot() * linux.ClockTicks)
	all := w.read(root)
	tree := make([]linux.Process, 0, len(all))
	seen := make(map[int]known, len(all))
	for _, s := range all {
		k := w.known[s.PID]
		if k.start != s.Start {
			k = known{start: s.Start} // another process, perhaps with a pid that was used before
		}
		if young := now-s.Start < youngTicks; k.args == nil || young || k.young || (w.looks+s.PID)%argsInterval == 0 {
			k.args, k.young = w.proc.Args(s.PID), young
		}
		k.cpu = s.CPU
		seen[s.PID] = k
		tree = append(tree, linux.Process{PID: s.PID, Parent: s.Parent, Start: s.Start, Args: k.args, CPU: w.used(s, k)})
	}
	w.known = seen
	return tree
}

// used is 0 until the app is ready: what booting took says nothing about who answers.
func (w *Watch) used(s linux.Stat, k known) int64 {
	if !w.ready {
		return 0
	}
	return max(s.CPU-k.first, 0)
}
