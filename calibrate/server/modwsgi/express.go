package modwsgi

import (
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Express knows mod_wsgi-express, tried at 6.1.1: it writes a configuration for Apache into a folder, and becomes that
// Apache. Everything has an option, and of an option given twice the last counts.
type Express struct{}

func (Express) Name() string { return "mod_wsgi-express" }

func (Express) StopSignal() syscall.Signal { return Server{}.StopSignal() }

// Titles are none of its own: it becomes an Apache.
func (Express) Titles() workers.Titles { return workers.Titles{} }

func (Express) Recognises(p cli.Program) bool {
	return p.Name == "mod_wsgi-express" || p.Module && p.Name == "mod_wsgi.server"
}

const defaultExpressThreads = 5

// expressOptions are those that are looked at here or give way. They are read by Python's optparse or argparse, which take
// abbreviations: one of a valued option leaves ours behind it, which counts.
var expressOptions = cli.Getopt.Options(`
host port processes threads maximum-requests restart-interval inactivity-timeout pid-file socket-prefix server-root
error-log-format access-log! log-to-terminal! setup-only! debug-mode! embedded-mode! reload-on-changes! enable-gdb! https-only!
`)

// Plan puts our options behind the command's.
func (e Express) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
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
	if script, err := cli.LookPath(p.Argv[p.Index], cli.Getenv(l.Env, "PATH")); err == nil {
		l.Target.ServerVersion = known.DistVersion(script, "mod_wsgi")
	}
	describeDaemon(l, given.Number("processes", 1), given.Number("threads", defaultExpressThreads), given.Number("maximum-requests", 0))
	l.ChangeBind(bound(given.Text("host"), given.Text("port")))
	if given.Has("access-log") {
		l.Change("the access log is off")
	}
	l.Change("its configuration and logs are in a temporary folder and in the run's app.log")
	for _, trap := range known.TrapsAt(Express{}.Traps(), l.Target.ServerVersion) {
		l.Warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("mod_wsgi "+l.Target.ServerVersion), trap.Text)
	}
	ours := oursOfExpress(l, given)
	gone := []string{"access-log"}
	for _, word := range ours {
		gone = append(gone, strings.TrimPrefix(word, "--"))
	}
	l.Argv = slices.Concat(p.Argv[:p.Index+2], args.Without(gone...), ours)
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
func oursOfExpress(l *known.Launch, given cli.Settings) []string {
	folder := l.TemporaryFolder("express-{port}", nil)
	settings := Express{}.Settings(l.Wanted(), l.Target)
	if l.Spec.Workers == 1 && given.Text("processes") == "" {
		settings = withoutSetting(settings, "processes")
	}
	ours := append([]string{"--host", "{host}", "--port", "{port}"}, known.Options(settings)...)
	for _, option := range restarting {
		if value := given.Text(option); value != "" && value != "0" {
			ours = append(ours, "--"+option, "0")
			l.Change("%s is off, instead of a new worker after %s s", option, value)
		}
	}
	for _, option := range []string{"pid-file", "socket-prefix"} {
		if given.Text(option) != "" {
			ours = append(ours, "--"+option, filepath.Join(folder, option))
		}
	}
	return append(ours, "--server-root", folder, "--log-to-terminal", "--error-log-format", "%M")
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

func (Express) Workers(tree []linux.Process, holds linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return Server{titled: true}.Workers(tree, holds)
}

func (Express) Booting(log known.Log) known.BootLog { return Server{}.Booting(log) }

// Explain knows the end of Python's optparse and argparse, 2; what Apache complains of is as ever.
func (Express) Explain(end known.Ending, log known.Log) (why, try string) {
	if end.ExitedWith(2) {
		return log.After("error: "), "check its options: mod_wsgi-express start-server --help"
	}
	if root := log.Says("when running as the 'root' user", "running as the root user"); root != "" {
		return root, "--user www-data --group www-data"
	}
	if closed := log.Says("Unable to change working directory"); closed != "" {
		return "its user may not enter the folder that it works in (" + closed + ")", "--working-directory /a/folder that is open to that user"
	}
	return Server{}.Explain(end, log)
}
