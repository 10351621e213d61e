package workers

import (
	"cmp"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate/linux"
)

// serving is who was seen to hold the connections of the app's clients, over several looks. The kernel has them in
// /proc/net/tcp, by inode, and the inodes of a process in /proc/PID/fd. A listening socket says nothing: forks inherit it. An
// accepted connection says that its process serves, or passes it on.
type serving struct {
	proc   linux.FS
	looks  int // that met clients' connections
	first  time.Time
	next   time.Time // before it nobody looks
	turn   int       // of those that have used no CPU time since the look before
	cpu    map[linux.Identity]int64
	seen   map[linux.Identity]*sighting
	links  map[link]bool           // who was seen to be connected with whom
	fronts map[linux.Identity]bool // what was decided of those that hold the clients' connections
	vain   int                     // looks since the last one that met any
	blind  bool                    // nobody's descriptors can be read
}

func newServing(proc linux.FS) *serving {
	return &serving{proc: proc, seen: map[linux.Identity]*sighting{}, links: map[link]bool{}}
}

// sighting is what was seen of a process: at how many looks it was the only one of the tree to hold some client's connection,
// and at how many it shared all that it held with processes below it.
type sighting struct{ alone, shared, parent int }

// link is from the process that has made a connection to the one that has accepted it. If it was made for both, by
// socketpair(2), there is one in each direction.
type link struct {
	from, to linux.Identity
	accepted bool
}

// What a look may cost. A process has 1 us a descriptor, a line of the table takes 1 us. Looks come ten times a second at most,
// and so seldom that they take a fiftieth of a core; once all is known, a thousandth.
const (
	mostDescriptors = 1024
	mostIdle        = 32  // processes that have used no CPU time since the last look
	mostBusy        = 256 // others
	twice           = 16  // as few are looked at again after the table was read: connections may be short
	pauseSearching  = 90 * time.Millisecond
	pauseKnown      = 5 * time.Second
	costSearching   = 50
	costKnown       = 1000
)

// Enough to settle on: with connections closed after each request, one look sees a few of the processes.
const (
	enoughLooks = 6
	enoughTime  = time.Second
)

// look notes who holds which connection now. ports are those at which clients come; none: any at which the tree listens.
func (s *serving) look(tree []linux.Process, ports []int, known bool) {
	if time.Now().Before(s.next) || len(tree) == 0 {
		return
	}
	runtime.LockOSThread() // of which the CPU time is read
	defer runtime.UnlockOSThread()
	began := threadCPU()
	var holders map[uint64][]linux.Process
	holders, s.blind = s.holders(s.worthALook(tree))
	table := s.table(tree[0].PID, ports)
	if len(table.clients) > 0 && len(tree) <= twice {
		again, _ := s.holders(tree)
		for inode, who := range again {
			holders[inode] = union(holders[inode], who)
		}
	}
	s.noteClients(tree, table, holders)
	s.noteLinks(tree, table, holders)
	s.creditParents(tree)
	s.rest(threadCPU()-began, known)
}

// rest is as long as the look that has just ended was dear.
func (s *serving) rest(cost time.Duration, known bool) {
	pause := max(pauseSearching, costSearching*cost)
	if known {
		pause = max(pauseKnown, costKnown*cost)
	}
	s.next = time.Now().Add(pause)
}

// threadCPU is the CPU time that this thread has used: what is waited for on a busy machine costs nobody anything.
func threadCPU() time.Duration {
	var used unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used) // 0 looks more often
	return time.Duration(used.Nano())
}

// worthALook are those that have used CPU time since the look before, and some of the others in turn.
func (s *serving) worthALook(tree []linux.Process) []linux.Process {
	if len(tree) <= twice {
		return tree
	}
	var busy, idle []linux.Process
	used := make(map[linux.Identity]int64, len(tree))
	for _, p := range tree {
		used[p.Identity()] = p.CPU
		if before, known := s.cpu[p.Identity()]; known && p.CPU > before {
			busy = append(busy, p)
		} else {
			idle = append(idle, p)
		}
	}
	s.cpu = used
	slices.SortStableFunc(busy, func(a, b linux.Process) int { return cmp.Compare(b.CPU, a.CPU) })
	chosen := busy[:min(len(busy), mostBusy)]
	for range min(len(idle), mostIdle) {
		s.turn++
		chosen = append(chosen, idle[s.turn%len(idle)])
	}
	return chosen
}

