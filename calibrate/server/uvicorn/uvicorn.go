// Package uvicorn knows Uvicorn.
package uvicorn

import (
	"fmt"
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

// Server knows Uvicorn, read and tried at 0.17, 0.29, 0.41 and 0.54. Whatever has an option that undoes it goes on
// the command line, which wins; the rest is taken out of command and environment.
type Server struct {
	Supervised bool // from two workers on, a parent starts them and serves nothing itself
}

// Backlog is the accept queue that it asks for, unless it is told another.
func (Server) Backlog() int { return 2048 }

func (Server) Name() string { return "uvicorn" }

// StopSignal lets requests in flight finish, and closes idle connections at once. A request that hangs is waited for
// without end, unless --timeout-graceful-shutdown says otherwise (server.py, shutdown).
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// Titles are none: it gives its processes no other names.
func (Server) Titles() workers.Titles { return workers.Titles{} }

func (Server) Recognises(p cli.Program) bool { return p.Name == "uvicorn" }

// Plan rewrites the command to one worker without a request limit, on our address.
func (u Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	if l.Spec.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --concurrency N measures N requests at once, --limit-concurrency in the command bounds them",
			"%s asked for, but uvicorn has none to set: a worker is one event loop, which takes as many requests at once as come", say.Plural(l.Spec.Threads, "thread"))
	}
	args := syntax.Scan(p.Args())
	settings := settingsOf(args, slices.Concat(l.Env, p.Set)).withEnvFile()
	err := settings.refuse() // before anything runs
	if err != nil {
		return nil, err
	}
	if l.Target.ServerVersion, err = l.AskVersion(p, "Uvicorn", "Running uvicorn"); err != nil {
		return nil, err
	}
	settings.describe(l)
	settings.warn(l)
	l.TakeOut("it would set the number of workers", "WEB_CONCURRENCY")
	l.Argv = slices.Concat(withoutUnset(l, p.Argv[:p.Index+1]),
		[]string{"--host", "{host}", "--port", "{port}"},
		known.Options(u.Settings(l.Wanted(), l.Target)), []string{"--no-access-log"}, args.Without(overridden...))
	return Server{Supervised: l.Spec.Workers > 1}, nil
}

// unset are the settings that no option turns off again: 0 requests would be a limit too, reached at once.
var unset = []string{"uds", "fd", "reload", "limit-max-requests", "limit-max-requests-jitter"}

// overridden are the options in the command that give way.
var overridden = slices.Concat(unset, []string{"host", "port", "workers", "access-log",
	"reload-dir", "reload-include", "reload-exclude", "reload-delay"})

// withoutUnset takes settings out of the app's environment, and out of what env sets among the words before the program.
func withoutUnset(l *known.Launch, words []string) []string {
	sets := func(word string) bool {
		return slices.ContainsFunc(unset, func(option string) bool {
			return strings.HasPrefix(word, variable(option)+"=")
		})
	}
	l.Env = slices.DeleteFunc(l.Env, sets)
	return slices.DeleteFunc(slices.Clone(words), sets)
}

// describe says what is changed, and what the settings mean for the sizing.
func (s Settings) describe(l *known.Launch) {
	l.ChangeBind(s.Address())
	l.ChangeWorkers(s.Workers())
	l.ChangeRecycling(int64(max(s.Number("limit-max-requests", 0), 0)))
	l.SaysJitter(int64(max(s.Number("limit-max-requests-jitter", 0), 0)))
	if s.On("reload") {
		l.Change("it does not watch files to reload the app")
	}
	if s.accessLog() {
		// A line a request would push all else out of the part of the log in which reasons are looked for.
		l.Change("the access log is off, so that the app's own words can be found in the log")
	}
	s.tell(&l.Target)
	l.Target.CanScale = true
}

// tell says how a worker takes requests, and whether it can be recycled.
func (s Settings) tell(info *calibrate.TargetInfo) {
	info.Threads, info.HasThreads = 0, false // an event loop takes as many requests at once as come
	version := info.ServerVersion
	info.CanRecycle = known.VersionReaches(version, "0.30") // before, none is replaced
	info.HasJitter = known.VersionReaches(version, "0.41")
	info.SetsLimit = s.Has("limit-max-requests") && len(cli.Placeholders(s.Text("limit-max-requests"))) == 0
	info.ConcurrencyFlag = "--limit-concurrency"
	if limit := s.Number("limit-concurrency", 0); limit > 0 {
		info.ConcurrencyLimit = limit - 1
	}
}

