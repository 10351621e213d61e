// Package gunicorn knows Gunicorn: how its settings are read and replaced, who its workers are, what its failures and traps are.
package gunicorn

import (
	"cmp"
	"os"
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

// Server knows Gunicorn, read and tried at 20.1 and 27.0. Precedence of its settings (app/base.py, load_config):
// WEB_CONCURRENCY and PORT as defaults, then -c FILE or ./gunicorn.conf.py, then GUNICORN_CMD_ARGS, then the
// command line. So what a measurement needs goes on the command line.
type Server struct {
	background bool // it has an arbiter of background tasks ("dirty" ones, from 25.0) beside the workers
}

// Backlog is the accept queue that it asks for, unless it is told another.
func (Server) Backlog() int { return 2048 }

func (Server) Name() string { return "gunicorn" }

// StopSignal lets requests in flight finish; INT and QUIT would cut them off (arbiter.py, handle_int).
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

func (Server) Recognises(p cli.Program) bool {
	return p.Name == "gunicorn" || strings.HasPrefix(strings.Join(p.Argv, " "), MasterTitle)
}

// Plan rewrites the command to one worker without recycling, on our address.
func (Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	args := syntax.Scan(p.Args())
	fromEnv, err := cmdArgs(slices.Concat(l.Env, p.Set))
	if err != nil {
		return nil, err
	}
	given := settingsOf(args.Layer(""), fromEnv)
	if err := given.refuse(); err != nil { // before anything runs
		return nil, err
	}
	if err := l.PrepareApp(p, args.Operands(), given.Text("chdir")); err != nil {
		return nil, err
	}
	l.TakeOut("it would set the number of workers", "WEB_CONCURRENCY")
	for _, name := range []string{"GUNICORN_PID", "GUNICORN_FD"} { // of a Gunicorn that is our own parent
		l.TakeOut("it belongs to another Gunicorn", name)
	}
	if l.Target.ServerVersion, err = l.AskVersion(p, "Gunicorn", "version"); err != nil {
		return nil, err
	}
	settings, err := underneath(l, p, given)
	if err != nil {
		return nil, err
	}
	if err := settings.refuse(); err != nil {
		return nil, err
	}
	settings.describe(l)
	l.Argv = slices.Concat(p.Argv[:p.Index+1], settings.overrides(l), args.Without(overridden(l.Spec)...))
	return Server{background: settings.background()}, nil
}

// overridden are the settings whose options in the command give way to ours.
func overridden(spec known.Spec) []string {
	names := []string{"bind", "workers", "max_requests", "max_requests_jitter", "pidfile", "accesslog", "errorlog",
		"control_socket", "control_socket_disable", "statsd_host", "statsd_prefix"}
	if spec.Threads > 0 {
		names = append(names, "threads")
	}
	return names
}

// overrides are our options, and the sentences that say what they change.
func (s settings) overrides(l *known.Launch) []string {
	ours := append([]string{"--bind", l.Address.Bind()}, known.Options(Server{}.Settings(l.Wanted(), l.Target))...)
	l.ChangeBind(strings.Join(s.List("bind"), ", "))
	l.ChangeWorkers(s.Number("workers", 1))
	l.ChangeRecycling(int64(s.Number("max_requests", 0)))
	l.SaysJitter(int64(s.Number("max_requests_jitter", 0)))
	l.ChangeThreads(s.Number("threads", 1))
	return append(ours, s.keepOut(l)...)
}

// keepOut are the options that keep a measurement away from a production server of the same user, and from its files.
func (s settings) keepOut(l *known.Launch) []string {
	var options []string
	if known.VersionReaches(l.Target.ServerVersion, "25.1") {
		// Since 25.1.0 a master takes over ~/.gunicorn/gunicorn.ctl, whoever served it before (config.py, ControlSocket).
		options = append(options, "--no-control-socket")
		if !s.On("control_socket_disable") {
			l.Change("the control socket is off, so that a running Gunicorn keeps its own")
		}
	}
	if file := s.Text("pidfile"); file != "" {
		options = append(options, "--pid", l.TemporaryFile("gunicorn-{port}.pid"))
		l.Change("the pid file is a temporary one instead of %s", file)
	}
	if file := s.Text("accesslog"); file != "" {
		options = append(options, "--access-logfile", os.DevNull)
		l.Change("the access log goes nowhere instead of to %s", logName(file))
	}
	if file := s.Text("errorlog"); file != "" && file != "-" {
		options = append(options, "--error-logfile", "-")
		l.Change("the error log goes to the run's app.log instead of to %s", file)
	}
	switch from := s.From("statsd_host"); {
	case strings.Contains(from, " in "): // no option takes it back
		l.Warn(known.ToProduction, "take it out for the measurement", "%s stays: what is measured is counted where production's figures go", from)
	case from != "":
		l.Change("%s is left out, so that production's figures stay its own", from)
	}
	if s.background() {
		// The arbiter of background tasks kills one of the same name that it takes for an orphan
		// (arbiter.py, _cleanup_orphaned_dirty_arbiter, from 25.0).
		options = append(options, "--name", "calibrate-{port}")
		l.Change("it runs under another name, so that it leaves the background workers of a running Gunicorn alone")
	}
	return options
}

func (s settings) background() bool {
	return s.Number("dirty_workers", 0) > 0 && len(s.List("dirty_apps")) > 0
}

func logName(file string) string {
	if file == "-" {
		return "stdout"
	}
	return file
}

// describe says what the settings mean for the sizing.
func (s settings) describe(l *known.Launch) {
	class := s.Text("worker_class")
	threads := cmp.Or(l.Spec.Threads, s.Number("threads", 1))
	s.tell(&l.Target, l.Spec.Threads)
	l.Target.CanScale = true
	if isSync(class) && threads > 1 { // config.py, worker_class
		l.Change("gunicorn makes its sync worker a gthread worker, because it has %s", say.Plural(threads, "thread"))
	}
	if !l.Target.HasThreads && threads > 1 {
		l.Warn("threads-ignored", "leave --threads out", "gunicorn's %s worker does not use --threads", class)
	}
}

// tell says how a worker takes requests, with so many threads if the user names a number.
func (s settings) tell(info *calibrate.TargetInfo, threads int) {
	info.Threads, info.HasThreads = 0, takesThreads(s.Text("worker_class")) // an event loop takes as many requests at once as come
	if info.HasThreads {
		info.Threads = cmp.Or(threads, s.Number("threads", 1))
		info.OwnQueueFrom = 1 // of gthread (workers/gthread.py, accept): its pool has a queue
		if isSync(s.Text("worker_class")) {
			info.OwnQueueFrom = 2
		}
	}
	info.CanRecycle, info.HasJitter = true, true
	info.Preload = s.On("preload_app")
}

func isSync(class string) bool {
	return class == "" || class == "sync" || strings.HasSuffix(class, "SyncWorker")
}

func takesThreads(class string) bool {
	return isSync(class) || class == "gthread" || strings.HasSuffix(class, "ThreadWorker") || strings.HasPrefix(class, "<ThreadWorker")
}

// refuse says which settings can't be measured.
func (s settings) refuse() error {
	const take = "take it out for the measurement"
	switch {
	case s.On("daemon"):
		return calibrate.Usage(take, "%s sends gunicorn to the background, where it can't be measured", s.From("daemon"))
	case s.On("reload"):
		return calibrate.Usage(take, "%s watches files and restarts workers, which is not what production does", s.From("reload"))
	case s.On("spew"):
		return calibrate.Usage(take, "%s prints every line the app runs", s.From("spew"))
	case s.On("check_config"), s.On("print_config"):
		return calibrate.Usage(take, "the command only checks the configuration, it serves nothing")
	case s.Text("certfile") != "" || s.Text("keyfile") != "":
		return calibrate.Usage(take, "%s makes gunicorn serve TLS, and calibrate measures plain HTTP", cmp.Or(s.From("certfile"), s.From("keyfile")))
	}
	return nil
}

// MasterTitle begins the title of a master, if setproctitle is installed (util.py, _setproctitle).
const (
	MasterTitle = "gunicorn: master ["
	workerTitle = "gunicorn: worker ["

	helpers = "gunicorn: (?:dirty-|master)" // a pattern
)

var helper = regexp.MustCompile("^" + helpers)

// Titles are Gunicorn's with setproctitle. The arbiter of background tasks is called dirty-arbiter, its workers dirty-worker.
func (Server) Titles() workers.Titles {
	return workers.Titles{Worker: regexp.QuoteMeta(workerTitle), Helper: helpers}
}

var (
	ruleTitle = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "child of the Gunicorn master, titled gunicorn: worker"}
	ruleChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Gunicorn master"}
)

