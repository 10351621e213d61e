package server

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/puma"
	"workermem/calibrate/server/servertest"
)

// fakePuma is a program of that name that says what its configuration comes to, and no more. Its last line is for what a
// configuration prints by itself.
func fakePuma(t *testing.T, settings ...string) string {
	t.Helper()
	all := slices.Concat([]string{"version=5.6.5", "workers=0", "min_threads=0", "max_threads=5", "binds=tcp://0.0.0.0:9292",
		"preload_app=false", "preload_from_env=true", "environment=production"}, settings)
	return servertest.Script(t, filepath.Join(t.TempDir(), "puma"), "cat <<'E'\ncalibrate."+strings.Join(all, "\ncalibrate.")+"\nhello from config/puma.rb\nE")
}

func TestIsPuma(t *testing.T) {
	for command, want := range map[string]bool{
		"puma":                                     true,
		"/usr/bin/puma -w 2 config.ru":             true,
		"bundle exec puma -C config/puma.rb":       true,
		"bundle exec --gemfile G puma":             true,
		"env RACK_ENV=production bundle exec puma": true,
		"ruby -I lib bin/puma":                     true,
		"bin/puma":                                 true,
		"pumactl start":                            false,
		"bundle install":                           false,
		"ruby app.rb":                              false,
		"rails server":                             false, // but see TestPumaInstead
		"tail -f puma.log":                         false,
		"puma-dev":                                 false,
		"sh -c cd /srv && bundle exec puma":        false, // not simple: any other command
		"gunicorn puma:app":                        false,
		"nice -n 5 puma -t 1:1":                    true,
		"poetry run puma":                          true,
		"dumb-init -- bundle exec puma -w 2":       true,
	} {
		if got := (puma.Server{}).Recognises(cli.SeeThrough(strings.Fields(command))); got != want {
			t.Errorf("%s: %v", command, got)
		}
	}
	for title, want := range map[string]bool{
		"puma 5.6.5 (tcp://0.0.0.0:9292) [shop]":                 true,
		"puma 6.4.2 (unix:///run/puma.sock,ssl://h:1?key=/k) []": true,
		"puma: cluster worker 0: 27318 [shop]":                   false,
		"puma notes.txt":                                         false,
	} {
		if got := (puma.Server{}).Recognises(cli.SeeThrough([]string{title})); got != want {
			t.Errorf("%s: %v", title, got)
		}
	}
}

func TestPumaMeasuredCommand(t *testing.T) {
	t.Chdir(t.TempDir())
	p := fakePuma(t)
	for command, want := range map[string]string{
		"P":                                    "P -b tcp://{host}:{port} -w 1 -t 5:5",
		"P -w 3 -b tcp://0.0.0.0:1 -p 80 a.ru": "P -b tcp://{host}:{port} -w 1 -t 5:5 a.ru",
		"P -C config/p.rb --preload -e test":   "P -b tcp://{host}:{port} -w 1 -t 5:5 -C config/p.rb --preload -e test",
		"env A=B P --control-url auto -f":      "env A=B P -b tcp://{host}:{port} -w 1 -t 5:5",
		"P -t {threads}:{threads} -b tcp://{host}:{port} -w {workers}": "P -b tcp://{host}:{port} -w 1 -t 5:5",
	} {
		l := recognised(t, known.Spec{Command: strings.Fields(strings.ReplaceAll(command, "P", p))})
		info := l.Info()
		if got := strings.ReplaceAll(strings.Join(info.MeasuredCommand, " "), p, "P"); got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
		if info.Server != "puma" || info.ServerVersion != "5.6.5" || info.Threads != 5 || !info.HasThreads || !info.CanScale || info.CanRecycle || info.Preload {
			t.Errorf("%+v", info)
		}
	}
	l := recognised(t, known.Spec{Command: []string{p}, Workers: 3, Threads: 8})
	if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != "-b tcp://{host}:{port} -w 3 -t 8:8" {
		t.Error(got)
	}
	servertest.HasChange(t, l.Info(), "8 threads a worker instead of 5")
	servertest.HasChange(t, l.Info(), "a cluster of 3 workers (-w 3) instead of single mode")
}

// A Rails app sizes its pool of connections by a variable, unless the user has set it for this run.
func TestPumaTellsRails(t *testing.T) {
	t.Chdir(t.TempDir())
	servertest.Write(t, "config/application.rb", "")
	p := fakePuma(t)
	for _, c := range []struct {
		spec known.Spec
		want string
	}{
		{known.Spec{Threads: 8}, "8"},
		{known.Spec{Threads: 8, Env: map[string]string{"RAILS_MAX_THREADS": "20"}}, "20"},
		{known.Spec{Threads: 5}, ""}, // as the command says
		{known.Spec{}, ""},
	} {
		c.spec.Command = []string{p}
		t.Setenv("RAILS_MAX_THREADS", "")
		if got := cli.Getenv(recognised(t, c.spec).Env, "RAILS_MAX_THREADS"); got != c.want {
			t.Errorf("%d threads: %q, want %q", c.spec.Threads, got, c.want)
		}
	}
}

