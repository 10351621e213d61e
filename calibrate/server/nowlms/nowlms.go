// Package nowlms knows NOW LMS: lmsctl, and its app under Gunicorn.
package nowlms

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/gunicorn"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Server knows lmsctl serve of NOW LMS, read and tried at 2.0.4 (now_lms/cli.py, serve). Its settings are variables;
// what it starts Gunicorn or waitress with beside them is fixed: every address, the app preloaded, no request limit.
type Server struct {
	waitress bool // one process with threads, its default; else Gunicorn
}

func (Server) Name() string { return "lmsctl" }

// StopSignal lets Gunicorn finish its requests. waitress has no handler for it and ends at once, but INT, which it has
// one for, is ignored by what a shell runs in the background.
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// Titles are none of its own: Gunicorn's are known.
func (Server) Titles() workers.Titles { return workers.Titles{} }

// Recognises knows python -m now_lms, too: that is lmsctl serve after a look at the database (now_lms/__main__.py).
func (Server) Recognises(p cli.Program) bool {
	return p.Name == "lmsctl" || p.Module && p.Name == "now_lms"
}

// Variables of NOW LMS. If the first of a pair is unset or empty, it reads the second (now_lms/worker_config.py).
const (
	variablePort    = "LMS_PORT"
	variableWorkers = "NOW_LMS_WORKERS"
	variableThreads = "NOW_LMS_THREADS"
)

// Plan sets the variables for one worker on our port.
func (Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	wsgi, err := wsgiServer(p, slices.Concat(l.Env, p.Set))
	if err != nil {
		return nil, err
	}
	n := Server{waitress: wsgi != "gunicorn"}
	if err := n.refuse(l.Spec); err != nil {
		return nil, err
	}
	if err := n.AsInProduction(l, p); err != nil {
		return nil, err
	}
	l.Target.ServerVersion = l.InstalledVersion(p, "now_lms")
	settings := nowSettingsOf(slices.Concat(l.Env, p.Set))
	n.tell(&l.Target, cmp.Or(l.Spec.Threads, settings.threads()))
	n.describe(l, settings)
	for _, trap := range n.met(l.Target.ServerVersion) {
		l.Warn(trap.Code, trap.Try, "lmsctl: %s", trap.Text)
	}
	l.Argv = slices.Concat(cli.WithoutVariables(p.Argv[:p.Index], variablePort, variableWorkers, variableThreads), p.Argv[p.Index:])
	l.SetEnv(n.variables(l))
	return n, nil
}

// variables are what the measurement needs. Threads are always set, so that those that are reported are those there are.
func (n Server) variables(l *known.Launch) map[string]string {
	wanted := l.Wanted()
	wanted.Threads = l.Target.Threads
	set := map[string]string{variablePort: "{port}"}
	for _, s := range n.Settings(wanted, l.Target) {
		set[s.Name] = s.Value
	}
	if _, given := l.Spec.Env["XDG_RUNTIME_DIR"]; !given && !n.waitress {
		// Gunicorn makes its control socket there, taking it over from whoever served it before, and no option of lmsctl
		// keeps it from that. Nothing can be made in /proc: Gunicorn logs so, and serves on (ctl/server.py).
		set["XDG_RUNTIME_DIR"] = "/proc"
		l.Change("the control socket is off (XDG_RUNTIME_DIR=/proc), so that a running Gunicorn keeps its own")
	}
	return set
}

// The options of lmsctl, which are Flask's (flask/cli.py, FlaskGroup), and those of serve.
var (
	options      = cli.ClickGroup.Options("A,app e,env-file help! version!")
	serveOptions = cli.Click.Options("wsgi-server help!")
)

// wsgiServer is the server that the command asks for: by an option, or by the variable that click makes of it.
func wsgiServer(p cli.Program, env []string) (string, error) {
	words, variables := p.Args(), map[string]string{}
	if !p.Module {
		var err error
		if words, err = afterServe(words); err != nil {
			return "", err
		}
		variables["wsgi-server"] = "FLASK_SERVE_WSGI_SERVER"
	}
	s := cli.Settings{Layers: []cli.Layer{serveOptions.Scan(words).Layer(""), cli.FromEnv(env, variables)}}
	if s.Has("help") {
		return "", onlyPrints("lmsctl serve " + s.From("help"))
	}
	return strings.ToLower(cmp.Or(s.Text("wsgi-server"), "waitress")), nil // a word that is neither is for lmsctl to refuse
}

