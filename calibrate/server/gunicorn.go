package server

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate/say"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// gunicorn knows Gunicorn, read and tried at 20.1 and 27.0. Precedence of its settings (app/base.py, load_config):
// WEB_CONCURRENCY and PORT as defaults, then -c FILE or ./gunicorn.conf.py, then GUNICORN_CMD_ARGS, then the
// command line. So what a measurement needs goes on the command line.
type gunicorn struct {
	background bool // it has an arbiter of background tasks ("dirty" ones, from 25.0) beside the workers
}

func (gunicorn) name() string { return "gunicorn" }

// stopSignal: requests in flight are finished; INT and QUIT would cut them off (arbiter.py, handle_int).
func (gunicorn) stopSignal() syscall.Signal { return syscall.SIGTERM }

func (gunicorn) recognises(p cli.Program) bool {
	return p.Name == "gunicorn" || strings.HasPrefix(strings.Join(p.Argv, " "), masterTitle)
}

// plan rewrites the command to one worker without recycling, on our address.
func (gunicorn) plan(l *Launch, p cli.Program) (server, error) {
	args := gunicornOptions.Scan(p.Args())
	fromEnv, err := gunicornCmdArgs(slices.Concat(l.env, p.Set))
	if err != nil {
		return nil, err
	}
	given := gunicornSettingsOf(args.Layer(""), fromEnv)
	if err := given.refuse(); err != nil { // before anything runs
		return nil, err
	}
	if err := l.prepareApp(p, args.Operands(), given.Text("chdir")); err != nil {
		return nil, err
	}
	l.dropEnv("it would set the number of workers", "WEB_CONCURRENCY")
	for _, name := range []string{"GUNICORN_PID", "GUNICORN_FD"} { // of a Gunicorn that is our own parent
		l.dropEnv("it belongs to another Gunicorn", name)
	}
	if l.info.ServerVersion, err = askVersion(l, p, "Gunicorn", "version"); err != nil {
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
	l.argv = slices.Concat(p.Argv[:p.Index+1], settings.overrides(l), args.Without(overridden(l.spec)...))
	return gunicorn{background: settings.background()}, nil
}

// overridden are the settings whose options in the command give way to ours.
func overridden(spec Spec) []string {
	names := []string{"bind", "workers", "max_requests", "max_requests_jitter", "pidfile", "accesslog", "errorlog",
		"control_socket", "control_socket_disable", "statsd_host", "statsd_prefix"}
	if spec.Threads > 0 {
		names = append(names, "threads")
	}
	return names
}

// overrides are our options, and the sentences that say what they change.
func (s gunicornSettings) overrides(l *Launch) []string {
	ours := append([]string{"--bind", bindTo(l.address.host)}, options(gunicorn{}.settings(l.wanted(), l.info))...)
	l.describeBind(strings.Join(s.List("bind"), ", "))
	if was := s.Number("workers", 1); was != l.spec.Workers {
		l.change("%s instead of %d", say.Plural(l.spec.Workers, "worker"), was)
	}
	l.describeRecycling(int64(s.Number("max_requests", 0)))
	if was := s.Number("threads", 1); l.spec.Threads > 0 && was != l.spec.Threads {
		l.change("%s a worker instead of %d", say.Plural(l.spec.Threads, "thread"), was)
	}
	return append(ours, s.keepOut(l)...)
}

// keepOut are the options that keep a measurement away from a production server of the same user, and from its files.
func (s gunicornSettings) keepOut(l *Launch) []string {
	var options []string
	if versionReaches(l.info.ServerVersion, "25.1") {
		// Since 25.1.0 a master takes over ~/.gunicorn/gunicorn.ctl, whoever served it before (config.py, ControlSocket).
		options = append(options, "--no-control-socket")
		if !s.On("control_socket_disable") {
			l.change("the control socket is off, so that a running Gunicorn keeps its own")
		}
	}
	if file := s.Text("pidfile"); file != "" {
		l.temporary = filepath.Join(os.TempDir(), "calibrate-gunicorn-{port}.pid")
		options = append(options, "--pid", l.temporary)
		l.change("the pid file is a temporary one instead of %s", file)
	}
	if file := s.Text("accesslog"); file != "" {
		options = append(options, "--access-logfile", os.DevNull)
		l.change("the access log goes nowhere instead of to %s", logName(file))
	}
	if file := s.Text("errorlog"); file != "" && file != "-" {
		options = append(options, "--error-logfile", "-")
		l.change("the error log goes to the run's app.log instead of to %s", file)
	}
	switch from := s.From("statsd_host"); {
	case strings.Contains(from, " in "): // no option takes it back
		l.warn(toProduction, "take it out for the measurement", "%s stays: what is measured is counted where production's figures go", from)
	case from != "":
		l.change("%s is left out, so that production's figures stay its own", from)
	}
	if s.background() {
		// The arbiter of background tasks kills one of the same name that it takes for an orphan
		// (arbiter.py, _cleanup_orphaned_dirty_arbiter, from 25.0).
		options = append(options, "--name", "calibrate-{port}")
		l.change("it runs under another name, so that it leaves the background workers of a running Gunicorn alone")
	}
	return options
}

func (s gunicornSettings) background() bool {
	return s.Number("dirty_workers", 0) > 0 && len(s.List("dirty_apps")) > 0
}

func logName(file string) string {
	if file == "-" {
		return "stdout"
	}
	return file
}

// describe says what the settings mean for the sizing.
func (s gunicornSettings) describe(l *Launch) {
	class := s.Text("worker_class")
	threads := cmp.Or(l.spec.Threads, s.Number("threads", 1))
	s.tell(&l.info, l.spec.Threads)
	l.info.CanScale = true
	if isSync(class) && threads > 1 { // config.py, worker_class
		l.change("gunicorn makes its sync worker a gthread worker, because it has %d threads", threads)
	}
	if !l.info.HasThreads && threads > 1 {
		l.warn("threads-ignored", "leave --threads out", "gunicorn's %s worker does not use --threads", class)
	}
}

// tell says how a worker takes requests, with so many threads if the user names a number.
func (s gunicornSettings) tell(info *calibrate.TargetInfo, threads int) {
	info.Threads, info.HasThreads = 0, takesThreads(s.Text("worker_class")) // an event loop takes as many requests at once as come
	if info.HasThreads {
		info.Threads = cmp.Or(threads, s.Number("threads", 1))
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
func (s gunicornSettings) refuse() error {
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

// Gunicorn's titles, where setproctitle is installed (util.py, _setproctitle).
const (
	masterTitle = "gunicorn: master ["
	workerTitle = "gunicorn: worker ["

	gunicornHelpers = "gunicorn: (?:dirty-|master)" // a pattern
)

var gunicornHelper = regexp.MustCompile("^" + gunicornHelpers)

// titles: the arbiter of background tasks and its own workers are dirty-arbiter and dirty-worker.
func (gunicorn) titles() titles {
	return titles{worker: regexp.QuoteMeta(workerTitle), helper: gunicornHelpers}
}

var (
	ruleGunicornTitle = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "child of the Gunicorn master, titled gunicorn: worker"}
	ruleGunicornChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Gunicorn master"}
)

// workers are the master's children that are forks of it: with the worker's title, or with the master's own command
// line. Python's resource tracker and what the app itself runs have other command lines. What a preloaded app has
// forked has the master's, but not the listening socket; the arbiter of background tasks has both, and children.
func (g gunicorn) workers(tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return g.workersBelow(slices.IndexFunc(tree, isMaster), tree, holds)
}

// workersBelow are those of the master at an index of the tree, which is below 0 where there is none.
func (g gunicorn) workersBelow(at int, tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	if at < 0 {
		return nil, noRule
	}
	master := tree[at]
	children := filter(tree, func(p linux.Process) bool { return p.Parent == master.PID })
	titled := filter(children, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), workerTitle) })
	if len(titled) > 0 {
		return titled, ruleGunicornTitle
	}
	forks := filter(children, func(p linux.Process) bool { return slices.Equal(p.Args, master.Args) })
	if len(forks) == 0 { // a hook may set a title of its own
		forks = filter(children, func(p linux.Process) bool {
			return !pythonHelper.MatchString(p.Title()) && !gunicornHelper.MatchString(p.Title())
		})
	}
	if g.background {
		forks = filter(forks, func(p linux.Process) bool {
			return !slices.ContainsFunc(tree, func(child linux.Process) bool { return child.Parent == p.PID && slices.Equal(child.Args, p.Args) })
		})
	}
	return withSocket(forks, holds), ruleGunicornChild
}