// What a configuration shares with production stays away from the measurement.
func TestPumaKeepsOut(t *testing.T) {
	t.Chdir(t.TempDir())
	l := recognised(t, known.Spec{Command: []string{fakePuma(t, "workers=2", "min_threads=5", "binds=ssl://h:443?key=k, unix:///run/x", "preload_app=true",
		"preload_from_env=true", "pidfile=/run/p.pid", "state=/run/p.state", "control_url=tcp://127.0.0.1:9", "redirect_stdout=/var/log/o",
		"redirect_stderr=/var/log/e", "log_requests=true", "fork_worker=1000", "environment=development", "plugins=tmp_restart, solid_queue")}})
	own := filepath.Join(os.TempDir(), "calibrate-puma-{port}")
	want := "-b tcp://{host}:{port} -w 1 -t 5:5 --fork-worker=0 --quiet --redirect-stdout /dev/stdout --redirect-append" +
		" --pidfile " + own + "/pid --state " + own + "/state --control-url unix://" + own + "/control"
	if got := strings.Join(l.Info().MeasuredCommand[1:], " "); got != want {
		t.Errorf("\n got  %s\n want %s", got, want)
	}
	for _, change := range []string{"free loopback port instead of ssl://h:443?key=k, unix:///run/x", "1 worker instead of 2", "requests aren't logged",
		"forked anew", "instead of to /var/log/o, /var/log/e", "pid file is a temporary one instead of /run/p.pid",
		"state file is a temporary one", "control server is a temporary one instead of tcp://127.0.0.1:9"} {
		servertest.HasChange(t, l.Info(), change)
	}
	var codes []string
	for _, w := range l.Warnings() {
		codes = append(codes, w.Code)
	}
	if got := strings.Join(codes, " "); got != "development plugins no-request-limit preload-by-variable" || !l.Info().Preload {
		t.Errorf("warned of %s", got)
	}
}

// The plugin that every new Rails app has only watches a file.
func TestPumaPlugins(t *testing.T) {
	t.Chdir(t.TempDir())
	for plugins, want := range map[string]bool{"": false, "tmp_restart": false, "tmp_restart, solid_queue": true} {
		l := recognised(t, known.Spec{Command: []string{fakePuma(t, "plugins="+plugins)}})
		warned := slices.ContainsFunc(l.Warnings(), func(w calibrate.Warning) bool {
			return w.Code == "plugins" && strings.Contains(w.Text, "the plugin solid_queue,")
		})
		if warned != want {
			t.Errorf("%q: %v", plugins, l.Warnings())
		}
	}
}

func TestPumaRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	p := fakePuma(t)
	for words, text := range map[string]string{
		"--version": "only prints",
		"-h":        "only prints",
		"-d -w 2":   "-d sends puma to the background",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: slices.Concat([]string{p}, strings.Fields(words))})
		servertest.Usage(t, err, text)
	}
	_, err := Recognise(t.Context(), known.Spec{Command: []string{fakePuma(t, "daemon=true")}})
	servertest.Usage(t, err, "daemonize sends puma to the background")
	_, err = Recognise(t.Context(), known.Spec{Command: []string{p}, MaxRequests: 100})
	servertest.Usage(t, err, "puma has no limit of requests")
}