// afterServe are the words after serve.
func afterServe(words []string) ([]string, error) {
	args := options.Scan(words)
	given, command := args.Layer(""), args.Command()
	for _, option := range []string{"help", "version"} {
		if v, ok := given[option]; ok {
			return nil, onlyPrints("lmsctl " + v.From)
		}
	}
	switch {
	case len(command) == 0:
		return nil, onlyPrints("lmsctl without a command")
	case command[0] != "serve":
		return nil, calibrate.Usage("calibrate run -- lmsctl serve", "lmsctl %s is not what production serves with", command[0])
	}
	return command[1:], nil
}

func onlyPrints(command string) error {
	return calibrate.Usage("calibrate run -- lmsctl serve", "%s only prints, it serves nothing", command)
}

// refuse says which measurements lmsctl has no setting for.
func (n Server) refuse(spec known.Spec) error {
	switch {
	case spec.Workers > 1 && n.waitress:
		return calibrate.Usage("lmsctl serve --wsgi-server gunicorn", "%s asked for, but waitress is one process", say.Plural(spec.Workers, "worker"))
	case spec.MaxRequests > 0:
		return calibrate.Usage("gunicorn wsgi:app in the command, which takes --max-requests",
			"a new worker after %s is asked for, but lmsctl has no setting for it", say.Plural(spec.MaxRequests, "request"))
	}
	return nil
}

// tell says how a worker takes requests, and that it can't be recycled.
func (n Server) tell(info *calibrate.TargetInfo, threads int) {
	info.Threads, info.HasThreads = threads, true
	info.CanScale, info.Preload = !n.waitress, !n.waitress
	info.OwnQueueFrom = 2 // as gunicorn's
	if n.waitress {
		info.MaxWorkers, info.OwnQueueFrom = 1, 0
	}
}

// met are the traps of a command: CI is taken care of.
func (n Server) met(version string) []calibrate.Warning {
	return slices.DeleteFunc(known.TrapsAt(n.Traps(), version), func(trap calibrate.Warning) bool {
		return trap.Code == ciChangesApp || trap.Code == inOneProcess && !n.waitress
	})
}

// describe says what is changed.
func (n Server) describe(l *known.Launch, s nowSettings) {
	switch was := s.Text("port"); {
	case len(cli.Placeholders(was)) > 0:
	case l.Address.Fixed:
		if port := strconv.Itoa(l.Address.Port); cmp.Or(was, "8080") != port {
			l.Change("it listens on port %s instead of %s (%s)", port, cmp.Or(was, "8080"), variablePort)
		}
	case was != "":
		l.Change("it listens on a free port instead of %s (%s)", was, variablePort)
	}
	if was := s.Text("workers"); !n.waitress && len(cli.Placeholders(was)) == 0 {
		if now := strconv.Itoa(l.Spec.Workers); was != now {
			l.Change("%s (%s) instead of %s", say.Plural(l.Spec.Workers, "worker"), variableWorkers, cmp.Or(was, "as many as NOW LMS works out for the machine"))
		}
	}
	if was := s.threads(); l.Spec.Threads > 0 && was != l.Spec.Threads {
		l.Change("%s a worker (%s) instead of %s", say.Plural(l.Spec.Threads, "thread"), variableThreads, say.Count(was))
	}
}

// nowSettings are the variables that the user's command would run with.
type nowSettings struct{ cli.Settings }

func nowSettingsOf(env []string) nowSettings {
	return nowSettings{cli.Settings{Reading: known.ClickReading, Layers: []cli.Layer{
		cli.FromEnv(env, map[string]string{"port": variablePort, "workers": variableWorkers, "threads": variableThreads}),
		cli.FromEnv(env, map[string]string{"port": "PORT", "workers": "WORKERS", "threads": "THREADS"}),
	}}}
}

// threads are 1 if the variable is no number.
func (s nowSettings) threads() int { return max(s.Number("threads", 1), 1) }

// AsInProduction takes out of the environment what makes NOW LMS another app than in production, and refuses it where
// the command itself asks for it.
func (Server) AsInProduction(l *known.Launch, p cli.Program) error {
	for _, name := range slices.Concat(development, tests) {
		inherited := slices.ContainsFunc(l.Env, func(v string) bool { return lmsSwitch(v, name) })
		_, given := l.Spec.Env[name]
		if slices.ContainsFunc(p.Set, func(v string) bool { return lmsSwitch(v, name) }) || given && inherited {
			return calibrate.Usage("take it out: NOW LMS would serve with one worker and one thread, or with a database in memory",
				"%s makes NOW LMS run as in development or in its own tests", name)
		}
		if inherited {
			l.TakeOut("NOW LMS would run as in development or in its own tests", name)
		}
	}
	return nil
}

