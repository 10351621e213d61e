// Package uwsgi knows uWSGI.
package uwsgi

import (
	"path/filepath"
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

// Server knows uWSGI, tried at Debian's 2.0.21 and read at 2.0.31. Of its settings the last one counts, wherever it
// stands, and no option undoes a socket, a pid file or a cron job of a file: so uWSGI runs a copy of its configuration, in
// which those are left out.
type Server struct{}

func (Server) Name() string { return "uwsgi" }

// StopSignal ends it within a second if die-on-term is on: the workers are killed. Every signal that stops uWSGI cuts off the
// requests in flight.
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// name: the program under its many names (Debian's uwsgi_python311, PyPI's pyuwsgi), or the title of a master.
var name = regexp.MustCompile(`^(py)?uwsgi(-core|_python[0-9.]*)?$|^uWSGI( master|$)`)

func (Server) Recognises(p cli.Program) bool { return name.MatchString(p.Name) }

// Plan has uWSGI run a copy of its configuration: one worker without recycling, on our address.
func (u Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	if err := refuseCommand(p.Args()); err != nil { // before anything runs
		return nil, err
	}
	if err := refuseToAsk(l, p); err != nil {
		return nil, err
	}
	var err error
	if l.Target.ServerVersion, err = l.AskVersion(p, "uWSGI", "."); err != nil {
		return nil, err
	}
	c, err := ask(l, p)
	if err != nil {
		return nil, err
	}
	if err := c.refuse(l.Spec); err != nil {
		return nil, err
	}
	if c, err = askOptions(l, p, c); err != nil {
		return nil, err
	}
	c.describe(l)
	c.warn(l)
	c, changed := c.ownCaches()
	if changed {
		l.Change("its cache is in memory, instead of in production's file or with other machines")
	}
	run(l, p, c)
	return u, nil
}

// commands act on an instance that runs already, or only print.
var commands = cli.Getopt.Options("stop!? reload!? pause!? suspend!? resume!? ping!? connect-and-read!? extract!? version! h,help!")

func refuseCommand(words []string) error {
	for _, arg := range commands.Scan(words) {
		if arg.Name != "" {
			return calibrate.Usage("give the command that starts it", "uwsgi %s starts no server", arg.Written)
		}
	}
	return nil
}

// run has the command run a copy. What holds a placeholder is no part of it, but goes on the command line.
func run(l *known.Launch, p cli.Program, c config) {
	kept := c.without(overridden(l.Spec)...)
	own := kept.drop(func(s cli.Arg) bool { return len(cli.Placeholders(s.Value)) == 0 })
	kept = kept.drop(func(s cli.Arg) bool { return len(cli.Placeholders(s.Value)) > 0 })
	folder := l.TemporaryFolder("uwsgi-{port}", map[string]string{"uwsgi.ini": kept.iniText()})
	isUWSGIs := func(word string) bool { return strings.HasPrefix(word, "UWSGI_") && cli.IsAssignment(word) }
	l.Env = slices.DeleteFunc(l.Env, isUWSGIs) // they are in the copy
	words := slices.DeleteFunc(slices.Clone(p.Argv[:p.Index+1]), isUWSGIs)
	l.Argv = slices.Concat(words, []string{"--ini", filepath.Join(folder, "uwsgi.ini"), c.listener(), l.Address.Bind()},
		known.Options(Server{}.Settings(l.Wanted(), l.Target)), ending(l), own.options(), []string{"--auto-procname", "--disable-logging"})
}

// mercy: seconds that a worker has to end; without it a minute. A worker with threads that is told to end in its
// first moments may never do so, on a busy machine one in four. Where workers are recycled, production's is kept, since it
// cuts off requests there.
const mercy = "3"

// ending is how long a worker may take to end.
func ending(l *known.Launch) []string {
	if l.Spec.MaxRequests > 0 {
		return nil
	}
	return []string{"--worker-reload-mercy", mercy}
}

// describe says what is changed, and what the settings mean for the sizing.
func (c config) describe(l *known.Launch) {
	l.Change("uWSGI runs a temporary copy of its configuration: files, options and UWSGI_ variables in one")
	c.describeSocket(l)
	l.ChangeWorkers(c.Number("processes", 1))
	l.ChangeRecycling(int64(c.Number("max-requests", 0)))
	l.ChangeThreads(c.Number("threads", 1))
	if c.Has("worker-reload-mercy") && l.Spec.MaxRequests == 0 {
		l.Change("a worker has %s s to end instead of %s (worker-reload-mercy)", mercy, c.Text("worker-reload-mercy"))
	}
	if !c.On("master") {
		l.Change("it has a master process, which is what replaces workers")
	}
	for _, left := range leftOut {
		if names := c.namesOf(left.settings); len(names) > 0 {
			l.Change("%s: without %s", left.why, strings.Join(names, ", "))
		}
	}
	if !c.On("disable-logging") {
		// A line a request would push all else out of the part of the log in which reasons are looked for.
		l.Change("the request log is off, so that the app's own words can be found in the log")
	}
	c.tell(&l.Target)
	if l.Spec.Threads > 0 {
		l.Target.Threads = l.Spec.Threads
	}
}

// tell says how a worker takes requests. An asynchronous loop takes so many at once as it has cores.
func (c config) tell(info *calibrate.TargetInfo) {
	info.Threads, info.HasThreads = max(c.Number("threads", 1), 1), true
	if cores, from := c.cores(); cores > 1 {
		info.Threads, info.HasThreads = 0, false
		info.ConcurrencyLimit, info.ConcurrencyFlag = cores, "--"+from
	}
	info.CanRecycle, info.CanScale, info.SetsLimit = true, true, c.Number("max-requests", 0) > 0
	info.Preload = !c.On("lazy-apps") && !c.On("lazy")
}

func (c config) describeSocket(l *known.Launch) {
	var addresses, protocols []string
	for _, s := range c.lines {
		if slices.Contains(sockets, s.Name) {
			addresses, protocols = append(addresses, s.Value), append(protocols, s.Name)
		}
	}
	l.ChangeBind(strings.Join(addresses, ", "))
	isHTTP := func(name string) bool { return name == "http" || name == "http-socket" || name == "http11-socket" }
	if len(protocols) > 0 && !slices.ContainsFunc(protocols, isHTTP) {
		l.Change("it speaks HTTP instead of the protocol of %s, which calibrate doesn't speak", strings.Join(slices.Compact(protocols), ", "))
	}
}

// listener is the option that listens: http is a process of its own before the workers, which is measured with them;
// http11-socket keeps connections open, which http-socket does not, whatever a client asks for (proto/http.c). If a
// configuration has both, the one that never waits for a client is measured.
func (c config) listener() string {
	switch {
	case c.Has("http"):
		return "--http"
	case c.Has("http11-socket") && !c.Has("http-socket"):
		return "--http11-socket"
	}
	return "--http-socket"
}

// warn names the traps, but for those that the configuration has the remedy of.
func (c config) warn(l *known.Launch) {
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		threaded := trap.Code == "threads-stand-still" && l.Target.Threads != 1
		if !c.remedies(trap.Code) && !threaded {
			l.Warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("uwsgi "+l.Target.ServerVersion), trap.Text)
		}
	}
	if names := c.namesOf(memoryLimits); len(names) > 0 {
		l.Warn("memory-replaces-workers", "keep it above the worker's peak and its creep, or leave it out: --max-requests is what is sized here",
			"in production %s replaces a worker for its memory, of %s MB; it is off while it is measured", strings.Join(names, " and "), c.Text(names[0]))
	}
	if names := c.namesOf([]string{"cheap*"}); len(names) > 0 {
		l.Warn("dynamic-workers", "size for --processes, which is the most that there may be, or leave it out",
			"in production %s starts and stops workers by load; while it is measured all run", strings.Join(names, ", "))
	}
}

