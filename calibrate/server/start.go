package server

import (
	"context"
	"os"
	"sync"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
)

// Spec is what the user wants started.
type Spec = known.Spec

// EndsServer is the trap of a server whose one worker is the server itself: it ends at the limit of requests.
const EndsServer = known.LimitEndsServer

// GuardMain acts as the guard if this process was started as one: see [guard.Main].
func GuardMain(args []string) (code int, isGuard bool) { return guard.Main(args) }

// GroupPossible says why an app can't have a memory control group of its own; nil if it can.
func GroupPossible() error { return group.Possible() }

// Launch is a command that is ready to start. It implements calibrate.Target.
type Launch struct {
	*known.Launch
	server known.Server
	path   string // of the program
}

var _ calibrate.Target = (*Launch)(nil)

// LogTo says where the app's stdout and stderr go, if the file is opened only once the command is understood.
func (l *Launch) LogTo(log *os.File) { l.Spec.Log = log }

// Start starts the app and returns at its first whole answer. A failure leaves nothing behind.
func (l *Launch) Start(ctx context.Context) (calibrate.App, error) {
	app, err := l.startOnce(ctx)
	if l.Address.Fixed || !l.portTaken(err) {
		return app.orNil(), err
	}
	app, err = l.startOnce(ctx) // somebody took the free port in the moment between finding and using it
	return app.orNil(), err
}

func (l *Launch) startOnce(ctx context.Context) (_ *App, err error) {
	orphaned := orphanWarnings()
	addr, release, err := l.Address.Choose(ctx, l.Spec.AllowRemote)
	defer func() {
		if err != nil {
			release()
		}
	}()
	if err != nil {
		return nil, err
	}
	at, err := addr.Reach(ctx, l.Spec.AllowRemote)
	if err != nil {
		return nil, err
	}
	limit := l.Spec.MemoryLimit
	name, err := group.NewName()
	if err != nil {
		return nil, err
	}
	mark := group.Mark + "=" + name
	group, noGroup := group.New(name, limit)
	if noGroup != nil && limit > 0 {
		return nil, limitFailure(limit, noGroup)
	}
	values := l.Spec.PlaceholderValues(addr)
	app := newApp(l, addr, values)
	app.at, app.release = at, release
	app.warnings = append(app.warnings, orphaned...)
	if err := app.writeFiles(); err != nil {
		group.Remove()
		return nil, err
	}
	app.guardian, err = guard.Start(guard.Order{
		Name:    name,
		Path:    l.path,
		Args:    cli.ExpandAll(l.Argv, values),
		Env:     append(cli.ExpandEnv(l.Env, l.Spec.Env, values), mark),
		Group:   group,
		Limited: limit > 0,
		Remove:  app.temporary,
	}, l.Spec.Log, l.Spec.Log)
	if err != nil {
		group.Remove() // if there was no guard to do it
		app.removeFiles()
		return nil, notStarted(l, err)
	}
	app.noteGroup(group, noGroup)
	if err := app.boot(ctx); err != nil {
		_, _ = app.stop(ctx, guard.OrphanGrace) // it serves nobody
		return nil, err
	}
	return app, nil
}

// Orphaned is what is said of one.
const Orphaned = "an app of an earlier run lives on, whose calibrate and guard were killed together: "

// Orphan is an app of a run of which calibrate and its guard are gone, and which lives on.
type Orphan = guard.Orphan

// FindOrphans finds the apps that earlier runs left behind, as far as this user may see.
func FindOrphans() []Orphan { return guard.FindOrphans() }

// orphanWarnings warns of them, and removes the empty groups that they left. It looks once, before the first start: for that it reads the
// environment of all that runs here.
var orphanWarnings = sync.OnceValue(func() (all []calibrate.Warning) {
	guard.Sweep()
	for _, o := range FindOrphans() {
		all = append(all, calibrate.Warning{
			Code: "orphaned-app",
			Text: Orphaned + o.String() + "; it takes memory and processor time",
			Try:  "calibrate doctor --end-orphans",
		})
	}
	return all
})
