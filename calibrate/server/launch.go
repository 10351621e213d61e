// Package server starts the app under test with one worker and nothing but loopback, finds the worker in the
// process tree, sees it die or recycle, and ends it all: nothing that it started outlives the tool.
//
//  1. [Recognise] reads the command: which server it is, which version, what must change for the measurement.
//     It starts nothing but the server's own --version and --print-config.
//  2. [Launch.Start] starts it through a guard ([GuardMain]) and waits for the first whole answer.
//  3. [App] answers questions about the running server, and stops it.
//
// A server that is running already is only looked at ([Attach]).
//
// A server that calibrate knows is one file with one type that implements server; every other command is command.go.
package server

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/group"
	"workermem/calibrate/server/guard"
)

// GuardMain acts as the guard if this process was started as one: see [guard.Main].
func GuardMain(args []string) (code int, isGuard bool) { return guard.Main(args) }

// GroupPossible says why an app can't have a memory control group of its own; nil if it can.
func GroupPossible() error { return group.Possible() }

// Spec is what the user wants started.
type Spec struct {
	Command      []string          // as given; {host} {port} {workers} {threads} {max_requests} stand for values in any argument
	Env          map[string]string // set on top of the inherited environment; the same placeholders
	URL          string            // where the command fixes its own address; "" for a free port on loopback
	Path         string            // what to GET for readiness; "" is DefaultPath
	Headers      http.Header       // of that GET
	LoginFirst   bool              // the load logs in before it asks, so that GET may be answered by a redirect, or refused
	Threads      int               // 0: what the command says
	Workers      int               // 0: one
	MaxRequests  int64             // after which a worker is replaced; 0: never, as measuring needs
	Jitter       int64             // on top of MaxRequests, at most, drawn by each worker
	BootDeadline time.Duration     // 0: DefaultBootDeadline
	Log          *os.File          // the app's stdout and stderr, opened for appending
	AllowRemote  []string          // hosts allowed in URL beside loopback
	MemoryLimit  int64             // bytes that all processes of the app may take together; 0: no limit is set
}

// DefaultBootDeadline is how long an app may take to its first whole answer.
const DefaultBootDeadline = 60 * time.Second

// Launch is a command understood and ready to start. It implements calibrate.Target.
type Launch struct {
	spec     Spec
	server   server
	argv     []string // with placeholders
	known    []server // all that calibrate knows
	env      []string // of the app, with the placeholders replaced in Start
	path     string   // of the program
	address  address
	info     calibrate.TargetInfo
	warnings []calibrate.Warning
	asking   context.Context // while the command is understood, of the questions to the server

	temporary string            // a file or folder for this run alone, removed at its end with all that is in it; with placeholders
	files     map[string]string // written into temporary, which is a folder then, before the start: names and texts
}

var _ calibrate.Target = (*Launch)(nil)

// server is what calibrate knows of one kind of server.
type server interface {
	name() string
	// recognises says whether a program starts it, or has the title of its main process.
	recognises(p program) bool
	// programs are those that calibrate doctor looks for.
	programs() []product
	// traps are all that are known of it, at any version.
	traps() []trap
	// plan completes the Launch: version, argv and env for the measurement, threads, changes, warnings. It returns the
	// adapter to go on with, which may know more, or be another's. Its error is a *calibrate.Failure.
	plan(l *Launch, p program) (server, error)
	// settings are all that plan tells the server of workers, threads and limits, and all that is printed of them: by its own
	// names, in its own order. What is left out stays as it is.
	settings(w calibrate.Wanted, t calibrate.TargetInfo) []calibrate.Setting
	calibrate.Configurable
	finder
	// titles are what it calls its processes.
	titles() titles
	// stopSignal is what ends it gracefully.
	stopSignal() syscall.Signal
	// booting says what the log means while there is no first answer.
	booting(log []string) bootLog
	// explain says what an exit or a log line of this server means, "" where it has nothing to say.
	explain(end ending, log []string) (why, try string)
}

