package server

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/reach"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// attachable is a process that may be watched, or a complaint.
func attachable(p linux.FS, pid int) (linux.Stat, error) {
	const list = "ps -eo pid,user,args lists the processes"
	if pid < 1 {
		return linux.Stat{}, calibrate.Usage(list, "%d is no process number", pid)
	}
	pid = p.Leader(pid)
	s, err := p.Stat(pid)
	switch {
	case err != nil:
		return s, calibrate.Usage(list+"; where /proc hides those of others (hidepid), run calibrate as root", "there is no process %d", pid)
	case s.Kernel:
		return s, calibrate.Usage(list, "process %d (%s) is a thread of the kernel", pid, s.Comm)
	case !s.Alive():
		return s, calibrate.Usage(list, "process %d (%s) has ended, and waits for its parent to notice", pid, s.Comm)
	case pid == os.Getpid():
		return s, calibrate.Usage(list, "process %d is calibrate itself", pid)
	case p.IsAbove(pid, os.Getpid()):
		return s, calibrate.Usage("name the server's own process; "+list, "process %d (%s) is one that calibrate runs under", pid, s.Comm)
	}
	return s, nil
}

// masterOf climbs from a worker to its master: to a parent in the same session, as long as the process has a worker's
// title, or the parent's own command line (a fork), or is one that Python's multiprocessing spawned. A worker that has
// lost its master is below an init, which has a session of its own.
func masterOf(p linux.FS, s linux.Stat, titles workers.AnyTitles) int {
	for {
		parent, err := p.Stat(s.Parent)
		if err != nil || parent.Session != s.Session || !isWorkerOf(p, s.PID, parent.PID, titles) {
			return s.PID
		}
		s = parent
	}
}

func isWorkerOf(p linux.FS, pid, parent int, titles workers.AnyTitles) bool {
	args := p.Args(pid)
	title := strings.Join(args, " ")
	return len(args) > 0 && (titles.IsWorker(title) || workers.PythonSpawned.MatchString(title) || slices.Equal(args, p.Args(parent)))
}

// serverIn is the first process from above that a known server recognises as its own, wrappers apart.
func serverIn(tree []linux.Process) (known.Server, linux.Process) {
	for _, p := range tree {
		program := cli.SeeThrough(p.Args)
		if cli.IsWrapper(program.First()) {
			continue
		}
		if known := knownServer(program); known != nil {
			return known, p
		}
	}
	return nil, linux.Process{}
}

// aim checks where the load is to go.
func (r *Attached) aim(tree []linux.Process) error {
	if r.spec.URL == "" {
		return nil
	}
	var err error
	if r.address, err = known.ParseAddress(r.spec.URL, r.spec.AllowRemote); err != nil {
		return err
	}
	r.seen.Target.URL = r.address.URL()
	if !reach.Loopback(r.address.Host) {
		return nil
	}
	var inodes []string
	for _, l := range r.proc.Listeners(r.address.Port) {
		inodes = append(inodes, l.Inode)
	}
	if len(inodes) == 0 {
		return calibrate.Usage("give the address at which the server listens, or the proxy before it", "nothing listens at %s", r.address)
	}
	for _, p := range tree {
		if held, known := r.proc.Holds(p.PID, inodes); held || !known {
			r.watch.Port, r.watch.Ports = r.address.Port, []int{r.address.Port}
			return nil
		}
	}
	r.seen.Warn("url-elsewhere", "nothing, if that is a proxy which passes every request on",
		"%s is answered by a process that is none of the server's", r.address)
	return nil
}

// ports are those that the server's processes listen on, in their own network namespace; none if that can't be seen.
func (r *Attached) ports(tree []linux.Process) []int {
	var ports []int
	for _, l := range r.proc.ListenersOf(strconv.Itoa(r.root.PID)) {
		held := func(p linux.Process) bool { held, _ := r.proc.Holds(p.PID, []string{l.Inode}); return held }
		if !slices.Contains(ports, l.Port) && slices.ContainsFunc(tree, held) {
			ports = append(ports, l.Port)
		}
	}
	slices.Sort(ports)
	return ports
}

// doubtLimits: what the sizing takes for the box's memory is the limit of calibrate's own cgroup.
func (r *Attached) doubtLimits() {
	own, errOwn := r.proc.Memberships("self")
	theirs, err := r.proc.Memberships(strconv.Itoa(r.root.PID))
	_, ownPath := linux.MemberOf("memory", own)
	_, path := linux.MemberOf("memory", theirs)
	if errOwn != nil || err != nil || ownPath == path {
		return
	}
	r.seen.Warn("other-cgroup", "give the server's limits: --memory and --cpus",
		"the server runs in another cgroup than calibrate, and the limits that are sized for are calibrate's")
}
