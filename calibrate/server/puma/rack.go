package puma

import (
	"cmp"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Rack knows rails server (railties 6.1) and rackup (rack 2.2), which start whatever server the app's bundle has. Where
// that is Puma, Puma itself is run in their place: the same app with the same config/puma.rb, and it takes a number of
// workers. Any other server is any other command.
type Rack struct{ Server }

func (Rack) Name() string { return "puma" }

// Titles are none of its own: Puma is run in its place.
func (Rack) Titles() workers.Titles { return workers.Titles{} }

func (Rack) Recognises(p cli.Program) bool {
	args := p.Args()
	return p.Name == "rackup" || p.Name == "rails" && len(args) > 0 && slices.Contains([]string{"s", "server"}, args[0])
}

// Plan runs Puma in its place.
func (Rack) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	c := rackCommandOf(p)
	if !runs(l, c.server) {
		return anycommand.Plan(l, p)
	}
	if err := c.refuse(p.Name); err != nil {
		return nil, err
	}
	instead := "the same app by the same configuration"
	if p.Name == "rackup" {
		instead = "without the middleware that rackup adds in development and deployment"
	}
	l.Change("puma itself is run instead of %s, which takes no number of workers: %s", p.Name, instead)
	if p.Name == "rails" {
		setRailsEnv(l, c.environment)
	}
	argv := slices.Concat(bundled(p), []string{"puma"}, c.puma())
	if _, err := cli.LookPath(argv[0], cli.Getenv(l.Env, "PATH")); err != nil {
		return nil, calibrate.Usage("give the command that starts puma itself", "%s starts puma, but %s: %v", p.Name, argv[0], err)
	}
	l.Argv = argv
	return Server{}.Plan(l, cli.SeeThrough(argv))
}

func setRailsEnv(l *known.Launch, environment string) {
	if _, given := l.Spec.Env["RAILS_ENV"]; environment != "" && !given {
		l.SetEnv(map[string]string{"RAILS_ENV": environment})
	}
}

// locked is Puma among the gems of a bundle.
var locked = regexp.MustCompile(`(?m)^    puma \(`)

// runs says whether the server is Puma: the one that the command names, or else the first of those that there are,
// and Puma is the first that is asked for (rack/handler.rb, default).
func runs(l *known.Launch, server string) bool {
	if server = cmp.Or(server, cli.Getenv(l.Env, "RACK_HANDLER")); server != "" {
		return server == "puma"
	}
	lock, err := known.ReadRegular("Gemfile.lock")
	return err != nil || locked.Match(lock)
}

// rackCommand is what a command of either says that Puma has to be told.
type rackCommand struct {
	given                           cli.Settings
	server, host, port, environment string
	file                            string // rackup's; "" for config.ru
}

func rackCommandOf(p cli.Program) rackCommand {
	if p.Name == "rails" {
		args := railsServer.Scan(p.Args()[1:])
		s := args.Settings()
		return rackCommand{s, cmp.Or(s.Text("using"), lastOf(args.Operands())), s.Text("binding"), s.Text("port"), s.Text("environment"), s.Text("config")}
	}
	args := rackupCommand.Scan(p.Args())
	s := args.Settings()
	return rackCommand{s, s.Text("server"), s.Text("host"), s.Text("port"), s.Text("env"), lastOf(args.Operands())}
}

// lastOf is "" for no words.
func lastOf(words []string) string { return cli.Value{Texts: words}.Text() }

// refuse says what Puma can't be told, or can't be measured.
func (c rackCommand) refuse(name string) error {
	for _, option := range []string{"eval", "builder", "require", "warn", "heap", "profile"} {
		if c.given.Has(option) {
			return calibrate.Usage("put it into config.ru, and give the command that starts puma itself", "puma has no --%s, as %s has", option, name)
		}
	}
	switch {
	case c.given.Has("daemon"), c.given.Has("daemonize"):
		return calibrate.Usage("take it out for the measurement", "%s would go to the background, where it can't be measured", name)
	case c.given.Has("help"), c.given.Has("version"):
		return calibrate.Usage("take it out", "the command only prints, it serves nothing")
	}
	return nil
}

// puma are the words for Puma.
func (c rackCommand) puma() []string {
	var words []string
	add := func(option, value string) {
		if value != "" {
			words = append(words, option, value)
		}
	}
	if c.host != "" || c.port != "" {
		add("--bind", "tcp://"+net.JoinHostPort(cmp.Or(c.host, "0.0.0.0"), cmp.Or(c.port, "9292")))
	}
	add("--environment", c.environment)
	add("--pidfile", c.given.Text("pid"))
	for _, folder := range c.given.List("include") {
		add("--include", folder)
	}
	for _, option := range c.given.List("option") {
		if threads, found := strings.CutPrefix(option, "Threads="); found {
			add("--threads", threads)
		}
	}
	if c.file != "" {
		words = append(words, c.file)
	}
	return words
}

// bundled are the words before the program, and bundle exec if the app has a Gemfile, which bin/rails finds by itself.
func bundled(p cli.Program) []string {
	before := slices.Clone(p.Argv[:p.Index])
	if at := slices.IndexFunc(before, func(word string) bool { return filepath.Base(word) == "ruby" }); at >= 0 {
		before = before[:at]
	}
	isBundle := func(word string) bool { return filepath.Base(word) == "bundle" }
	if p.Name == "rails" && known.FileExists("Gemfile") && !slices.ContainsFunc(before, isBundle) {
		before = append(before, "bundle", "exec")
	}
	return before
}

// Running goes on as with any command: a Puma that either has started has a title of its own, so this is another server.
func (Rack) Running(*known.Running, linux.Process) (known.Server, error) {
	return anycommand.Server{}, nil
}

// Workers, Booting and Explain are never asked: Plan has put Puma, or any command, in this place.
func (Rack) Workers([]linux.Process, linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return nil, workers.NoRule
}

func (Rack) Booting(known.Log) known.BootLog { return known.BootLog{} }

func (Rack) Explain(known.Ending, known.Log) (why, try string) { return "", "" }
