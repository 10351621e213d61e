// Package hypercorn knows Hypercorn.
package hypercorn

import (
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

// Server knows Hypercorn, read and tried at 0.18. Its command line wins over its configuration file, which is passed
// on as it is.
type Server struct {
	alone bool // --workers 0: no parent, the server's process serves. Only seen if a server runs already
}

func (Server) Name() string { return "hypercorn" }

// StopSignal gives requests in flight 3 s to finish (--graceful-timeout).
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// Titles are none: it gives its processes no other names.
func (Server) Titles() workers.Titles { return workers.Titles{} }

func (Server) Recognises(p cli.Program) bool { return p.Name == "hypercorn" }

// Plan rewrites the command to one worker below a parent, without a request limit, on our address.
func (h Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	if l.Spec.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --concurrency N measures N requests at once",
			"%s asked for, but hypercorn has none to set: a worker is one event loop, which takes as many requests at once as come", say.Plural(l.Spec.Threads, "thread"))
	}
	args := syntax.Scan(p.Args())
	settings := settingsOf(args)
	if err := settings.refuse(); err != nil {
		return nil, err
	}
	l.Target.ServerVersion = l.InstalledVersion(p, "hypercorn")
	if l.Spec.MaxRequests > 0 && !limits(l.Target.ServerVersion) {
		return nil, calibrate.Usage("hypercorn 0.16 or newer", "a new worker after %s is asked for, but hypercorn %s has no limit of requests",
			say.Plural(l.Spec.MaxRequests, "request"), l.Target.ServerVersion)
	}
	settings.describe(l)
	settings.warn(l)
	l.Argv = slices.Concat(p.Argv[:p.Index+1],
		[]string{"--bind", l.Address.Bind()}, known.Options(h.Settings(l.Wanted(), l.Target)),
		settings.undone(), args.Without(overridden...))
	return h, nil
}

// undone are options that undo what the configuration file may set. That file is never written.
func (s settings) undone() []string {
	if s.file == "" {
		return nil
	}
	options := []string{"--pid", "/dev/null", "--error-logfile", "-"}
	if _, from := s.read["accesslog"]; from || s.unread() {
		options = append(options, "--access-logfile", "/dev/null")
	}
	return options
}

// limits says whether a version has --max-requests. One that isn't known is taken for a newer one.
func limits(version string) bool { return version == "" || known.VersionReaches(version, "0.16") }

// describe says what is changed, and what the settings mean for the sizing.
func (s settings) describe(l *known.Launch) {
	l.ChangeBind(strings.Join(s.List("bind"), ", "))
	if was := s.workers(); was == 0 {
		l.Change("%s below a parent, instead of none (--workers 0)", say.Plural(l.Spec.Workers, "worker"))
	} else {
		l.ChangeWorkers(was)
	}
	l.ChangeRecycling(int64(s.Number("max_requests", 0)))
	if s.On("use_reloader") {
		l.Change("it does not watch files to reload the app")
	}
	for _, setting := range []string{"access_log", "accesslog"} {
		if s.Has(setting) {
			l.Change("the access log is off, so that the app's own words can be found in the log")
		}
	}
	if from := s.From("pid_path"); from != "" {
		l.Change("%s is left out, so that production's file stays as it is", from)
	}
	for _, setting := range []string{"statsd_host", "logconfig"} {
		if v, given := s.given[setting]; given {
			l.Change("%s is left out, so that production's figures and logs stay its own", v.From)
		}
		if _, set := s.read[setting]; set { // no option takes it back
			l.Warn(known.ToProduction, "take it out for the measurement", "%s in %s stays: what is measured may go to where production's figures and logs go", setting, s.file)
		}
	}
	if s.unread() {
		l.Warn("config-not-read", "name what production sets in the command too: --workers, --max-requests",
			"%s is not read: its workers, limit of requests, addresses and logs give way unseen; its statsd_host and logconfig stay", s.file)
	}
	s.tell(&l.Target)
	l.Target.CanScale = true
}

// tell says how a worker takes requests, and that it can be recycled. The option for jitter does nothing that helps (see
// traps).
func (s settings) tell(info *calibrate.TargetInfo) {
	info.Threads, info.HasThreads = 0, false // an event loop takes as many requests at once as come
	info.CanRecycle, info.SetsLimit = limits(info.ServerVersion), s.setsLimit()
}

// warn names the traps of this command.
func (s settings) warn(l *known.Launch) {
	if s.On("use_reloader") {
		l.Warn("reload", "leave it out in production too: with it hypercorn restarts when a file changes", "%s is for development, and is not measured", s.From("use_reloader"))
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		if s.meets(trap.Code) {
			l.Warn(trap.Code, trap.Try, "hypercorn: %s", trap.Text)
		}
	}
}

// meets says whether a trap is for this command.
func (s settings) meets(code string) bool {
	met := true
	switch code {
	case jitterIsLimit:
		_, met = s.given["max_requests_jitter"]
	case daemonStays:
		_, met = s.given["daemon"]
	case limitNeedsParent:
		met = s.Has("max_requests") && s.workers() == 0
	}
	return met
}

var (
	ruleSelf  = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the Hypercorn process, which serves alone"}
	ruleChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Hypercorn parent"}
)

// Workers are what the parent spawns, Python's resource tracker apart. The parent doesn't import the app, so no child
// is the app's own.
func (h Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool { return workers.Runs(p, Server{}.Recognises) })
	switch {
	case at < 0:
		return nil, workers.NoRule
	case h.alone:
		return tree[at : at+1], ruleSelf
	}
	return workers.ChildrenOf(tree, tree[at].PID), ruleChild
}

// Booting says nothing: what it logs adds nothing to what is seen of its workers.
func (Server) Booting(known.Log) known.BootLog { return known.BootLog{} }

// endsWith are the statuses with which it ends if a worker does. It forgets that worker's own, and then takes those of
// the workers that have ended since it told them to, a moment ago (run.py, run and _join_exited): mostly none has, else
// -SIGTERM, of which the shell sees the last byte.
var endsWith = []int{0, 256 - int(syscall.SIGTERM)}

// Explain goes by the log: the status says nothing of what was wrong.
func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch {
	case log.Says("ddress already in use") != "":
		return known.PortInUse()
	case log.After("NoAppError") != "":
		return known.WithDetail("the app was not found", log.After("NoAppError")), "check MODULE:NAME in the command, and the folder that it is run in"
	case log.After("LifespanFailureError") != "":
		return known.WithDetail("the app's own startup (lifespan) failed", log.After("LifespanFailureError")), "see its log; what it needs to work may be missing here (a database, a variable)"
	case log.After("LifespanTimeoutError") != "":
		return "the app's own startup (lifespan) takes longer than startup_timeout", "a longer startup_timeout in the file of --config"
	case end.ExitedWith(2):
		return log.After("error: "), "check hypercorn's options: hypercorn --help"
	case end.ExitedWith(endsWith...) && log.Exception() != "":
		return log.Exception(), "run the app's import by hand"
	case end.ExitedWith(endsWith...):
		return "a worker of it ended, and with it the whole server", "see the app's log; look for sys.exit in it"
	}
	return "", ""
}
