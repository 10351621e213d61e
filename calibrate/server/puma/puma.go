// Package puma knows Puma, and rails server and rackup, which start it.
package puma

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Server knows Puma, tried at 5.6.5 on Ruby 3.1. Precedence of its settings (configuration.rb, UserFileDefaultOptions):
// variables of the environment as defaults, then configuration files, then the command line, setting by setting: one -b
// stands for all the binds and ports of a file. So what a measurement needs goes on the command line.
//
// It is measured as a cluster, also with one worker, because what N workers take is to be known: a cluster has a master
// beside them. Single mode is one process, and takes less than a cluster of one: 6 MB less for a bare app on Rack and for one
// on Sinatra, 8 if the latter was preloaded (sums of PSS after 1500 requests).
type Server struct {
	single    bool          // it is one process; only a server that is attached to
	loadError func() string // what keeps the app from being loaded, as Puma names it
}

func (Server) Name() string { return "puma" }

// StopSignal lets requests in flight finish. It ends as if by the signal (launcher.rb, raise_exception_on_sigterm).
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// Puma's titles (launcher.rb, title; cluster/worker.rb, run). The first stands in place of the whole command line.
var title = regexp.MustCompile(`^puma (\d+\.\d+\S*) \(\w+://`)

const workerTitle = "puma: cluster worker "

func (Server) Titles() workers.Titles { return workers.Titles{Worker: workerTitle + `\d+:`} }

func (Server) Recognises(p cli.Program) bool {
	return p.Name == "puma" || p.Name == "puma-wild" || p.Index < len(p.Argv) && title.MatchString(p.Argv[p.Index])
}

// Plan rewrites the command to a cluster of one worker, on our address.
func (Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	args := syntax.Scan(p.Args())
	if err := refuse(args, l.Spec); err != nil { // before anything runs
		return nil, err
	}
	c, err := ask(l, p, args)
	if err != nil {
		return nil, err
	}
	if c.On("daemon") {
		return nil, calibrate.Usage("take it out for the measurement", "daemonize sends puma to the background, where it can't be measured")
	}
	l.Target.ServerVersion = c.Text("version")
	describe(l, c, args)
	warn(l, c)
	l.Argv = slices.Concat(p.Argv[:p.Index+1], options(l, c), args.Without(overridden...))
	return Server{loadError: func() string { return whyNotLoaded(l, p, args) }}, nil
}

// overridden are the options in the command that give way.
var overridden = strings.Fields(`bind bind-to-activated-sockets port workers threads pidfile state control-url control-token
	redirect-stdout redirect-stderr redirect-append log-requests fork-worker`)

// files are what a measurement must not share with a Puma in production, and where it has its own.
var files = []struct{ setting, is, option, own string }{
	{"pidfile", "pid file", "--pidfile", "pid"},
	{"state", "state file", "--state", "state"},
	{"control_url", "control server", "--control-url", "control"},
}

// options are ours: they win over what any file says.
func options(l *known.Launch, c cli.Settings) []string {
	wanted := l.Wanted()
	wanted.Threads = l.Target.Threads // all from the start
	options := append([]string{"-b", "tcp://" + l.Address.Bind()}, Server{}.words(wanted, l.Target)...)
	if c.On("log_requests") {
		options = append(options, "--quiet")
		l.Change("requests aren't logged, so that the app's own words can be found in the log")
	}
	if c.On("fork_worker") {
		l.Change("workers aren't forked anew after so many requests (--fork-worker=0)")
	}
	if files := strings.Trim(c.Text("redirect_stdout")+", "+c.Text("redirect_stderr"), ", "); files != "" {
		options = append(options, "--redirect-stdout", "/dev/stdout", "--redirect-append")
		l.Change("its output goes to the run's app.log instead of to %s", files)
	}
	for _, file := range files {
		was := c.Text(file.setting)
		if was == "" {
			continue
		}
		own := filepath.Join(l.TemporaryFolder("puma-{port}", nil), file.own)
		if strings.Contains(was, "://") {
			own = "unix://" + own
		}
		options = append(options, file.option, own)
		l.Change("the %s is a temporary one instead of %s", file.is, was)
	}
	return options
}

