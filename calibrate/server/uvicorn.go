package server

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate/say"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// uvicorn knows Uvicorn, read and tried at 0.17, 0.29, 0.41 and 0.54. Whatever has an option that undoes it goes on
// the command line, which wins; the rest is taken out of command and environment.
type uvicorn struct {
	supervised bool // from two workers on, a parent starts them and serves nothing itself
}

func (uvicorn) name() string { return "uvicorn" }

// stopSignal: requests in flight are finished, idle connections are closed at once. A request that hangs is waited for
// without end, unless --timeout-graceful-shutdown says otherwise (server.py, shutdown).
func (uvicorn) stopSignal() syscall.Signal { return syscall.SIGTERM }

// titles: it gives its processes none.
func (uvicorn) titles() titles { return titles{} }

func (uvicorn) recognises(p cli.Program) bool { return p.Name == "uvicorn" }

// plan rewrites the command to one worker without a request limit, on our address.
func (u uvicorn) plan(l *Launch, p cli.Program) (server, error) {
	if l.spec.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --concurrency N measures N requests at once, --limit-concurrency in the command bounds them",
			"%d threads asked for, but uvicorn has none to set: a worker is one event loop, which takes as many requests at once as come", l.spec.Threads)
	}
	args := uvicornOptions.Scan(p.Args())
	settings := uvicornSettingsOf(args, slices.Concat(l.env, p.Set)).withEnvFile()
	err := settings.refuse() // before anything runs
	if err != nil {
		return nil, err
	}
	if l.info.ServerVersion, err = askVersion(l, p, "Uvicorn", "Running uvicorn"); err != nil {
		return nil, err
	}
	settings.describe(l)
	settings.warn(l)
	l.dropEnv("it would set the number of workers", "WEB_CONCURRENCY")
	l.argv = slices.Concat(withoutUnset(l, p.Argv[:p.Index+1]),
		[]string{"--host", "{host}", "--port", "{port}"},
		options(u.settings(l.wanted(), l.info)), []string{"--no-access-log"}, args.Without(uvicornOverridden...))
	return uvicorn{supervised: l.spec.Workers > 1}, nil
}

// uvicornUnset are the settings that no option turns off again: 0 requests would be a limit too, reached at once.
var uvicornUnset = []string{"uds", "fd", "reload", "limit-max-requests", "limit-max-requests-jitter"}

// uvicornOverridden are the options in the command that give way.
var uvicornOverridden = slices.Concat(uvicornUnset, []string{"host", "port", "workers", "access-log",
	"reload-dir", "reload-include", "reload-exclude", "reload-delay"})

// withoutUnset takes settings out of the app's environment, and out of what env sets among the words before the program.
func withoutUnset(l *Launch, words []string) []string {
	sets := func(word string) bool {
		return slices.ContainsFunc(uvicornUnset, func(option string) bool {
			return strings.HasPrefix(word, uvicornVariable(option)+"=")
		})
	}
	l.env = slices.DeleteFunc(l.env, sets)
	return slices.DeleteFunc(slices.Clone(words), sets)
}

// describe says what is changed, and what the settings mean for the sizing.
func (s uvicornSettings) describe(l *Launch) {
	l.describeBind(s.address())
	if was := s.workers(); was != l.spec.Workers {
		l.change("%s instead of %d", say.Plural(l.spec.Workers, "worker"), was)
	}
	l.describeRecycling(int64(max(s.Number("limit-max-requests", 0), 0)))
	if s.On("reload") {
		l.change("it does not watch files to reload the app")
	}
	if s.accessLog() {
		// A line a request would push all else out of the part of the log in which reasons are looked for.
		l.change("the access log is off, so that the app's own words can be found in the log")
	}
	s.tell(&l.info)
	l.info.CanScale = true
}

// tell says how a worker takes requests, and whether it can be recycled.
func (s uvicornSettings) tell(info *calibrate.TargetInfo) {
	info.Threads, info.HasThreads = 0, false // an event loop takes as many requests at once as come
	version := info.ServerVersion
	info.CanRecycle = versionReaches(version, "0.30") // before, none is replaced
	info.HasJitter = versionReaches(version, "0.41")
	info.ConcurrencyFlag = "--limit-concurrency"
	if limit := s.Number("limit-concurrency", 0); limit > 0 {
		info.ConcurrencyLimit = limit - 1
	}
}

