package workers

import (
	"cmp"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"time"

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
	last   reading                  // of the look before
	links  map[link]bool            // who was seen to be connected with whom
	listen map[linux.Identity][]int // ports at which a process may accept connections
	outer  map[int]bool             // ports at which clients were connected
	inner  map[int]bool             // others, at which the tree is connected with itself
	fronts map[linux.Identity]bool  // what was decided of those that hold the clients' connections
	met    int                      // looks at which clients were connected, whoever held them
	vain   int                      // looks since the last of those
	blind  bool                     // nobody's descriptors can be read
}

func newServing(proc linux.FS) *serving {
	return &serving{proc: proc, seen: map[linux.Identity]*sighting{}, links: map[link]bool{}, listen: map[linux.Identity][]int{}, outer: map[int]bool{}, inner: map[int]bool{}}
}

// sighting is what was seen of a process: at how many looks it was the only one of the tree to hold some client's connection,
// and at how many it shared all that it held with processes below it; how many connections it was seen to hand to those, and how
// many it was handed by one above it.
type sighting struct{ alone, shared, gave, got, parent int }

// link is from the process that has made a connection to the one that has accepted it. If it was made for both, by
// socketpair(2), there is one in each direction.
type link struct {
	from, to linux.Identity
	accepted bool
}

// What a look may cost. A process has 1 us a descriptor, a line of the table takes 1 us. Looks come ten times a second at most,
// and so seldom that they take a twenty-fifth of a core; once all is known, a thousandth.
const (
	mostDescriptors = 1024
	mostIdle        = 32  // processes that have used no CPU time since the last look
	mostBusy        = 256 // others
	few             = 16  // processes that are all looked at, twice
	pauseSearching  = 90 * time.Millisecond
	pauseKnown      = 5 * time.Second
	costSearching   = 25
	costKnown       = 1000
)

// Enough to settle on: with connections closed after each request, one look sees a few of the processes.
const (
	enoughLooks = 6  // that met a process with a client's connection
	enoughMet   = 18 // that met such a connection, however short: then the CPU time of those who can have accepted it decides
	enoughTime  = time.Second
)

// What it takes to say that a process hands down what it accepts: so many connections, each of which counts for so many looks at
// which it held others alone. The primary of Node's cluster was seen to hand one at every look or every third; an app that
// passes one connection of a hundred to a helper serves by itself.
const (
	enoughGiven = 2
	givenWeighs = 10
)

// look notes who holds which connection now. ports are those at which clients come; none: any at which the tree listens.
func (s *serving) look(tree []linux.Process, ports []int, known bool) {
	if time.Now().Before(s.next) || len(tree) == 0 {
		return
	}
	readings, table, cost := s.read(tree, ports)
	holders := holdersAt(readings)
	s.noteClients(tree, table, holders, append([]reading{s.last}, readings...))
	s.last = readings[len(readings)-1]
	s.noteListening(table, holders)
	s.noteLinks(tree, table, holders)
	s.creditParents(tree)
	s.rest(cost, known)
}

// read lists the descriptors of processes before and after the kernel has walked through its table of connections, which takes
// it some milliseconds (of 262 144 places): a connection may be over in less. Where there are many processes, once must do.
// cost is CPU time: what is waited for on a busy machine costs nobody anything.
func (s *serving) read(tree []linux.Process, ports []int) (readings []reading, table connections, cost time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := linux.ThreadCPU()
	first := readingOf(s.proc, s.worthALook(tree))
	readings, s.blind = []reading{first}, len(first.of) == 0
	table = s.table(tree[0].PID, ports)
	if len(tree) <= few {
		readings = append(readings, readingOf(s.proc, tree))
	}
	return readings, table, linux.ThreadCPU() - began
}

// rest is as long as the look that has just ended was dear.
func (s *serving) rest(cost time.Duration, known bool) {
	pause := max(pauseSearching, costSearching*cost)
	if known {
		pause = max(pauseKnown, costKnown*cost)
	}
	s.next = time.Now().Add(pause)
}

