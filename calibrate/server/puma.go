package server

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"workermem/calibrate/say"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// puma knows Puma, tried at 5.6.5 on Ruby 3.1. Precedence of its settings (configuration.rb, UserFileDefaultOptions):
// variables of the environment as defaults, then configuration files, then the command line, setting by setting: one -b
// stands for all the binds and ports of a file. So what a measurement needs goes on the command line.
//
// It is measured as a cluster, also with one worker, because what N workers take is to be known: a cluster has a master
// beside them. Single mode is one process, and takes less than a cluster of one: 6 MB less for a bare app on Rack and for one
// on Sinatra, 8 where the latter was preloaded (sums of PSS after 1500 requests).
type puma struct {
	single    bool          // it is one process; only a server that is attached to
	loadError func() string // what keeps the app from being loaded, as Puma names it
}

func (puma) name() string { return "puma" }

// stopSignal: requests in flight are finished. It ends as if by the signal (launcher.rb, raise_exception_on_sigterm).
func (puma) stopSignal() syscall.Signal { return syscall.SIGTERM }

// Puma's titles (launcher.rb, title; cluster/worker.rb, run). The first stands in place of the whole command line.
var pumaTitle = regexp.MustCompile(`^puma (\d+\.\d+\S*) \(\w+://`)

const pumaWorkerTitle = "puma: cluster worker "

func (puma) titles() titles { return titles{worker: pumaWorkerTitle + `\d+:`} }

func (puma) recognises(p cli.Program) bool {
	return p.Name == "puma" || p.Name == "puma-wild" || p.Index < len(p.Argv) && pumaTitle.MatchString(p.Argv[p.Index])
}

// plan rewrites the command to a cluster of one worker, on our address.
func (puma) plan(l *Launch, p cli.Program) (server, error) {
	args := pumaCommand.Scan(p.Args())
	if err := refusePuma(args, l.spec); err != nil { // before anything runs
		return nil, err
	}
	c, err := askPuma(l, p, args)
	if err != nil {
		return nil, err
	}
	if c.On("daemon") {
		return nil, calibrate.Usage("take it out for the measurement", "daemonize sends puma to the background, where it can't be measured")
	}
	l.info.ServerVersion = c.Text("version")
	describePuma(l, c, args)
	warnPuma(l, c)
	l.argv = slices.Concat(p.Argv[:p.Index+1], pumaOptions(l, c), args.Without(pumaOverridden...))
	return puma{loadError: func() string { return pumaLoadError(l, p, args) }}, nil
}

// pumaOverridden are the options in the command that give way.
var pumaOverridden = strings.Fields(`bind bind-to-activated-sockets port workers threads pidfile state control-url control-token
	redirect-stdout redirect-stderr redirect-append log-requests fork-worker`)

// pumaFiles are what a measurement must not share with a Puma in production, and where it has its own.
var pumaFiles = []struct{ setting, is, option, own string }{
	{"pidfile", "pid file", "--pidfile", "pid"},
	{"state", "state file", "--state", "state"},
	{"control_url", "control server", "--control-url", "control"},
}

// pumaOptions are ours: they win over what any file says.
func pumaOptions(l *Launch, c cli.Settings) []string {
	wanted := l.wanted()
	wanted.Threads = l.info.Threads // all from the start
	options := append([]string{"-b", "tcp://" + bindTo(l.address.host)}, puma{}.words(wanted, l.info)...)
	if c.On("log_requests") {
		options = append(options, "--quiet")
		l.change("requests aren't logged, so that the app's own words can be found in the log")
	}
	if c.On("fork_worker") {
		options = append(options, "--fork-worker=0")
		l.change("workers aren't forked anew after so many requests (--fork-worker=0)")
	}
	if files := strings.Trim(c.Text("redirect_stdout")+", "+c.Text("redirect_stderr"), ", "); files != "" {
		options = append(options, "--redirect-stdout", "/dev/stdout", "--redirect-append")
		l.change("its output goes to the run's app.log instead of to %s", files)
	}
	folder := filepath.Join(os.TempDir(), "calibrate-puma-{port}")
	for _, file := range pumaFiles {
		was := c.Text(file.setting)
		if was == "" {
			continue
		}
		own := filepath.Join(folder, file.own)
		if strings.Contains(was, "://") {
			own = "unix://" + own
		}
		options = append(options, file.option, own)
		l.temporary, l.files = folder, map[string]string{}
		l.change("the %s is a temporary one instead of %s", file.is, was)
	}
	return options
}

