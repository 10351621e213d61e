package server

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/modwsgi"
	"workermem/calibrate/server/servertest"
)

const wsgiApp = "\nWSGIProcessGroup shop\nWSGIScriptAlias / /srv/app.wsgi\n"

// rewritten is the configuration that Apache would run, without its empty lines.
func rewritten(l *known.Launch) string {
	lines := known.LogOf([]byte(l.Temporary().Files["apache2.conf"]))
	return strings.Join(lines, "\n")
}

const ourLogs = "\nErrorLog /dev/stderr\nErrorLogFormat \"%M\""

// The daemon process as it is written, and as it is run with one worker, two, and recycling.
func TestModWSGIDaemon(t *testing.T) {
	type spec = known.Spec
	for name, c := range map[string]struct {
		spec    spec
		is      string
		want    string
		threads int
		change  string
	}{
		"nothing said":      {spec{}, "WSGIDaemonProcess shop", "WSGIDaemonProcess shop display-name=%{GROUP}", 15, "display-name"},
		"one, not changed":  {spec{}, "WSGIDaemonProcess shop processes=1", "WSGIDaemonProcess shop display-name=%{GROUP} processes=1", 15, "display-name"},
		"four":              {spec{}, "WSGIDaemonProcess shop processes=4 threads=3", "WSGIDaemonProcess shop threads=3 display-name=%{GROUP} processes=1", 3, "1 worker instead of 4"},
		"two asked for":     {spec{Workers: 2}, "WSGIDaemonProcess shop", "WSGIDaemonProcess shop display-name=%{GROUP} processes=2", 15, "2 workers instead of 1"},
		"threads asked for": {spec{Threads: 8}, "WSGIDaemonProcess shop threads=3", "WSGIDaemonProcess shop display-name=%{GROUP} threads=8", 8, "8 threads a worker instead of 3"},
		"recycling off":     {spec{}, "WSGIDaemonProcess shop maximum-requests=100", "WSGIDaemonProcess shop display-name=%{GROUP}", 15, "instead of a new worker after 100 requests"},
		"recycling":         {spec{MaxRequests: 50}, "WSGIDaemonProcess shop maximum-requests=100", "WSGIDaemonProcess shop display-name=%{GROUP} maximum-requests=50", 15, "after 50 requests instead of 100"},
		"by time":           {spec{}, "WSGIDaemonProcess shop restart-interval=60 inactivity-timeout=0", "WSGIDaemonProcess shop display-name=%{GROUP}", 15, "restart-interval is off, instead of a new worker after 60 s"},
		"other options":     {spec{}, `WSGIDaemonProcess "shop" user=www python-path="/a b:/c" display-name='x y'`, `WSGIDaemonProcess "shop" user=www python-path="/a b:/c" display-name=%{GROUP}`, 15, ""},
		"two lines":         {spec{}, "WSGIDaemonProcess shop \\\n  processes=2 \\\n  home=/srv", "WSGIDaemonProcess shop home=/srv display-name=%{GROUP} processes=1", 15, "1 worker instead of 2"},
		"lower case":        {spec{}, "wsgidaemonprocess shop processes=3", "WSGIDaemonProcess shop display-name=%{GROUP} processes=1", 15, "1 worker instead of 3"},
		"variables":         {spec{Env: map[string]string{"N": "5", "T": "{threads}"}, Threads: 6}, "WSGIDaemonProcess shop processes=${N} threads=${T}", "WSGIDaemonProcess shop display-name=%{GROUP} processes=1 threads=6", 6, "1 worker instead of 5"},
		"defined":           {spec{}, "Define T 9\nWSGIDaemonProcess shop threads=${T}", "Define T 9\nWSGIDaemonProcess shop threads=${T} display-name=%{GROUP}", 9, ""},
	} {
		root, command := servertest.Site(t, map[string]string{"apache2.conf": c.is + wsgiApp})
		c.spec.Command = command
		l := recognised(t, c.spec)
		if got, want := rewritten(l), c.want+strings.TrimRight(wsgiApp, "\n")+ourLogs; got != want {
			t.Errorf("%s\n got  %s\n want %s", name, got, want)
		}
		if info := l.Info(); info.Server != "mod_wsgi" || info.Threads != c.threads || !info.HasThreads || !info.CanRecycle || !info.CanScale || info.HasJitter {
			t.Errorf("%s: %+v", name, info)
		}
		servertest.HasChange(t, l.Info(), c.change)
		servertest.HasChange(t, l.Info(), "temporary copy of "+filepath.Join(root, "apache2.conf"))
	}
}

