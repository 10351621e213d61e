package guard

import (
	"context"
	"encoding/gob"
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/group"
)

// End is how the app's main process ended.
type End struct {
	Code   int
	Signal syscall.Signal // 0 if it exited by itself
	Left   int            // processes of the app that lived on
}

// Guardian is the tool's end of a guard.
type Guardian struct {
	PID      int   // of the guard, which is also the app's session
	born     int64 // the guard's start time
	cmd      *exec.Cmd
	name     string      // of the app, "" for what is none
	group    group.Group // of the app
	commands *os.File
	begun    chan struct{} // closed when the app has started, or can't
	exited   chan struct{} // closed when the app's main process has ended
	gone     chan struct{} // closed when the guard has ended, and all it left is dead

	mu      sync.Mutex
	orders  *gob.Encoder
	start   *report // nil where the guard died before it could say
	exit    *report // nil while the main process lives, or where nobody saw its end
	stopped *report // nil until gone
}

// Bounds of the tool's waits for its guard, beyond the grace that the app has.
const (
	guardStartLimit = 10 * time.Second
	guardStopLimit  = killLimit + 5*time.Second
)

// Start starts a guard and has it start the app, whose stdout and stderr go to output (nil: nowhere). The error
// is a syscall.Errno if the app could not be executed; nothing is left then.
func Start(o Order, output, stderr *os.File) (*Guardian, error) {
	if err := linux.AdoptOrphans(); err != nil {
		return nil, err
	}
	if output == nil {
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		defer null.Close()
		output = null
	}
	g := &Guardian{name: o.Name, group: o.Group, begun: make(chan struct{}), exited: make(chan struct{}), gone: make(chan struct{})}
	reports, err := g.spawn(output, stderr)
	if err != nil {
		return nil, err
	}
	go g.listen(reports)
	return g, g.begin(o)
}

// spawn starts the guard itself.
func (g *Guardian) spawn(output, stderr *os.File) (reports *os.File, err error) {
	commandsIn, commands, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer commandsIn.Close() // the guard has this end; while we have it too, the other's end is not seen
	reports, reportsOut, err := os.Pipe()
	if err != nil {
		commands.Close()
		return nil, err
	}
	defer reportsOut.Close()
	g.cmd = guardCommand(commandsIn, reportsOut, output, stderr)
	if err := liveGuards.start(g.cmd); err != nil {
		commands.Close()
		reports.Close()
		return nil, err
	}
	g.PID, g.commands, g.orders = g.cmd.Process.Pid, commands, gob.NewEncoder(commands)
	if s, err := linux.Here.Stat(g.PID); err == nil {
		g.born = s.Start
	}
	return reports, nil
}

func guardCommand(commands, reports, output, stderr *os.File) *exec.Cmd {
	cmd := &exec.Cmd{
		Path:        "/proc/self/exe", // works also where the binary has been replaced or removed meanwhile
		Args:        []string{Name, guardArg},
		Env:         []string{guardEnv + "=1", "GORACE=atexit_sleep_ms=0"}, // a build with -race would stay for a second
		ExtraFiles:  []*os.File{commands, reports, output},
		SysProcAttr: linux.InOwnSession(),
	}
	if stderr != nil {
		cmd.Stderr = stderr
	}
	return cmd
}

// ErrEnded is for what a guard would have said.
var ErrEnded = errors.New("the guard ended before its work was done")

// begin sends the order and waits for what becomes of it.
func (g *Guardian) begin(o Order) error {
	_ = g.send(o) // an error here is a dead guard, which is seen below
	late := time.NewTimer(guardStartLimit)
	defer late.Stop()
	select {
	case <-g.begun:
	case <-late.C:
		_ = g.cmd.Process.Kill()
	}
	g.mu.Lock()
	start := g.start
	g.mu.Unlock()
	if start != nil && start.Event == "started" {
		return nil
	}
	<-g.gone
	if start == nil {
		return ErrEnded
	}
	if start.Outside != "" {
		return group.NotEntered{Why: start.Outside}
	}
	return syscall.Errno(start.Errno)
}