// describe says where it listens, and what the settings mean for the sizing.
func describe(l *known.Launch, c cli.Settings, args cli.Args) {
	command := args.Settings()
	given := strings.Join(slices.Concat(command.List("bind"), command.List("port")), ", ")
	if len(cli.Placeholders(given)) == 0 && (given != "" || c.Text("binds") != defaultBind) {
		l.ChangeBind(c.Text("binds"))
	}
	describeWorkers(l, c.Number("workers", 0))
	l.Target.Threads = cmp.Or(l.Spec.Threads, c.Number("max_threads", 0))
	least, most, now := c.Number("min_threads", 0), c.Number("max_threads", 0), l.Target.Threads
	switch {
	case len(cli.Placeholders(command.Text("threads"))) > 0:
	case most != now:
		l.Change("%s a worker instead of %s", say.Plural(now, "thread"), say.Count(most))
	case least != most:
		l.Change("all %s of a worker are there from the start, instead of %s to %s as they are needed", say.Plural(now, "thread"), say.Count(least), say.Count(most))
	}
	l.Target.HasThreads, l.Target.CanScale, l.Target.Preload = true, true, c.On("preload_app")
	l.Target.SetsLimit = c.On("fork_worker")
	if now != most && known.FileExists("config/application.rb") {
		tellRails(l, now)
	}
}

// tellRails is for the database: Rails has as many connections for a worker as this says (config/database.yml), and more
// threads would wait for one.
func tellRails(l *known.Launch, threads int) {
	const name = "RAILS_MAX_THREADS"
	if _, given := l.Spec.Env[name]; !given {
		l.SetEnv(map[string]string{name: strconv.Itoa(threads)})
		l.Change("%s=%d, as many as there are threads", name, threads)
	}
}

// defaultBind is where Puma listens that is told nothing (configuration.rb).
const defaultBind = "tcp://0.0.0.0:9292"

func describeWorkers(l *known.Launch, was int) {
	if was > 0 {
		l.ChangeWorkers(was)
		return
	}
	l.Change("a cluster of %s (-w %d) instead of single mode: it has a master beside its workers, however many they are; "+
		"single mode took 6 to 8 MB less than a cluster of one where it was tried", say.Plural(l.Spec.Workers, "worker"), l.Spec.Workers)
}

// warn names the traps of this version and of this command.
func warn(l *known.Launch, c cli.Settings) {
	if c.Text("environment") == "development" {
		l.Warn("development", "RACK_ENV=production, or -e production; for Rails RAILS_ENV=production",
			"puma runs in its development environment, in which frameworks load code anew and keep more than in production")
	}
	warnPlugins(l, c)
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		sprung := trap.Code != preloadFromEnv || c.On("preload_app") && c.On("preload_from_env")
		if sprung && trap.Code != respawnsForEver {
			l.Warn(trap.Code, trap.Try, "puma %s: %s", l.Target.ServerVersion, trap.Text)
		}
	}
}

// warnPlugins: no option undoes a plugin of a configuration. Rails has one that watches a file, and one that runs jobs.
func warnPlugins(l *known.Launch, c cli.Settings) {
	plugins := slices.DeleteFunc(strings.Split(c.Text("plugins"), ", "), func(name string) bool { return name == "" || name == "tmp_restart" })
	if len(plugins) > 0 {
		l.Warn("plugins", "leave it out for the measurement; Rails' solid_queue: env -u SOLID_QUEUE_IN_PUMA calibrate run ...",
			"puma's configuration has the plugin %s, which works in the measurement, too: one that runs jobs takes production's", strings.Join(plugins, ", "))
	}
}

// refuse says what can't be measured.
func refuse(args cli.Args, spec known.Spec) error {
	switch given := args.Settings(); {
	case given.Has("version"), given.Has("help"):
		return calibrate.Usage("take it out", "the command only prints, it serves nothing")
	case given.Has("daemon"):
		return calibrate.Usage("take it out for the measurement", "-d sends puma to the background, where it can't be measured")
	case spec.MaxRequests > 0:
		return calibrate.Usage("puma_worker_killer, or a memory limit of the supervisor",
			"a new worker after %s is asked for, but puma has no limit of requests", say.Plural(spec.MaxRequests, "request"))
	}
	return nil
}