// warn names the traps of this version and of this command.
func (s uvicornSettings) warn(l *Launch) {
	if s.On("reload") {
		l.warn("reload", "leave it out in production too: with it uvicorn restarts when a file changes, and ignores --workers",
			"%s is for development, and is not measured", s.From("reload"))
	}
	if limit, from := s.Number("limit-concurrency", 0), s.From("limit-concurrency"); limit > 0 {
		l.warn("limit-concurrency", "run with the limit that was measured, and count a proxy's idle connections in",
			"%s %d counts connections, the one that asks among them: a worker takes %s at once, and answers 503 to more",
			from, limit, say.Plural(limit-1, "request"))
	}
	for _, trap := range trapsAt(uvicorn{}.traps(), l.info.ServerVersion) {
		if trap.Code != EndsServer || s.endsServer(l, &trap) {
			l.warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("uvicorn "+l.info.ServerVersion), trap.Text)
		}
	}
}

// endsServer says whether the trap of one worker and a request limit is for this run: where the command would run into
// it, and where a limit may come to be recommended.
func (s uvicornSettings) endsServer(l *Launch, trap *calibrate.Warning) bool {
	limit, from := s.Number("limit-max-requests", 0), s.From("limit-max-requests")
	if limit > 0 && s.workers() == 1 {
		trap.Text = fmt.Sprintf("%s %d, with one worker, ends the whole server after so many requests, with status 0", from, limit)
		return true
	}
	return l.info.CanRecycle && l.spec.Workers == 1
}

var (
	ruleUvicornSelf  = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the Uvicorn process, which serves alone"}
	ruleUvicornChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Uvicorn parent"}
)

// workers: Uvicorn serves in its own process, or from two workers on in children that it spawns; what is then beside
// them is Python's resource tracker. The parent doesn't import the app, so no child is the app's own.
func (u uvicorn) workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return u.workersBelow(slices.IndexFunc(tree, func(p linux.Process) bool { return runs(p, uvicorn{}.recognises) }), tree)
}

// workersBelow are those of the process at an index of the tree, which is below 0 where there is none.
func (u uvicorn) workersBelow(at int, tree []linux.Process) ([]linux.Process, calibrate.WorkerRule) {
	if at < 0 {
		return nil, noRule
	}
	if !u.supervised {
		return tree[at : at+1], ruleUvicornSelf
	}
	return childrenOf(tree, tree[at].PID), ruleUvicornChild
}

// booting: what it logs adds nothing to what is seen of its workers.
func (uvicorn) booting([]string) bootLog { return bootLog{} }

// explain goes by the log: for the same failure the exit code is 1 or 3, by version, and with a parent it is 0 or there
// is none (config.py, load_app; lifespan/on.py, startup; supervisors/multiprocess.py, keep_subprocess_alive).
func (uvicorn) explain(end ending, log []string) (why, try string) {
	says := func(text string) string { return after(logSays(log, text), text) }
	switch {
	case logSays(log, "ddress already in use") != "":
		return "another process has its port", "stop that, or choose another port"
	case says("Error loading ASGI app") != "":
		return join("the app was not found", says("Error loading ASGI app")), "check MODULE:NAME in the command, and --app-dir"
	case logSays(log, "Application startup failed") != "":
		return join("the app's own startup (lifespan) failed", lastException(log)), "see its log; what it needs to work may be missing here (a database, a variable)"
	case end.exited() && end.Code == 2:
		return says("Error: "), "check uvicorn's options: uvicorn --help"
	case end.exited() && end.Code == 0 && logSays(log, "Maximum request limit") != "":
		return "it reached a request limit that calibrate did not see", "take UVICORN_LIMIT_MAX_REQUESTS out of where it is set"
	case !end.over && lastException(log) == "" && logSays(log, "Child process") != "":
		return logSays(log, "Child process"), "see the app's log; a worker that does not answer its parent for --timeout-worker-healthcheck is killed"
	}
	return "", ""
}