// warn names the traps of this version and of this command.
func (s Settings) warn(l *known.Launch) {
	if s.On("reload") {
		l.Warn("reload", "leave it out in production too: with it uvicorn restarts when a file changes, and ignores --workers",
			"%s is for development, and is not measured", s.From("reload"))
	}
	if limit, from := s.Number("limit-concurrency", 0), s.From("limit-concurrency"); limit > 0 {
		l.Warn("limit-concurrency", "run with the limit that was measured, and count a proxy's idle connections in",
			"%s %d counts connections, the one that asks among them: a worker takes %s at once, and answers 503 to more",
			from, limit, say.Plural(limit-1, "request"))
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		if trap.Code != known.LimitEndsServer || s.EndsServer(l, &trap) {
			l.Warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("uvicorn "+l.Target.ServerVersion), trap.Text)
		}
	}
}

// EndsServer says whether the trap of one worker and a request limit is for this run: if the command would run into it, or if
// a limit may come to be recommended.
func (s Settings) EndsServer(l *known.Launch, trap *calibrate.Warning) bool {
	limit, from := s.Number("limit-max-requests", 0), s.From("limit-max-requests")
	if limit > 0 && s.Workers() == 1 {
		trap.Text = fmt.Sprintf("%s %d, with one worker, ends the whole server after so many requests, with status 0", from, limit)
		return true
	}
	return l.Target.CanRecycle && l.Spec.Workers == 1
}

var (
	ruleSelf  = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the Uvicorn process, which serves alone"}
	ruleChild = calibrate.WorkerRule{Kind: calibrate.RuleChild, Words: "child of the Uvicorn parent"}
)

// Workers are the server's own process, or from two workers on the children that it spawns; what is then beside them is
// Python's resource tracker. The parent doesn't import the app, so no child is the app's own.
func (u Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return u.WorkersBelow(slices.IndexFunc(tree, func(p linux.Process) bool { return workers.Runs(p, Server{}.Recognises) }), tree)
}

// WorkersBelow are the workers of the process at an index of the tree, which is below 0 if there is none. PyPNM runs a
// Uvicorn under another name.
func (u Server) WorkersBelow(at int, tree []linux.Process) ([]linux.Process, calibrate.WorkerRule) {
	if at < 0 {
		return nil, workers.NoRule
	}
	if !u.Supervised {
		return tree[at : at+1], ruleSelf
	}
	return workers.ChildrenOf(tree, tree[at].PID), ruleChild
}

// Booting says nothing: what it logs adds nothing to what is seen of its workers.
func (Server) Booting(known.Log) known.BootLog { return known.BootLog{} }

// Explain goes by the log: for the same failure the exit code is 1 or 3, by version, and with a parent it is 0 or there
// is none (config.py, load_app; lifespan/on.py, startup; supervisors/multiprocess.py, keep_subprocess_alive).
func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch {
	case log.Says("ddress already in use") != "":
		return known.PortInUse()
	case log.After("Error loading ASGI app") != "":
		return known.WithDetail("the app was not found", log.After("Error loading ASGI app")), "check MODULE:NAME in the command, and --app-dir"
	case log.Says("Application startup failed") != "":
		return known.WithDetail("the app's own startup (lifespan) failed", log.Exception()), "see its log; what it needs to work may be missing here (a database, a variable)"
	case end.ExitedWith(2):
		return log.After("Error: "), "check uvicorn's options: uvicorn --help"
	case end.ExitedWith(0) && log.Says("Maximum request limit") != "":
		return "it reached a request limit that calibrate did not see: --limit-max-requests, or UVICORN_LIMIT_MAX_REQUESTS",
			"take it out for the measurement, where it is set"
	case !end.Over && log.Says("Maximum request limit") != "":
		return "uvicorn's --limit-max-requests replaces a worker after so many requests: " + log.Says("Maximum request limit"),
			"take it out of uvicorn's command for the measurement; or give calibrate that command itself, in which it does so"
	case !end.Over && log.Exception() == "" && log.Says("Child process") != "":
		return log.Says("Child process"), "see the app's log; a worker that does not answer its parent for --timeout-worker-healthcheck is killed"
	}
	return "", ""
}
