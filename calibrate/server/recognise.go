package server

import (
	"context"
	"os"
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
)

// Recognise reads the command and says how it will be measured. Every complaint is a *calibrate.Failure, of KindUsage
// unless the tool itself failed, and nothing of the app has been started then.
//
// The server may be asked about its configuration, for some seconds; the end of ctx ends that.
func Recognise(ctx context.Context, spec Spec) (*Understood, error) {
	l, err := recognise(ctx, spec)
	if err != nil && ctx.Err() != nil {
		return nil, &calibrate.Failure{Kind: calibrate.KindInterrupted, What: "interrupted before the app was started", Err: context.Cause(ctx),
			Why: context.Cause(ctx).Error(), Try: "nothing of it was started; run it again"}
	}
	if err != nil {
		return nil, err
	}
	return &Understood{l}, nil
}

func recognise(ctx context.Context, spec Spec) (*Launch, error) {
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
	if err := checkPlaceholders(spec); err != nil {
		return nil, err
	}
	if _, err := os.Getwd(); err != nil { // a server would only give a traceback
		return nil, calibrate.Usage("cd to one that exists", "this folder is gone")
	}
	addr, err := parseAddress(spec.URL, spec.AllowRemote)
	if err != nil {
		return nil, err
	}
	if err := checkPath(spec.Path); err != nil {
		return nil, err
	}
	l := &Launch{spec: spec, address: addr, argv: slices.Clone(spec.Command), known: servers, asking: ctx}
	//nolint:forbidigo // the environment is not read here, but handed to the app
	l.env = cli.Environment(os.Environ(), spec.Env)
	l.info = calibrate.TargetInfo{Command: slices.Clone(spec.Command), URL: spec.URL, Threads: spec.Threads} // 0: not known, or no bound

	prog, err := findProgram(l)
	if err != nil {
		return nil, err
	}
	recognised := knownServer(prog)
	if recognised == nil {
		recognised = anyCommand{servers}
	}
	l.info.Server = recognised.name()
	if l.server, err = recognised.plan(l, prog); err != nil {
		return nil, err
	}
	l.info.Server = l.server.name()
	l.info.MeasuredCommand = slices.Clone(l.argv)
	if err := addr.free(); err != nil {
		return nil, err
	}
	return l, nil
}

func withDefaults(spec Spec) Spec {
	if spec.Path == "" {
		spec.Path = DefaultPath(spec.Command)
	}
	if spec.BootDeadline <= 0 {
		spec.BootDeadline = DefaultBootDeadline
	}
	spec.Workers = max(spec.Workers, 1)
	return spec
}

// unshelled is the command in sh -c "exec SERVER ...", if that is simple and the server is known.
func unshelled(p cli.Program) []string {
	if knownServer(cli.SeeThrough(p.ShellWords)) == nil {
		return nil
	}
	return p.ShellWords
}

// findProgram looks the command's first word up, and then sees through wrappers to the server's program.
func findProgram(l *Launch) (cli.Program, error) {
	p := cli.SeeThrough(l.argv)
	if words := unshelled(p); words != nil {
		l.argv = words
		l.change("the shell is left out: its command is simple enough to be run directly")
		p = cli.SeeThrough(l.argv)
	}
	path, err := cli.LookPath(l.argv[0], cli.Getenv(l.env, "PATH"))
	if err != nil {
		return p, calibrate.Usage("check the name, or write its whole path; is the virtual environment active?",
			"%s: %v", l.argv[0], err)
	}
	l.path = path
	return p, nil
}
