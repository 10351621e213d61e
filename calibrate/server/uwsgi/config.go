package uwsgi

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
)

// config is what the command comes to: its lines as uWSGI itself has read them, in its order (UWSGI_ variables, options,
// files where they are named, and last the files named without an option). Of a setting that is one value the last counts.
type config struct {
	cli.Settings

	lines cli.Args
}

// reading is that of core/uwsgi.c: atoi in uwsgi_opt_set_int, and uwsgi_opt_true. What is named is on, unless it says
// otherwise.
var reading = cli.Reading{Number: cli.Atoi, Yes: cli.Unless("false", "off", "no", "0")}

func configOf(lines cli.Args) config {
	return config{cli.Settings{Layers: []cli.Layer{lines.Layer("")}, Reading: reading}, lines}
}

func lineOf(name, value string) cli.Arg { return cli.Arg{Name: name, Value: value, Written: name} }

// askingFile has uWSGI show its configuration and end, before it opens a log, a pid file or a socket (core/uwsgi.c, main):
// there is no clock of that name. It is the last file, so that it counts. One that goes into the background would do so
// before that; it ends by get then. Ending, a uWSGI with vacuum removes its pid file: the real one must not be it.
const askingFile = "[uwsgi]\n" + oursBegin + "print = " + daemon + `
get = daemonize
endif =
pidfile = /nonexistent/calibrate
pidfile2 = /nonexistent/calibrate
log-master = false
logto = /dev/fd/2
show-config = true
clock = calibrate
`

const (
	oursBegin = "if-opt = daemonize\n" // from here on it is not the command's
	daemon    = "calibrate: it daemonizes"
	shownFrom = ";uWSGI instance configuration\n[uwsgi]\n"
	shownTo   = ";end of configuration\n"
)

// asking are the same on the command line, should a file of the command's keep the last from being read.
var asking = strings.Fields("--show-config --clock calibrate --pidfile /nonexistent/calibrate --pidfile2 /nonexistent/calibrate")

// ask has uWSGI say what its command comes to.
func ask(l *known.Launch, p cli.Program) (config, error) {
	folder, err := os.MkdirTemp("", "calibrate-uwsgi-")
	if err != nil {
		return config{}, &calibrate.Failure{Kind: calibrate.KindTool, What: "a temporary file could not be written", Why: err.Error(), Err: err}
	}
	defer os.RemoveAll(folder)
	last := filepath.Join(folder, "last.ini")
	if err := os.WriteFile(last, []byte(askingFile), 0o600); err != nil {
		return config{}, &calibrate.Failure{Kind: calibrate.KindTool, What: "a temporary file could not be written", Why: err.Error(), Err: err}
	}
	asked := *l
	asked.Spec.Env = nil // placeholders stay what they are
	argv := slices.Concat(cli.EscapeBraces(p.Argv), asking, []string{last})
	out, err := asked.AskWith(folder, argv, known.ConfigTime, func(out []byte) bool { return strings.Contains(string(out), shownTo) })
	if errors.Is(err, guard.ErrEnded) {
		return config{}, known.GuardKilled("uwsgi", "while its configuration was asked for")
	}
	_, text, begun := strings.Cut(string(out), shownFrom)
	text, _, ended := strings.Cut(text, shownTo)
	switch {
	case begun && ended:
		return parse(text), nil
	case strings.Contains(string(out), daemon):
		return configOf(cli.Args{lineOf("daemonize", "")}), nil
	}
	return config{}, unread(out, err)
}

// unread says why uWSGI did not show its configuration.
func unread(out []byte, err error) error {
	log := slices.DeleteFunc(known.LogOf(out), func(line string) bool {
		return strings.HasPrefix(line, "[uWSGI] getting ") || strings.HasPrefix(line, "unlink(): ") || strings.HasPrefix(line, "getopt_long() ")
	})
	f := calibrate.Usage("correct it; uwsgi --show-config shows the same, but starts the server too", "uwsgi can't read its configuration")
	f.Log = log.End()
	if f.Why = log.LastLine(); f.Why == "" && err != nil {
		f.Why = err.Error()
	}
	switch { // asked, it takes its locks already: it applies its settings before it shows them
	case strings.Contains(f.Why, "is locked by another instance"):
		f.Try = "take flock out for the measurement, or stop the uwsgi that holds the lock"
	case errors.Is(err, known.ErrNoAnswer):
		f.Why = err.Error()
		f.Try = "look with uwsgi --show-config, which starts the server too, what it waits for: a command of its own, or with flock-wait the uwsgi that holds the lock"
	case strings.Contains(f.Why, "unrecognized option"):
		f.Try = "correct it; where the option is a plugin's, name that before it: --plugin python3 (Debian: apt-get install uwsgi-plugin-python3)"
	}
	return f
}