// isMaster is for the first process from above that runs Gunicorn itself, not a wrapper around it.
func isMaster(p linux.Process) bool {
	return strings.HasPrefix(p.Title(), masterTitle) || runs(p, gunicorn{}.recognises)
}

func (gunicorn) booting(log []string) bootLog {
	b := bootLog{started: countLines(log, "Booting worker with pid")}
	if logSays(log, "WORKER TIMEOUT") != "" {
		b.timeout = "--timeout"
	}
	return b
}

// explain: Gunicorn's exit codes are those of arbiter.py (WORKER_BOOT_ERROR, APP_LOAD_ERROR) and of sys.exit(1).
func (gunicorn) explain(end ending, log []string) (why, try string) {
	if !end.over {
		return explainGunicornWorker(log)
	}
	exception := lastException(log)
	switch {
	case logSays(log, "Connection in use", "Address already in use") != "":
		return "another process has its port", "stop that, or choose another port"
	case end.Code == 3:
		return join("the worker could not import the app", exception), "run it by hand: python -c 'import YOUR_MODULE'"
	case end.Code == 4:
		return join("the app was not found", logSays(log, "Failed to find", "Failed to parse")), "check MODULE:NAME at the end of the command"
	case end.Code == 1 && exception != "":
		return exception, "run it by hand; with --preload the app is imported before any worker starts"
	case end.Code == 1 && logSays(log, "Error:") != "":
		return logSays(log, "Error:"), "check gunicorn's options and its configuration file"
	case end.Code == 2:
		return logSays(log, "error:"), "check gunicorn's options: gunicorn --help"
	}
	return "", ""
}

// explainGunicornWorker is for a master that lives on: what it last said of a worker's end (arbiter.py, reap_workers
// and murder_workers; the older wording is that of 20 and 21).
func explainGunicornWorker(log []string) (why, try string) {
	line := logSays(log, "WORKER TIMEOUT", "was sent SIG", "terminated due to signal", "exited with code")
	switch {
	case strings.Contains(line, "WORKER TIMEOUT"), strings.Contains(line, "was sent SIGABRT"):
		return "a request took longer than --timeout, and gunicorn ended the worker (" + line + ")", "a longer --timeout, or a --path that answers sooner"
	case strings.Contains(line, "SIGKILL"), strings.Contains(line, "signal 9"):
		return "somebody killed it: " + line, "look for what kills processes here; the kernel's log names its own kills (dmesg)"
	case line != "":
		return line, "see the app's log; an exit code of its own may be a sys.exit in the app"
	}
	return "", ""
}