// The servers calibrate knows; the first that recognises the program has it. Any other command is anyCommand.
var servers = []server{
	gunicorn{},
	uvicorn{},
	hypercorn{},
	granian{},
	uwsgi{},
	modWSGI{},
	express{},
	puma{},
	rackFront{},
	nowLMS{},
	pypnm{},
}

// knownServer is the one that recognises a program, nil for none.
func knownServer(p program) server {
	for _, s := range servers {
		if s.recognises(p) {
			return s
		}
	}
	return nil
}

// knownTitles are those of all servers.
func knownTitles() anyTitles {
	all := []titles{anyCommand{}.titles()}
	for _, s := range servers {
		all = append(all, s.titles())
	}
	return joinTitles(all)
}

// noRoot is a server whose app answers 404 at "/".
type noRoot interface {
	answers() (path string)
}

// DefaultPath is what to ask a command's server for where the user names nothing: "/", but for an app that answers 404
// there.
func DefaultPath(command []string) string {
	p := seeThrough(command)
	if words := unshelled(p); words != nil {
		p = seeThrough(words)
	}
	if s, ok := knownServer(p).(noRoot); ok {
		return s.answers()
	}
	return "/"
}

// Recognise reads the command and says how it will be measured. Every complaint is a *calibrate.Failure, of KindUsage
// unless the tool itself failed, and nothing of the app has been started then.
//
// The server may be asked about its configuration, for some seconds; the end of ctx ends that.
func Recognise(ctx context.Context, spec Spec) (*Launch, error) {
	l, err := recognise(ctx, spec)
	if err != nil && ctx.Err() != nil {
		return nil, &calibrate.Failure{Kind: calibrate.KindInterrupted, What: "interrupted before the app was started", Err: context.Cause(ctx),
			Why: context.Cause(ctx).Error(), Try: "nothing of it was started; run it again"}
	}
	return l, err
}

func recognise(ctx context.Context, spec Spec) (*Launch, error) {
	spec = withDefaults(spec)
	if len(spec.Command) == 0 {
		return nil, calibrate.Usage("write the command after --: calibrate run -- gunicorn app:app", "no command to run")
	}
	if spec.MemoryLimit < 0 {
		return nil, calibrate.Usage("a size, such as 512M", "a memory limit can't be negative")
	}
	if spec.MaxRequests < 0 || spec.Jitter < 0 {
		return nil, calibrate.Usage("a number of requests", "max-requests and its jitter can't be negative")
	}
	if err := checkPlaceholders(spec); err != nil {
		return nil, err
	}
	if _, err := os.Getwd(); err != nil { // a server would only give a traceback
		return nil, calibrate.Usage("cd to one that exists", "this folder is gone")
	}
	addr, err := parseAddress(spec.URL, spec.AllowRemote)
	if err != nil {
		return nil, err
	}
	if err := checkPath(spec.Path); err != nil {
		return nil, err
	}
	l := &Launch{spec: spec, address: addr, argv: slices.Clone(spec.Command), known: servers, asking: ctx}
	l.env = cli.Environment(os.Environ(), spec.Env)                                                          //nolint:forbidigo // it is not read here, but handed to the app
	l.info = calibrate.TargetInfo{Command: slices.Clone(spec.Command), URL: spec.URL, Threads: spec.Threads} // 0: not known, or no bound

	prog, err := findProgram(l)
	if err != nil {
		return nil, err
	}
	recognised := knownServer(prog)
	if recognised == nil {
		recognised = anyCommand{servers}
	}
	l.info.Server = recognised.name()
	if l.server, err = recognised.plan(l, prog); err != nil {
		return nil, err
	}
	l.info.Server = l.server.name()
	l.info.MeasuredCommand = slices.Clone(l.argv)
	if err := addr.free(); err != nil {
		return nil, err
	}
	return l, nil
}

// LogTo says where the app's stdout and stderr go, where the file is opened only once the command is understood.
func (l *Launch) LogTo(log *os.File) { l.spec.Log = log }