// The variables that make NOW LMS another app (now_lms/config/__init__.py): DESARROLLO is one worker, one thread and
// templates read again and again; TESTING is a database in memory where DATABASE_URL names none.
var (
	development = strings.Fields("DEBUG CI DEV DEVELOPMENT FLASK_ENV DJANGO_DEBUG NODE_ENV ENV APP_ENV")
	tests       = strings.Fields("PYTEST_CURRENT_TEST PYTEST_VERSION")
	lmsTrue     = strings.Fields("1 true yes on development dev")
)

// lmsSwitch says whether NAME=value is that variable, with a value that counts. CI counts with any.
func lmsSwitch(variable, name string) bool {
	value, is := strings.CutPrefix(variable, name+"=")
	switch {
	case !is:
		return false
	case name == "CI":
		return value != ""
	case slices.Contains(tests, name):
		return true
	}
	return slices.Contains(lmsTrue, strings.ToLower(strings.TrimSpace(value)))
}

// Owns says whether what Gunicorn is to import is NOW LMS: its package, or a module in the folder that names it,
// as the wsgi.py of its repository does.
func (Server) Owns(app, folder string) bool {
	module, _, _ := strings.Cut(app, ":")
	if module == "now_lms" || strings.HasPrefix(module, "now_lms.") {
		return true
	}
	if module == "" || strings.ContainsAny(module, "/ ") {
		return false
	}
	text, err := known.ReadRegular(filepath.Join(folder, strings.ReplaceAll(module, ".", "/")+".py"))
	return err == nil && strings.Contains(string(text), "now_lms")
}

var ruleWaitress = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the lmsctl process, which serves alone with waitress"}

// Workers are forks of lmsctl if Gunicorn serves. With waitress lmsctl serves itself; if waitress isn't installed, it runs
// Flask's own server below it, and the rule for any command finds that.
func (n Server) Workers(tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool {
		return strings.HasPrefix(p.Title(), gunicorn.MasterTitle) || workers.Runs(p, Server{}.Recognises)
	})
	if !n.waitress {
		return gunicorn.Server{}.WorkersBelow(at, tree, holds)
	}
	if at < 0 {
		return nil, workers.NoRule
	}
	if held, known := holds(tree[at].PID); known && !held {
		return nil, workers.NoRule
	}
	return tree[at : at+1], ruleWaitress
}

func (Server) Booting(log known.Log) known.BootLog { return gunicorn.Server{}.Booting(log) }

// Explain leaves to Gunicorn what Gunicorn says. What goes wrong before ends lmsctl as Python or click does.
func (n Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch {
	case log.Says("no such table") != "":
		return "its database has no tables: " + log.Exception(), "lmsctl database init, with the same DATABASE_URL"
	case end.ExitedWith(2):
		return log.After("Error: "), "check lmsctl's options: lmsctl serve --help"
	case !n.waitress:
		return gunicorn.Server{}.Explain(end, log)
	}
	return "", ""
}

// Running tells what a running server's environment and command line say.
func (Server) Running(r *known.Running, master linux.Process) (known.Server, error) {
	p := cli.SeeThrough(master.Args)
	environ, seen := r.Environ()
	env := slices.Concat(environ, p.Set)
	settings := nowSettingsOf(env)
	wsgi, _ := wsgiServer(p, env)
	if wsgi == "" { // another command of Flask's, such as run
		return anycommand.Server{}, nil
	}
	n := Server{waitress: wsgi != "gunicorn"}
	r.Target.ServerVersion = r.PackageVersion("now_lms", p)
	n.tell(&r.Target, cmp.Or(r.Threads, settings.threads()))
	for _, trap := range n.met(r.Target.ServerVersion) {
		r.Warn(trap.Code, trap.Try, "lmsctl: %s", trap.Text)
	}
	if !seen && r.Threads == 0 {
		r.Target.Threads, r.Target.HasThreads = 0, false
		r.Warn("threads-unknown", "give them: --threads N, or run calibrate as the server's user, or as root",
			"how many threads a worker has isn't known: %s is in the server's environment, which may not be read", variableThreads)
	}
	return n, nil
}