// remedies says whether the configuration has what takes a trap away. A lifetime of 0 is one.
func (c config) remedies(trap string) bool {
	switch trap {
	case "young-workers-stay":
		return c.Has("min-worker-lifetime")
	case "stopping-cuts":
		return slices.ContainsFunc(c.lines, func(s cli.Arg) bool {
			return s.Name == "hook-master-start" && strings.Contains(s.Value, "gracefully_kill_them_all")
		})
	case "needs-length":
		return c.listener() != "--http11-socket"
	}
	return c.On(remedies[trap])
}

// remedies are settings that take a trap away if they are on.
var remedies = map[string]string{
	"limit-needs-master":  "master",
	"term-reloads":        "die-on-term",
	"errors-instead":      "need-app",
	"threads-stand-still": "enable-threads",
}

// refuse says which settings can't be measured.
func (c config) refuse(spec known.Spec) error {
	const take = "take it out for the measurement"
	for _, s := range c.lines {
		switch {
		case s.Name == "daemonize" || s.Name == "daemonize2":
			return calibrate.Usage(take, "%s sends uwsgi to the background, where it can't be measured", s.Name)
		case s.Name == "emperor" || s.Name == "zerg":
			return calibrate.Usage("give the command of one app's own uwsgi", "%s is about other instances of uwsgi, which can't be measured", s.Name)
		case strings.HasPrefix(s.Name, "https") || s.Name == "suwsgi-socket" || s.Name == "ssl-socket":
			return calibrate.Usage(take, "%s makes uwsgi serve TLS, and calibrate measures plain HTTP", s.Name)
		}
	}
	if cores, from := c.cores(); cores > 1 && spec.Threads > 1 {
		return calibrate.Usage("leave --threads out", "%s asked for, but with %s a worker has an event loop instead", say.Plural(spec.Threads, "thread"), from)
	}
	return nil
}