// holders are the processes by the sockets that they have open. blind: nobody's could be read.
func (s *serving) holders(some []linux.Process) (by map[uint64][]linux.Process, blind bool) {
	by, blind = map[uint64][]linux.Process{}, true
	for _, p := range some {
		inodes, known := s.proc.SocketsOf(p.PID, mostDescriptors)
		blind = blind && !known
		for _, inode := range inodes {
			by[inode] = append(by[inode], p)
		}
	}
	return by, blind
}

func union(a, b []linux.Process) []linux.Process {
	for _, p := range b {
		if !isOneOf(p, a) {
			a = append(a, p)
		}
	}
	return a
}

// noteClients is what the clients' connections say.
func (s *serving) noteClients(tree []linux.Process, table connections, holders map[uint64][]linux.Process) {
	above := parents(tree)
	alone, shared := map[linux.Identity]bool{}, map[linux.Identity]bool{}
	for _, c := range table.clients {
		who := holders[c.Inode]
		if len(who) == 0 || len(table.ports) == 0 && len(holders[table.otherEnd(c)]) > 0 {
			continue // held by nobody that was looked at; or of one process of the tree with another, at a port of its own
		}
		top := highest(who, above)
		if len(who) == 1 {
			alone[top.Identity()] = true
		} else {
			shared[top.Identity()] = true
		}
	}
	if s.vain++; len(alone)+len(shared) == 0 {
		return
	}
	if s.looks++; s.looks == 1 {
		s.first = time.Now()
	}
	s.vain = 0
	for who := range alone {
		s.of(who, above).alone++
	}
	for who := range shared {
		if !alone[who] {
			s.of(who, above).shared++
		}
	}
}

func (s *serving) of(who linux.Identity, above map[int]int) *sighting {
	if s.seen[who] == nil {
		s.seen[who] = &sighting{parent: above[who.PID]}
	}
	return s.seen[who]
}

// creditParents gives what was seen of processes that have ended to their parents: a server that forks for each connection
// serves by its children, of which none is seen often.
func (s *serving) creditParents(tree []linux.Process) {
	living, above := map[linux.Identity]bool{}, parents(tree)
	byPID := make(map[int]linux.Identity, len(tree))
	for _, p := range tree {
		living[p.Identity()], byPID[p.PID] = true, p.Identity()
	}
	for who, seen := range s.seen {
		if living[who] {
			continue
		}
		if parent, lives := byPID[seen.parent]; lives {
			s.of(parent, above).alone += seen.alone
		}
		delete(s.seen, who)
	}
}

// noteLinks notes which processes those that hold clients' connections are connected with.
func (s *serving) noteLinks(tree []linux.Process, table connections, holders map[uint64][]linux.Process) {
	if len(s.seen) == 0 || len(tree) < 2 {
		return
	}
	found := map[link]bool{}
	note := func(from, to uint64, accepted bool) {
		for _, p := range holders[from] {
			for _, q := range holders[to] {
				if p.PID != q.PID {
					found[link{p.Identity(), q.Identity(), accepted}] = true
				}
			}
		}
	}
	for _, c := range table.accepted {
		if from := table.otherEnd(c); from != 0 {
			note(from, c.Inode, true)
		}
	}
	peers := linux.UnixPeers()
	for inode := range holders {
		if end, connected := peers[inode]; connected && !peers[end.Peer].Named {
			note(end.Peer, inode, end.Named)
		}
	}
	for l := range found {
		s.links[l] = true
	}
}

// settled says that enough was seen to tell who of the tree serves.
func (s *serving) settled(tree []linux.Process) bool {
	if s.looks < enoughLooks || time.Since(s.first) < enoughTime {
		return false
	}
	holding := s.accepting(tree)
	return len(s.backends(holding, tree)) == 0 || cpuOf(tree) >= enoughCPU || s.fronts != nil
}

// servers are the processes that serve, of those that live, and whether they are behind a front. What is a front is decided
// once enough was seen, and not again.
func (s *serving) servers(tree []linux.Process) (serve []linux.Process, behind bool) {
	decided := s.fronts
	if decided == nil && s.settled(tree) {
		s.fronts = map[linux.Identity]bool{}
	}
	serve = s.accepting(tree)
	for range 4 { // more fronts than anybody has
		next := s.backends(serve, tree)
		if len(next) == 0 || !s.areFront(decided, serve, next, tree) {
			break
		}
		serve, behind = next, true
	}
	return serve, behind
}

