package server

import (
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

// uwsgi knows uWSGI, tried at Debian's 2.0.21 and read at 2.0.31. Of its settings the last one counts, wherever it
// stands, and no option undoes a socket, a pid file or a cron job of a file: so uWSGI runs a copy of its configuration, in
// which those are left out.
type uwsgi struct{}

func (uwsgi) name() string { return "uwsgi" }

// stopSignal, with die-on-term: a second, in which the workers are killed. Requests in flight are cut off by every
// signal that stops it.
func (uwsgi) stopSignal() syscall.Signal { return syscall.SIGTERM }

// uwsgiName: the program under its many names (Debian's uwsgi_python311, PyPI's pyuwsgi), or the title of a master.
var uwsgiName = regexp.MustCompile(`^(py)?uwsgi(-core|_python[0-9.]*)?$|^uWSGI( master|$)`)

func (uwsgi) recognises(p cli.Program) bool { return uwsgiName.MatchString(p.Name) }

// plan has uWSGI run a copy of its configuration: one worker without recycling, on our address.
func (u uwsgi) plan(l *Launch, p cli.Program) (server, error) {
	if err := refuseUWSGICommand(p.Args()); err != nil { // before anything runs
		return nil, err
	}
	if err := refuseToAsk(l, p); err != nil {
		return nil, err
	}
	var err error
	if l.info.ServerVersion, err = askVersion(l, p, "uWSGI", "."); err != nil {
		return nil, err
	}
	c, err := askUWSGI(l, p)
	if err != nil {
		return nil, err
	}
	if err := c.refuse(l.spec); err != nil {
		return nil, err
	}
	if c, err = askUWSGIOptions(l, p, c); err != nil {
		return nil, err
	}
	c.describe(l)
	c.warn(l)
	c, changed := c.ownCaches()
	if changed {
		l.change("its cache is in memory, instead of in production's file or with other machines")
	}
	runUWSGI(l, p, c)
	return u, nil
}

// uwsgiCommands act on an instance that runs already, or only print.
var uwsgiCommands = cli.Getopt.Options("stop!? reload!? pause!? suspend!? resume!? ping!? connect-and-read!? extract!? version! h,help!")

func refuseUWSGICommand(words []string) error {
	for _, arg := range uwsgiCommands.Scan(words) {
		if arg.Name != "" {
			return calibrate.Usage("give the command that starts it", "uwsgi %s starts no server", arg.Written)
		}
	}
	return nil
}

// runUWSGI has the command run a copy. What holds a placeholder is no part of it, but goes on the command line.
func runUWSGI(l *Launch, p cli.Program, c uwsgiConfig) {
	kept := c.without(uwsgiOverridden(l.spec)...)
	own := kept.drop(func(s cli.Arg) bool { return len(cli.Placeholders(s.Value)) == 0 })
	kept = kept.drop(func(s cli.Arg) bool { return len(cli.Placeholders(s.Value)) > 0 })
	l.temporary = filepath.Join(os.TempDir(), "calibrate-uwsgi-{port}")
	l.files = map[string]string{"uwsgi.ini": kept.iniText()}
	isUWSGIs := func(word string) bool { return strings.HasPrefix(word, "UWSGI_") && cli.IsAssignment(word) }
	l.env = slices.DeleteFunc(l.env, isUWSGIs) // they are in the copy
	words := slices.DeleteFunc(slices.Clone(p.Argv[:p.Index+1]), isUWSGIs)
	l.argv = slices.Concat(words, []string{"--ini", filepath.Join(l.temporary, "uwsgi.ini"), c.listener(), bindTo(l.address.host)}, options(uwsgi{}.settings(l.wanted(), l.info)), uwsgiEnding(l), own.options(), []string{"--auto-procname", "--disable-logging"})
}

// uwsgiMercy: seconds that a worker has to end; without it a minute. A worker with threads that is told to end in its
// first moments may never do so, on a busy machine one in four. Where workers are recycled, production's is kept, since it
// cuts off requests there.
const uwsgiMercy = "3"

// uwsgiEnding is how long a worker may take to end.
func uwsgiEnding(l *Launch) []string {
	if l.spec.MaxRequests > 0 {
		return nil
	}
	return []string{"--worker-reload-mercy", uwsgiMercy}
}

// describe says what is changed, and what the settings mean for the sizing.
func (c uwsgiConfig) describe(l *Launch) {
	l.change("uWSGI runs a temporary copy of its configuration: files, options and UWSGI_ variables in one")
	c.describeSocket(l)
	if was := c.Number("processes", 1); was != l.spec.Workers {
		l.change("%s instead of %d", say.Plural(l.spec.Workers, "worker"), was)
	}
	l.describeRecycling(int64(c.Number("max-requests", 0)))
	if was := c.Number("threads", 1); l.spec.Threads > 0 && l.spec.Threads != was {
		l.change("%s a worker instead of %d", say.Plural(l.spec.Threads, "thread"), was)
	}
	if c.Has("worker-reload-mercy") && l.spec.MaxRequests == 0 {
		l.change("a worker has %s s to end instead of %s (worker-reload-mercy)", uwsgiMercy, c.Text("worker-reload-mercy"))
	}
	if !c.On("master") {
		l.change("it has a master process, which is what replaces workers")
	}
	for _, left := range uwsgiLeftOut {
		if names := c.namesOf(left.settings); len(names) > 0 {
			l.change("%s: without %s", left.why, strings.Join(names, ", "))
		}
	}
	if !c.On("disable-logging") {
		// A line a request would push all else out of the part of the log in which reasons are looked for.
		l.change("the request log is off, so that the app's own words can be found in the log")
	}
	c.tell(&l.info)
	if l.spec.Threads > 0 {
		l.info.Threads = l.spec.Threads
	}
}

// tell says how a worker takes requests. An asynchronous loop takes so many at once as it has cores.
func (c uwsgiConfig) tell(info *calibrate.TargetInfo) {
	info.Threads, info.HasThreads = max(c.Number("threads", 1), 1), true
	if cores, from := c.cores(); cores > 1 {
		info.Threads, info.HasThreads = 0, false
		info.ConcurrencyLimit, info.ConcurrencyFlag = cores, "--"+from
	}
	info.CanRecycle, info.CanScale = true, true
	info.Preload = !c.On("lazy-apps") && !c.On("lazy")
}

func (c uwsgiConfig) describeSocket(l *Launch) {
	var addresses, protocols []string
	for _, s := range c.lines {
		if slices.Contains(uwsgiSockets, s.Name) {
			addresses, protocols = append(addresses, s.Value), append(protocols, s.Name)
		}
	}
	l.describeBind(strings.Join(addresses, ", "))
	isHTTP := func(name string) bool { return name == "http" || name == "http-socket" || name == "http11-socket" }
	if len(protocols) > 0 && !slices.ContainsFunc(protocols, isHTTP) {
		l.change("it speaks HTTP instead of the protocol of %s, which calibrate doesn't speak", strings.Join(slices.Compact(protocols), ", "))
	}
}

// listener is the option that listens: http is a process of its own before the workers, which is measured with them;
// http11-socket keeps connections open, which http-socket does not, whatever a client asks for (proto/http.c). Where a
// configuration has both, the one that never waits for a client is measured.
func (c uwsgiConfig) listener() string {
	switch {
	case c.Has("http"):
		return "--http"
	case c.Has("http11-socket") && !c.Has("http-socket"):
		return "--http11-socket"
	}
	return "--http-socket"
}

// warn names the traps, but for those that the configuration has the remedy of.
func (c uwsgiConfig) warn(l *Launch) {
	for _, trap := range trapsAt(uwsgi{}.traps(), l.info.ServerVersion) {
		threaded := trap.Code == "threads-stand-still" && l.info.Threads != 1
		if !c.remedies(trap.Code) && !threaded {
			l.warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("uwsgi "+l.info.ServerVersion), trap.Text)
		}
	}
	if names := c.namesOf(uwsgiMemoryLimits); len(names) > 0 {
		l.warn("memory-replaces-workers", "keep it above the worker's peak and its creep, or leave it out: --max-requests is what is sized here",
			"in production %s replaces a worker for its memory, of %s MB; it is off while it is measured", strings.Join(names, " and "), c.Text(names[0]))
	}
	if names := c.namesOf([]string{"cheap*"}); len(names) > 0 {
		l.warn("dynamic-workers", "size for --processes, which is the most that there may be, or leave it out",
			"in production %s starts and stops workers by load; while it is measured all run", strings.Join(names, ", "))
	}
}

