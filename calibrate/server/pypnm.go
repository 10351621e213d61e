package server

import (
	"slices"

	"workermem/calibrate/say"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// pypnm knows pypnm serve of PyPNM, read and tried at 1.6.4, which pins Uvicorn 0.34.2 (pypnm/cli.py, _run_serve): the
// workers are Uvicorn's, which it starts with what its own options say. UVICORN_ variables and WEB_CONCURRENCY don't count.
type pypnm struct{ uvicorn }

func (pypnm) name() string { return "pypnm" }

func (pypnm) recognises(p cli.Program) bool {
	return p.Name == "pypnm" || p.Module && p.Name == "pypnm.cli"
}

// pypnmPath answers 200 without a modem; / answers 404.
const pypnmPath = "/health"

func (pypnm) answers() string { return pypnmPath }

// plan rewrites the command to one worker without a request limit, on our address.
func (y pypnm) plan(l *Launch, p cli.Program) (server, error) {
	if l.spec.Threads > 1 {
		return nil, calibrate.Usage("leave --threads out; --concurrency N measures N requests at once",
			"%d threads asked for, but pypnm has none to set: a worker is one event loop of uvicorn, which takes as many requests at once as come", l.spec.Threads)
	}
	words := p.Args()
	if len(words) == 0 || words[0] != "serve" {
		return nil, calibrate.Usage("calibrate run -- pypnm serve", "only pypnm serve starts a server")
	}
	args := pypnmOptions.Scan(words[1:])
	settings := pypnmSettingsOf(args)
	if err := settings.refuse(); err != nil {
		return nil, err
	}
	l.info.ServerVersion = l.versionBeside(p, "pypnm_docsis")
	settings.describe(l)
	settings.tell(&l.info, l.versionBeside(p, "uvicorn"))
	settings.warn(l)
	for _, name := range []string{"PYPNM_BACKGROUND_CHILD", "PYPNM_BACKGROUND_PIDFILE"} {
		l.dropEnv("it belongs to a PyPNM in the background", name)
	}
	// Both numbers, always: for one that is left out PyPNM asks its profile of the machine. A limit of 0 is none.
	l.argv = slices.Concat(p.Argv[:p.Index+1], []string{"serve", "--host", "{host}", "--port", "{port}"},
		options(y.settings(l.wanted(), l.info)), []string{"--no-access-log"}, args.Without(pypnmOverridden...))
	return pypnm{uvicorn{supervised: l.spec.Workers > 1}}, nil
}

// pypnmOverridden are the options in the command that give way.
var pypnmOverridden = []string{"host", "host-all", "port", "workers", "limit-max-requests", "no-access-log",
	"reload", "reload-dir", "reload-include", "reload-exclude"}

// pypnmSettings are the command's options, under the names that Uvicorn has for them.
type pypnmSettings struct{ uvicornSettings }

func pypnmSettingsOf(args cli.Args) pypnmSettings {
	given := args.Layer("")
	if all, ok := given["host-all"]; ok {
		given["host"] = cli.Value{Texts: []string{"0.0.0.0"}, From: all.From}
	}
	return pypnmSettings{uvicornSettings{cli.Settings{Reading: clickReading, Layers: []cli.Layer{given}}}}
}

// refuse says which settings can't be measured.
func (s pypnmSettings) refuse() error {
	for option, why := range map[string]string{
		"help":           "makes the command only print, it serves nothing",
		"ssl":            "makes pypnm serve TLS, and calibrate measures plain HTTP",
		"run-background": "sends pypnm to the background, where it can't be measured",
	} {
		if s.On(option) {
			return calibrate.Usage("take it out for the measurement", "%s %s", s.From(option), why)
		}
	}
	return s.checkNumbers()
}

// describe says what is changed, and what the settings mean for the sizing.
func (s pypnmSettings) describe(l *Launch) {
	l.describeBind(s.address())
	if was := s.Number("workers", 0); !s.Has("workers") {
		l.change("%s instead of as many as PyPNM's profile of the machine says", say.Plural(l.spec.Workers, "worker"))
	} else if was != l.spec.Workers {
		l.change("%s instead of %d", say.Plural(l.spec.Workers, "worker"), was)
	}
	if s.Has("limit-max-requests") {
		l.describeRecycling(int64(max(s.Number("limit-max-requests", 0), 0)))
	} else if l.spec.MaxRequests == 0 {
		l.change("recycling is off, instead of after as many requests as PyPNM's profile of the machine says")
	} else {
		l.change("a new worker after %d requests instead of after as many as PyPNM's profile of the machine says", l.spec.MaxRequests)
	}
	if s.On("reload") {
		l.change("it does not watch files to reload the app")
	}
	if !s.On("no-access-log") {
		l.change("the access log is off, so that the app's own words can be found in the log")
	}
	l.info.CanScale = true
}

// tell says how a worker takes requests, and whether it can be recycled: before 0.30 Uvicorn replaces none. PyPNM passes
// on neither jitter nor a bound of the requests at once.
func (s pypnmSettings) tell(info *calibrate.TargetInfo, uvicornVersion string) {
	info.Threads, info.HasThreads = 0, false // an event loop takes as many requests at once as come
	info.CanRecycle = uvicornVersion == "" || versionReaches(uvicornVersion, "0.30")
}

// warn names the traps of this command.
func (s pypnmSettings) warn(l *Launch) {
	if s.On("reload") {
		l.warn("reload", "leave it out in production too: with it pypnm restarts when a file changes, and ignores --workers",
			"%s is for development, and is not measured", s.From("reload"))
	}
	if l.spec.Path == pypnmPath {
		l.warn("health-only", "name what production asks for, by --path or --targets",
			"GET %s only looks at /proc and at the data folders: what PyPNM's captures and analyses take is not in it", pypnmPath)
	}
	for _, trap := range trapsAt(pypnm{}.traps(), l.info.ServerVersion) {
		if trap.Code != EndsServer || s.endsServer(l, &trap) {
			l.warn(trap.Code, trap.Try, "pypnm: %s", trap.Text)
		}
	}
}

// endsServer is also for a command that leaves workers or limit to the profile: that has a limit on every machine, and one
// worker on a small one.
func (s pypnmSettings) endsServer(l *Launch, trap *calibrate.Warning) bool {
	if !s.Has("workers") {
		return l.spec.Workers == 1
	}
	return s.uvicornSettings.endsServer(l, trap)
}

// workers: Uvicorn's parent is the pypnm process.
func (u pypnm) workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return u.workersBelow(slices.IndexFunc(tree, func(p linux.Process) bool { return runs(p, pypnm{}.recognises) }), tree)
}

func (u pypnm) explain(end ending, log []string) (why, try string) {
	if end.exited() && end.Code == 2 {
		return after(logSays(log, "error: ", "[ERROR]"), "error: "), "check pypnm's options: pypnm serve --help"
	}
	return u.uvicorn.explain(end, log)
}

// running tells what a command line says of the workers.
func (pypnm) running(r *Running, master linux.Process) (server, error) {
	if r.threads > 1 {
		return nil, calibrate.Usage("leave --threads out", "%d threads were named, but a worker of pypnm is one event loop", r.threads)
	}
	p := cli.SeeThrough(master.Args)
	supervised := r.hasSpawned(master)
	r.info.ServerVersion = r.packageVersion("pypnm_docsis", p)
	pypnmSettings{}.tell(&r.info, r.packageVersion("uvicorn", p))
	for _, trap := range trapsAt(pypnm{}.traps(), r.info.ServerVersion) {
		if trap.Code != EndsServer || !supervised {
			r.warn(trap.Code, trap.Try, "%s", trap.Text)
		}
	}
	return pypnm{uvicorn{supervised: supervised}}, nil
}
