package server

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/server/anycommand"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// What a command becomes: what runs it before ||, and the command. "" if it stays as it is.
func TestUnwrap(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range map[string]string{
		"pass.sh":  "./migrate\nexec \"$@\"",
		"gosu.sh":  "set -e\nexec gosu app \"$@\"",
		"start.sh": "./migrate\nexec gunicorn -w ${W:-3} -b :$PORT app:app",
		"plain.sh": "set -eu\nexec gunicorn app:app \"$@\"",
		"cd.sh":    "cd app\nexec gunicorn app:app",
		"dev.sh":   "if [ \"$DEV\" ]; then exec gunicorn --reload app:app; fi\nexec gunicorn app:app",
		"other.sh": "exec node server.js",
		"twice.sh": "./migrate\nexec ./plain.sh --preload",
		"self.sh":  "exec ./self.sh",
	} {
		servertest.Script(t, filepath.Join(dir, name), text)
	}
	servertest.Write(t, "Procfile", "web: gunicorn app:app --bind 0.0.0.0:$PORT\nworker: celery worker\nrelease: ./migrate && gunicorn app:app\n")
	servertest.Write(t, "dev/Procfile.dev", "web: uvicorn app:app\n")
	servertest.Write(t, "long/Procfile", "web: gunicorn app:app\nother: "+strings.Repeat("x", 1<<20)+"\n")
	servertest.Write(t, "empty/Procfile", "web:\ngunicorn: gunicorn app:app\n")
	servertest.Write(t, "bytes/Procfile", "\x00\nweb: \x00gunicorn\n")
	servertest.Script(t, "long.sh", "exec gunicorn app:app #"+strings.Repeat("x", 1<<20))
	servertest.Script(t, "bytes.sh", "A=\x00\nexec gunicorn \x00app:app")
	for name, to := range map[string]string{"zero.sh": "/dev/zero", "link.sh": "link.sh"} {
		if err := os.Symlink(to, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo("pipe.sh", 0o700); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{
		"gunicorn app:app":                     "|| gunicorn app:app",
		"nice gunicorn app:app":                "|| nice gunicorn app:app",
		"sh -c 'exec gunicorn app:app'":        "|| gunicorn app:app",
		"sh -c 'A=B pypnm serve'":              "|| env A=B pypnm serve",
		"env A=B sh -c 'exec gunicorn x'":      "|| env A=B gunicorn x",
		"sh -c 'gunicorn -b :$PORT x'":         "|| gunicorn -b :{port} x",
		"bash -lc 'exec gunicorn x'":           `bash -lc exec "$@" bash || gunicorn x`,
		"env A=B bash -lc 'gunicorn x'":        `env A=B bash -lc "$@" bash || gunicorn x`,
		"sh -c './m; nice gunicorn x'":         `sh -c ./m; "$@" sh || nice gunicorn x`,
		"env -S 'A=B gunicorn x'":              "|| env A=B gunicorn x",
		"nice env -S 'sh -c \"gunicorn x\"'":   "|| nice env gunicorn x",
		"./pass.sh gunicorn x":                 "./pass.sh || gunicorn x",
		"tini -- ./gosu.sh timeout 5 gunicorn": "tini -- ./gosu.sh || timeout 5 gunicorn",
		"sh ./pass.sh gunicorn x":              "sh ./pass.sh || gunicorn x",
		"./start.sh":                           "/bin/sh -c #!/bin/sh\n./migrate\nexec \"$@\" ./start.sh || gunicorn -w 3 -b :{port} app:app",
		"./plain.sh -w 2":                      "|| gunicorn app:app -w 2",
		"./twice.sh":                           "/bin/sh -c #!/bin/sh\n./migrate\nexec \"$@\" ./twice.sh || gunicorn app:app --preload",
		"web: gunicorn app:app":                "|| gunicorn app:app",
		"honcho start web":                     "|| honcho run gunicorn app:app --bind 0.0.0.0:{port}",
		"honcho start -d dev -f Procfile.dev":  "|| honcho -d dev -f Procfile.dev run uvicorn app:app",
		"honcho start release":                 `honcho run sh -c ./migrate && "$@" sh || gunicorn app:app`,
		"foreman start web":                    "|| foreman run gunicorn app:app --bind 0.0.0.0:{port}",

		"honcho -d long start web":       "",
		"honcho -d empty start web":      "",
		"honcho -d bytes start web":      "",
		"./long.sh":                      "",
		"./bytes.sh":                     "",
		"sh ./zero.sh":                   "",
		"./link.sh":                      "",
		"./pipe.sh":                      "",
		"sh ./pipe.sh":                   "",
		"honcho start":                   "", // it starts more than one
		"honcho start worker":            "",
		"./cd.sh":                        "",
		"./dev.sh":                       "",
		"./other.sh":                     "",
		"./self.sh":                      "",
		"./pass.sh":                      "",
		"./pass.sh node server.js":       "",
		"./no-such.sh gunicorn":          "",
		"sh -c 'cd app && gunicorn x'":   "",
		"sh -c 'unicorn -l {port}'":      "",
		"sh -c exec":                     "",
		"sh -c ''":                       "",
		"sh -c 'gunicorn -w $(nproc) x'": "",
	} {
		words := shellWords(t, command)
		u := unwrap(words, []string{"PATH=/usr/bin:/bin"})
		got := strings.TrimSpace(strings.Join(u.outer, " ") + " || " + strings.Join(u.argv, " "))
		if slices.Equal(u.argv, words) && want == "" {
			got = ""
		}
		if got != want {
			t.Errorf("%s\n got  %s\n want %s", command, got, want)
		}
	}
	if u := unwrap([]string{"./start.sh"}, nil); len(u.notes) != 1 || !strings.Contains(u.notes[0], "the last command of ./start.sh is run") {
		t.Errorf("%q", u.notes)
	}
}

// shellWords splits a test's command.
func shellWords(t *testing.T, command string) []string {
	t.Helper()
	words, err := cli.SplitWords(command)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// What can't be seen through is advised by the server's own command, as the script has it.
func TestServersOwnCommandIsAdvised(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	servertest.Script(t, "start.sh", "cd /srv/app\n. venv/bin/activate\nexec gunicorn -w $(nproc) app:app")
	servertest.Script(t, "start3.sh", "cd /srv/app\nexec gunicorn --env SECRET_KEY=hunter2 app:app")
	servertest.Script(t, "start2.sh", "cd /srv/app && exec gunicorn -w $WORKERS 'my app:app' >>/var/log/app.log 2>&1")
	bin := t.TempDir()
	for _, name := range []string{"honcho", "docker"} {
		servertest.Script(t, filepath.Join(bin, name), "exit 9")
	}
	path := map[string]string{"PATH": bin + ":/usr/bin:/bin"}
	for command, want := range map[string]string{
		"./start2.sh":                           `calibrate run -- gunicorn -w $WORKERS 'my app:app', with its variables set`,
		"sh -c 'cd /x && uvicorn app:app'":      "calibrate run -- uvicorn app:app, with",
		"./start3.sh":                           `calibrate run -- gunicorn --env 'SECRET_KEY=***' app:app, with`,
		"./start.sh":                            `calibrate run -- gunicorn -w "$(nproc)" app:app, with`,
		"sh -c 'cd /x; gunicorn -b :${P:-8} x'": "calibrate run -- gunicorn -b :${P:-8} x, with",
		"honcho start":                          "name the one process to measure: honcho start web; or write {port}",
		"docker run image gunicorn":             "what docker starts is no process of this command",
	} {
		_, err := Recognise(t.Context(), known.Spec{Command: shellWords(t, command), Env: path})
		servertest.Usage(t, err, "which port to listen on")
		if f := (*calibrate.Failure)(nil); errors.As(err, &f) && !strings.Contains(f.Try, want) {
			t.Errorf("%s: try %s", command, f.Try)
		}
	}
}

// What a .env or a script sets may be secret. It reaches the questions to the server, and is no word of a command line, which
// everybody on the machine can read.
func TestVariablesOfFilesAreNoWords(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	servertest.Script(t, "honcho", "exit 9")
	servertest.Script(t, "gunicorn", "echo \"$SECRET_KEY\" >>asked\necho 'gunicorn (version 23.0.0)'")
	servertest.Script(t, "start.sh", "export SECRET_KEY=hunter2\nexport THREADS=2\nexec gunicorn --threads $THREADS app:app")
	servertest.Script(t, "pass.sh", "./migrate\nexec \"$@\"")
	servertest.Write(t, ".env", "SECRET_KEY=hunter2\nGUNICORN_CMD_ARGS='--threads 2'\n")
	path := map[string]string{"PATH": dir + ":/usr/bin:/bin"}
	for _, command := range []string{"./start.sh", "honcho run ./start.sh", "honcho run ./pass.sh gunicorn app:app", "honcho run sh -c './m && exec gunicorn app:app'"} {
		l, err := Recognise(t.Context(), known.Spec{Command: shellWords(t, command), Env: path})
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if asked, err := os.ReadFile("asked"); err != nil || strings.Trim(string(asked), "hunter2\n") != "" {
			t.Errorf("%s: asked with %q", command, asked)
		}
		if words := strings.Join(l.Argv[1:], "\x00"); strings.Contains(strings.ReplaceAll(words, "export SECRET_KEY=hunter2", ""), "hunter2") || l.Target.Threads != 2 || !slices.Contains(l.Around, "SECRET_KEY=hunter2") {
			t.Errorf("%s: %d threads, %q, set around it: %q", command, l.Target.Threads, l.Argv, l.Around)
		}
	}
}

// Whatever the command, what is seen behind it is a server that is known, or nothing; and a request has a path.
func FuzzUnwrap(f *testing.F) {
	for _, seed := range []string{
		"sh -c exec|gunicorn|-w|$W|app:app", "env A=b timeout 5 poetry run uvicorn app:app", "bash -lc A=1|exec|puma|-p|$PORT", "web: gunicorn app:app", "tini -- /usr/bin/env -S uwsgi|x.ini",
		"python -m hypercorn app:app", "nice -n 5 -- now-lms serve", "sh -eu -c x&&y;exec|'granian'|app:app|\"$@\" sh z",
	} {
		f.Add(strings.ReplaceAll(strings.ReplaceAll(seed, " ", "\n"), "|", " "))
	}
	f.Fuzz(func(t *testing.T, text string) {
		t.Chdir(t.TempDir())
		words := strings.Split(text, "\n")
		u := unwrap(words, nil)
		p := see(u.argv)
		if changed := !slices.Equal(u.argv, words) || len(u.outer) > 0; changed && knownServer(p) == nil && !anycommand.RunsSingle(p) {
			t.Errorf("%q became %q, and %q outside", words, u.argv, u.outer)
		}
		if len(u.argv) == 0 || p.Index > len(p.Argv) {
			t.Errorf("%q became %+v, %+v", words, u, p)
		}
		if err := known.CheckPath(DefaultPath(words)); err != nil {
			t.Error(err)
		}
	})
}