var (
	ruleWorker = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "child of the Puma master, titled puma: cluster worker"}
	ruleSingle = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the Puma process, which serves alone"}
)

// Workers are the processes with a worker's title. A worker has its master's title for a moment; what --fork-worker forks
// is below the first worker.
func (s Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool { return title.MatchString(p.Title()) })
	if at < 0 {
		return nil, workers.NoRule
	}
	if s.single {
		return tree[at : at+1], ruleSingle
	}
	return workers.Filter(tree, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), workerTitle) }), ruleWorker
}

// notLoaded is all that a worker says of an app that it can't load, with a place in the code and without the reason.
const notLoaded = "Unable to start worker"

// Booting says nothing: what it logs adds nothing to what is seen of its workers.
func (Server) Booting(known.Log) known.BootLog { return known.BootLog{} }

// Explain goes by the log. The exit code is 1 for all of it, or what an app that is preloaded leaves with.
func (s Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch {
	case log.Says("ddress already in use") != "":
		return known.PortInUse()
	case log.Says("No application configured") != "":
		return "there is no config.ru where the command is started", "cd to the app's folder, or name the rackup file in the command; --dir for another folder"
	case log.After("Unable to load application") != "":
		return "the app could not be loaded (" + log.After("Unable to load application") + ")", "run it by hand: ruby -r ./config/environment -e 1, or rackup"
	case log.Says(notLoaded) != "":
		return s.notLoaded(log), "run it by hand, without -w: then puma says why, and ends; a cluster respawns its workers for ever"
	case log.Says("failed to boot within") != "":
		return "the app takes longer to load than worker_boot_timeout allows", "a longer worker_boot_timeout, also in production; or --preload, which has no limit"
	case log.Says("failed to check in within") != "":
		return "a worker was killed that had not told its master for worker_timeout that it lives", "see what stops all of its threads at once, such as native code that holds Ruby's lock"
	case end.Exited() && rubyException(log) != "":
		return rubyException(log), "check puma's options and its configuration: puma --help"
	}
	return "", ""
}

// notLoaded asks for the reason, of which the log has only the place.
func (s Server) notLoaded(log known.Log) string {
	if s.loadError != nil {
		if reason := s.loadError(); reason != "" {
			return "the app could not be loaded (" + reason + ")"
		}
	}
	for i := len(log) - 1; i > 0; i-- {
		if strings.Contains(log[i-1], notLoaded) {
			return "the app could not be loaded (at " + strings.TrimLeft(log[i], "[]0123456789 ") + ")"
		}
	}
	return "the app could not be loaded"
}

// alone is a configuration file of ours that takes back what Puma would write in production's place.
const alone = "%i[pidfile state control_url redirect_stdout redirect_stderr].each { |name| @options.delete(name) }\n"

// whyNotLoaded has Puma load the app once more, before it forks: it names the exception then, and ends.
func whyNotLoaded(l *known.Launch, p cli.Program, args cli.Args) string {
	file, err := writeFile(alone)
	if err != nil {
		return "" // the log has the place
	}
	defer os.Remove(file)
	argv := slices.Concat(p.Argv[:p.Index+1], []string{"-b", "tcp://" + known.Loopback + ":0", "-w", "1", "-t", "1:1", "--preload"},
		wordsWith(l, p, args, file, overridden...))
	out, _ := l.AskWith(file, argv, known.ConfigTime, func(out []byte) bool {
		return strings.Contains(string(out), "* Listening on") // it has been loaded this time
	})
	const said = "Unable to load application: "
	return known.LogOf(out).After(said)
}

// rubyLast is the first line of what Ruby prints of an exception that nobody rescued: place, message, class.
var rubyLast = regexp.MustCompile(`^\S.*?:\d+:in .[^']*': (.*) \(([A-Z]\w*(?:::\w+)*)\)$`)

// rubyException is the last exception in a log, such as "LoadError: cannot load such file -- x"; "" for none.
func rubyException(log known.Log) string {
	for _, line := range slices.Backward(log) {
		if m := rubyLast.FindStringSubmatch(line); m != nil {
			return m[2] + ": " + m[1]
		}
	}
	return ""
}
