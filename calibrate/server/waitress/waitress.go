// Package waitress knows Waitress.
package waitress

import (
	"cmp"
	"slices"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Server knows waitress-serve, read and tried at 3.0.2: one process with threads, which reads its command line alone.
type Server struct{}

func (Server) Name() string { return "waitress" }

func (Server) Recognises(p cli.Program) bool {
	return p.Name == "waitress-serve" || p.Module && p.Name == "waitress"
}

// StopSignal ends it at once: it has no handler for that. INT, which lets requests finish, is ignored by what a shell runs in
// the background.
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// Titles are none: it gives its process no other name.
func (Server) Titles() workers.Titles { return workers.Titles{} }

// Plan rewrites the command to our address, and to the threads that are asked for.
func (s Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	args := syntax.Scan(p.Args())
	settings := settingsOf(args)
	if err := settings.refuse(l.Spec); err != nil {
		return nil, err
	}
	l.Target.ServerVersion = l.InstalledVersion(p, "waitress")
	settings.tell(&l.Target, l.Spec.Threads)
	l.ChangeBind(settings.address())
	if len(cli.Placeholders(settings.Text("threads"))) == 0 {
		l.ChangeThreads(settings.threads())
	}
	for _, trap := range known.TrapsAt(s.Traps(), l.Target.ServerVersion) {
		l.Warn(trap.Code, trap.Try, "waitress: %s", trap.Text)
	}
	wanted := l.Wanted()
	wanted.Threads = l.Target.Threads
	l.Argv = slices.Concat(p.Argv[:p.Index+1], []string{"--listen", l.Address.Bind()},
		known.Options(s.Settings(wanted, l.Target)), args.Without(overridden...))
	return s, nil
}

// refuse says what waitress has no setting for, and what it doesn't start or doesn't serve with.
func (s settings) refuse(spec known.Spec) error {
	switch {
	case s.On("help"):
		return calibrate.Usage("take "+s.From("help")+" out", "the command only prints, it serves nothing")
	case spec.Workers > 1:
		return calibrate.Usage("gunicorn --threads, which has workers too", "%s asked for, but waitress is one process", say.Plural(spec.Workers, "worker"))
	case spec.MaxRequests > 0:
		return calibrate.Usage("gunicorn --threads, which takes --max-requests",
			"a new worker after %s is asked for, but waitress has no limit of requests", say.Plural(spec.MaxRequests, "request"))
	}
	if err := s.CheckNumbers("waitress", "port", "threads"); err != nil {
		return err
	}
	if threads := s.Text("threads"); s.threads() < 1 && len(cli.Placeholders(threads)) == 0 {
		return calibrate.Usage("give 1 or more, or leave it out", "%s %s leaves nobody to answer: waitress starts, and every request waits", s.From("threads"), threads)
	}
	return s.refuseAddresses()
}

// refuseAddresses is for ways to say the address that waitress doesn't take together: calibrate's replaces them all
// (adjustments.py, Adjustments).
func (s settings) refuseAddresses() error {
	ways := slices.DeleteFunc([]string{s.From("listen"), cmp.Or(s.From("host"), s.From("port")), s.From("unix-socket")},
		func(from string) bool { return from == "" })
	if len(ways) > 1 {
		return calibrate.Usage("leave one of them out", "waitress does not start with %s beside %s", ways[1], ways[0])
	}
	return nil
}

// tell says how the process takes requests: as many at once as threads, of one process that nothing replaces.
func (s settings) tell(info *calibrate.TargetInfo, asked int) {
	info.Threads, info.HasThreads = cmp.Or(asked, s.threads()), true
	info.MaxWorkers = 1
}

var ruleAlone = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the waitress process, which serves alone"}

// Workers are the process itself. What it has below it is the app's own.
func (Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool { return workers.Runs(p, Server{}.Recognises) })
	if at < 0 {
		return nil, workers.NoRule
	}
	return tree[at : at+1], ruleAlone
}

// Booting says nothing: its log adds nothing to what is seen of its process.
func (Server) Booting(known.Log) known.BootLog { return known.BootLog{} }

// Explain goes by the log: the exit code is 1 for all that it finds wrong. A complaint comes before its whole help, and what it
// says of an import behind that (runner.py, run).
func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch {
	case log.Says("ddress already in use") != "":
		return known.PortInUse()
	case log.Says(") importing your module") != "":
		return known.WithDetail("the app could not be imported", log.After("Error: ")), "run the app's import by hand, in the folder that the command is run in"
	case end.ExitedWith(1) && log.Says("Specify one application only") != "":
		return "it takes one app, behind all options", "waitress-serve OPTIONS MODULE:APP"
	case end.ExitedWith(1) && log.Says("Tuning options:") != "":
		return log.After("Error: "), "check its options: waitress-serve --help"
	}
	return "", ""
}
