// Package modwsgi knows Apache with mod_wsgi, by a configuration of its own or through mod_wsgi-express.
package modwsgi

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/guard"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/workers"
)

// Server knows Apache with mod_wsgi in daemon mode, tried at Apache 2.4.71 with mod_wsgi 4.9.4. Its settings are
// directives of a configuration, of which no option of the command undoes any: so Apache runs a copy of it, in which
// some are others.
type Server struct {
	titled bool // display-name is ours, so a process without the title is no worker
}

func (Server) Name() string { return "mod_wsgi" }

// StopSignal ends it in 0.2 s, and cuts off requests in flight. WINCH would let them finish, but apachectl would
// not pass it on.
func (Server) StopSignal() syscall.Signal { return syscall.SIGTERM }

var apacheNames = []string{"apache2", "httpd", "apache2ctl", "apachectl"}

// Recognises knows the name that mod_wsgi-express gives Apache, too: it ends in its own.
func (Server) Recognises(p cli.Program) bool {
	return slices.Contains(apacheNames, strings.TrimSuffix(p.Name, " (mod_wsgi-express)"))
}

// Plan has Apache run a copy of its configuration: one worker without recycling, on our address.
func (Server) Plan(l *known.Launch, p cli.Program) (known.Server, error) {
	args := apacheOptions.Scan(p.Args())
	if err := refuseApache(args, p.Name); err != nil {
		return nil, err
	}
	c, file, err := readApacheConfig(l, p, args)
	if err != nil {
		return nil, err
	}
	if !c.has(wsgiDirectives...) {
		return anycommand.Plan(l, p)
	}
	d, err := c.daemon()
	if err != nil {
		return nil, err
	}
	l.Target.ServerVersion = moduleVersion(c)
	l.Change("Apache runs a temporary copy of %s, with what that includes", file)
	if !slices.Contains(args.Settings().List("D"), "FOREGROUND") {
		l.Change("-DFOREGROUND is added: without it Apache goes into the background, where it can't be measured")
	}
	d.describe(c, l)
	c.checkFront(l)
	warn(l, d.option(c, "graceful-timeout") != "")
	c.lines[d.line].text = d.measured(c, l)
	c.move(l)
	c.keepOut(l)
	runApache(l, p, args, c.text())
	return Server{titled: true}, nil
}

// wsgiDirectives have an app run.
var wsgiDirectives = []string{"wsgiscriptalias", "wsgiscriptaliasmatch", "wsgihandlerscript", "wsgiimportscript", "wsgidaemonprocess", "wsgiprocessgroup"}

// runApache has the command run a text in place of its own configuration. -c comes after all of it.
func runApache(l *known.Launch, p cli.Program, args cli.Args, text string) {
	folder := l.TemporaryFolder("apache-{port}", map[string]string{"apache2.conf": text})
	l.Argv = slices.Concat(p.Argv[:p.Index+1], apacheWordsBeside(args), []string{
		"-f", filepath.Join(folder, "apache2.conf"),
		"-c", "Listen " + l.Address.Bind(),
		"-c", `PidFile "` + filepath.Join(folder, "pid") + `"`,
		"-c", `WSGISocketPrefix "` + filepath.Join(folder, "wsgi") + `"`,
		"-DFOREGROUND",
	})
}

var (
	apacheRoot = regexp.MustCompile(`(?m)^ -D HTTPD_ROOT="([^"]*)"`)
	apacheFile = regexp.MustCompile(`(?m)^ -D SERVER_CONFIG_FILE="([^"]*)"`)
)

// readApacheConfig reads the configuration that the command would run with, its -C and -c among it.
func readApacheConfig(l *known.Launch, p cli.Program, args cli.Args) (c *apacheConfig, file string, err error) {
	given := args.Settings()
	built, err := apacheBuilt(l, p)
	if err != nil {
		return nil, "", err
	}
	env := slices.Concat(cli.ExpandEnv(l.Env, l.Spec.Env, l.Spec.PlaceholderValues(l.Address)), p.Set)
	c = &apacheConfig{root: firstGroup(apacheRoot, built), names: map[string]string{}, env: func(name string) string { return cli.Getenv(env, name) }}
	if root := given.Text("d"); root != "" {
		if c.root, err = filepath.Abs(root); err != nil {
			return nil, "", calibrate.Usage("give the whole path", "-d %s: %v", root, err)
		}
	}
	for _, name := range given.List("D") {
		c.names[name] = ""
	}
	file = apacheConfigFile(l, c, cmp.Or(given.Text("f"), firstGroup(apacheFile, built)))
	for _, directive := range given.List("C") {
		c.add(directive)
	}
	if err := c.read(file); err != nil {
		f := calibrate.Usage("name it with -f, by its whole path", "Apache's configuration can't be read")
		f.Why = err.Error()
		return nil, "", f
	}
	for _, directive := range given.List("c") {
		c.add(directive)
	}
	return c, file, nil
}