// describePuma says where it listens, and what the settings mean for the sizing.
func describePuma(l *Launch, c cli.Settings, args cli.Args) {
	command := args.Settings()
	given := strings.Join(slices.Concat(command.List("bind"), command.List("port")), ", ")
	if len(cli.Placeholders(given)) == 0 && (given != "" || c.Text("binds") != pumaDefaultBind) {
		l.describeBind(c.Text("binds"))
	}
	describePumaWorkers(l, c.Number("workers", 0))
	l.info.Threads = cmp.Or(l.spec.Threads, c.Number("max_threads", 0))
	least, most, now := c.Number("min_threads", 0), c.Number("max_threads", 0), l.info.Threads
	switch {
	case len(cli.Placeholders(command.Text("threads"))) > 0:
	case most != now:
		l.change("%s a worker instead of %d", say.Plural(now, "thread"), most)
	case least != most:
		l.change("all %d threads of a worker are there from the start, instead of %d to %d as they are needed", now, least, most)
	}
	l.info.HasThreads, l.info.CanScale, l.info.Preload = true, true, c.On("preload_app")
	if now != most && exists("config/application.rb") {
		tellRails(l, now)
	}
}

// tellRails is for the database: Rails has as many connections for a worker as this says (config/database.yml), and more
// threads would wait for one.
func tellRails(l *Launch, threads int) {
	const name = "RAILS_MAX_THREADS"
	if _, given := l.spec.Env[name]; !given {
		l.setEnv(map[string]string{name: strconv.Itoa(threads)})
		l.change("%s=%d, as many as there are threads", name, threads)
	}
}

// pumaDefaultBind is where Puma listens that is told nothing (configuration.rb).
const pumaDefaultBind = "tcp://0.0.0.0:9292"

func describePumaWorkers(l *Launch, was int) {
	switch now := say.Plural(l.spec.Workers, "worker"); {
	case was == 0:
		l.change("a cluster of %s (-w %d) instead of single mode: it has a master beside its workers, however many they are; "+
			"single mode took 6 to 8 MB less than a cluster of one where it was tried", now, l.spec.Workers)
	case was != l.spec.Workers:
		l.change("%s instead of %d", now, was)
	}
}

// warnPuma names the traps of this version and of this command.
func warnPuma(l *Launch, c cli.Settings) {
	if c.Text("environment") == "development" {
		l.warn("development", "RACK_ENV=production, or -e production; for Rails RAILS_ENV=production",
			"puma runs in its development environment, in which frameworks load code anew and keep more than in production")
	}
	warnPumaPlugins(l, c)
	for _, trap := range trapsAt(puma{}.traps(), l.info.ServerVersion) {
		sprung := trap.Code != preloadFromEnv || c.On("preload_app") && c.On("preload_from_env")
		if sprung && trap.Code != respawnsForEver {
			l.warn(trap.Code, trap.Try, "puma %s: %s", l.info.ServerVersion, trap.Text)
		}
	}
}

// warnPumaPlugins: no option undoes a plugin of a configuration. Rails has one that watches a file, and one that runs jobs.
func warnPumaPlugins(l *Launch, c cli.Settings) {
	plugins := slices.DeleteFunc(strings.Split(c.Text("plugins"), ", "), func(name string) bool { return name == "" || name == "tmp_restart" })
	if len(plugins) > 0 {
		l.warn("plugins", "leave it out for the measurement; Rails' solid_queue: env -u SOLID_QUEUE_IN_PUMA calibrate run ...",
			"puma's configuration has the plugin %s, which works in the measurement, too: one that runs jobs takes production's", strings.Join(plugins, ", "))
	}
}

// refusePuma says what can't be measured.
func refusePuma(args cli.Args, spec Spec) error {
	switch given := args.Settings(); {
	case given.Has("version"), given.Has("help"):
		return calibrate.Usage("take it out", "the command only prints, it serves nothing")
	case given.Has("daemon"):
		return calibrate.Usage("take it out for the measurement", "-d sends puma to the background, where it can't be measured")
	case spec.MaxRequests > 0:
		return calibrate.Usage("puma_worker_killer, or a memory limit of the supervisor",
			"a new worker after %d requests is asked for, but puma has no limit of requests", spec.MaxRequests)
	}
	return nil
}

