package server

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// AttachSpec names a server that is already running.
type AttachSpec struct {
	PID         int      // of its master, or of a worker
	URL         string   // where load is to go; "" for no load
	Threads     int      // of a worker; 0: what the command line says
	AllowRemote []string // hosts allowed in URL beside loopback
	AccessLog   string   // by which requests are counted; "" for none
}

// Attached is a server that somebody else started. It is looked at and nothing more: no signal is sent to it, nothing of
// it is run, no file of it is written. It implements calibrate.Target, whose Start begins the watch, and calibrate.App,
// whose Stop ends the watch and leaves the server as it is.
type Attached struct {
	seen    *known.Running // what its adapter sees of it
	proc    linux.FS
	root    linux.Identity // the server's main process
	watch   *workers.Watch
	spec    AttachSpec
	address known.Address // of the load
	oom     group.OOMCount
	writers logWriters
	used    map[linux.Identity]int64 // CPU time of the workers when the watch began, in ticks

	exited  chan struct{}
	left    chan struct{} // closed when the watch is over
	over    bool          // nobody looks any more
	leave   sync.Once
	looking sync.WaitGroup
}

var (
	_ calibrate.Target = (*Attached)(nil)
	_ calibrate.App    = (*Attached)(nil)
)

// Attach finds the server that a process belongs to, and says what can be known of it from outside. Every complaint is
// a *calibrate.Failure of KindUsage.
func Attach(spec AttachSpec) (*Attached, error) { return attachIn(linux.Here, spec) }

func attachIn(proc linux.FS, spec AttachSpec) (*Attached, error) {
	named, err := attachable(proc, spec.PID)
	if err != nil {
		return nil, err
	}
	titles := knownTitles()
	root, err := attachable(proc, masterOf(proc, named, titles))
	if err != nil {
		return nil, err
	}
	r := &Attached{
		proc: proc, root: root.Identity(), watch: workers.NewWatch(proc, 0, anycommand.Server{}, titles),
		spec: spec, oom: group.OOMKills(proc, strconv.Itoa(root.PID)),
		exited: make(chan struct{}), left: make(chan struct{}),
	}
	r.watch.Rooted = true
	r.seen = known.NewRunning(proc, r.root, r.watch, spec.Threads)
	r.seen.Target = calibrate.TargetInfo{
		Server: anycommand.Server{}.Name(), Command: proc.Args(root.PID), Threads: spec.Threads, HasThreads: spec.Threads > 0,
		PID: root.PID, UpSeconds: max(linux.SinceBoot()-float64(root.Start)/linux.ClockTicks, 0),
	}
	if named.PID != root.PID {
		r.seen.Target.NamedPID = named.PID
	}
	return r, r.recognise()
}

// recognise completes what is known before the watch begins.
func (r *Attached) recognise() error {
	tree := r.watch.Processes(r.root.PID)
	r.seen.Target.Ports = r.ports(tree)
	if len(r.seen.Target.Ports) > 0 {
		r.watch.Port = r.seen.Target.Ports[0]
	}
	if err := r.aim(tree); err != nil {
		return err
	}
	if adapter, master := serverIn(tree); adapter != nil {
		if a, ok := adapter.(known.Attachable); ok {
			var err error
			if adapter, err = a.Running(r.seen, master); err != nil {
				return err
			}
		}
		r.watch.Server, r.seen.Target.Server = adapter, adapter.Name()
	}
	r.doubtLimits()
	return nil
}

// exitPoll is how often the server is looked at for its end. The app's memory is read twice as often.
const exitPoll = 200 * time.Millisecond

// Start begins the watch.
func (r *Attached) Start(context.Context) (calibrate.App, error) {
	if !r.lives() {
		f := r.ended()
		f.What += " before the watch began"
		return nil, f
	}
	r.used = map[linux.Identity]int64{}
	for _, p := range r.watch.Adopt(r.root.PID) {
		r.used[p.Identity()] = p.CPU
	}
	r.looking.Go(func() {
		defer calibrate.Caught()
		for r.lives() {
			select {
			case <-r.left:
				return
			case <-time.After(exitPoll):
			}
		}
		close(r.exited)
	})
	return r, nil
}

// lives compares the start time too, so that another process with the number isn't taken for the server.
func (r *Attached) lives() bool {
	s, err := r.proc.Stat(r.root.PID)
	return err == nil && s.Start == r.root.Start && s.Alive()
}

// Info is what is known of the server now, and once the watch is over, what was known then.
func (r *Attached) Info() calibrate.TargetInfo {
	if r.over {
		return r.seen.Target
	}
	info := r.seen.Target
	info.WorkerRule = r.watch.Rule()
	for _, p := range r.watch.Workers(r.root.PID) {
		info.CPUSeconds += float64(p.CPU-r.used[p.Identity()]) / linux.ClockTicks
	}
	return info
}

// Warnings are the doubts about the server.
func (r *Attached) Warnings() []calibrate.Warning { return r.seen.Warnings() }

// Exited is closed when the server's main process has ended.
func (r *Attached) Exited() <-chan struct{} { return r.exited }

// Backlog is the length of the accept queue, -1 if the port isn't known.
func (r *Attached) Backlog() int {
	if r.watch.Port == 0 {
		return -1
	}
	return r.proc.Backlog(r.watch.Port)
}

// Workers are the pids of the workers now.
func (r *Attached) Workers() ([]int, error) {
	if !r.lives() {
		return nil, nil
	}
	return workers.PIDs(r.watch.Workers(r.root.PID)), nil
}

// Below are the processes that descend from each worker, as the last look at the workers found them.
func (r *Attached) Below() map[int][]int { return r.watch.Below() }

// Tree is every living process of the server.
func (r *Attached) Tree() []int {
	if !r.lives() {
		return nil
	}
	return r.watch.Tree(r.root.PID)
}

// Group is none: the server stays where it was started.
func (r *Attached) Group() (folder, why string) {
	return "", "the server is in a control group that calibrate did not make"
}

// Failure says what became of the server. It isn't a child of calibrate, so how it ended and what it wrote is for
// whoever started it.
func (r *Attached) Failure(phase string) *calibrate.Failure {
	f := r.ended()
	f.Phase = phase
	switch {
	case !r.lives():
		f.What += " while it was watched"
	case len(r.watch.Workers(r.root.PID)) == 0:
		f.What = "no worker of " + r.Name() + " lives"
	default:
		f.Kind, f.What = calibrate.KindInconclusive, r.Name()+" misbehaved"
	}
	return f
}

func (r *Attached) ended() *calibrate.Failure {
	f := &calibrate.Failure{Kind: calibrate.KindApp, What: r.Name() + " ended",
		Try: "see its own log: calibrate didn't start it, and knows no more"}
	if kills := r.oom.Since(); kills > 0 {
		f.Why = fmt.Sprintf("the kernel ended %s for memory (oom_kill in %s)", say.Plural(int(kills), "process"), r.oom.File)
	}
	return f
}

func (r *Attached) Name() string {
	if r.seen.Target.Server == (anycommand.Server{}).Name() {
		return "process " + strconv.Itoa(r.root.PID)
	}
	return fmt.Sprintf("%s (process %d)", r.seen.Target.Server, r.root.PID)
}

// Stop ends the watch. The server runs on.
func (r *Attached) Stop(context.Context) (calibrate.Stopped, error) {
	r.leave.Do(func() {
		close(r.left)
		r.looking.Wait()
		r.seen.Target, r.over = r.Info(), true
		r.watch.Close()
	})
	return calibrate.Stopped{}, nil
}
