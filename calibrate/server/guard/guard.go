package guard

import (
	"cmp"
	"encoding/gob"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/group"
)

// Name is what a guard is called in ps. It isn't "calibrate": pkill -9 calibrate would take the guard along.
const Name = "workermem-guard"

const (
	guardArg = "__guard"
	guardEnv = "CALIBRATE_GUARD"

	guardCommands = 3 // read: one order, then requests to stop
	guardReports  = 4 // write
	guardOutput   = 5 // the app's stdout and stderr
)

// Bounds of the guard's waits.
const (
	OrphanGrace = 2 * time.Second // for the app to stop by itself when the tool is gone
	killLimit   = 5 * time.Second // for the kernel to end what was killed; a process in a stuck disk wait needs longer
)

// Order is what to start. It comes through a pipe, because an environment may hold secrets and an argument list is
// for everyone to read; in gob, because neither need be UTF-8.
type Order struct {
	Name    string // of an app, by which what is left of it is found: see group.NewName; "" for what is none
	Path    string
	Args    []string
	Env     []string
	Group   group.Group   // where to start it; none: where the guard is
	Limited bool          // a limit is set on the group: don't start the app outside of it
	Remove  string        // a file or folder that is the app's alone, to remove when it is gone; "" for none
	Grace   time.Duration // to stop by itself when the tool is gone; 0 for OrphanGrace
}

// request asks the guard to stop the app: the signal to its main process, and so long a wait before all is killed.
type request struct {
	Signal  int
	GraceMS int64
}

// report is one message from the guard.
type report struct {
	Event   string // "started", "refused", "exited" (the main process), "stopped" (all of it)
	PID     int
	Clock   float64 // started: linux.SinceBoot just before the exec
	Outside string  // started, refused: why the app couldn't be put into its group
	Errno   int
	Code    int
	Signal  int
	Left    int
	Killed  int
	Seconds float64
}

// Main acts as the guard if this process was started as one. main and every TestMain of a test that starts
// apps call it before anything else, and leave with the code if isGuard.
func Main(args []string) (code int, isGuard bool) {
	marked := os.Getenv(guardEnv) != "" //nolint:forbidigo // the guard is a program of its own, and this is its door
	if len(args) != 2 || args[1] != guardArg || !marked {
		return 0, false
	}
	os.Unsetenv(guardEnv)
	// Pdeathsig fires when the thread that started the child ends, so that goroutine keeps its thread for life. This one
	// keeps the process's first thread from it.
	runtime.LockOSThread()
	ended := make(chan int)
	go func() {
		runtime.LockOSThread()
		ended <- runGuard()
	}()
	return <-ended, true
}

func runGuard() int {
	if err := linux.CloseOnExec(); err != nil {
		return 1
	}
	commands, reports := os.NewFile(guardCommands, "commands"), os.NewFile(guardReports, "reports")
	g := &guardLoop{pid: os.Getpid(), reports: gob.NewEncoder(reports)}
	_ = linux.AdoptOrphans()
	_ = os.WriteFile("/proc/self/comm", []byte(Name), 0) // for those who look at ps

	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP) //nolint:forbidigo // the guard is a program of its own
	children := make(chan os.Signal, 1)
	linux.ChildrenTo(children)

	in := gob.NewDecoder(commands)
	var o Order
	if err := in.Decode(&o); err != nil {
		return 1
	}
	defer o.Group.Remove()
	if o.Remove != "" {
		defer os.RemoveAll(o.Remove)
	}
	if self, err := linux.Here.Stat(g.pid); err == nil && o.Name != "" {
		defer recordsHere().note(o.Name, self.Identity())()
	}
	if g.start(o) {
		g.run(children, ends, readRequests(in))
	}
	return 0
}

// readRequests passes on what the tool asks for, and closes the channel when the tool is gone.
func readRequests(in *gob.Decoder) <-chan request {
	requests := make(chan request)
	go func() {
		defer close(requests)
		for {
			var req request
			if err := in.Decode(&req); err != nil {
				return
			}
			requests <- req
		}
	}()
	return requests
}

// guardLoop is the guard's state. One goroutine owns it.
type guardLoop struct {
	pid     int
	orphan  request // what is to be done when the tool is gone
	main    int     // the app's main process, 0 once it is reaped
	group   int     // its process group, which is its pid
	cgroup  group.Group
	killed  int
	reports *gob.Encoder
}

// report may fail: the tool is gone then, and the pipe of commands says so too.
func (g *guardLoop) report(r report) { _ = g.reports.Encode(r) }

