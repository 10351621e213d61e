// Package granian knows Granian.
package granian

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Server knows Granian 2, read and tried at 2.8; of 1 what is the same there. A parent starts its workers, also one alone: by fork, or by
// multiprocessing's spawn from Python 3.14 on.
type Server struct{}

func (Server) Name() string { return "granian" }

func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// title is what parent and workers are called if setproctitle is installed (server/common.py, serve).
var title = regexp.MustCompile(`^granian (asgi|asginl|rsgi|wsgi) `)

func (Server) Titles() workers.Titles { return workers.Titles{Worker: `granian \w+ .+ worker-\d`} }

func (Server) Recognises(p cli.Program) bool {
	return p.Name == "granian" || len(p.Argv) > 0 && title.MatchString(p.Argv[0])
}

// Plan rewrites the command to one worker that nothing replaces, on our address.
func (g Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	args := syntax.Scan(p.Args())
	settings := settingsOf(args.Layer(""), slices.Concat(l.Env, p.Set), "")
	if err := settings.refuse(l.Spec); err != nil { // before anything runs
		return nil, err
	}
	var err error
	if settings.version, err = l.AskVersion(p, "Granian", "granian"); err != nil {
		return nil, err
	}
	l.Target.ServerVersion = settings.version
	settings.describe(l)
	settings.warn(l)
	overridden, wanted := overridden, l.Wanted()
	if !settings.wsgi() {
		wanted.Threads = 0 // an event loop has none
	}
	ours := append([]string{"--host", "{host}", "--port", "{port}"}, known.Options(g.Settings(wanted, l.Target))...)
	if wanted.Threads > 0 {
		overridden = append(slices.Clone(overridden), "blocking-threads")
	}
	var unset []string
	for _, option := range withheld {
		unset = append(unset, variable(option))
	}
	l.Env = cli.WithoutVariables(l.Env, unset...)
	l.Argv = slices.Concat(cli.WithoutVariables(p.Argv[:p.Index+1], unset...), ours, args.Without(overridden...))
	return g, nil
}

// settings is what the user's command would run with: the command line, then GRANIAN_<OPTION>.
type settings struct {
	cli.Settings

	version string // "" if it isn't known
}

func settingsOf(given cli.Layer, env []string, version string) settings {
	layers := []cli.Layer{given, cli.FromEnv(env, syntax.Variables(variable))}
	return settings{cli.Settings{Layers: layers, Reading: known.ClickReading}, version}
}

// wsgi says whether a worker has threads for requests; else it is an event loop.
func (s settings) wsgi() bool {
	return strings.EqualFold(s.Text("interface"), "wsgi")
}

// threads of a WSGI worker, of so many workers (server/common.py, AbstractServer). 0 if they aren't known: the
// default is another one before 2.0.
func (s settings) threads(workers int) int {
	const backlog, leastBacklog = 1024, 128
	if given := s.Number("blocking-threads", 0); given > 0 {
		return given
	}
	if !known.VersionReaches(s.version, "2.0") {
		return 0
	}
	atOnce := s.Number("backpressure", 0)
	if atOnce == 0 {
		atOnce = max(cmp.Or(s.Number("backlog", 0), backlog), leastBacklog) / max(workers, 1)
	}
	return max(atOnce/2, 1)
}

// refuse says which settings can't be measured.
func (s settings) refuse(spec known.Spec) error {
	if err := known.RefuseClick(s.Settings, "granian", "ssl-certificate", "ssl-keyfile"); err != nil {
		return err
	}
	if s.Text("http") == "2" {
		return calibrate.Usage("--http auto, which answers both", "%s 2 makes granian answer HTTP/2 alone, and calibrate asks by HTTP/1.1", s.From("http"))
	}
	if err := s.CheckNumbers("granian", "workers", "port", "blocking-threads", "backpressure", "backlog"); err != nil {
		return err
	}
	if err := s.CheckPositive("granian", "workers", "blocking-threads"); err != nil {
		return err
	}
	if err := s.CheckFlags("granian", "reload", "access-log", "metrics"); err != nil {
		return err
	}
	if spec.Threads > 1 && !s.wsgi() {
		return calibrate.Usage("leave --threads out; --concurrency N measures N requests at once, --backpressure in the command bounds them",
			"%s asked for, but a worker of granian is one event loop unless its --interface is wsgi", say.Plural(spec.Threads, "thread"))
	}
	if spec.MaxRequests > 0 {
		return calibrate.Usage("--workers-max-rss, in production", "a new worker after %s is asked for, but granian has no limit of requests", say.Plural(spec.MaxRequests, "request"))
	}
	return nil
}

// describe says what is changed, and what the settings mean for the sizing.
func (s settings) describe(l *known.Launch) {
	l.ChangeBind(known.ClickAddress(s.Settings))
	l.ChangeWorkers(max(s.Number("workers", 1), 1))
	for _, option := range []string{"workers-lifetime", "workers-max-rss"} {
		if value, from := s.Text(option), s.From(option); from != "" {
			l.Change("%s %s is left out: no worker is replaced in the middle", from, value)
		}
	}
	if s.On("reload") {
		l.Change("it does not watch files to reload the app")
	}
	if s.On("access-log") {
		l.Change("the access log is off, so that the app's own words can be found in the log")
	}
	if s.On("metrics") {
		l.Change("its metrics are off: their port may be production's")
	}
	for _, option := range []string{"pid-file", "process-name", "log-config"} {
		if from := s.From(option); from != "" {
			l.Change("%s is left out", from)
		}
	}
	switch was := s.threads(l.Spec.Workers); {
	case !s.wsgi():
	case was > 0:
		l.ChangeThreads(was)
	case l.Spec.Threads > 0:
		l.Change("%s a worker", say.Plural(l.Spec.Threads, "thread"))
	}
	s.tell(&l.Target, l.Spec)
	l.Target.CanScale = true
}