func (s *serving) areFront(decided map[linux.Identity]bool, serve, behind, tree []linux.Process) bool {
	for _, p := range serve {
		if front, known := decided[p.Identity()]; known {
			return front
		}
	}
	front := isFront(serve, behind, tree)
	if s.fronts != nil {
		for _, p := range serve {
			s.fronts[p.Identity()] = front
		}
	}
	return front
}

// accepting are those that hold the clients' connections. What is below another of them takes its place if it has been handed
// most of what that one accepts, as by the primary of Node's cluster. If it merely was forked while that one held some, as a
// pool of Python's multiprocessing, it holds none alone; and what is forked for one connection is gone with it.
func (s *serving) accepting(tree []linux.Process) []linux.Process {
	held := Filter(tree, func(p linux.Process) bool { return s.seen[p.Identity()] != nil && !PythonHelper.MatchString(p.Title()) })
	often := Filter(held, func(p linux.Process) bool { return s.seen[p.Identity()].alone >= min(2, s.looks) })
	if len(often) == 0 {
		often = held
	}
	above := parents(tree)
	handsDown := func(p linux.Process) bool {
		handed := 0
		for _, q := range often {
			if isBelow(q.PID, p.PID, above) {
				handed += s.seen[q.Identity()].alone
			}
		}
		return handed > 0 && 2*handed >= s.seen[p.Identity()].alone
	}
	return Filter(often, func(p linux.Process) bool {
		return !handsDown(p) && !slices.ContainsFunc(often, func(q linux.Process) bool { return isBelow(p.PID, q.PID, above) && !handsDown(q) })
	})
}

// backends are those behind what serves: with connections of its that they have accepted, or, if they are neither above nor
// below it, that were made for both.
func (s *serving) backends(serve, tree []linux.Process) []linux.Process {
	above := parents(tree)
	return Filter(tree, func(q linux.Process) bool {
		if isOneOf(q, serve) || store.MatchString(program(q)) || PythonHelper.MatchString(q.Title()) {
			return false
		}
		return slices.ContainsFunc(serve, func(p linux.Process) bool {
			from, to := p.Identity(), q.Identity()
			related := isBelow(p.PID, q.PID, above) || isBelow(q.PID, p.PID, above)
			return s.links[link{from, to, true}] || !related && s.links[link{from, to, false}]
		})
	})
}

// isFront says whether what holds the connections leaves the work to those behind it. A program that does nothing else is one
// if they are busy, and any other if they use more CPU time than it does: an app asks its database, its cache and its
// manager of shared objects, too.
func isFront(serve, behind, tree []linux.Process) bool {
	front, back := cpuOf(serve), cpuOf(behind)
	if !slices.ContainsFunc(serve, func(p linux.Process) bool { return !frontProgram.MatchString(program(p)) }) {
		return float64(back) >= busyShare*float64(cpuOf(tree))
	}
	return back > front
}

// Programs that are known by their names: fronts, which also serve by themselves, and what an app keeps its data in.
var (
	frontProgram = regexp.MustCompile(`^(nginx|haproxy|apache2|httpd|caddy|traefik|envoy|varnishd|lighttpd|h2o)$`)
	store        = regexp.MustCompile(`^(redis-server|valkey-server|memcached|postgres|mysqld|mariadbd|mongod|etcd|beam\.smp|nats-server)$`)
)

// program is the name of what a process runs, also with a title such as "nginx: worker process".
func program(p linux.Process) string {
	if len(p.Args) == 0 {
		return ""
	}
	return firstWord.FindString(filepath.Base(p.Args[0]))
}

var firstWord = regexp.MustCompile(`^[^ :]*`)

func cpuOf(some []linux.Process) (ticks int64) {
	for _, p := range some {
		ticks += p.CPU
	}
	return ticks
}

func isOneOf(p linux.Process, some []linux.Process) bool {
	return slices.ContainsFunc(some, func(q linux.Process) bool { return q.Identity() == p.Identity() })
}

func parents(tree []linux.Process) map[int]int {
	above := make(map[int]int, len(tree))
	for _, p := range tree {
		above[p.PID] = p.Parent
	}
	return above
}

// isBelow says whether a process descends from another.
func isBelow(pid, from int, above map[int]int) bool {
	for range len(above) {
		parent, known := above[pid]
		if !known {
			return false
		}
		if pid = parent; pid == from {
			return true
		}
	}
	return false
}

// highest is the one that none of the others is above.
func highest(some []linux.Process, above map[int]int) linux.Process {
	top := some[0]
	for _, p := range some[1:] {
		if isBelow(top.PID, p.PID, above) {
			top = p
		}
	}
	return top
}