func (g *guardLoop) start(o Order) bool {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		g.report(report{Event: "refused", Errno: int(syscall.EMFILE)})
		return false
	}
	defer null.Close()
	clock := linux.SinceBoot()
	pid, outside, err := o.exec(null)
	if err != nil {
		var errno syscall.Errno
		errors.As(err, &errno)
		g.report(report{Event: "refused", Errno: int(errno), Outside: outside})
		return false
	}
	g.main, g.group, g.cgroup = pid, pid, o.Group
	g.orphan = request{Signal: int(syscall.SIGTERM), GraceMS: cmp.Or(o.Grace, OrphanGrace).Milliseconds()}
	linux.File(guardOutput).Close()
	g.report(report{Event: "started", PID: pid, Clock: clock, Outside: outside})
	return true
}

// exec starts the app in its group. Where that can't be, and no limit hangs on it, the app starts outside.
func (o Order) exec(null *os.File) (pid int, outside string, err error) {
	attr := &syscall.ProcAttr{
		Env:   o.Env,
		Files: []uintptr{null.Fd(), guardOutput, guardOutput},
		Sys:   linux.InOwnGroup(),
	}
	pid, err = o.Group.ForkExec(o.Path, o.Args, attr)
	var stayed group.NotEntered
	if !errors.As(err, &stayed) {
		return pid, "", err
	}
	if o.Limited {
		return 0, stayed.Error(), err
	}
	if pid, err = (group.Group{}).ForkExec(o.Path, o.Args, attr); err != nil {
		return 0, "", err
	}
	return pid, stayed.Error(), nil
}

// run reaps, and waits for a reason to stop the app.
func (g *guardLoop) run(children, ends <-chan os.Signal, requests <-chan request) {
	for {
		select {
		case <-children:
			g.reap()
		case <-ends:
			g.stop(g.orphan, true, children, nil)
			return
		case req, ok := <-requests:
			if !ok {
				req, requests = g.orphan, nil
			}
			g.stop(req, !ok, children, requests)
			return
		}
	}
}

// reap collects every child that has ended, adopted ones too.
func (g *guardLoop) reap() {
	for {
		pid, status := linux.Reap(-1)
		if pid == 0 {
			return
		}
		if pid == g.main {
			g.main = 0
			g.reportExit(pid, status)
		}
	}
}

func (g *guardLoop) reportExit(pid int, status syscall.WaitStatus) {
	r := report{Event: "exited", PID: pid, Left: len(g.living())}
	if status.Signaled() {
		r.Signal = int(status.Signal())
	} else {
		r.Code = status.ExitStatus()
	}
	g.report(r)
}

// stop ends the app: a signal to its main process (to the whole group where the tool is gone and nobody waits for
// good manners), to what the main process leaves behind when it ends, and death to what is there after the grace.
func (g *guardLoop) stop(req request, all bool, children <-chan os.Signal, requests <-chan request) {
	began := time.Now()
	sig := syscall.Signal(req.Signal)
	if g.main != 0 && !all {
		linux.Kill(g.main, sig)
	} else {
		g.signalAll(sig)
	}
	g.wait(began.Add(time.Duration(req.GraceMS)*time.Millisecond), sig, children, requests)
	left := g.killAll()
	g.report(report{Event: "stopped", Killed: g.killed, Left: left, Seconds: time.Since(began).Seconds()})
}

// wait returns when nothing of the app lives, or at the deadline.
func (g *guardLoop) wait(deadline time.Time, sig syscall.Signal, children <-chan os.Signal, requests <-chan request) {
	hadMain := g.main != 0
	for {
		g.reap()
		if g.main == 0 {
			if len(g.living()) == 0 {
				return
			}
			if hadMain { // a wrapper such as sh -c ends without a word to its children
				hadMain = false
				g.signalAll(sig)
			}
		}
		left := time.Until(deadline)
		if left <= 0 {
			return
		}
		select {
		case <-children:
		case <-time.After(min(left, 20*time.Millisecond)):
		case req, ok := <-requests: // less patience, never more
			if !ok {
				req, requests = g.orphan, nil
			}
			if sooner := time.Now().Add(time.Duration(req.GraceMS) * time.Millisecond); sooner.Before(deadline) {
				deadline = sooner
			}
		}
	}
}

func (g *guardLoop) living() []linux.Stat { return linux.Here.Tree(g.pid) }

func (g *guardLoop) signalAll(sig syscall.Signal) {
	for _, s := range g.living() {
		linux.Kill(s.PID, sig)
	}
}

// killAll kills every descendant until none is left, and returns how many are left in spite of that.
func (g *guardLoop) killAll() int {
	x := executioner{spare: []int{g.pid}}
	for deadline := time.Now().Add(killLimit); ; {
		g.reap()
		tree := linux.Here.Descendants(g.pid)
		if len(tree) == 0 || time.Now().After(deadline) {
			g.killed += len(x.killed)
			return len(linux.Living(linux.Here.Stats(tree)))
		}
		x.kill(tree)
		g.cgroup.Kill()
	}
}