// tell says how a worker takes requests: more than its bound wait, and none is refused. No version recycles by requests.
func (s settings) tell(info *calibrate.TargetInfo, spec known.Spec) {
	info.Threads, info.HasThreads = 0, s.wsgi()
	if s.wsgi() {
		info.Threads = cmp.Or(spec.Threads, s.threads(spec.Workers))
	}
	info.ConcurrencyFlag = "--backpressure"
	info.ConcurrencyLimit = s.Number("backpressure", 0)
	if s.wsgi() && info.ConcurrencyLimit == 0 {
		info.OwnQueueFrom = 1 // up to the backpressure by default, which is hundreds
	}
}

// warn names the traps of this command.
func (s settings) warn(l *known.Launch) {
	if s.On("reload") {
		l.Warn("reload", "leave it out in production too: with it granian restarts when a file changes", "%s is for development, and is not measured", s.From("reload"))
	}
	if l.Target.HasThreads && l.Target.Threads == 0 {
		l.Warn("threads-unknown", "--threads N, or --blocking-threads N in the command",
			"how many threads a worker has isn't known: the command doesn't say, and granian's default is known from 2.0 on")
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		if s.meets(trap.Code) {
			l.Warn(trap.Code, trap.Try, "granian: %s", trap.Text)
		}
	}
}

// meets says whether a trap is for this command.
func (s settings) meets(code string) bool {
	switch code {
	case known.WorkerEndsServer:
		return !s.On("respawn-failed-workers")
	case stopIsLost:
		return !s.Has("workers-kill-timeout")
	case threadsByDefault:
		return s.wsgi() && !s.Has("blocking-threads")
	}
	return true
}

var ruleChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Granian parent"}

// Workers are the parent's children, multiprocessing's own apart.
func (Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool {
		return title.MatchString(p.Title()) || workers.Runs(p, Server{}.Recognises)
	})
	if at < 0 {
		return nil, workers.NoRule
	}
	return workers.ChildrenOf(tree, tree[at].PID), ruleChild
}

// Booting says nothing: what it logs adds nothing to what is seen of its workers.
func (Server) Booting(known.Log) known.BootLog { return known.BootLog{} }

// Explain goes by the log: the exit code is 1 for all but wrong options.
func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch {
	case log.Says("ddress already in use") != "":
		return known.PortInUse()
	case log.Says("ASGI lifespan startup failed") != "":
		return known.WithDetail("the app's own startup (lifespan) failed", log.Exception()), "see its log; what it needs to work may be missing here (a database, a variable)"
	case log.After("RuntimeError: Could not import") != "":
		return "the app was not found (Could not import " + log.After("RuntimeError: Could not import") + ")", "check MODULE:NAME in the command, and --working-dir"
	case log.Says("Worker crash loop detected") != "":
		return known.WithDetail("its worker ended over and over", log.Exception()), "see the app's log"
	case end.ExitedWith(2):
		return log.After("Error: "), "check granian's options: granian --help"
	case end.Exited() && log.Exception() == "" && log.Says("Unexpected exit from worker") != "":
		return "a worker of it ended, and with it the whole server", "see the app's log; look for sys.exit in it"
	}
	return "", ""
}

// Running tells what a command line says of the workers. A title stands where it was if setproctitle is installed: then
// the bound and the number of threads aren't known.
func (g Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	environ, _ := r.Environ()
	p := cli.SeeThrough(master.Args)
	r.Target.ServerVersion = r.PackageVersion("granian", p)
	settings := settingsOf(syntax.Scan(p.Args()).Layer(""), slices.Concat(environ, p.Set), r.Target.ServerVersion)
	title := title.FindStringSubmatch(master.Title())
	if title != nil {
		settings = settingsOf(cli.Layer{"interface": {Texts: title[1:], From: "its title"}}, environ, r.Target.ServerVersion)
	}
	if r.Threads > 1 && !settings.wsgi() {
		return nil, calibrate.Usage("leave --threads out", "%s named, but a worker of this granian is one event loop", say.Plural(r.Threads, "thread"))
	}
	settings.tell(&r.Target, known.Spec{Threads: r.Threads, Workers: 1})
	if title != nil && r.Threads == 0 {
		r.Target.Threads = 0
	}
	if r.Target.HasThreads && r.Target.Threads == 0 {
		r.Warn("threads-unknown", "give them: --threads N", "how many threads a worker has isn't known: granian's command line doesn't say")
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), r.Target.ServerVersion) {
		if title == nil && settings.meets(trap.Code) || trap.Code == known.NoRequestLimit {
			r.Warn(trap.Code, trap.Try, "granian: %s", trap.Text)
		}
	}
	return g, nil
}
