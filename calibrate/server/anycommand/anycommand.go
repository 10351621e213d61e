// Package anycommand runs any command whose server calibrate doesn't know, and what stands in its placeholders.
package anycommand

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/say"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Server is one that calibrate doesn't know. The command must say where it listens, or the user must.
type Server struct {
	Known []known.Server // whose names and logs a script may have
}

func (Server) Name() string { return calibrate.OtherServer }

func (Server) Recognises(cli.Program) bool { return true }

// Titles are those of Unicorn (unicorn/http_server.rb) and of PHP-FPM (sapi/fpm/fpm/fpm_children.c).
func (Server) Titles() workers.Titles {
	return workers.Titles{Worker: `unicorn worker\[|php-fpm: pool `}
}

// Traps are none: nothing is known of it.
func (Server) Traps() []known.Trap { return nil }

// Plan is for an adapter whose program isn't the server that it seemed to be: it goes on as with any command.
func Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	return Server{l.Servers()}.Plan(l, p)
}

func (a Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	if s, args, ok := singleOf(p); ok {
		return a, s.plan(l, p, args)
	}
	server, itself := a.inScript(p.Script)
	if !l.Spec.Has("port") && !l.Address.Fixed {
		return nil, calibrate.Usage(cmp.Or(itself, otherwise(p)), "no way to tell %s which port to listen on", p.Name)
	}
	if l.Spec.Has("threads") || l.Spec.Threads == 1 { // one is the user's word that a worker takes a request at a time
		l.Target.Threads = max(l.Spec.Threads, 1)
	}
	l.Target.HasThreads, l.Target.CanScale = l.Spec.Has("threads"), l.Spec.Has("workers")
	l.Target.CanRecycle = l.Spec.Has("max_requests")
	l.TakeOut("it would set the number of workers", "WEB_CONCURRENCY")
	if option, n := fixedWorkers(l.Spec.Command); option != "" && !l.Target.CanScale {
		l.Warn("fixed-workers", "if it may be more, write {workers} there instead of "+n+", and measure again; if not, --max-workers "+n,
			"the command itself says %s, so calibrate can't run it with another number", option)
	}
	keepControlSocket(l, p, server)
	if server != "" {
		l.Warn(ShellWrapper, itself,
			"a shell script starts %s here, so its workers, threads and max-requests are measured as the script says", server)
	}
	return a, checkArgs(l, p)
}

// elsewhere are programs that have others start the server.
var elsewhere = strings.Fields("docker docker-compose podman kubectl ssh systemctl service supervisorctl")

// otherwise says how a command without a place for the port can be measured.
func otherwise(p cli.Program) string {
	try := "write {port} where the command says it; or --env PORT={port} where the app reads a variable; " +
		"or --url http://127.0.0.1:8000 where the address is fixed"
	if p.Index < len(p.Argv) {
		if port, instead := saidPort(p.Argv[p.Index+1:]); port != "" {
			try = "write {port} where the command says " + port + ": " + instead + "; or --url http://127.0.0.1:" + port + " if it can be no other"
		}
		if start, ok := cli.ProcfileStart(p.Argv[p.Index:]); ok && len(start.Names) != 1 {
			return "name the one process to measure: " + p.Name + " start web; or " + try
		}
	}
	if slices.Contains(elsewhere, p.Name) {
		return "give the server's own command, in the foreground: what " + p.Name + " starts is no process of this command, and can't be measured"
	}
	return try
}

// ShellWrapper is the code of a script that starts a server which is known.
const ShellWrapper = "shell-wrapper"