// remedies says whether the configuration has what takes a trap away. A lifetime of 0 is one.
func (c uwsgiConfig) remedies(trap string) bool {
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
	return c.On(uwsgiRemedies[trap])
}

// uwsgiRemedies are settings that take a trap away where they are on.
var uwsgiRemedies = map[string]string{
	"limit-needs-master":  "master",
	"term-reloads":        "die-on-term",
	"errors-instead":      "need-app",
	"threads-stand-still": "enable-threads",
}

// refuse says which settings can't be measured.
func (c uwsgiConfig) refuse(spec Spec) error {
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
		return calibrate.Usage("leave --threads out", "%d threads asked for, but with %s a worker has an event loop instead", spec.Threads, from)
	}
	return nil
}

var ruleUWSGI = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "titled uWSGI worker"}

var (
	uwsgiTitle  = regexp.MustCompile(`^uWSGI (master|worker \d)`)
	uwsgiWorker = regexp.MustCompile("^" + uwsgiWorkerTitle)
)

// titles: auto-procname's.
func (uwsgi) titles() titles { return titles{worker: uwsgiWorkerTitle} }

const uwsgiWorkerTitle = `uWSGI worker \d` // a pattern

// workers by their titles. Mules, spoolers and gateways have others (core/utils.c, uwsgi_set_processname). While it
// boots, and where it was started by others, it may have none: the rule for any command decides then.
func (uwsgi) workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	titled := filter(tree, func(p linux.Process) bool { return uwsgiTitle.MatchString(p.Title()) })
	if len(titled) == 0 {
		return nil, noRule
	}
	return filter(titled, func(p linux.Process) bool { return uwsgiWorker.MatchString(p.Title()) }), ruleUWSGI
}

