// Package pypnm knows PyPNM, which runs on Uvicorn.
package pypnm

import (
	"slices"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/uvicorn"
	"workermem/calibrate/server/workers"
)

// Server knows pypnm serve of PyPNM, read and tried at 1.6.4, which pins Uvicorn 0.34.2 (pypnm/cli.py, _run_serve): the
// workers are Uvicorn's, which it starts with what its own options say. UVICORN_ variables and WEB_CONCURRENCY don't count.
type Server struct{ uvicorn.Server }

func (Server) Name() string { return "pypnm" }

func (Server) Recognises(p cli.Program) bool {
	return p.Name == "pypnm" || p.Module && p.Name == "pypnm.cli"
}

// healthPath answers 200 without a modem; / answers 404.
const healthPath = "/health"

func (Server) Answers() string { return healthPath }

// Plan rewrites the command to one worker without a request limit, on our address.
func (y Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	if l.Spec.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --concurrency N measures N requests at once",
			"%s asked for, but pypnm has none to set: a worker is one event loop of uvicorn, which takes as many requests at once as come", say.Plural(l.Spec.Threads, "thread"))
	}
	words := p.Args()
	if len(words) == 0 || words[0] != "serve" {
		return nil, calibrate.Usage("calibrate run -- pypnm serve", "only pypnm serve starts a server")
	}
	args := syntax.Scan(words[1:])
	settings := settingsOf(args)
	if err := settings.refuse(); err != nil {
		return nil, err
	}
	l.Target.ServerVersion = l.InstalledVersion(p, "pypnm_docsis")
	settings.describe(l)
	settings.tell(&l.Target, l.InstalledVersion(p, "uvicorn"))
	settings.warn(l)
	for _, name := range []string{"PYPNM_BACKGROUND_CHILD", "PYPNM_BACKGROUND_PIDFILE"} {
		l.TakeOut("it belongs to a PyPNM in the background", name)
	}
	// Both numbers, always: for one that is left out PyPNM asks its profile of the machine. A limit of 0 is none.
	l.Argv = slices.Concat(p.Argv[:p.Index+1], []string{"serve", "--host", "{host}", "--port", "{port}"},
		known.Options(y.Settings(l.Wanted(), l.Target)), []string{"--no-access-log"}, args.Without(overridden...))
	return Server{uvicorn.Server{Supervised: l.Spec.Workers > 1}}, nil
}

// overridden are the options in the command that give way.
var overridden = []string{"host", "host-all", "port", "workers", "limit-max-requests", "no-access-log",
	"reload", "reload-dir", "reload-include", "reload-exclude"}

// settings are the command's options, under the names that Uvicorn has for them.
type settings struct{ uvicorn.Settings }

func settingsOf(args cli.Args) settings {
	given := args.Layer("")
	if all, ok := given["host-all"]; ok {
		given["host"] = cli.Value{Texts: []string{"0.0.0.0"}, From: all.From}
	}
	return settings{uvicorn.Settings{Settings: cli.Settings{Reading: known.ClickReading, Layers: []cli.Layer{given}}}}
}

// refuse says which settings can't be measured.
func (s settings) refuse() error {
	for option, why := range map[string]string{
		"help":           "makes the command only print, it serves nothing",
		"ssl":            "makes pypnm serve TLS, and calibrate measures plain HTTP",
		"run-background": "sends pypnm to the background, where it can't be measured",
	} {
		if s.On(option) {
			return calibrate.Usage("take it out for the measurement", "%s %s", s.From(option), why)
		}
	}
	return s.CheckNumbers()
}

// describe says what is changed, and what the settings mean for the sizing.
func (s settings) describe(l *known.Launch) {
	l.ChangeBind(s.Address())
	if s.Has("workers") {
		l.ChangeWorkers(s.Number("workers", 0))
	} else {
		l.Change("%s instead of as many as PyPNM's profile of the machine says", say.Plural(l.Spec.Workers, "worker"))
	}
	if s.Has("limit-max-requests") {
		l.ChangeRecycling(int64(max(s.Number("limit-max-requests", 0), 0)))
	} else if l.Spec.MaxRequests == 0 {
		l.Change("recycling is off, instead of after as many requests as PyPNM's profile of the machine says")
	} else {
		l.Change("a new worker after %s instead of after as many as PyPNM's profile of the machine says", say.Plural(l.Spec.MaxRequests, "request"))
	}
	if s.On("reload") {
		l.Change("it does not watch files to reload the app")
	}
	if !s.On("no-access-log") {
		l.Change("the access log is off, so that the app's own words can be found in the log")
	}
	l.Target.CanScale = true
}

// tell says how a worker takes requests, and whether it can be recycled: before 0.30 Uvicorn replaces none. PyPNM passes
// on neither jitter nor a bound of the requests at once.
func (s settings) tell(info *calibrate.TargetInfo, uvicornVersion string) {
	info.Threads, info.HasThreads = 0, false // an event loop takes as many requests at once as come
	info.CanRecycle = uvicornVersion == "" || known.VersionReaches(uvicornVersion, "0.30")
}

// warn names the traps of this command.
func (s settings) warn(l *known.Launch) {
	if s.On("reload") {
		l.Warn("reload", "leave it out in production too: with it pypnm restarts when a file changes, and ignores --workers",
			"%s is for development, and is not measured", s.From("reload"))
	}
	if l.Spec.Path == healthPath {
		l.Warn("health-only", "name what production asks for, by --path or --targets",
			"GET %s only looks at /proc and at the data folders: what PyPNM's captures and analyses take is not in it", healthPath)
	}
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		if trap.Code != known.LimitEndsServer || s.endsServer(l, &trap) {
			l.Warn(trap.Code, trap.Try, "pypnm: %s", trap.Text)
		}
	}
}

// endsServer is also for a command that leaves workers or limit to the profile: that has a limit on every machine, and one
// worker on a small one.
func (s settings) endsServer(l *known.Launch, trap *calibrate.Warning) bool {
	if !s.Has("workers") {
		return l.Spec.Workers == 1
	}
	return s.Settings.EndsServer(l, trap)
}

// Workers are Uvicorn's, whose parent is the pypnm process.
func (u Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return u.WorkersBelow(slices.IndexFunc(tree, func(p linux.Process) bool { return workers.Runs(p, Server{}.Recognises) }), tree)
}

func (u Server) Explain(end known.Ending, log known.Log) (why, try string) {
	if end.ExitedWith(2) {
		return log.After("error: "), "check pypnm's options: pypnm serve --help"
	}
	return u.Server.Explain(end, log)
}

// Running tells what a command line says of the workers.
func (Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	if r.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out", "%s named, but a worker of pypnm is one event loop", say.Plural(r.Threads, "thread"))
	}
	p := cli.SeeThrough(master.Args)
	supervised := r.HasSpawned(master)
	r.Target.ServerVersion = r.PackageVersion("pypnm_docsis", p)
	settings{}.tell(&r.Target, r.PackageVersion("uvicorn", p))
	for _, trap := range known.TrapsAt(Server{}.Traps(), r.Target.ServerVersion) {
		if trap.Code != known.LimitEndsServer || !supervised {
			r.Warn(trap.Code, trap.Try, "%s", trap.Text)
		}
	}
	return Server{uvicorn.Server{Supervised: supervised}}, nil
}