var rule = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "titled uWSGI worker"}

var (
	title  = regexp.MustCompile(`^uWSGI (master|worker \d)`)
	worker = regexp.MustCompile("^" + workerTitle)
)

// Titles are those that uWSGI sets by auto-procname.
func (Server) Titles() workers.Titles { return workers.Titles{Worker: workerTitle} }

const workerTitle = `uWSGI worker \d` // a pattern

// Workers are found by their titles. Mules, spoolers and gateways have others (core/utils.c, uwsgi_set_processname). While it
// boots, and if somebody else started it, uWSGI may have none: the rule for any command decides then.
func (Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	titled := workers.Filter(tree, func(p linux.Process) bool { return title.MatchString(p.Title()) })
	if len(titled) == 0 {
		return nil, workers.NoRule
	}
	return workers.Filter(titled, func(p linux.Process) bool { return worker.MatchString(p.Title()) }), rule
}

// failedApp is the exit code of need-app (uwsgi.h, UWSGI_FAILED_APP_CODE).
const failedApp = 22

// Booting says nothing: what it logs adds nothing to what is seen of its workers.
func (Server) Booting(known.Log) known.BootLog { return known.BootLog{} }

func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	// With lazy-apps the master may end by 0 if its worker, which ends by the code, is gone before it looks.
	noApp := end.Code == failedApp || log.Says("no app loaded. GAME OVER") != ""
	switch {
	case !end.Over:
		return explainWorker(log)
	case log.Says("ddress already in use") != "":
		return known.PortInUse()
	// It goes on without a plugin that it can't load (core/plugins.c), and ends where it can't become the user (core/uwsgi.c).
	case noUser.MatchString(log.LastLine()):
		return log.LastLine(), "make the user and group of uid and gid here (useradd), or leave the two out for the measurement"
	case log.Says("UNABLE to load uWSGI plugin") != "" && log.Exception() == "":
		return log.Says("UNABLE to load uWSGI plugin"), "install it (Debian: apt-get install uwsgi-plugin-python3), or correct plugin and plugins-dir"
	case noApp && log.Exception() != "":
		return known.WithDetail("the app could not be imported", log.Exception()), "run it by hand: python -c 'import YOUR_MODULE'; pythonpath, home and chdir say where it and its packages are"
	case noApp:
		return known.WithDetail("the app was not found", log.Says("failed to open python file", "unable to find", "callable not found")), "check module, wsgi-file and callable: the callable's name is application, unless it is said"
	case log.Says("Listen queue size is greater") != "":
		return log.Says("Listen queue size is greater"), "a smaller listen, or sysctl net.core.somaxconn"
	}
	return log.Says("() : ", "(): ", "unable to ", "error: "), "see its log; uwsgi --show-config shows what it makes of its settings"
}

var noUser = regexp.MustCompile(`^(user|group) .+ not found\.$`)

// explainWorker is for a master that lives on: what it last said of a worker's end (core/master_checks.c, core/uwsgi.c).
func explainWorker(log known.Log) (why, try string) {
	line := log.Says("DAMN ! worker", "HARAKIRI ON WORKER", "no python application found", "unavailable modifier requested", "The work of process")
	switch {
	case strings.Contains(line, "HARAKIRI"), line != "" && log.Says("HARAKIRI ON WORKER") != "":
		return "a request took longer than harakiri, and uwsgi ended the worker", "a longer harakiri, or a --path that answers sooner"
	case strings.Contains(line, "The work of process"):
		return "uwsgi's max-requests, or another of its limits, replaces a worker: " + line,
			"turn it off for the measurement: max-requests = 0 in uwsgi's own settings; or give calibrate its command itself, in which it does so"
	case strings.Contains(line, "killed by signal 9"):
		return "somebody killed it: " + line, "look for what kills processes here; the kernel's log names its own kills (dmesg)"
	case strings.Contains(line, "unavailable modifier"):
		return "no plugin of uwsgi runs the app", "plugin = python3 (Debian: apt-get install uwsgi-plugin-python3)"
	case strings.Contains(line, "no python application"):
		return known.WithDetail("the app could not be loaded", log.Exception()), "run it by hand: python -c 'import YOUR_MODULE'"
	case line != "":
		return line, "see the app's log; it ended by itself, perhaps by an os._exit or a crash"
	}
	return "", ""
}
