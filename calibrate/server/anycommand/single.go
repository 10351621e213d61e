package anycommand

import (
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
)

// single is a server that is one process, and has no setting for more of them. It is measured as any command is, on our
// address, and without what starts it again when a file changes.
type single struct {
	name     string   // as people call it
	programs []string // by which it is started
	command  string   // its subcommand, "" for none
	options  cli.Options
	address  []string // settings of where it listens, which are left out
	operand  bool     // so is the operand behind the subcommand
	ours     []string // words behind all others; bind stands for HOST:PORT
	slow     string   // the setting by which it takes one request at a time; "always" if it does without one
	reloads  []string // settings by which it watches files; "always" if it does without one
	reload   string   // the option that ends that, which may stand there already
	code     string   // of the warning
	try      string
}

// Codes of servers of one process.
const (
	developmentServer = "development-server" // nobody runs it in production
	singleProcess     = "single-process"
)

const (
	always = "always"
	bind   = "{bind}"

	wsgi = "measure what production runs: calibrate run -- gunicorn MODULE:APP"
)

// singles are those that are known, read and tried at Flask 3.1, Django 5.2, Daphne 4.2, Bottle 0.13 and Python 3.11.
var singles = []single{
	{
		name: "flask run", programs: []string{"flask"}, command: "run", code: developmentServer, try: wsgi,
		options: cli.Click.Options("A,app e,env-file [no-]debug h,host p,port cert key [no-]reload [no-]debugger with-threads! without-threads! extra-files exclude-patterns"),
		address: []string{"host", "port"}, ours: []string{"--host", "{host}", "--port", "{port}", "--no-reload"},
		slow: "without-threads", reloads: []string{"debug", "reload"},
	},
	{
		name: "runserver", programs: []string{"manage.py", "django-admin", "django"}, command: "runserver", code: developmentServer,
		try:     "measure what production runs: calibrate run -- gunicorn PROJECT.wsgi",
		options: cli.Argparse.Options("6,ipv6! nothreading! noreload! nostatic! insecure! version! v,verbosity settings pythonpath traceback! no-color! force-color! skip-checks!"),
		operand: true, ours: []string{"--noreload", bind}, slow: "nothreading", reloads: []string{always}, reload: "noreload",
	},
	{
		name: "daphne", programs: []string{"daphne"}, code: singleProcess,
		try: "more of it are as many services, each at an address of its own, behind a proxy; or a server with workers, such as uvicorn --workers or hypercorn",
		options: cli.Argparse.Options("p,port b,bind websocket_timeout websocket_connect_timeout u,unix-socket fd e,endpoint v,verbosity t,http-timeout access-log log-fmt " +
			"ping-interval ping-timeout websocket-max-message-size websocket-max-frame-size application-close-timeout root-path proxy-headers! proxy-headers-host proxy-headers-port s,server-name no-server-name!"),
		address: []string{"port", "bind", "unix-socket", "fd", "endpoint"}, ours: []string{"--bind", "{host}", "--port", "{port}"},
	},
	{
		name: "http.server", programs: []string{"http.server"}, code: developmentServer, try: "measure the web server that production has",
		options: cli.Argparse.Options("b,bind d,directory p,protocol cgi!"), address: []string{"bind"}, operand: true,
		ours: []string{"--bind", "{host}", "{port}"},
	},
	{
		name: "bottle", programs: []string{"bottle", "bottle.py"}, code: developmentServer, try: wsgi,
		options: cli.Argparse.Options("b,bind s,server p,plugin c,conf C,param debug! reload!"), address: []string{"bind", "reload"},
		ours: []string{"--bind", bind}, slow: always, reloads: []string{"reload"},
	},
}

// singleOf is the one that a program starts. Bottle starts other servers, too.
func singleOf(p cli.Program) (s single, args cli.Args, ok bool) {
	for _, s := range singles {
		if !slices.Contains(s.programs, p.Name) {
			continue
		}
		args := s.options.Scan(p.Args())
		operands := args.Operands()
		started := s.command == "" || len(operands) > 0 && operands[0] == s.command
		if started && !args.Settings().Has("server") {
			return s, args, true
		}
	}
	return s, nil, false
}

// RunsSingle says whether a program starts a server of one process that is known.
func RunsSingle(p cli.Program) bool { _, _, ok := singleOf(p); return ok }

func (s single) plan(l *known.Launch, p cli.Program, args cli.Args) error {
	if err := s.refuse(l.Spec); err != nil {
		return err
	}
	given := args.Settings()
	l.Target.MaxWorkers = 1
	if l.Spec.Threads == 1 || s.slow == always || s.slow != "" && given.Has(s.slow) {
		l.Target.Threads = 1
	}
	for _, setting := range s.reloads {
		if on := given.Text(setting) == "true" || setting == always && !given.Has(s.reload); on {
			l.Change("it doesn't watch files, and start again when one changes")
			break
		}
	}
	l.Warn(s.code, s.try, s.said(), s.name)
	l.Argv = slices.Concat(p.Argv[:p.Index+1], s.kept(l, args), strings.Fields(strings.ReplaceAll(strings.Join(s.ours, " "), bind, l.Address.Bind())))
	return nil
}

func (s single) said() string {
	if s.code == developmentServer {
		return "%s is a server for development, of one process: production runs another, which takes other memory"
	}
	return "%s is one process, and has no setting for workers"
}

// kept are the user's words without the address.
func (s single) kept(l *known.Launch, args cli.Args) []string {
	at := 0
	if s.command != "" {
		at = 1
	}
	gone := ""
	if operands := args.Operands(); s.operand && len(operands) > at {
		gone = operands[at]
		l.ChangeBind(gone)
	}
	given := args.Settings()
	for _, setting := range s.address {
		if given.Has(setting) && given.Text(setting) != "true" {
			l.ChangeBind(given.Text(setting))
			break
		}
	}
	return args.Except(func(a cli.Arg) bool {
		return slices.Contains(s.address, a.Name) || gone != "" && a.Operand() && a.Words[0] == gone
	})
}

// refuse says what it has no setting for.
func (s single) refuse(spec known.Spec) error {
	const than = "%s asked for, but %s is one process"
	switch {
	case spec.Workers > 1:
		return calibrate.Usage(s.try, than, say.Plural(spec.Workers, "worker"), s.name)
	case spec.Threads > 1:
		return calibrate.Usage(s.try, "%s asked for, but %s has no setting for them", say.Plural(spec.Threads, "thread"), s.name)
	case spec.MaxRequests > 0:
		return calibrate.Usage(s.try, "a new worker after %s is asked for, but %s is one process", say.Plural(spec.MaxRequests, "request"), s.name)
	}
	return nil
}
