package server

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate/say"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// granian knows Granian 2, read and tried at 2.8; of 1 what is the same there. A parent starts its workers, also one alone: by fork, or by
// multiprocessing's spawn from Python 3.14 on.
type granian struct{}

func (granian) name() string { return "granian" }

func (granian) stopSignal() syscall.Signal { return syscall.SIGTERM }

// granianTitle is what parent and workers are called where setproctitle is installed (server/common.py, serve).
var granianTitle = regexp.MustCompile(`^granian (asgi|asginl|rsgi|wsgi) `)

func (granian) titles() titles { return titles{worker: `granian \w+ .+ worker-\d`} }

func (granian) recognises(p cli.Program) bool {
	return p.Name == "granian" || len(p.Argv) > 0 && granianTitle.MatchString(p.Argv[0])
}

// plan rewrites the command to one worker that nothing replaces, on our address.
func (g granian) plan(l *Launch, p cli.Program) (server, error) {
	args := granianOptions.Scan(p.Args())
	settings := granianSettingsOf(args.Layer(""), slices.Concat(l.env, p.Set), "")
	if err := settings.refuse(l.spec); err != nil { // before anything runs
		return nil, err
	}
	var err error
	if settings.version, err = askVersion(l, p, "Granian", "granian"); err != nil {
		return nil, err
	}
	l.info.ServerVersion = settings.version
	settings.describe(l)
	settings.warn(l)
	overridden, wanted := granianOverridden, l.wanted()
	if !settings.wsgi() {
		wanted.Threads = 0 // an event loop has none
	}
	ours := append([]string{"--host", "{host}", "--port", "{port}"}, options(g.settings(wanted, l.info))...)
	if wanted.Threads > 0 {
		overridden = append(slices.Clone(overridden), "blocking-threads")
	}
	var unset []string
	for _, option := range granianUnset {
		unset = append(unset, granianVariable(option))
	}
	l.env = cli.WithoutVariables(l.env, unset...)
	l.argv = slices.Concat(cli.WithoutVariables(p.Argv[:p.Index+1], unset...), ours, args.Without(overridden...))
	return g, nil
}

// granianSettings is what the user's command would run with: the command line, then GRANIAN_<OPTION>.
type granianSettings struct {
	cli.Settings

	version string // "" where it isn't known
}

func granianSettingsOf(given cli.Layer, env []string, version string) granianSettings {
	layers := []cli.Layer{given, cli.FromEnv(env, granianOptions.Variables(granianVariable))}
	return granianSettings{cli.Settings{Layers: layers, Reading: clickReading}, version}
}

// wsgi says whether a worker has threads for requests; else it is an event loop.
func (s granianSettings) wsgi() bool {
	return strings.EqualFold(s.Text("interface"), "wsgi")
}

// threads of a WSGI worker, of so many workers (server/common.py, AbstractServer). 0 where they aren't known: the
// default is another one before 2.0.
func (s granianSettings) threads(workers int) int {
	const backlog, leastBacklog = 1024, 128
	if given := s.Number("blocking-threads", 0); given > 0 {
		return given
	}
	if !versionReaches(s.version, "2.0") {
		return 0
	}
	atOnce := s.Number("backpressure", 0)
	if atOnce == 0 {
		atOnce = max(cmp.Or(s.Number("backlog", 0), backlog), leastBacklog) / max(workers, 1)
	}
	return max(atOnce/2, 1)
}

// refuse says which settings can't be measured.
func (s granianSettings) refuse(spec Spec) error {
	if err := refuseClick(s.Settings, "granian", "ssl-certificate", "ssl-keyfile"); err != nil {
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
			"%d threads asked for, but a worker of granian is one event loop unless its --interface is wsgi", spec.Threads)
	}
	if spec.MaxRequests > 0 {
		return calibrate.Usage("--workers-max-rss, in production", "a new worker after %d requests is asked for, but granian has no limit of requests", spec.MaxRequests)
	}
	return nil
}

// describe says what is changed, and what the settings mean for the sizing.
func (s granianSettings) describe(l *Launch) {
	l.describeBind(clickAddress(s.Settings))
	if was := max(s.Number("workers", 1), 1); was != l.spec.Workers {
		l.change("%s instead of %d", say.Plural(l.spec.Workers, "worker"), was)
	}
	for _, option := range []string{"workers-lifetime", "workers-max-rss"} {
		if value, from := s.Text(option), s.From(option); from != "" {
			l.change("%s %s is left out: no worker is replaced in the middle", from, value)
		}
	}
	if s.On("reload") {
		l.change("it does not watch files to reload the app")
	}
	if s.On("access-log") {
		l.change("the access log is off, so that the app's own words can be found in the log")
	}
	if s.On("metrics") {
		l.change("its metrics are off: their port may be production's")
	}
	for _, option := range []string{"pid-file", "process-name", "log-config"} {
		if from := s.From(option); from != "" {
			l.change("%s is left out", from)
		}
	}
	switch was := s.threads(l.spec.Workers); {
	case !s.wsgi() || l.spec.Threads == 0 || was == l.spec.Threads:
	case was == 0:
		l.change("%s a worker", say.Plural(l.spec.Threads, "thread"))
	default:
		l.change("%s a worker instead of %d", say.Plural(l.spec.Threads, "thread"), was)
	}
	s.tell(&l.info, l.spec)
	l.info.CanScale = true
}