// Addresses, virtual hosts, logs and included files: Debian's layout in small.
func TestModWSGISite(t *testing.T) {
	root, command := servertest.Site(t, map[string]string{
		"apache2.conf": "PidFile ${RUN}/apache2.pid\nErrorLog /var/log/error.log\nInclude ports.conf\nIncludeOptional sites/*.conf\nIncludeOptional nothing/*.conf\nInclude \"more\"\n",
		"ports.conf":   "Listen 80\n<IfModule ssl_module>\nListen 443 https\n</IfModule>\n",
		"sites/a.conf": "<VirtualHost *:80>\nRedirect / https://shop/\n</VirtualHost>\n",
		"sites/b.conf": "<VirtualHost *:443>\nWSGIDaemonProcess shop graceful-timeout=5" + wsgiApp + "SSLEngine on\nCustomLog /var/log/access.log combined\n</VirtualHost>\n",
		"more/x":       "<IfDefine NEVER>\nWSGIDaemonProcess other\nListen 9\n<IfDefine DEEPER>\n</IfDefine>\n</IfDefine>\nTimeout 5\n",
	})
	l := recognised(t, known.Spec{Command: command})
	want := `<IfModule ssl_module>
</IfModule>
<VirtualHost *:80>
Redirect / https://shop/
</VirtualHost>
<VirtualHost *:*>
WSGIDaemonProcess shop graceful-timeout=5 display-name=%{GROUP}` + wsgiApp + `SSLEngine off
</VirtualHost>
IncludeOptional nothing/*.conf
<IfDefine NEVER>
WSGIDaemonProcess other
Listen 9
<IfDefine DEEPER>
</IfDefine>
</IfDefine>
Timeout 5` + ourLogs
	if got := rewritten(l); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, change := range []string{"instead of 80, 443", "instead of ${RUN}/apache2.pid", "TLS is off", "the access log is off", "instead of to /var/log/error.log"} {
		servertest.HasChange(t, l.Info(), change)
	}
	if slices.ContainsFunc(l.Warnings(), func(w calibrate.Warning) bool { return w.Code == known.RecyclingCuts }) {
		t.Error("a warning of what graceful-timeout prevents")
	}
	if entries, _ := filepath.Glob(filepath.Join(root, "*")); len(entries) != 4 {
		t.Errorf("the user's folder has %q", entries)
	}
}

func TestModWSGIMeasuredCommand(t *testing.T) {
	root, command := servertest.Site(t, map[string]string{
		"apache2.conf": "WSGIDaemonProcess shop" + wsgiApp,
		"other.conf":   "Timeout 7\nWSGIDaemonProcess shop" + wsgiApp,
	})
	t.Setenv("TMPDIR", "/tmp")
	ours := `-f /tmp/calibrate-apache-{port}/apache2.conf -c Listen {host}:{port} -c PidFile "/tmp/calibrate-apache-{port}/pid" -c WSGISocketPrefix "/tmp/calibrate-apache-{port}/wsgi" -DFOREGROUND`
	for args, want := range map[string]string{
		"":                                  ours,
		"-DFOREGROUND":                      ours,
		"-D FOREGROUND -DDEBUG -k start":    "-DDEBUG " + ours,
		"-kstart -e debug -E /x":            "-e debug " + ours,
		"start":                             ours,
		"-d " + root + " -f other.conf -T":  "-d " + root + " -T " + ours,
		"-f " + root + "/other.conf -c Foo": ours,
	} {
		l := recognised(t, known.Spec{Command: append(command[:1:1], strings.Fields(args)...)})
		if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != want {
			t.Errorf("%s\n got  %s\n want %s", args, got, want)
		}
		if other := strings.Contains(rewritten(l), "Timeout 7"); other != strings.Contains(args, "other.conf") {
			t.Errorf("%s: the wrong configuration: %s", args, rewritten(l))
		}
		if foo := strings.Contains(rewritten(l), "\nFoo\n"); foo != strings.Contains(args, "Foo") {
			t.Errorf("%s: -c is lost or kept: %s", args, rewritten(l))
		}
	}
}