// Workers are the master's children that are forks of it: with the worker's title, or with the master's own command
// line. Python's resource tracker and what the app itself runs have other command lines. What a preloaded app has
// forked has the master's, but not the listening socket; the arbiter of background tasks has both, and children.
func (g Server) Workers(tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return g.WorkersBelow(slices.IndexFunc(tree, isMaster), tree, holds)
}

// WorkersBelow are the workers of the master at an index of the tree, which is below 0 if there is none. NOW LMS runs a
// Gunicorn whose master has another name.
func (g Server) WorkersBelow(at int, tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	if at < 0 {
		return nil, workers.NoRule
	}
	master := tree[at]
	children := workers.Filter(tree, func(p linux.Process) bool { return p.Parent == master.PID })
	titled := workers.Filter(children, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), workerTitle) })
	if len(titled) > 0 {
		return titled, ruleTitle
	}
	forks := workers.Filter(children, func(p linux.Process) bool { return slices.Equal(p.Args, master.Args) })
	if len(forks) == 0 { // a hook may set a title of its own
		forks = workers.Filter(children, func(p linux.Process) bool {
			return !workers.PythonHelper.MatchString(p.Title()) && !helper.MatchString(p.Title())
		})
	}
	if g.background {
		forks = workers.Filter(forks, func(p linux.Process) bool {
			return !slices.ContainsFunc(tree, func(child linux.Process) bool { return child.Parent == p.PID && slices.Equal(child.Args, p.Args) })
		})
	}
	return workers.WithSocket(forks, holds), ruleChild
}

