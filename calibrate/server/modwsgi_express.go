package server

import (
	"os"
	"path/filepath"
	"slices"
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

func (express) recognises(p cli.Program) bool {
	return p.Name == "mod_wsgi-express" || p.Module && p.Name == "mod_wsgi.server"
}

const defaultExpressThreads = 5

// expressOptions are those that are looked at here or give way. They are read by Python's optparse or argparse, which take
// abbreviations: one of a valued option leaves ours behind it, which counts.
var expressOptions = cli.Getopt.Options(`
host port processes threads maximum-requests restart-interval inactivity-timeout pid-file socket-prefix server-root
error-log-format access-log! log-to-terminal! setup-only! debug-mode! embedded-mode! reload-on-changes! enable-gdb! https-only!
`)

// plan puts our options behind the command's.
func (e express) plan(l *Launch, p cli.Program) (server, error) {
	words := p.Args()
	if len(words) == 0 || words[0] != "start-server" {
		return nil, calibrate.Usage("mod_wsgi-express start-server app.wsgi", "the command of mod_wsgi-express that serves is start-server")
	}
	args := expressOptions.Scan(words[1:])
	given := args.Settings()
	given.Reading.Number = aboveZero
	if err := refuseExpress(given); err != nil {
		return nil, err
	}
	if script, err := cli.LookPath(p.Argv[p.Index], cli.Getenv(l.env, "PATH")); err == nil {
		l.info.ServerVersion = distVersion(script, "mod_wsgi")
	}
	describeDaemon(l, given.Number("processes", 1), given.Number("threads", defaultExpressThreads), given.Number("maximum-requests", 0))
	l.describeBind(bound(given.Text("host"), given.Text("port")))
	if given.Has("access-log") {
		l.change("the access log is off")
	}
	l.change("its configuration and logs are in a temporary folder and in the run's app.log")
	for _, trap := range trapsAt(express{}.traps(), l.info.ServerVersion) {
		l.warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("mod_wsgi "+l.info.ServerVersion), trap.Text)
	}
	ours := oursOfExpress(l, given)
	gone := []string{"access-log"}
	for _, word := range ours {
		gone = append(gone, strings.TrimPrefix(word, "--"))
	}
	l.argv = slices.Concat(p.Argv[:p.Index+2], args.Without(gone...), ours)
	return e, nil
}

func bound(host, port string) string {
	if host == "" && port == "" {
		return "port 8000"
	}
	return strings.TrimPrefix(host+":"+port, ":")
}

// aboveZero reads a number that counts only if it is 1 or more.
func aboveZero(text string) (n int, ok bool) {
	n, ok = cli.PythonInt(text)
	return n, ok && n > 0
}

// oursOfExpress are the options of the measurement. Where --processes is given, the app sees wsgi.multiprocess, be it for one.
func oursOfExpress(l *Launch, given cli.Settings) []string {
	l.temporary = filepath.Join(os.TempDir(), "calibrate-express-{port}")
	l.files = map[string]string{}
	settings := express{}.settings(l.wanted(), l.info)
	if l.spec.Workers == 1 && given.Text("processes") == "" {
		settings = withoutSetting(settings, "processes")
	}
	ours := append([]string{"--host", "{host}", "--port", "{port}"}, options(settings)...)
	for _, option := range restarting {
		if value := given.Text(option); value != "" && value != "0" {
			ours = append(ours, "--"+option, "0")
			l.change("%s is off, instead of a new worker after %s s", option, value)
		}
	}
	for _, option := range []string{"pid-file", "socket-prefix"} {
		if given.Text(option) != "" {
			ours = append(ours, "--"+option, filepath.Join(l.temporary, option))
		}
	}
	return append(ours, "--server-root", l.temporary, "--log-to-terminal", "--error-log-format", "%M")
}

// refuseExpress says which commands can't be measured.
func refuseExpress(given cli.Settings) error {
	for flag, why := range map[string]string{
		"setup-only":        "only writes a configuration, and serves nothing",
		"debug-mode":        "runs the app inside Apache's only process",
		"embedded-mode":     "runs the app inside Apache's own processes, which Apache starts and ends as it likes",
		"reload-on-changes": "watches files and restarts workers, which is not what production does",
		"enable-gdb":        "runs Apache under a debugger",
		"https-only":        "sends every request to TLS, and calibrate measures plain HTTP",
	} {
		if given.Has(flag) {
			return calibrate.Usage("take it out for the measurement", "%s %s", given.From(flag), why)
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