func TestModWSGIRefusals(t *testing.T) {
	_, command := servertest.Site(t, map[string]string{
		"apache2.conf": "WSGIDaemonProcess shop" + wsgiApp,
		"embedded":     "WSGIScriptAlias / /srv/app.wsgi",
		"unused":       "WSGIDaemonProcess shop\nWSGIScriptAlias / /srv/app.wsgi",
		"global":       "WSGIDaemonProcess shop\nWSGIProcessGroup %{GLOBAL}\nWSGIScriptAlias / /srv/app.wsgi",
		"two":          "WSGIDaemonProcess shop\nWSGIDaemonProcess blog" + wsgiApp,
		"plain":        "Listen 80",
	})
	for args, want := range map[string]string{
		"-k stop":      "apache2 stop starts no server",
		"-k graceful":  "apache2 graceful starts no server",
		"configtest":   "apache2 configtest starts no server",
		"-X":           "-X is for debugging: the app runs inside Apache's only process",
		"-tDX":         "with -t apache2 serves nothing",
		"-S":           "with -S apache2 serves nothing",
		"-f embedded":  "the app runs inside Apache's own processes (embedded mode), which Apache starts and ends as it likes, so a worker of it can't be measured",
		"-f unused":    "no WSGIProcessGroup sends requests to the daemon processes shop, so the app runs inside Apache's own (embedded mode)",
		"-f global":    "no WSGIProcessGroup sends requests to the daemon processes shop, so the app runs inside Apache's own (embedded mode)",
		"-f two":       "the configuration has 2 groups of daemon processes: shop, blog",
		"-f missing":   "Apache's configuration can't be read",
		"-f plain":     "no way to tell apache2 which port to listen on",
		"-f two -v":    "with -v apache2 serves nothing",
		"graceful -DX": "apache2 graceful starts no server",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: append(command[:1:1], strings.Fields(args)...)})
		servertest.Usage(t, err, want)
		var f *calibrate.Failure
		if errors.As(err, &f) && (f.What != want || f.Try == "") {
			t.Errorf("%s: %q, try %q", args, f.What, f.Try)
		}
	}
	_, err := Recognise(t.Context(), known.Spec{Command: []string{servertest.Script(t, filepath.Join(t.TempDir(), "apache2"), "echo no; exit 1")}})
	servertest.Usage(t, err, "does not start Apache: no")
}

// An alias may name the group itself.
func TestModWSGIProcessGroupOfAnAlias(t *testing.T) {
	_, command := servertest.Site(t, map[string]string{"apache2.conf": "WSGIDaemonProcess shop\nWSGIScriptAlias / /srv/app.wsgi process-group=shop application-group=%{GLOBAL}"})
	recognised(t, known.Spec{Command: command})
}