// parse reads what --show-config prints. What loads files and decides on conditions has done so.
func parse(text string) config {
	if ours := strings.LastIndex(text, oursBegin); ours >= 0 {
		text = text[:ours]
	}
	var lines cli.Args
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " = ")
		if first, known := otherNames[name]; known {
			name = first
		}
		ours := slices.Contains(asking, "--"+name) && slices.Contains(asking, value)
		if ok && !ours && !slices.Contains(done, name) && !strings.HasPrefix(name, "if-") {
			lines = append(lines, lineOf(name, value))
		}
	}
	return configOf(lines)
}

// done have done what they do, or end what serves.
var done = strings.Fields(`ini xml yaml yml json js config include inherit show-config for for-glob for-times foreach
	end endif end-if endfor end-for`)

// otherNames are second names of settings that are looked at here.
var otherNames = map[string]string{"workers": "processes", "uwsgi-socket": "socket", "thread": "threads", "plugins": "plugin", "stats-server": "stats"}

// sockets are what it listens at for requests.
var sockets = strings.Fields(`http http-socket http11-socket socket fastcgi-socket fastcgi-nph-socket scgi-socket scgi-nph-socket
	raw-socket puwsgi-socket shared-socket undeferred-shared-socket`)

var memoryLimits = []string{"reload-on-as", "reload-on-rss", "evil-reload-on-as", "evil-reload-on-rss"}

// leftOut are settings that a measurement must do without. A * stands for any ending.
var leftOut = []struct {
	settings []string
	why      string
}{
	{[]string{"cheap*", "idle", "die-on-idle"}, "all workers run from the start"},
	{slices.Concat(memoryLimits, []string{"reload-on-*", "max-worker-lifetime*"}), "no worker is replaced for its memory, its age or an exception"},
	{[]string{"py-auto-reload*", "py-autoreload*", "python-auto-reload*", "python-autoreload*", "touch-*", "fs-*"}, "it does not watch files to reload the app"},
	{[]string{"pidfile*", "safe-pidfile*"}, "no pid file is written"},
	// Asked for its configuration uWSGI takes it all the same, for that moment.
	{[]string{"flock*"}, "it takes no lock, which would keep production from starting"},
	{[]string{"logto*", "logger*", "req-logger", "log-master*", "log-req-master", "log-syslog", "syslog", "rsyslog", "log-socket", "threaded-logger",
		"log-route", "log-req-route", "log-truncate", "log-maxsize", "log-backupname", "log-reopen"}, "the log goes to the run's app.log"},
	{slices.Concat(strings.Fields("stats* carbon* snmp* subscribe* master-fifo fifo notify-socket* zerg-server zerg-pool legion* udp multicast metric-dir* metrics-dir*"),
		strings.Fields("fastrouter* rawrouter* sslrouter* http-stats* http-subscription* cache-udp* cache-sync"), alarms), "nobody reports to or is asked by others"},
	{[]string{"cron*", "unique-cron*", "unique-legion-cron", "cron2", "spooler*", "attach-daemon*", "attach-control-daemon", "smart-attach-daemon*"},
		"what production does beside requests is not done twice"},
	{[]string{"mule", "mules", "mule-*", "farm*"}, "nor is the work of its mules, whose memory is not in the sum then"},
	{[]string{"cache-store*"}, "the cache is not production's file"},
}

var alarms = strings.Fields(`alarm* segfault-alarm backlog-alarm lq-alarm listen-queue-alarm log-alarm not-log-alarm not-alarm-log
	metric-alarm metric-threshold`)

// ownCaches has every cache in memory alone: in a file, or told to other machines, it would be production's, too.
func (c config) ownCaches() (own config, changed bool) {
	lines := slices.Clone(c.lines)
	for i, s := range lines {
		if s.Name == "cache2" {
			keys := slices.DeleteFunc(strings.Split(s.Value, ","), func(pair string) bool { return cacheElsewhere.MatchString(pair) })
			lines[i].Value = strings.Join(keys, ",")
			changed = changed || lines[i].Value != s.Value
		}
	}
	return configOf(lines), changed
}