// rails server and rackup start Puma, and so does what is measured, where the bundle has it.
func TestPumaInstead(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", dir)
	for _, name := range []string{"bundle", "rackup", "bin/rails", "puma", "ruby", "env"} {
		servertest.Script(t, name, "/bin/cat <<'E'\ncalibrate.version=5.6.5\ncalibrate.max_threads=5\nE")
	}
	measured := func(command string) string {
		l := recognised(t, known.Spec{Command: strings.Fields(command)})
		if l.Info().Server != "puma" {
			t.Errorf("%s is %s", command, l.Info().Server)
		}
		servertest.HasChange(t, l.Info(), "puma itself is run instead of")
		return strings.ReplaceAll(strings.Join(l.Info().MeasuredCommand, " "), " -b tcp://{host}:{port} -w 1 -t 5:5", "")
	}
	for command, want := range map[string]string{
		"bin/rails s":                                   "puma",
		"bin/rails server -e production -p 80":          "puma --environment production",
		"ruby bin/rails s -u puma -b ::1 -c other.ru":   "puma other.ru",
		"env A=B bundle exec rails s":                   "env A=B bundle exec puma",
		"rackup":                                        "puma",
		"rackup -s puma -o 0.0.0.0 -p 80 -E x app.ru":   "puma --environment x app.ru",
		"bundle exec rackup -I lib -O Threads=1:3 a.ru": "bundle exec puma --include lib a.ru",
	} {
		if got := measured(command); got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
	}
	servertest.Write(t, "Gemfile", "")
	if got := measured("bin/rails s"); got != "bundle exec puma" {
		t.Errorf("with a Gemfile: %s", got)
	}
	for command, text := range map[string]string{
		"bin/rails s -d":      "to the background",
		"rackup -D":           "to the background",
		"rackup -r x a.ru":    "puma has no --require",
		"rackup --help":       "only prints",
		"bin/rails s -u thin": "no way to tell rails which port",
		"rackup -s webrick":   "no way to tell rackup which port",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: strings.Fields(command)})
		servertest.Usage(t, err, text)
	}
	servertest.Write(t, "Gemfile.lock", "GEM\n  specs:\n    falcon (0.42)\n")
	_, err := Recognise(t.Context(), known.Spec{Command: []string{"bin/rails", "s"}})
	servertest.Usage(t, err, "no way to tell rails which port")
	servertest.Write(t, "Gemfile.lock", "GEM\n  specs:\n    puma (5.6.5)\n")
	measured("bin/rails s")
}

// Without a place for temporary files the tool itself has failed, and says so.
func TestPumaNoTemporaryFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	p := fakePuma(t)
	t.Setenv("TMPDIR", "/proc")
	_, err := Recognise(t.Context(), known.Spec{Command: []string{p}})
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindTool || f.Try == "" {
		t.Errorf("%#v", err)
	}
}

// The wording of Puma 5.6.5 and Ruby 3.1.
func TestPumaExplains(t *testing.T) {
	const place = "/usr/lib/ruby/gems/puma-5.6.5/lib/puma/"
	for _, c := range []struct {
		name string
		end  known.Ending
		log  []string
		want string
	}{
		{"preloaded", known.Ending{Over: true, Code: 1}, []string{"[1] ! Unable to load application: LoadError: cannot load such file -- x",
			"<internal:/usr/lib/x.rb>:85:in `require': cannot load such file -- x (LoadError)"}, "the app could not be loaded (LoadError: cannot load such file -- x)"},
		{"by a worker", known.Ending{}, []string{"[2] ! Unable to start worker", "[2] config.ru:1:in `exit'"}, "the app could not be loaded (at config.ru:1:in `exit')"},
		{"no rackup file", known.Ending{Over: true, Code: 1}, []string{"2026-11-21 11:00:00 +0000 [1] ERROR: No application configured, nothing to run"}, "there is no config.ru"},
		{"port", known.Ending{Over: true, Code: 1}, []string{place + "binder.rb:342:in `initialize': Address already in use - bind(2) for \"127.0.0.1\" port 1 (Errno::EADDRINUSE)"}, "another process has its port"},
		{"option", known.Ending{Over: true, Code: 1}, []string{place + "cli.rb:51:in `initialize': invalid option: --foo (OptionParser::InvalidOption)"}, "OptionParser::InvalidOption: invalid option: --foo"},
		{"boot", known.Ending{}, []string{"[1] ! Terminating timed out worker (worker failed to boot within 60 seconds): 5"}, "longer to load than worker_boot_timeout"},
		{"stuck", known.Ending{}, []string{"[1] ! Terminating timed out worker (worker failed to check in within 60 seconds): 5"}, "for worker_timeout that it lives"},
		{"nothing", known.Ending{}, []string{"[1] * Listening on http://127.0.0.1:1"}, ""},
	} {
		if why, try := (puma.Server{}).Explain(c.end, c.log); !strings.HasPrefix(why, c.want) && !strings.Contains(why, c.want) || (why == "") != (c.want == "") || (try == "") != (why == "") {
			t.Errorf("%s: %q, %q", c.name, why, try)
		}
	}
}

func TestPumaTraps(t *testing.T) {
	codes := func(version string) (all []string) {
		for _, w := range known.TrapsAt(puma.Server{}.Traps(), version) {
			all = append(all, w.Code)
		}
		return all
	}
	if got := codes("5.6.5"); !slices.Equal(got, []string{"no-request-limit", "respawns-for-ever", "preload-by-variable"}) {
		t.Error(got)
	}
	if got := codes("7.0.0"); slices.Contains(got, "preload-by-variable") {
		t.Error(got)
	}
}