// keepControlSocket gives a command that may start Gunicorn a folder of its own for what lives as long as it does. Since 25.1.0 a
// master takes over $XDG_RUNTIME_DIR/gunicorn.ctl, or ~/.gunicorn/gunicorn.ctl, whoever served it before (config.py,
// _get_default_control_socket), and no option can be given to it here.
func keepControlSocket(l *known.Launch, p cli.Program, server string) {
	const variable = "XDG_RUNTIME_DIR"
	python := p
	python.Module = true // the interpreter before it knows what is installed, too
	installed := cmp.Or(l.InstalledVersion(p, "gunicorn"), l.InstalledVersion(python, "gunicorn"))
	if _, given := l.Spec.Env[variable]; given || server != "gunicorn" && !known.VersionReaches(installed, "25.1") {
		return
	}
	l.SetEnv(map[string]string{variable: l.TemporaryFolder("runtime-{port}", nil)})
	l.Change("%s is a folder of its own, so that a running Gunicorn keeps its control socket", variable)
}

// inScript names the server we know that a shell script starts, "" for none, and says how to measure that itself: by its
// command as the script has it.
func (a Server) inScript(script string) (server, itself string) {
	for _, words := range cli.PlainCommands(script) {
		p := cli.SeeThrough(words)
		for _, s := range a.Known {
			if s.Recognises(p) {
				return s.Name(), "give " + s.Name() + "'s own command, whose address, workers and recycling calibrate sets: calibrate run -- " +
					cli.Quoted(calibrate.Redact(words)) + ", with its variables set, from the folder that the script is in then; or write {port} where the script says it"
			}
		}
	}
	for _, s := range a.Known {
		if name := s.Name(); strings.Contains(script, name) {
			return name, "give the " + name + " command itself, without the script, and its variables by --env; or write {port} where the script says it"
		}
	}
	return "", ""
}

// workersOption is what servers call their number of workers, where the next word, or the rest of this one, is a number.
var workersOption = regexp.MustCompile(`^(--(?:num-|n-)?(?:workers|processes)|-w)(?:=?(\d+))?$`)

// fixedWorkers finds the words by which a command says its number of workers, and that.
func fixedWorkers(words []string) (option, n string) {
	for i, word := range words {
		m := workersOption.FindStringSubmatch(word)
		switch {
		case m == nil:
		case m[2] != "":
			return word, m[2]
		case i+1 < len(words) && number.MatchString(words[i+1]):
			return word + " " + words[i+1], words[i+1]
		}
	}
	return "", ""
}

var number = regexp.MustCompile(`^\d+$`)

// checkArgs refuses threads that nothing would take.
func checkArgs(l *known.Launch, p cli.Program) error {
	if l.Spec.Threads > 1 && !l.Spec.Has("threads") {
		return calibrate.Usage("write {threads} where the command says it",
			"%s asked for, but %s has no place for them", say.Plural(l.Spec.Threads, "thread"), p.Name)
	}
	if l.Spec.MaxRequests > 0 && !l.Spec.Has("max_requests") {
		return calibrate.Usage("write {max_requests} where the command says it",
			"a new worker after %s is asked for, but %s has no place for it", say.Plural(l.Spec.MaxRequests, "request"), p.Name)
	}
	if l.Spec.Workers > 1 && !l.Spec.Has("workers") {
		return calibrate.Usage("write {workers} where the command says it",
			"%s asked for, but %s has no place for them", say.Plural(l.Spec.Workers, "worker"), p.Name)
	}
	return nil
}

// Workers are found by the rule for any command.
func (Server) Workers([]linux.Process, linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	return nil, workers.NoRule
}

func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

// Booting asks every server that is known: a script may start any.
func (a Server) Booting(log known.Log) (all known.BootLog) {
	for _, s := range a.Known {
		b := s.Booting(log)
		all = known.BootLog{
			Started:   max(all.Started, b.Started),
			NotLoaded: max(all.NotLoaded, b.NotLoaded),
			PortTaken: all.PortTaken || b.PortTaken,
			Timeout:   cmp.Or(all.Timeout, b.Timeout),
		}
	}
	return all
}

// Explain has nothing to add to what holds for every command.
func (Server) Explain(known.Ending, known.Log) (why, try string) { return "", "" }