// tell says how a worker takes requests: more than its bound wait, and none is refused. No version recycles by requests.
func (s granianSettings) tell(info *calibrate.TargetInfo, spec Spec) {
	info.Threads, info.HasThreads = 0, s.wsgi()
	if s.wsgi() {
		info.Threads = cmp.Or(spec.Threads, s.threads(spec.Workers))
	}
	info.ConcurrencyFlag = "--backpressure"
	info.ConcurrencyLimit = s.Number("backpressure", 0)
}

// warn names the traps of this command.
func (s granianSettings) warn(l *Launch) {
	if s.On("reload") {
		l.warn("reload", "leave it out in production too: with it granian restarts when a file changes", "%s is for development, and is not measured", s.From("reload"))
	}
	if l.info.HasThreads && l.info.Threads == 0 {
		l.warn("threads-unknown", "--threads N, or --blocking-threads N in the command",
			"how many threads a worker has isn't known: the command doesn't say, and granian's default is known from 2.0 on")
	}
	for _, trap := range trapsAt(granian{}.traps(), l.info.ServerVersion) {
		if s.meets(trap.Code) {
			l.warn(trap.Code, trap.Try, "granian: %s", trap.Text)
		}
	}
}

// meets says whether a trap is for this command.
func (s granianSettings) meets(code string) bool {
	switch code {
	case workerEndsServer:
		return !s.On("respawn-failed-workers")
	case stopIsLost:
		return !s.Has("workers-kill-timeout")
	case threadsByDefault:
		return s.wsgi() && !s.Has("blocking-threads")
	}
	return true
}

var ruleGranianChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Granian parent"}

// workers are the parent's children, multiprocessing's own apart.
func (granian) workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool {
		return granianTitle.MatchString(p.Title()) || runs(p, granian{}.recognises)
	})
	if at < 0 {
		return nil, noRule
	}
	return childrenOf(tree, tree[at].PID), ruleGranianChild
}

// booting: what it logs adds nothing to what is seen of its workers.
func (granian) booting([]string) bootLog { return bootLog{} }

// explain goes by the log: the exit code is 1 for all but wrong options.
func (granian) explain(end ending, log []string) (why, try string) {
	says := func(text string) string { return after(logSays(log, text), text) }
	switch {
	case logSays(log, "ddress already in use") != "":
		return "another process has its port", "stop that, or choose another port"
	case logSays(log, "ASGI lifespan startup failed") != "":
		return join("the app's own startup (lifespan) failed", lastException(log)), "see its log; what it needs to work may be missing here (a database, a variable)"
	case says("RuntimeError: Could not import") != "":
		return "the app was not found (Could not import " + says("RuntimeError: Could not import") + ")", "check MODULE:NAME in the command, and --working-dir"
	case logSays(log, "Worker crash loop detected") != "":
		return join("its worker ended over and over", lastException(log)), "see the app's log"
	case end.exited() && end.Code == 2:
		return says("Error: "), "check granian's options: granian --help"
	case end.exited() && lastException(log) == "" && logSays(log, "Unexpected exit from worker") != "":
		return "a worker of it ended, and with it the whole server", "see the app's log; look for sys.exit in it"
	}
	return "", ""
}

// running tells what a command line says of the workers. A title stands where it was if setproctitle is installed: then
// the bound and the number of threads aren't known.
func (g granian) running(r *Running, master linux.Process) (server, error) {
	environ, _ := r.environ()
	p := cli.SeeThrough(master.Args)
	r.info.ServerVersion = r.packageVersion("granian", p)
	settings := granianSettingsOf(granianOptions.Scan(p.Args()).Layer(""), slices.Concat(environ, p.Set), r.info.ServerVersion)
	title := granianTitle.FindStringSubmatch(master.Title())
	if title != nil {
		settings = granianSettingsOf(cli.Layer{"interface": {Texts: title[1:], From: "its title"}}, environ, r.info.ServerVersion)
	}
	if r.threads > 1 && !settings.wsgi() {
		return nil, calibrate.Usage("leave --threads out", "%d threads were named, but a worker of this granian is one event loop", r.threads)
	}
	settings.tell(&r.info, Spec{Threads: r.threads, Workers: 1})
	if title != nil && r.threads == 0 {
		r.info.Threads = 0
	}
	if r.info.HasThreads && r.info.Threads == 0 {
		r.warn("threads-unknown", "give them: --threads N", "how many threads a worker has isn't known: granian's command line doesn't say")
	}
	for _, trap := range trapsAt(granian{}.traps(), r.info.ServerVersion) {
		if title == nil && settings.meets(trap.Code) || trap.Code == noRequestLimit {
			r.warn(trap.Code, trap.Try, "granian: %s", trap.Text)
		}
	}
	return g, nil
}