// worthALook are those that have used CPU time since the look before, and some of the others in turn.
func (s *serving) worthALook(tree []linux.Process) []linux.Process {
	if len(tree) <= few {
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

// noteClients is what the clients' connections say. One that was handed down is of who received it, and no longer of who gave it.
func (s *serving) noteClients(tree []linux.Process, table connections, holders map[uint64][]linux.Process, readings []reading) {
	above := parents(tree)
	alone, shared := map[linux.Identity]bool{}, map[linux.Identity]bool{}
	for _, c := range table.clients {
		who := holders[c.Inode]
		if len(who) == 0 || len(table.ports) == 0 && len(holders[table.otherEnd(c)]) > 0 {
			continue // held by nobody that was looked at; or of one process of the tree with another, at a port of its own
		}
		if received := s.noteHanded(handedDown(readings, c.Inode, above), above); len(received) > 0 {
			for _, q := range received {
				alone[q] = true
			}
		} else if top := highest(who, above); len(who) == 1 {
			alone[top.Identity()] = true
		} else {
			shared[top.Identity()] = true
		}
	}
	s.vain++
	if len(table.clients) > 0 {
		s.vain = 0
		if s.met++; s.met == 1 {
			s.first = time.Now()
		}
	}
	if len(alone)+len(shared) > 0 {
		s.looks++
	}
	for who := range alone {
		s.of(who, above).alone++
	}
	for who := range shared {
		if !alone[who] {
			s.of(who, above).shared++
		}
	}
}

func (s *serving) noteHanded(down []handing, above map[int]int) (received []linux.Identity) {
	for _, h := range down {
		s.of(h.from, above).gave++
		s.of(h.to, above).got++
		received = append(received, h.to)
	}
	return received
}

// handsDown says whether enough was seen of a process to know that it leaves what it accepts to others.
func (s sighting) handsDown() bool {
	return s.gave >= enoughGiven && givenWeighs*s.gave >= s.alone
}

func (s *serving) of(who linux.Identity, above map[int]int) *sighting {
	if s.seen[who] == nil {
		s.seen[who] = &sighting{parent: above[who.PID]}
	}
	return s.seen[who]
}

// creditParents gives what was seen of processes that have ended to their parents: a server that forks for each connection
// serves by its children, of which none is seen often. One that was handed its connections was none of those.
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
		if parent, lives := byPID[seen.parent]; lives && seen.got == 0 {
			s.of(parent, above).alone += seen.alone
		}
		delete(s.seen, who)
	}
}