func (g *Guardian) send(message any) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.orders.Encode(message)
}

// listen takes the guard's reports until it ends, then looks after what it left.
func (g *Guardian) listen(reports *os.File) {
	defer calibrate.Caught()
	in := gob.NewDecoder(reports)
	for {
		var r report
		if in.Decode(&r) != nil {
			break
		}
		g.take(r)
	}
	reports.Close()
	_ = g.cmd.Wait() // only now have the guard's children come to this process (kernel/exit.c, exit_notify)
	g.commands.Close()
	liveGuards.remove(g.PID)
	g.mu.Lock()
	clean := g.stopped != nil || g.start != nil && g.start.Event == "refused"
	g.mu.Unlock()
	if !clean {
		killed, left := g.sweep()
		g.mu.Lock()
		g.stopped = &report{Event: "stopped", Killed: killed, Left: left}
		g.mu.Unlock()
	}
	g.group.Remove() // the guard's work, where it lived to do it; a later run sweeps what even now can't be removed
	if g.name != "" {
		recordsHere().forget(g.name)
	}
	closeOnce(g.begun)
	closeOnce(g.exited)
	close(g.gone)
}

func (g *Guardian) take(r report) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch r.Event {
	case "started", "refused":
		g.start = &r
		closeOnce(g.begun)
	case "exited":
		g.exit = &r
		closeOnce(g.exited)
	case "stopped":
		g.stopped = &r
	}
}

// closeOnce is for channels that one goroutine closes.
func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// AppPID is the pid of the app's main process.
func (g *Guardian) AppPID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.start == nil {
		return 0
	}
	return g.start.PID
}

// Outside is why the app isn't in its group, "" where it is.
func (g *Guardian) Outside() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.start == nil {
		return ""
	}
	return g.start.Outside
}

// StartClock is when the app was executed, in seconds of linux.SinceBoot.
func (g *Guardian) StartClock() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.start == nil {
		return 0
	}
	return g.start.Clock
}

// Ending is how the main process ended, nil while it lives, or if nobody saw its end.
func (g *Guardian) Ending() *End {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.exit == nil {
		return nil
	}
	return &End{Code: g.exit.Code, Signal: syscall.Signal(g.exit.Signal), Left: g.exit.Left}
}

// Exited is closed when the app's main process has ended.
func (g *Guardian) Exited() <-chan struct{} { return g.exited }

// Gone is closed when the guard has ended, and all it left is dead.
func (g *Guardian) Gone() <-chan struct{} { return g.gone }

// Killed says, once the guard is gone, whether a signal ended it. It ends by itself when its work is done.
func (g *Guardian) Killed() bool {
	status, ok := g.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// Stop ends the app and its guard, and returns when both are gone. It is bounded: a guard that doesn't answer is
// killed, and its work done here. Once ctx is done, the app has no more than OrphanGrace left.
func (g *Guardian) Stop(ctx context.Context, sig syscall.Signal, grace time.Duration) calibrate.Stopped {
	_ = g.send(request{Signal: int(sig), GraceMS: grace.Milliseconds()})
	limit := time.NewTimer(grace + guardStopLimit)
	defer limit.Stop()
	hurry := ctx.Done()
	for done := false; !done; {
		select {
		case <-g.gone:
			done = true
		case <-hurry:
			hurry = nil
			_ = g.send(request{Signal: int(sig), GraceMS: OrphanGrace.Milliseconds()})
		case <-limit.C:
			_ = g.cmd.Process.Kill()
			<-g.gone
			done = true
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped == nil {
		return calibrate.Stopped{}
	}
	return calibrate.Stopped{Seconds: g.stopped.Seconds, Killed: g.stopped.Killed, Left: g.stopped.Left}
}