func withDefaults(spec Spec) Spec {
	if spec.Path == "" {
		spec.Path = DefaultPath(spec.Command)
	}
	if spec.BootDeadline <= 0 {
		spec.BootDeadline = DefaultBootDeadline
	}
	spec.Workers = max(spec.Workers, 1)
	return spec
}

// unshelled is the command in sh -c "exec SERVER ...", if that is simple and the server is known.
func unshelled(p program) []string {
	if knownServer(seeThrough(p.shellWords)) == nil {
		return nil
	}
	return p.shellWords
}

// findProgram looks the command's first word up, and then sees through wrappers to the server's program.
func findProgram(l *Launch) (program, error) {
	p := seeThrough(l.argv)
	if words := unshelled(p); words != nil {
		l.argv = words
		l.change("the shell is left out: its command is simple enough to be run directly")
		p = seeThrough(l.argv)
	}
	path, err := lookPath(l.argv[0], cli.Getenv(l.env, "PATH"))
	if err != nil {
		return p, calibrate.Usage("check the name, or write its whole path; is the virtual environment active?",
			"%s: %v", l.argv[0], err)
	}
	l.path = path
	return p, nil
}

// Info is what is known before the start. MeasuredCommand has placeholders where the port will be.
func (l *Launch) Info() calibrate.TargetInfo { return l.info }

// Warnings are the doubts about the command itself.
func (l *Launch) Warnings() []calibrate.Warning { return slices.Clone(l.warnings) }

func (l *Launch) change(format string, args ...any) {
	l.info.Changes = append(l.info.Changes, fmt.Sprintf(format, args...))
}

func (l *Launch) warn(code, try, format string, args ...any) {
	l.warnings = append(l.warnings, calibrate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Try: try})
}

// dropEnv takes variables out of the app's environment, unless the user set them for this run, and says so.
func (l *Launch) dropEnv(why string, names ...string) {
	for _, name := range names {
		if _, given := l.spec.Env[name]; given {
			continue
		}
		before := len(l.env)
		l.env = slices.DeleteFunc(l.env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		if len(l.env) < before {
			l.change("%s is taken out of the environment: %s", name, why)
		}
	}
}

// setEnv sets variables of the app's, in which placeholders count, over what the user and env in the command say.
func (l *Launch) setEnv(set map[string]string) {
	l.env = cli.Environment(l.env, set)
	given := maps.Clone(l.spec.Env)
	if given == nil {
		given = map[string]string{}
	}
	maps.Copy(given, set)
	l.spec.Env = given
}

// Start starts the app and returns at its first whole answer. A failure leaves nothing behind.
func (l *Launch) Start(ctx context.Context) (calibrate.App, error) {
	app, err := l.startOnce(ctx)
	if l.address.fixed || !portTaken(err) {
		return app.orNil(), err
	}
	app, err = l.startOnce(ctx) // somebody took the free port in the moment between finding and using it
	return app.orNil(), err
}

func (l *Launch) startOnce(ctx context.Context) (*App, error) {
	addr, err := l.address.choose()
	if err != nil {
		return nil, err
	}
	limit := l.spec.MemoryLimit
	group, noGroup := group.New(limit)
	if noGroup != nil && limit > 0 {
		return nil, limitFailure(limit, noGroup)
	}
	values := placeholderValues(addr, l.spec)
	app := newApp(l, addr, values)
	if err := app.writeFiles(); err != nil {
		group.Remove()
		return nil, err
	}
	app.guardian, err = guard.Start(guard.Order{
		Path:    l.path,
		Args:    cli.ExpandAll(l.argv, values),
		Env:     cli.ExpandEnv(l.env, l.spec.Env, values),
		Group:   group,
		Limited: limit > 0,
		Remove:  app.temporary,
	}, l.spec.Log, l.spec.Log)
	if err != nil {
		group.Remove() // where there was no guard to do it
		app.removeFiles()
		return nil, notStarted(l, err)
	}
	app.noteGroup(group, noGroup)
	if err := app.boot(ctx); err != nil {
		_, _ = app.stop(ctx, guard.OrphanGrace) // it serves nobody
		return nil, err
	}
	return app, nil
}