// As Apache 2.4.71, mod_wsgi 4.9.4 and 6.1.1 wrote them.
func TestModWSGIExplains(t *testing.T) {
	failed := known.Ending{Over: true, Code: 1}
	for name, c := range map[string]struct {
		end  known.Ending
		log  string
		want string
	}{
		"port":      {failed, "(98)Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:80\nno listening sockets available, shutting down\nAH00015: Unable to open logs", "another process has its port"},
		"module":    {failed, "apache2: Syntax error on line 3 of /tmp/x: Cannot load /usr/lib/mod_wsgi.so into server: /usr/lib/mod_wsgi.so: cannot open shared object file: No such file or directory", "Cannot load /usr/lib/mod_wsgi.so"},
		"no module": {failed, "AH00526: Syntax error on line 5 of /tmp/x:\nInvalid command 'WSGIDaemonProcess', perhaps misspelled or defined by a module not included in the server configuration", "mod_wsgi is not loaded"},
		"syntax":    {failed, "AH00526: Syntax error on line 5 of /tmp/x:\nInvalid command 'Foo', perhaps misspelled", "the configuration is wrong: Invalid command 'Foo', perhaps misspelled"},
		"variable":  {failed, "[x] [core:warn] [pid 1] AH00111: Config variable ${RUN} is not defined\nAH00526: Syntax error on line 5 of /tmp/x:\nDocumentRoot", "Config variable ${RUN} is not defined"},
		"import":    {known.Ending{}, "Traceback (most recent call last):\n  File x\nImportError: y\nmod_wsgi (pid=1): Failed to exec Python script file '/srv/app.wsgi'.", "could not be loaded (ImportError: y)"},
		"import, 6": {known.Ending{}, "WSGI0109: Unable to execute Python script file '/srv/app.wsgi'.\nTraceback (most recent call last):\n  File x\nImportError: y", "could not be loaded (ImportError: y)"},
		"no app":    {known.Ending{}, "mod_wsgi (pid=1): Target WSGI script '/srv/app.wsgi' does not contain WSGI application 'application'.", "the app was not found"},
		"socket":    {known.Ending{}, "mod_wsgi (pid=5): Unable to connect to WSGI daemon process 'shop' on '/x/wsgi.4.0.1.sock' as user with uid=33.", "may not pass through the folder"},
		"no home":   {known.Ending{}, "mod_wsgi (pid=1): Unable to change working directory to home directory '/nonexistent' for uid=65534.\nmod_wsgi (pid=1): Failure to configure the daemon process correctly and process left in unspecified state. Restarting daemon process after delay.", "(mod_wsgi (pid=1): Unable to change working directory to home"},
		"a folder":  {known.Ending{}, "WSGI0009: Unable to change working directory to '/root'. Daemon process will exit.\nWSGI0025: Daemon process configuration failed; process left in unspecified state.", "as their user (WSGI0009: Unable to change"},
		"no MPM":    {failed, "AH00534: apache2: Configuration error: No MPM loaded.", "No MPM loaded"},
		"nothing":   {known.Ending{}, "AH00489: Apache/2.4.71 (Debian) mod_wsgi/4.9.4 Python/3.11 configured -- resuming normal operations", ""},
	} {
		why, try := modwsgi.Server{}.Explain(c.end, known.LogOf([]byte(c.log)))
		if c.want == "" && why != "" || !strings.Contains(why, c.want) || why != "" && try == "" {
			t.Errorf("%s: %q, try %q; want %q", name, why, try, c.want)
		}
	}
}

func TestModWSGIBooting(t *testing.T) {
	for line, want := range map[string]int{
		"mod_wsgi (pid=1): Failed to exec Python script file '/srv/app.wsgi'.":                                  3,
		"mod_wsgi (pid=1): Target WSGI script '/srv/app.wsgi' does not contain WSGI application 'application'.": 3,
		"AH00489: Apache/2.4.71 (Debian) mod_wsgi/4.9.4 Python/3.11 configured -- resuming normal operations":   0,
	} {
		if got := (modwsgi.Server{}).Booting(slices.Repeat([]string{line}, 3)); got != (known.BootLog{NotLoaded: want}) {
			t.Errorf("%s: %+v, want %d", line, got, want)
		}
	}
}