// cacheElsewhere are the keys of cache2 for a file and for other machines (core/cache.c, uwsgi_cache_create).
var cacheElsewhere = regexp.MustCompile(`^\s*(store\w*|udp\w*|nodes?|sync)=`)

// overridden are the settings of the command that give way, silently those whose only effect is in ours.
func overridden(spec known.Spec) []string {
	names := slices.Concat(sockets, strings.Fields(`http-to protocol socket-protocol map-socket master processes max-requests
		max-requests-delta min-worker-lifetime need-app die-on-term auto-procname procname* disable-logging no-server`))
	for _, left := range leftOut {
		names = append(names, left.settings...)
	}
	if spec.Threads > 0 {
		names = append(names, "threads")
	}
	if spec.MaxRequests == 0 {
		names = append(names, "worker-reload-mercy")
	}
	return names
}

func matchesName(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		start, open := strings.CutSuffix(pattern, "*")
		return pattern == name || open && strings.HasPrefix(name, start)
	})
}

func (c config) without(patterns ...string) config {
	return c.drop(func(s cli.Arg) bool { return matchesName(patterns, s.Name) })
}

func (c config) drop(gone func(cli.Arg) bool) config {
	return configOf(slices.DeleteFunc(slices.Clone(c.lines), gone))
}

// namesOf are the settings that the configuration has of some, each once.
func (c config) namesOf(patterns []string) []string {
	var names []string
	for _, s := range c.lines {
		if matchesName(patterns, s.Name) && !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// cores are the requests that an asynchronous worker takes at once, and the setting that says so; 0 for none.
func (c config) cores() (cores int, from string) {
	for _, name := range []string{"async", "gevent", "asyncio"} {
		if n := c.Number(name, 0); n > cores {
			cores, from = n, name
		}
	}
	return cores, from
}

// iniText is a file of the settings. A % begins a magic variable there, which uWSGI has put in already.
func (c config) iniText() string {
	var b strings.Builder
	b.WriteString("[uwsgi]\n")
	for _, s := range c.lines {
		b.WriteString(s.Name + " = " + strings.ReplaceAll(s.Value, "%", "%%") + "\n")
	}
	return b.String()
}

// options are the settings as words of a command line.
func (c config) options() []string {
	var words []string
	for _, s := range c.lines {
		words = append(words, "--"+s.Name, s.Value)
	}
	return words
}

// plugins are the settings that load plugins, which bring options of their own.
var plugins = strings.Fields("plugin plugin-dir plugins-dir need-plugin need-plugins")

// httP is the option in what --help prints.
var httP = regexp.MustCompile(`(?m)^\s*--http\s`)

// askOptions asks for the options of a build with the configuration's plugins. Some don't have the one that spreads the
// limit of requests, Debian's 2.0.21 among them. In a file uWSGI passes over what it doesn't know: http without its
// plugin is taken out, since on a command line it would keep uWSGI from starting.
func askOptions(l *known.Launch, p cli.Program, c config) (config, error) {
	const try = "a uWSGI that has --max-requests-delta (uwsgi --help names it), or a limit so high that a worker lives for hours"
	plugins := c.drop(func(s cli.Arg) bool { return !slices.Contains(plugins, s.Name) })
	out, err := l.Ask(slices.Concat(p.Argv[:p.Index+1], plugins.options(), []string{"--help"}), known.VersionTime, nil)
	if errors.Is(err, guard.ErrEnded) {
		return c, known.GuardKilled("uwsgi", "while its options were asked for")
	}
	help := string(out)
	l.Target.HasJitter = strings.Contains(help, "--max-requests-delta")
	told := l.Target.HasJitter || err == nil && strings.Contains(help, "--max-requests")
	switch {
	case !told:
		l.Warn("jitter-unknown", try, "uwsgi --help did not say whether this build knows --max-requests-delta: it is taken for one that doesn't")
	case !l.Target.HasJitter:
		l.Warn("no-jitter", try, "this build of uWSGI doesn't know --max-requests-delta: workers that started together restart together")
	}
	if told && c.Has("http") && !httP.MatchString(help) {
		l.Change("http = %s is left out: uWSGI passes over it, since no plugin http is loaded", c.Text("http"))
		return c.without("http"), nil
	}
	return c, nil
}