// noteListening notes who listens where: only they can have accepted what is connected there, however short it is.
func (s *serving) noteListening(table connections, holders map[uint64][]linux.Process) {
	for _, c := range table.clients {
		s.outer[int(c.Local.Port())] = true
	}
	for port := range table.inner() {
		s.inner[port] = true
	}
	for _, l := range table.listening {
		for _, p := range holders[l.Inode] {
			if who := p.Identity(); !slices.Contains(s.listen[who], l.Port) {
				s.listen[who] = append(s.listen[who], l.Port)
			}
		}
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

// settled says that enough was seen to tell who of the tree serves. If others are busy, too, it must be longer: what holds the
// connections may be a front, and its own connections with them may be short.
func (s *serving) settled(serve, tree []linux.Process) bool {
	enough := func(times int) bool {
		return (s.looks >= times*enoughLooks || s.met >= enoughMet) && time.Since(s.first) >= time.Duration(times)*enoughTime
	}
	if !enough(1) || !enough(3) && othersAreBusy(serve, tree) {
		return false
	}
	return cpuOf(tree) >= enoughCPU || len(s.backends(serve, serve, tree)) == 0
}

func othersAreBusy(serve, tree []linux.Process) bool {
	above, least := parents(tree), busyShare*float64(cpuOf(tree))
	return slices.ContainsFunc(tree, func(q linux.Process) bool {
		return float64(q.CPU) >= least && !isOneOf(q, serve) &&
			!slices.ContainsFunc(serve, func(p linux.Process) bool { return isBelow(q.PID, p.PID, above) || isBelow(p.PID, q.PID, above) })
	})
}

// servers are the processes that serve, of those that live, and whether they are behind a front. What is a front is decided
// once enough was seen, and not again.
func (s *serving) servers(tree []linux.Process) (serve []linux.Process, behind bool) {
	if serve = s.accepting(tree); len(serve) == 0 {
		return nil, false
	}
	decided, passed := s.fronts, serve
	if decided == nil && s.settled(serve, tree) {
		s.fronts = map[linux.Identity]bool{}
	}
	for range 4 { // more fronts than anybody has
		next := s.backends(serve, passed, tree)
		if len(next) == 0 || !s.areFront(decided, serve, next, tree) {
			break
		}
		serve, behind, passed = next, true, append(passed, next...)
	}
	return serve, behind
}

func (s *serving) areFront(decided map[linux.Identity]bool, serve, behind, tree []linux.Process) bool {
	for _, p := range serve {
		if front, known := decided[p.Identity()]; known {
			return front
		}
	}
	front := s.isFront(serve, behind, tree)
	if s.fronts != nil {
		for _, p := range serve {
			s.fronts[p.Identity()] = front
		}
	}
	return front
}

// accepting are those that hold the clients' connections. What is below another of them takes its place if that one was seen to
// hand down what it accepts, or it holds most of that alone, as below the primary of Node's cluster: one that is kept from the
// cores holds a queue at every look. If it merely was forked while that one held some, as a pool of Python's multiprocessing, it
// holds none alone; and what is forked for one connection is gone with it.
func (s *serving) accepting(tree []linux.Process) []linux.Process {
	held := Filter(tree, func(p linux.Process) bool { return s.seen[p.Identity()] != nil && !PythonHelper.MatchString(p.Title()) })
	if len(held) == 0 && s.met >= enoughMet {
		return ends(s.busyListeners(tree, s.outer), tree)
	}
	often := Filter(held, func(p linux.Process) bool {
		seen := s.seen[p.Identity()]
		return seen.got > 0 || seen.alone >= min(2, s.looks)
	})
	if len(often) == 0 {
		often = held
	}
	above := parents(tree)
	handsDown := func(p linux.Process) bool {
		if s.seen[p.Identity()].handsDown() {
			return true
		}
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

// busyListeners are the processes that may accept connections at some ports, and use a good part of the CPU time that all
// of those use: a master that has opened the socket for others uses none.
func (s *serving) busyListeners(tree []linux.Process, ports map[int]bool) []linux.Process {
	listening := Filter(tree, func(p linux.Process) bool {
		return slices.ContainsFunc(s.listen[p.Identity()], func(port int) bool { return ports[port] })
	})
	least := max(busyShare*float64(cpuOf(listening)), 1)
	return Filter(listening, func(p linux.Process) bool { return float64(p.CPU) >= least })
}

// backends are those behind what serves: with connections of its that they have accepted, or, if they are neither above nor
// below it, that were made for both. Connections may be too short to be met with their processes: whoever is busy, and
// listens where the tree is connected with itself and what serves doesn't listen, has accepted them.
func (s *serving) backends(serve, passed, tree []linux.Process) []linux.Process {
	above := parents(tree)
	inner := ends(s.busyListeners(tree, s.portsBehind(serve, tree)), tree)
	return Filter(tree, func(q linux.Process) bool {
		if isOneOf(q, passed) || store.MatchString(program(q)) || PythonHelper.MatchString(q.Title()) {
			return false
		}
		return isOneOf(q, inner) || slices.ContainsFunc(serve, func(p linux.Process) bool {
			from, to := p.Identity(), q.Identity()
			related := isBelow(p.PID, q.PID, above) || isBelow(q.PID, p.PID, above)
			return s.links[link{from, to, true}] || !related && s.links[link{from, to, false}]
		})
	})
}

// portsBehind are those at which the tree is connected with itself, or at which a fork beside what serves listens, and what serves
// does not.
func (s *serving) portsBehind(serve, tree []linux.Process) map[int]bool {
	ports := maps.Clone(s.inner)
	for _, q := range tree {
		if slices.ContainsFunc(serve, func(p linux.Process) bool { return s.isRouterOf(p, q) }) {
			for _, port := range s.listen[q.Identity()] {
				ports[port] = true
			}
		}
	}
	for _, p := range serve {
		for _, port := range s.listen[p.Identity()] {
			delete(ports, port)
		}
	}
	return ports
}

// isFront says whether what holds the connections leaves the work to those behind it. A fork beside them whose connections they
// accept is one, as the router of uWSGI; so is a program that does nothing else, if they are busy. Any other is one if they use
// more CPU time than it does: an app asks its database, its cache and its manager of shared objects, too.
func (s *serving) isFront(serve, behind, tree []linux.Process) bool {
	all := func(some []linux.Process, is func(linux.Process) bool) bool {
		return !slices.ContainsFunc(some, func(p linux.Process) bool { return !is(p) })
	}
	switch back := cpuOf(behind); {
	case all(serve, func(p linux.Process) bool {
		return all(behind, func(q linux.Process) bool { return s.isRouterOf(p, q) })
	}):
		return true
	case all(serve, func(p linux.Process) bool { return frontProgram.MatchString(program(p)) }):
		return float64(back) >= busyShare*float64(cpuOf(tree))
	default:
		return back > cpuOf(serve)
	}
}

// isRouterOf says whether one of two forks listens elsewhere than the other.
func (s *serving) isRouterOf(p, q linux.Process) bool {
	return p.PID != q.PID && p.Parent == q.Parent && slices.Equal(p.Args, q.Args) && slices.ContainsFunc(s.listen[q.Identity()], func(port int) bool {
		return !slices.Contains(s.listen[p.Identity()], port)
	})
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