// apacheConfigFile is the file that -f names. Apache looks for it in its ServerRoot, not where it is started. A user who means
// the latter gets it, and is told.
func apacheConfigFile(l *known.Launch, c *apacheConfig, name string) string {
	file := c.path(name)
	here, err := filepath.Abs(name)
	if known.FileExists(file) || err != nil || !known.FileExists(here) {
		return file
	}
	l.Change("the configuration is %s: Apache itself would look for it in %s", here, c.root)
	return here
}

// apacheBuilt is what Apache says of how it was built, with no configuration to complain of.
func apacheBuilt(l *known.Launch, p cli.Program) (string, error) {
	out, err := l.Ask(slices.Concat(p.Argv[:p.Index+1], []string{"-V", "-f", os.DevNull}), known.VersionTime, nil)
	if errors.Is(err, guard.ErrEnded) {
		return "", known.GuardKilled("apache", "while its version was asked for")
	}
	if !apacheVersion.Match(out) {
		f := calibrate.Usage("is it Apache's own program?", "%s does not start Apache", strings.Join(p.Argv[:p.Index+1], " "))
		f.Log = known.LogOf(out).End()
		f.Why = known.Log(f.Log).LastLine()
		if err != nil {
			f.Why = err.Error()
		}
		return "", f
	}
	return string(out), nil
}