// isMaster is for the first process from above that runs Gunicorn itself, not a wrapper around it.
func isMaster(p linux.Process) bool {
	return strings.HasPrefix(p.Title(), MasterTitle) || workers.Runs(p, Server{}.Recognises)
}

func (Server) Booting(log known.Log) known.BootLog {
	b := known.BootLog{
		Started:   log.Count("Booting worker with pid"),
		PortTaken: log.Says("Connection in use") != "", // its own words (sock.py)
	}
	if log.Says("WORKER TIMEOUT") != "" {
		b.Timeout = "--timeout"
	}
	return b
}

// Explain goes by the exit code: arbiter.py has WORKER_BOOT_ERROR (3) and APP_LOAD_ERROR (4), and sys.exit(1) for the rest.
func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	if !end.Over {
		return explainWorker(log)
	}
	exception := log.Exception()
	switch {
	case log.Says("Connection in use", "Address already in use") != "":
		return known.PortInUse()
	case end.Code == 3:
		return known.WithDetail("the worker could not import the app", exception), "run it by hand: python -c 'import YOUR_MODULE'"
	case end.Code == 4:
		return known.WithDetail("the app was not found", log.Says("Failed to find", "Failed to parse")), "check MODULE:NAME at the end of the command"
	case end.Code == 1 && exception != "":
		return exception, "run it by hand; with --preload the app is imported before any worker starts"
	case end.Code == 1 && log.Says("Error:") != "":
		return log.Says("Error:"), "check gunicorn's options and its configuration file"
	case end.Code == 2:
		return log.Says("error:"), "check gunicorn's options: gunicorn --help"
	}
	return "", ""
}

// explainWorker is for a master that lives on: what it last said of a worker's end (arbiter.py, reap_workers
// and murder_workers; the older wording is that of 20 and 21).
func explainWorker(log known.Log) (why, try string) {
	line := log.Says("WORKER TIMEOUT", "was sent SIG", "terminated due to signal", "exited with code", "Autorestarting worker", "Maximum request limit")
	switch {
	case strings.Contains(line, "WORKER TIMEOUT"), strings.Contains(line, "was sent SIGABRT"):
		return "a request took longer than --timeout, and gunicorn ended the worker (" + line + ")", "a longer --timeout, or a --path that answers sooner"
	case strings.Contains(line, "SIGKILL"), strings.Contains(line, "signal 9"):
		return "somebody killed it: " + line, "look for what kills processes here; the kernel's log names its own kills (dmesg)"
	case strings.Contains(line, "Autorestarting worker"), strings.Contains(line, "Maximum request limit"): // the second is Uvicorn's worker
		return "gunicorn's --max-requests (max_requests in its file) replaces a worker after so many requests: " + line,
			"turn it off for the measurement: --max-requests 0 in gunicorn's command; or give calibrate that command itself, in which it does so"
	case line != "":
		return line, "see the app's log; an exit code of its own may be a sys.exit in the app"
	}
	return "", ""
}
