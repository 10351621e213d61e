package server

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/reach"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// App is a running server.
type App struct {
	launch   *Launch
	address  known.Address
	at       reach.Addresses // of it
	release  func()          // gives its port to others
	guardian *guard.Guardian
	proc     linux.FS
	logFrom  int64 // where this app's lines begin in the log
	oom      group.OOMCount
	watch    *workers.Watch
	group    string // folder of its own control group
	noGroup  string // why it has none

	temporary string // file or folder to remove at the end

	mu       sync.Mutex
	found    known.Server // that the command turned out to start, nil for none
	info     calibrate.TargetInfo
	warnings []calibrate.Warning
	stopped  *calibrate.Stopped
	sockets  []string // that listen at its port, by their inodes, and that it was seen to hold
}

var _ calibrate.App = (*App)(nil)

// stopGrace is how long a server may take to end by itself: a master that waits for its threads needs 1.2 s,
// requests in flight more.
const stopGrace = 10 * time.Second

func newApp(l *Launch, a known.Address, values map[string]string) *App {
	app := &App{
		launch:   l,
		address:  a,
		proc:     linux.Here,
		logFrom:  logSize(l.Spec.Log),
		oom:      group.OOMKills(linux.Here, "self"),
		info:     l.Target,
		warnings: l.Warnings(),
	}
	app.info.URL = a.URL()
	app.info.MeasuredCommand = cli.ExpandAll(l.Argv, values)
	app.temporary = cli.Expand(l.Temporary().Path, values)
	app.watch = workers.NewWatch(linux.Here, a.Port, l.server, knownTitles())
	app.watch.Wanted = max(l.Spec.Workers, 1)
	return app
}

// noteGroup keeps what became of the app's own group, err where none could be made. In a group the kernel counts the
// app's out-of-memory kills there, and in v1 nowhere else.
func (a *App) noteGroup(c group.Group, err error) {
	if outside := a.guardian.Outside(); err == nil && outside != "" {
		err = errors.New(outside)
	}
	if err != nil {
		a.noGroup = "the app has no control group of its own: " + err.Error()
		return
	}
	a.group = c.Folder
	if kills := c.OOMKills(); kills.File != "" {
		a.oom = kills
	}
}

func logSize(log *os.File) int64 {
	if log == nil {
		return 0
	}
	info, err := log.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// orNil keeps a nil *App from becoming a calibrate.App that is not nil.
func (a *App) orNil() calibrate.App {
	if a == nil {
		return nil
	}
	return a
}

// Info is what is known of the server now.
func (a *App) Info() calibrate.TargetInfo {
	a.mu.Lock()
	defer a.mu.Unlock()
	info := a.info
	info.Changes = slices.Clone(info.Changes)
	info.WorkerRule = a.watch.Rule()
	if a.stopped != nil {
		info.StopSeconds, info.Killed = a.stopped.Seconds, a.stopped.Killed
	}
	return info
}

// Warnings are the doubts so far.
func (a *App) Warnings() []calibrate.Warning {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.warnings)
}

// Exited is closed when the server's main process has ended.
func (a *App) Exited() <-chan struct{} { return a.guardian.Exited() }

// Group is the folder of the app's own memory control group, or why it has none. It is gone once the app is stopped.
func (a *App) Group() (folder, why string) { return a.group, a.noGroup }

// Backlog is the length of the accept queue.
func (a *App) Backlog() int { return a.proc.Backlog(a.address.Port) }

// Workers are the pids of the workers now. While the tree has used too little CPU time to tell, the answer for a
// server that isn't known is a guess, and may change once (see package workers); Info().WorkerRule says so.
func (a *App) Workers() ([]int, error) {
	select {
	case <-a.guardian.Gone():
		return nil, nil
	default:
		return workers.PIDs(a.watch.Workers(a.guardian.PID)), nil
	}
}

// Below are the processes that descend from each worker, as the last look at the workers found them.
func (a *App) Below() map[int][]int { return a.watch.Below() }

// Tree is every living process of the app.
func (a *App) Tree() []int {
	select {
	case <-a.guardian.Gone():
		return nil
	default:
		return a.watch.Tree(a.guardian.PID)
	}
}

// Stop ends every process of the app: the server's graceful signal, ten seconds, then force. If ctx is done, a
// graceful end gets two seconds. Calls after the first, and calls at the same time, return the same.
func (a *App) Stop(ctx context.Context) (calibrate.Stopped, error) { return a.stop(ctx, stopGrace) }

func (a *App) stop(ctx context.Context, grace time.Duration) (calibrate.Stopped, error) {
	stopped := a.guardian.Stop(ctx, a.launch.server.StopSignal(), grace)
	a.removeFiles() // if the guard was killed, and did not
	a.watch.Close()
	a.release()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = &stopped
	if stopped.Left > 0 {
		return stopped, &calibrate.Failure{
			Kind: calibrate.KindTool, Phase: calibrate.PhaseStop,
			What: say.Plural(stopped.Left, "process") + " of the app could not be ended",
			Why:  "a process that waits for a disk or a network file system can't be killed until that answers",
			Try:  "look at them with ps -o pid,stat,wchan,cmd",
		}
	}
	return stopped, nil
}
