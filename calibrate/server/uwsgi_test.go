package server

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/uwsgi"
)

func TestIsUWSGI(t *testing.T) {
	for command, want := range map[string]bool{
		"uwsgi --ini x.ini":                       true,
		"/usr/bin/uwsgi-core x.ini":               true,
		"uwsgi_python311 --http :80":              true,
		"pyuwsgi --http :80":                      true,
		"nice -n 5 env A=b uwsgi x.ini":           true,
		"python -m uwsgi":                         true,
		"gunicorn uwsgi:app":                      false,
		"uwsgitop /run/stats.sock":                false,
		"python uwsgi.py":                         false,
		"sh -c 'UWSGI_PROCESSES=2 exec uwsgi x'":  false, // quoted: no words of a shell's
		"uwsgi-configure":                         false,
		"opentelemetry-instrument uwsgi --ini x.": true,
	} {
		if got := (uwsgi.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
}

// What of a configuration is on the command line, what in the copy, and what in neither.
func TestUWSGIMeasured(t *testing.T) {
	const ours, end = "--master --processes 1 --die-on-term --need-app --worker-reload-mercy 3", "--auto-procname --disable-logging"
	for name, c := range map[string]struct{ config, command, copy string }{
		"nothing":             {"", "--http-socket {host}:{port} " + ours + " " + end, ""},
		"a socket":            {"socket = /run/x.sock\nchmod-socket = 660\n", "--http-socket {host}:{port} " + ours + " " + end, "chmod-socket = 660\n"},
		"a front":             {"plugin = http,python3\nhttp = :80\nhttp-to = :81\nsocket = :81\n", "--http {host}:{port} " + ours + " " + end, "plugin = http,python3\n"},
		"a front unknown":     {"plugin = python3\nhttp = :80\nhttp11-socket = :81\n", "--http11-socket {host}:{port} " + ours + " " + end, "plugin = python3\n"},
		"both sockets":        {"http11-socket = :80\nhttp-socket = :81\n", "--http-socket {host}:{port} " + ours + " " + end, ""},
		"a percent":           {"env = P=5%\n", "--http-socket {host}:{port} " + ours + " " + end, "env = P=5%%\n"},
		"a placeholder":       {"env = P={port}\nenv = Q=1\n", "--http-socket {host}:{port} " + ours + " --env P={port} " + end, "env = Q=1\n"},
		"files and logic":     {"ini = a.ini\nif-env = A\nharakiri = 9\nendif = \nfor = a b\nendfor = \n", "--http-socket {host}:{port} " + ours + " " + end, "harakiri = 9\n"},
		"what was asked with": {"clock = monotonic\nshow-config = true\nclock = calibrate\npidfile = /nonexistent/calibrate\n", "--http-socket {host}:{port} " + ours + " " + end, "clock = monotonic\n"},
		"what does harm twice": {"pidfile = /run/x\ncron = 1 1 1 1 1 rm\nspooler = /s\nstats = :9\nsubscribe-to = x\nlogger = file:/x\nlogto2 = y\nattach-daemon = celery\nmaster-fifo = /f\n" +
			"smart-attach-daemon = /p x\ntouch-reload = /t\n", "--http-socket {host}:{port} " + ours + " " + end, ""},
		"what touches production": {"mule = true\nmules = 2\nfarm = a:1\nmetrics-dir = /m\nalarm = a cmd:x\nlog-alarm = a b\nzerg-pool = /z\nfastrouter-subscription-server = :1\n" +
			"rawrouter = :2\nhttp-stats = :3\nhttp-subscription-server = :4\ncache-store = /c\ncache-udp-server = :5\ncache = 10\ncache2 = name=a,items=5,store=/c,storesync=1,nodes=h:1,keysize=9\n",
			"--http-socket {host}:{port} " + ours + " " + end, "cache = 10\ncache2 = name=a,items=5,keysize=9\n"},
		"what replaces workers": {"max-requests = 5\nmin-worker-lifetime = 9\nreload-on-rss = 100\nevil-reload-on-as = 9\nmax-worker-lifetime = 60\ncheaper = 1\ncheaper-algo = busyness\nidle = 6\n",
			"--http-socket {host}:{port} " + strings.Replace(ours, " --die", " --max-requests 0 --die", 1) + " " + end, ""},
		"what is the app's": {"plugin = python3\nmodule = a:b\nthreads = 4\nuid = www-data\nlazy-apps = true\n", "--http-socket {host}:{port} " + ours + " " + end,
			"plugin = python3\nmodule = a:b\nthreads = 4\nuid = www-data\nlazy-apps = true\n"},
	} {
		u := fakeUWSGI(t, c.config)
		l := recognised(t, known.Spec{Command: []string{u, "x.ini"}, Env: map[string]string{"UWSGI_PROCESSES": "9", "A": "b"}})
		got := strings.TrimPrefix(strings.Join(l.Info().MeasuredCommand, " "), u+" --ini "+filepath.Join(l.Temporary().Path, "uwsgi.ini")+" ")
		if got != c.command {
			t.Errorf("%s\n got  %s\n want %s", name, got, c.command)
		}
		if text := l.Temporary().Files["uwsgi.ini"]; text != "[uwsgi]\n"+c.copy {
			t.Errorf("%s: the copy is\n%s", name, text)
		}
		if cli.Getenv(l.Env, "UWSGI_PROCESSES") != "" || cli.Getenv(l.Env, "A") != "b" {
			t.Errorf("%s: the environment", name)
		}
	}
}

func TestUWSGIShape(t *testing.T) {
	u := fakeUWSGI(t, "threads = 2\nmax-requests = 9\n")
	l := recognised(t, known.Spec{Command: []string{"env", "UWSGI_THREADS=2", "A=b", u, "x.ini"}, Workers: 3, Threads: 4, MaxRequests: 100, Jitter: 20})
	got := strings.Join(l.Info().MeasuredCommand, " ")
	if !strings.HasPrefix(got, "env A=b "+u) || !strings.Contains(got, " --processes 3 --threads 4 --max-requests 100 --max-requests-delta 10 --min-worker-lifetime 0 ") {
		t.Error(got)
	}
	if info := l.Info(); info.Threads != 4 || !info.HasThreads || !info.HasJitter || !info.CanRecycle || !info.CanScale || !info.Preload || info.ServerVersion != "2.0.31" {
		t.Errorf("%+v", info)
	}
	for _, change := range []string{"3 workers instead of 1", "a new worker after 100 requests instead of 9", "4 threads a worker instead of 2", "master process", "request log is off"} {
		servertest.HasChange(t, l.Info(), change)
	}
}

// A worker's own time to end gives way where it isn't recycled, and is told.
func TestUWSGIMercy(t *testing.T) {
	u := fakeUWSGI(t, "worker-reload-mercy = 30\n")
	servertest.HasChange(t, recognised(t, known.Spec{Command: []string{u, "x.ini"}}).Info(), "a worker has 3 s to end instead of 30 (worker-reload-mercy)")
	l := recognised(t, known.Spec{Command: []string{u, "x.ini"}, MaxRequests: 100})
	if changes := strings.Join(l.Info().Changes, "\n"); strings.Contains(changes, "mercy") || !strings.Contains(l.Temporary().Files["uwsgi.ini"], "worker-reload-mercy = 30\n") {
		t.Errorf("it is kept where workers are recycled: %s\n%s", changes, l.Temporary().Files["uwsgi.ini"])
	}
}

// What the settings come to: the last one counts.
func TestUWSGISettings(t *testing.T) {
	for config, want := range map[string]struct {
		threads, limit int
		flag           string
		preload        bool
	}{
		"":                                 {1, 0, "", true},
		"threads = 2\nthreads = 8\n":       {8, 0, "", true},
		"lazy-apps = true\n":               {1, 0, "", false},
		"lazy-apps = true\nlazy = false\n": {1, 0, "", false},
		"lazy-apps = false\n":              {1, 0, "", true},
		"gevent = 100\n":                   {0, 100, "--gevent", true},
		"async = 50\nasync = 20\n":         {0, 20, "--async", true},
	} {
		info := recognised(t, known.Spec{Command: []string{fakeUWSGI(t, config), "x.ini"}}).Info()
		if info.Threads != want.threads || info.HasThreads != (want.threads > 0) || info.ConcurrencyLimit != want.limit || info.ConcurrencyFlag != want.flag || info.Preload != want.preload {
			t.Errorf("%q: %+v", config, info)
		}
	}
}

// The traps, but for those that the configuration has the remedy of.
func TestUWSGIWarnings(t *testing.T) {
	all := []string{"young-workers-stay", "term-reloads", "limit-needs-master", "errors-instead", "stopping-cuts", "threads-stand-still"}
	const remedies = "min-worker-lifetime = 0\ndie-on-term = true\nmaster = true\nneed-app = true\nhook-master-start = unix_signal:15 gracefully_kill_them_all\n"
	for config, want := range map[string][]string{
		"":                                      all,
		"threads = 2\n":                         all[:5],
		remedies + "enable-threads = true\n":    nil,
		remedies + "threads = 2\ncheaper = 1\n": {"dynamic-workers"},
		strings.ReplaceAll(remedies, "true", "false") + "enable-threads = false\n": {"term-reloads", "limit-needs-master", "errors-instead", "threads-stand-still"},
		remedies + "hook-master-start = chdir:/\nthreads = 2\n":                    nil, // every hook of a name is run
		"threads = 2\nhook-master-start = chdir:/\n":                               all[:5],
		remedies + "threads = 2\nreload-on-rss = 100\n":                            {"memory-replaces-workers"},
		remedies + "threads = 2\nhttp11-socket = :80\n":                            {"needs-length"},
		remedies + "threads = 2\nhttp11-socket = :80\nhttp-socket = :81\n":         nil,
	} {
		var got []string
		for _, w := range recognised(t, known.Spec{Command: []string{fakeUWSGI(t, config), "x.ini"}}).Warnings() {
			got = append(got, w.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", config, got, want)
		}
	}
}

func TestUWSGIRefusals(t *testing.T) {
	for config, want := range map[string]string{
		"daemonize = /x\n":              "sends uwsgi to the background",
		"daemonize2 = /x\n":             "sends uwsgi to the background",
		"emperor = /etc/vassals\n":      "other instances",
		"zerg = /run/z\n":               "other instances",
		"https = :443,a,b\n":            "TLS",
		"https-socket = :443,a,b\n":     "TLS",
		"async = 9\nugreen = true\n#\n": "an event loop instead",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: []string{fakeUWSGI(t, config), "x.ini"}, Threads: 2})
		servertest.Usage(t, err, want)
	}
	for _, word := range []string{"--stop", "--reload=/run/x.pid", "--version", "-h"} { // before anything runs
		_, err := uwsgi.Server{}.Plan(&known.Launch{}, cli.Program{Name: "uwsgi", Argv: []string{"/nonexistent/uwsgi", word, "/run/x.pid"}})
		servertest.Usage(t, err, "starts no server")
	}
}

// What ended it is said, not what it went on without: a plugin that is built in can't be loaded again.
func TestUWSGIExplains(t *testing.T) {
	const noPlugin = "!!! UNABLE to load uWSGI plugin: ./python_plugin.so: cannot open shared object file: No such file or directory !!!"
	for name, c := range map[string]struct{ log, why, try string }{
		"group":  {noPlugin + "\n*** Starting uWSGI 2.0.31 (64bit) ***\ngroup kinto not found.\n", "group kinto not found.", "uid and gid"},
		"user":   {noPlugin + "\nuser kinto not found.\n", "user kinto not found.", "uid and gid"},
		"plugin": {noPlugin + "\n", noPlugin, "uwsgi-plugin-python3"},
	} {
		why, try := uwsgi.Server{}.Explain(known.Ending{Over: true, Code: 1}, known.LogOf([]byte(c.log)))
		if why != c.why || !strings.Contains(try, c.try) {
			t.Errorf("%s: %s\ntry: %s", name, why, try)
		}
	}
}

// fakeUWSGI shows a configuration, whatever it is asked with.
func fakeUWSGI(t *testing.T, config string) string {
	t.Helper()
	return servertest.Script(t, filepath.Join(t.TempDir(), "uwsgi"), "case \"$*\" in --version) echo 2.0.31; exit;; *http*--help) echo '    --http  add';; esac\n"+
		"case \"$*\" in *--help) echo '    --http-socket  bind'; echo '    --max-requests-delta  add'; exit;; esac\n"+
		"cat <<'END'\n[uWSGI] getting INI configuration from x.ini\n"+";uWSGI instance configuration\n[uwsgi]\n"+config+"if-opt = daemonize\nendif = \nlogto = /dev/fd/2\n;end of configuration\nEND")
}