// uwsgiFailedApp is the exit code of need-app (uwsgi.h, UWSGI_FAILED_APP_CODE).
const uwsgiFailedApp = 22

// booting: what it logs adds nothing to what is seen of its workers.
func (uwsgi) booting([]string) bootLog { return bootLog{} }

func (uwsgi) explain(end ending, log []string) (why, try string) {
	says := func(texts ...string) string { return logSays(log, texts...) }
	// With lazy-apps the master may end by 0 where its worker, which ends by the code, is gone before it looks.
	noApp := end.Code == uwsgiFailedApp || says("no app loaded. GAME OVER") != ""
	switch {
	case !end.over:
		return explainUWSGIWorker(log)
	case says("ddress already in use") != "":
		return "another process has its port", "stop that, or choose another port"
	case says("UNABLE to load uWSGI plugin") != "" && lastException(log) == "":
		return says("UNABLE to load uWSGI plugin"), "install it (Debian: apt-get install uwsgi-plugin-python3), or correct plugin and plugins-dir"
	case noApp && lastException(log) != "":
		return join("the app could not be imported", lastException(log)), "run it by hand: python -c 'import YOUR_MODULE'; pythonpath, home and chdir say where it and its packages are"
	case noApp:
		return join("the app was not found", says("failed to open python file", "unable to find", "callable not found")), "check module, wsgi-file and callable: the callable's name is application, unless it is said"
	case says("Listen queue size is greater") != "":
		return says("Listen queue size is greater"), "a smaller listen, or sysctl net.core.somaxconn"
	}
	return says("() : ", "(): ", "unable to ", "error: "), "see its log; uwsgi --show-config shows what it makes of its settings"
}

// explainUWSGIWorker is for a master that lives on: what it last said of a worker's end (core/master_checks.c, core/uwsgi.c).
func explainUWSGIWorker(log []string) (why, try string) {
	line := logSays(log, "DAMN ! worker", "HARAKIRI ON WORKER", "no python application found", "unavailable modifier requested")
	switch {
	case strings.Contains(line, "HARAKIRI"), line != "" && logSays(log, "HARAKIRI ON WORKER") != "":
		return "a request took longer than harakiri, and uwsgi ended the worker", "a longer harakiri, or a --path that answers sooner"
	case strings.Contains(line, "killed by signal 9"):
		return "somebody killed it: " + line, "look for what kills processes here; the kernel's log names its own kills (dmesg)"
	case strings.Contains(line, "unavailable modifier"):
		return "no plugin of uwsgi runs the app", "plugin = python3 (Debian: apt-get install uwsgi-plugin-python3)"
	case strings.Contains(line, "no python application"):
		return join("the app could not be loaded", lastException(log)), "run it by hand: python -c 'import YOUR_MODULE'"
	case line != "":
		return line, "see the app's log; it ended by itself, perhaps by an os._exit or a crash"
	}
	return "", ""
}
