package server

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
)

// express knows mod_wsgi-express, tried at 6.1.1: it writes a configuration for Apache into a folder, and becomes that
// Apache. Everything has an option, and of an option given twice the last counts.
type express struct{}

func (express) name() string { return "mod_wsgi-express" }

func (express) stopSignal() syscall.Signal { return modWSGI{}.stopSignal() }

// titles: those of the Apache that it becomes.
func (express) titles() titles { return titles{} }

func (express) recognises(p program) bool {
	return p.name == "mod_wsgi-express" || p.module && p.name == "mod_wsgi.server"
}

const defaultExpressThreads = 5

// plan puts our options behind the command's.
func (e express) plan(l *Launch, p program) (server, error) {
	args := expressArgs(p.args())
	if err := args.refuse(); err != nil {
		return nil, err
	}
	if script, err := lookPath(p.argv[p.index], cli.Getenv(l.env, "PATH")); err == nil {
		l.info.ServerVersion = distVersion(script, "mod_wsgi")
	}
	describeDaemon(l, args.number("processes", 1), args.number("threads", defaultExpressThreads), args.number("maximum-requests", 0))
	l.describeBind(bound(args.last("host"), args.last("port")))
	if args.flag("access-log") {
		l.change("the access log is off")
	}
	l.change("its configuration and logs are in a temporary folder and in the run's app.log")
	for _, trap := range trapsAt(express{}.traps(), l.info.ServerVersion) {
		l.warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("mod_wsgi "+l.info.ServerVersion), trap.Text)
	}
	ours := args.ours(l)
	l.argv = slices.Concat(p.argv[:p.index+1], args.without(ours), ours)
	return e, nil
}

func bound(host, port string) string {
	if host == "" && port == "" {
		return "port 8000"
	}
	return strings.TrimPrefix(host+":"+port, ":")
}

// ours are the options of the measurement. Where --processes is given, the app sees wsgi.multiprocess, be it for one.
func (args expressArgs) ours(l *Launch) []string {
	l.temporary = filepath.Join(os.TempDir(), "calibrate-express-{port}")
	l.files = map[string]string{}
	settings := express{}.settings(l.wanted(), l.info)
	if l.spec.Workers == 1 && args.last("processes") == "" {
		settings = withoutSetting(settings, "processes")
	}
	ours := append([]string{"--host", "{host}", "--port", "{port}"}, options(settings)...)
	for _, option := range restarting {
		if value := args.last(option); value != "" && value != "0" {
			ours = append(ours, "--"+option, "0")
			l.change("%s is off, instead of a new worker after %s s", option, value)
		}
	}
	for _, option := range []string{"pid-file", "socket-prefix"} {
		if args.last(option) != "" {
			ours = append(ours, "--"+option, filepath.Join(l.temporary, option))
		}
	}
	return append(ours, "--server-root", l.temporary, "--log-to-terminal", "--error-log-format", "%M")
}

// expressArgs are the words after mod_wsgi-express.
type expressArgs []string

// last is the value of an option, "" for none.
func (args expressArgs) last(option string) (value string) {
	for i, word := range args {
		if rest, ok := strings.CutPrefix(word, "--"+option+"="); ok {
			value = rest
		} else if word == "--"+option && i+1 < len(args) {
			value = args[i+1]
		}
	}
	return value
}

func (args expressArgs) number(option string, otherwise int) int {
	n, err := strconv.Atoi(args.last(option))
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}

func (args expressArgs) flag(option string) bool { return slices.Contains(args, "--"+option) }

// without leaves out the options that ours replace, and the access log.
func (args expressArgs) without(ours []string) []string {
	var words []string
	for i := 0; i < len(args); i++ {
		name, _, hasValue := strings.Cut(args[i], "=")
		switch {
		case name == "--access-log" || name == "--log-to-terminal":
		case strings.HasPrefix(name, "--") && slices.Contains(ours, name):
			if !hasValue {
				i++
			}
		default:
			words = append(words, args[i])
		}
	}
	return words
}

// refuse says which commands can't be measured.
func (args expressArgs) refuse() error {
	if len(args) == 0 || args[0] != "start-server" {
		return calibrate.Usage("mod_wsgi-express start-server app.wsgi", "the command of mod_wsgi-express that serves is start-server")
	}
	for flag, why := range map[string]string{
		"setup-only":        "only writes a configuration, and serves nothing",
		"debug-mode":        "runs the app inside Apache's only process",
		"embedded-mode":     "runs the app inside Apache's own processes, which Apache starts and ends as it likes",
		"reload-on-changes": "watches files and restarts workers, which is not what production does",
		"enable-gdb":        "runs Apache under a debugger",
		"https-only":        "sends every request to TLS, and calibrate measures plain HTTP",
	} {
		if args.flag(flag) {
			return calibrate.Usage("take it out for the measurement", "--%s %s", flag, why)
		}
	}
	return nil
}

func (express) workers(tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return modWSGI{titled: true}.workers(tree, holds)
}

func (express) booting(log []string) bootLog { return modWSGI{}.booting(log) }

// explain: the options are Python's optparse or argparse, which end with 2; what Apache complains of is the same as ever.
func (express) explain(end ending, log []string) (why, try string) {
	if end.exited() && end.Code == 2 {
		return after(logSays(log, "error: "), "error: "), "check its options: mod_wsgi-express start-server --help"
	}
	if root := logSays(log, "when running as the 'root' user", "running as the root user"); root != "" {
		return root, "--user www-data --group www-data"
	}
	if closed := logSays(log, "Unable to change working directory"); closed != "" {
		return "its user may not enter the folder that it works in (" + closed + ")", "--working-directory /a/folder that is open to that user"
	}
	return modWSGI{}.explain(end, log)
}
