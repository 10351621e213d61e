package server

import (
	"context"
	"os"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/guard"
)

// GuardMain acts as the guard if this process was started as one: see [guard.Main].
func GuardMain(args []string) (code int, isGuard bool) { return guard.Main(args) }

// GroupPossible says why an app can't have a memory control group of its own; nil if it can.
func GroupPossible() error { return group.Possible() }

// Understood is a command that is ready to start. It implements calibrate.Target.
type Understood struct{ *Launch }

var _ calibrate.Target = (*Understood)(nil)

// LogTo says where the app's stdout and stderr go, if the file is opened only once the command is understood.
func (l *Understood) LogTo(log *os.File) { l.spec.Log = log }

// Start starts the app and returns at its first whole answer. A failure leaves nothing behind.
func (l *Understood) Start(ctx context.Context) (calibrate.App, error) {
	app, err := l.startOnce(ctx)
	if l.address.fixed || !portTaken(err) {
		return app.orNil(), err
	}
	app, err = l.startOnce(ctx) // somebody took the free port in the moment between finding and using it
	return app.orNil(), err
}

func (l *Understood) startOnce(ctx context.Context) (*App, error) {
	addr, err := l.address.choose()
	if err != nil {
		return nil, err
	}
	limit := l.spec.MemoryLimit
	group, noGroup := group.New(limit)
	if noGroup != nil && limit > 0 {
		return nil, limitFailure(limit, noGroup)
	}
	values := placeholderValues(addr, l.spec)
	app := newApp(l.Launch, addr, values)
	if err := app.writeFiles(); err != nil {
		group.Remove()
		return nil, err
	}
	app.guardian, err = guard.Start(guard.Order{
		Path:    l.path,
		Args:    cli.ExpandAll(l.argv, values),
		Env:     cli.ExpandEnv(l.env, l.spec.Env, values),
		Group:   group,
		Limited: limit > 0,
		Remove:  app.temporary,
	}, l.spec.Log, l.spec.Log)
	if err != nil {
		group.Remove() // where there was no guard to do it
		app.removeFiles()
		return nil, notStarted(l.Launch, err)
	}
	app.noteGroup(group, noGroup)
	if err := app.boot(ctx); err != nil {
		_, _ = app.stop(ctx, guard.OrphanGrace) // it serves nobody
		return nil, err
	}
	return app, nil
}