func firstGroup(pattern *regexp.Regexp, text string) string {
	if m := pattern.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// moduleNumber is mod_wsgi's version, which stands by itself among the texts of the module. From 4.0; Python's, which is there
// too, is 2 or 3.
var moduleNumber = regexp.MustCompile(`\x00([4-9]\.\d{1,3}(?:\.\d{1,3}){1,2})\x00`)

// moduleVersion is the version of the module that the configuration loads, "" if it can't be told.
func moduleVersion(c *apacheConfig) string {
	for _, i := range c.directives("loadmodule") {
		if args := c.lines[i].args(); args.at(0) == "wsgi_module" {
			module, err := known.ReadRegular(c.path(c.expand(args.at(1))))
			if err != nil {
				return "" // Apache will say so
			}
			return firstGroup(moduleNumber, string(module))
		}
	}
	return ""
}

func warn(l *known.Launch, graceful bool) {
	for _, trap := range known.TrapsAt(Server{}.Traps(), l.Target.ServerVersion) {
		if trap.Code != known.RecyclingCuts || !graceful {
			l.Warn(trap.Code, trap.Try, "%s: %s", strings.TrimSpace("mod_wsgi "+l.Target.ServerVersion), trap.Text)
		}
	}
}

// move has Apache listen at our address alone. Of the virtual hosts, those at the port on which the app is served
// answer there too; the others answer nobody.
func (c *apacheConfig) move(l *known.Launch) {
	listens := c.values("listen")
	l.ChangeBind(strings.Join(listens, ", "))
	c.remove("listen")
	port := c.servedPort(listens)
	tls := false
	for _, i := range c.directives("<virtualhost") {
		for _, address := range c.lines[i].args() {
			if at := portOf(c.expand(address)); at == port || at == "*" {
				c.lines[i].text = "<VirtualHost *:*>"
			}
		}
	}
	for _, i := range c.directives("sslengine") {
		tls = tls || strings.EqualFold(c.expand(c.lines[i].args().at(0)), "on")
		c.lines[i].text = "SSLEngine off"
	}
	if tls {
		l.Change("TLS is off: calibrate measures plain HTTP, and the workers have no part in TLS")
	}
}

// servedPort is that of the first virtual host that has an app, else the first that Apache listens at.
func (c *apacheConfig) servedPort(listens []string) string {
	host := ""
	for _, line := range c.lines {
		switch name := line.Name(); {
		case name == "<virtualhost":
			host = portOf(c.expand(line.args().at(0)))
		case name == "</virtualhost":
			host = ""
		case host != "" && strings.HasPrefix(name, "wsgi") && name != "wsgidaemonprocess":
			return host
		}
	}
	if len(listens) == 0 {
		return ""
	}
	return portOf(listens[0])
}

// portOf is the port of 80, *:80 or [::1]:80; "*" if there is none.
func portOf(address string) string {
	at := strings.LastIndex(address, ":")
	switch {
	case at >= 0 && !strings.Contains(address[at:], "]"):
		return address[at+1:]
	case strings.Trim(address, "0123456789") == "" && address != "":
		return address
	}
	return "*"
}

// keepOut keeps a measurement away from the files of a production server. %M is the message alone: a traceback in the
// log is to look like one.
func (c *apacheConfig) keepOut(l *known.Launch) {
	if files := c.values("pidfile"); len(files) > 0 {
		l.Change("the pid file is a temporary one instead of %s", files[len(files)-1])
	}
	if c.has(accessLogs...) {
		l.Change("the access log is off")
	}
	if files := c.values("errorlog"); len(files) > 0 {
		l.Change("the error log goes to the run's app.log instead of to %s", strings.Join(files, ", "))
	}
	c.remove(slices.Concat(accessLogs, []string{"pidfile", "scoreboardfile", "errorlog", "errorlogformat", "wsgisocketprefix"})...)
	c.lines = append(c.lines, apacheLine{text: "ErrorLog /dev/stderr"}, apacheLine{text: `ErrorLogFormat "%M"`})
}

var accessLogs = []string{"customlog", "transferlog", "globallog", "forensiclog"}

// remove leaves an empty line where a directive was.
func (c *apacheConfig) remove(names ...string) {
	for _, i := range c.directives(names...) {
		c.lines[i] = apacheLine{}
	}
}

// What mod_wsgi logs if the app can't be loaded: at every request, without end (mod_wsgi.c, wsgi_load_source and
// wsgi_execute_script).
const (
	wsgiNotLoaded = "Python script file '" // Failed to exec, from 6 on Unable to execute, or a SystemExit when doing exec of
	wsgiNotFound  = "does not contain WSGI application"
)

var rule = calibrate.WorkerRule{Kind: calibrate.RuleTitle, Words: "daemon process of mod_wsgi, by its title"}

// Titles are those of the daemon processes with display-name=%{GROUP}.
func (Server) Titles() workers.Titles { return workers.Titles{Worker: `\(wsgi\b`} }

// Workers are the daemon processes. The title is written over the first word of the command line, and cut to its
// length: of httpd, "(wsgi" is left. Without a title of ours, an Apache that has none is for the rule for any command.
func (m Server) Workers(tree []linux.Process, _ linux.Sockets) ([]linux.Process, calibrate.WorkerRule) {
	daemons := workers.Filter(tree, func(p linux.Process) bool { return strings.HasPrefix(p.Title(), "(wsgi") })
	if len(daemons) == 0 && !m.titled {
		return nil, workers.NoRule
	}
	return daemons, rule
}

func (Server) Booting(log known.Log) known.BootLog {
	return known.BootLog{NotLoaded: log.Count(wsgiNotLoaded) + log.Count(wsgiNotFound)}
}

// Explain goes by the log: Apache ends with 1 for whatever keeps it from starting, and says why.
func (Server) Explain(end known.Ending, log known.Log) (why, try string) {
	switch says := func(texts ...string) bool { return log.Says(texts...) != "" }; {
	case says("ddress already in use"):
		return known.PortInUse()
	case says("Cannot load") && says("mod_wsgi"):
		return log.Says("Cannot load"), "install it (Debian: apt-get install libapache2-mod-wsgi-py3), or correct its LoadModule"
	case says("Invalid command 'WSGI"):
		return "mod_wsgi is not loaded: " + log.Says("Invalid command 'WSGI"), "LoadModule wsgi_module /path/to/mod_wsgi.so, or a2enmod wsgi"
	case says("is not defined") && says("AH00111"):
		return log.After("AH00111"), "apache2ctl -DFOREGROUND, which reads Debian's /etc/apache2/envvars; or --env NAME=value"
	case end.Over && says("yntax error on line"):
		return apacheComplaint(log), "correct it; apachectl -t -f FILE names the line in your own file"
	case says("Unable to connect to WSGI daemon process"):
		return "Apache's user may not pass through the folder of the socket", "TMPDIR=/tmp calibrate run ...: a folder that is open to all"
	case says("Failure to configure the daemon process", "Daemon process configuration failed"): // 4.9, 6.1
		return known.WithDetail("its processes can't be set up as their user", log.Says("Unable to change", "Unable to set", "Failed to set")), "home=/a/folder in WSGIDaemonProcess, where the user has no home of its own"
	case says(wsgiNotFound):
		return "the app was not found (" + log.Says(wsgiNotFound) + ")", "call it application in that file, or name it by WSGICallableObject"
	case says(wsgiNotLoaded):
		return known.WithDetail("the app could not be loaded", log.Exception()), "run it by hand: python -c 'import YOUR_MODULE'; python-home and python-path in WSGIDaemonProcess say where its packages are"
	case end.ExitedWith(1):
		return log.Says("AH0", "Error:"), "apachectl -t -f FILE checks the configuration"
	}
	return "", ""
}

// apacheComplaint is the line after the one that says where: that is in our copy.
func apacheComplaint(log known.Log) string {
	for i := len(log) - 1; i > 0; i-- {
		if strings.Contains(log[i-1], "yntax error on line") {
			return "the configuration is wrong: " + log[i]
		}
	}
	return log.Says("yntax error on line")
}
