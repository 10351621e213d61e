package server

import (
	"context"
	"os"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// Recognise reads the command and says how it will be measured. Every complaint is a *calibrate.Failure, of KindUsage
// unless the tool itself failed, and nothing of the app has been started then.
//
// The server may be asked about its configuration, for some seconds; the end of ctx ends that.
func Recognise(ctx context.Context, spec known.Spec) (*Launch, error) {
	l, err := recognise(ctx, spec)
	if err != nil && ctx.Err() != nil {
		return nil, &calibrate.Failure{Kind: calibrate.KindInterrupted, What: "interrupted before the app was started", Err: context.Cause(ctx),
			Why: context.Cause(ctx).Error(), Try: "nothing of it was started; run it again"}
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

func recognise(ctx context.Context, spec known.Spec) (*Launch, error) {
	spec = withDefaults(spec)
	if len(spec.Command) == 0 {
		return nil, calibrate.Usage("write the command after --: calibrate run -- gunicorn app:app", "no command to run")
	}
	if spec.MemoryLimit < 0 {
		return nil, calibrate.Usage("a size, such as 512M", "a memory limit can't be negative")
	}
	if spec.MaxRequests < 0 || spec.Jitter < 0 {
		return nil, calibrate.Usage("a number of requests", "max-requests and its jitter can't be negative")
	}
	if err := spec.CheckPlaceholders(); err != nil {
		return nil, err
	}
	if _, err := os.Getwd(); err != nil { // a server would only give a traceback
		return nil, calibrate.Usage("cd to one that exists", "this folder is gone")
	}
	addr, err := known.ParseAddress(spec.URL, spec.AllowRemote)
	if err != nil {
		return nil, err
	}
	if err := known.CheckPath(spec.Path); err != nil {
		return nil, err
	}
	l := &Launch{Launch: known.NewLaunch(ctx, spec, addr, servers)}
	//nolint:forbidigo // the environment is not read here, but handed to the app
	l.Env = cli.Environment(os.Environ(), spec.Env)
	l.Target = calibrate.TargetInfo{Command: slices.Clone(spec.Command), URL: spec.URL, Threads: spec.Threads} // 0: not known, or no bound

	prog, outer, err := findProgram(l)
	if err != nil {
		return nil, err
	}
	recognised := knownServer(prog)
	if recognised == nil {
		recognised = anycommand.Server{Known: servers}
	}
	l.Target.Server = recognised.Name()
	if l.server, err = recognised.Plan(l.Launch, prog); err != nil {
		return nil, err
	}
	l.Target.Server = l.server.Name()
	l.Argv = slices.Concat(outer, l.Argv)
	if l.path, err = l.lookPath(l.Argv[0]); err != nil { // it may be another program now
		return nil, err
	}
	l.Target.MeasuredCommand = slices.Clone(l.Argv)
	if err := addr.Free(ctx, spec.AllowRemote); err != nil {
		return nil, err
	}
	return l, nil
}

func withDefaults(spec known.Spec) known.Spec {
	if spec.Path == "" {
		spec.Path = DefaultPath(spec.Command)
	}
	if spec.BootDeadline <= 0 {
		spec.BootDeadline = known.DefaultBootDeadline
	}
	spec.Workers = max(spec.Workers, 1)
	return spec
}

// findProgram looks the command's first word up, and then sees through wrappers and scripts to the server's program. outer
// are words that go before what its adapter makes of it.
func findProgram(l *Launch) (p cli.Program, outer []string, err error) {
	u := unwrap(l.Argv, l.Env)
	l.Argv = u.argv
	for _, note := range u.notes {
		l.Change("%s", note)
	}
	if _, err = l.lookPath(slices.Concat(u.outer, u.argv)[0]); err != nil {
		return p, nil, err
	}
	p = see(u.argv)
	p.Script, p.Set = u.script, slices.Concat(u.set, p.Set)
	l.Around = u.set
	return p, u.outer, nil
}

// lookPath is where a program is.
func (l *Launch) lookPath(name string) (string, error) {
	path, err := cli.LookPath(name, cli.Getenv(l.Env, "PATH"))
	if err != nil {
		return "", calibrate.Usage("check the name, or write its whole path; is the virtual environment active?",
			"%s: %v", name, err)
	}
	return path, nil
}