func TestExpressMeasuredCommand(t *testing.T) {
	program := servertest.Script(t, filepath.Join(t.TempDir(), "mod_wsgi-express"), "exit 1")
	t.Setenv("TMPDIR", "/tmp")
	const ends = "--server-root /tmp/calibrate-express-{port} --log-to-terminal --error-log-format %M"
	for args, c := range map[string]struct {
		spec known.Spec
		want string
	}{
		"start-server app.wsgi": {known.Spec{}, "start-server app.wsgi --host {host} --port {port} --maximum-requests 0 " + ends},
		"start-server app.wsgi --port=80 --processes 4 --threads 2 --maximum-requests 9 --access-log": {known.Spec{},
			"start-server app.wsgi --threads 2 --host {host} --port {port} --processes 1 --maximum-requests 0 " + ends},
		"start-server --threads 2 app.wsgi": {known.Spec{Workers: 2, Threads: 7, MaxRequests: 50},
			"start-server app.wsgi --host {host} --port {port} --processes 2 --threads 7 --maximum-requests 50 " + ends},
		"start-server app.wsgi --restart-interval 60 --pid-file /run/x": {known.Spec{},
			"start-server app.wsgi --host {host} --port {port} --maximum-requests 0 --restart-interval 0 --pid-file /tmp/calibrate-express-{port}/pid-file " + ends},
	} {
		c.spec.Command = append([]string{program}, strings.Fields(args)...)
		l := recognised(t, c.spec)
		if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != c.want {
			t.Errorf("%s\n got  %s\n want %s", args, got, c.want)
		}
		if info := l.Info(); info.Server != "mod_wsgi-express" || !info.CanRecycle || !info.HasThreads || info.HasJitter || info.Threads == 0 {
			t.Errorf("%+v", info)
		}
	}
	for args, want := range map[string]string{
		"":                                      "the command of mod_wsgi-express that serves is start-server",
		"setup-server x":                        "the command of mod_wsgi-express that serves is start-server",
		"start-server --x --debug-mode":         "--debug-mode runs the app inside Apache's only process",
		"start-server x --reload-on-changes":    "--reload-on-changes watches files",
		"start-server x --setup-only --port 80": "--setup-only only writes a configuration",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: append([]string{program}, strings.Fields(args)...)})
		servertest.Usage(t, err, want)
	}
}

func TestExpressExplainsAClosedFolder(t *testing.T) {
	log := []string{"WSGI0009: Unable to change working directory to '/root'. Daemon process will exit."}
	if why, try := (modwsgi.Express{}).Explain(known.Ending{}, log); !strings.Contains(why, "may not enter") || !strings.Contains(try, "--working-directory") {
		t.Errorf("%q, %q", why, try)
	}
}

// Of several limits of Apache's own processes the largest counts: they are for MPMs of which one is loaded.
func TestModWSGIFrontTooSmall(t *testing.T) {
	for is, want := range map[string]string{
		"WSGIDaemonProcess shop threads=4":                                                                 "",
		"WSGIDaemonProcess shop threads=4\nMaxRequestWorkers 4":                                            "",
		"WSGIDaemonProcess shop threads=4\nMaxRequestWorkers 3":                                            "lets 3 requests reach the workers at once, which have 4 threads",
		"WSGIDaemonProcess shop\nMaxClients 10":                                                            "which have 15 threads",
		"WSGIDaemonProcess shop\n<IfModule mpm_prefork_module>\nMaxClients 10\n</IfModule>\nMaxClients 50": "",
		"WSGIDaemonProcess shop threads=4\nMaxRequestWorkers ${N}":                                         "",
	} {
		_, command := servertest.Site(t, map[string]string{"apache2.conf": is + wsgiApp})
		warnings := recognised(t, known.Spec{Command: command}).Warnings()
		at := slices.IndexFunc(warnings, func(w calibrate.Warning) bool { return w.Code == "front-too-small" })
		if at < 0 != (want == "") || at >= 0 && !strings.Contains(warnings[at].Text, want) {
			t.Errorf("%s: %+v", is, warnings)
		}
	}
}