var (
	rulePumaWorker = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "child of the Puma master, titled puma: cluster worker"}
	rulePumaSingle = calibrate.WorkerRule{Kind: calibrate.RuleAlone, Words: "the Puma process, which serves alone"}
)

// workers are the processes with a worker's title. A worker has its master's title for a moment; what --fork-worker forks
// is below the first worker.
func (s puma) workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	at := slices.IndexFunc(tree, func(p linux.Process) bool { return pumaTitle.MatchString(p.Title()) })
	if at < 0 {
		return nil, noRule
	}
	if s.single {
		return tree[at : at+1], rulePumaSingle
	}
	return filter(tree, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), pumaWorkerTitle) }), rulePumaWorker
}

// pumaNotLoaded is all that a worker says of an app that it can't load, with a place in the code and without the reason.
const pumaNotLoaded = "Unable to start worker"

// booting: what it logs adds nothing to what is seen of its workers.
func (puma) booting([]string) bootLog { return bootLog{} }

// explain goes by the log. The exit code is 1 for all of it, or what an app that is preloaded leaves with.
func (s puma) explain(end ending, log []string) (why, try string) {
	says := func(text string) string { return after(logSays(log, text), text) }
	switch {
	case logSays(log, "ddress already in use") != "":
		return "another process has its port", "stop that, or choose another port"
	case logSays(log, "No application configured") != "":
		return "there is no config.ru where the command is started", "cd to the app's folder, or name the rackup file in the command; --dir for another folder"
	case says("Unable to load application") != "":
		return "the app could not be loaded (" + says("Unable to load application") + ")", "run it by hand: ruby -r ./config/environment -e 1, or rackup"
	case logSays(log, pumaNotLoaded) != "":
		return s.notLoaded(log), "run it by hand, without -w: then puma says why, and ends; a cluster respawns its workers for ever"
	case logSays(log, "failed to boot within") != "":
		return "the app takes longer to load than worker_boot_timeout allows", "a longer worker_boot_timeout, also in production; or --preload, which has no limit"
	case logSays(log, "failed to check in within") != "":
		return "a worker was killed that had not told its master for worker_timeout that it lives", "see what stops all of its threads at once, such as native code that holds Ruby's lock"
	case end.exited() && rubyException(log) != "":
		return rubyException(log), "check puma's options and its configuration: puma --help"
	}
	return "", ""
}

// notLoaded asks for the reason, of which the log has only the place.
func (s puma) notLoaded(log []string) string {
	if s.loadError != nil {
		if reason := s.loadError(); reason != "" {
			return "the app could not be loaded (" + reason + ")"
		}
	}
	for i := len(log) - 1; i > 0; i-- {
		if strings.Contains(log[i-1], pumaNotLoaded) {
			return "the app could not be loaded (at " + strings.TrimLeft(log[i], "[]0123456789 ") + ")"
		}
	}
	return "the app could not be loaded"
}

// pumaAlone is a configuration file of ours that takes back what Puma would write in production's place.
const pumaAlone = "%i[pidfile state control_url redirect_stdout redirect_stderr].each { |name| @options.delete(name) }\n"

// pumaLoadError has Puma load the app once more, before it forks: it names the exception then, and ends.
func pumaLoadError(l *Launch, p cli.Program, args cli.Args) string {
	file, err := writePumaFile(pumaAlone)
	if err != nil {
		return "" // the log has the place
	}
	defer os.Remove(file)
	argv := slices.Concat(p.Argv[:p.Index+1], []string{"-b", "tcp://" + loopback + ":0", "-w", "1", "-t", "1:1", "--preload"},
		pumaWords(l, p, args, file, pumaOverridden...))
	out, _ := probeWith(l, file, argv, configLimit, func(out []byte) bool {
		return strings.Contains(string(out), "* Listening on") // it has been loaded this time
	})
	const said = "Unable to load application: "
	return after(logSays(splitLog(out), said), said)
}

// rubyLast is the first line of what Ruby prints of an exception that nobody rescued: place, message, class.
var rubyLast = regexp.MustCompile(`^\S.*?:\d+:in .[^']*': (.*) \(([A-Z]\w*(?:::\w+)*)\)$`)

// rubyException is the last exception in a log, such as "LoadError: cannot load such file -- x"; "" for none.
func rubyException(log []string) string {
	for _, line := range slices.Backward(log) {
		if m := rubyLast.FindStringSubmatch(line); m != nil {
			return m[2] + ": " + m[1]
		}
	}
	return ""
}
