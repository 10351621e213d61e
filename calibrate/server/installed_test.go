package server

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"workermem/calibrate"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// What the servers print when they are asked, recorded from those of Debian 12 and of PyPI.
var versionOutputs = []struct{ name, says, version string }{
	{"gunicorn", "gunicorn (version 27.0.1)\n", "27.0.1"},
	{"uvicorn", "Running uvicorn 0.54.0 with CPython 3.11.7 on Linux\n", "0.54.0"},
	{"granian", "granian 2.8.7\n", "2.8.7"},
	{"uwsgi", "2.0.21-debian\n", "2.0.21-debian"},
	{"apache2", "Server version: Apache/2.4.71 (Debian)\nServer built:   2026-11-12T08:58:41\n", "2.4.71"},
	{"httpd", "Server version: Apache/2.4.57 (Red Hat Enterprise Linux)\n", "2.4.57"},
	{"puma", "puma version 5.6.5\n", "5.6.5"},
	{"unicorn", "unicorn v6.0.0\n", "6.0.0"},
	{"php-fpm", "PHP 8.2.35 (fpm-fcgi) (built: Oct 21 2026 06:29:51)\nCopyright (c) The PHP Group\n", "8.2.35"},
	{"node", "v20.20.2\n", "20.20.2"},
}

func TestVersionPatterns(t *testing.T) {
	for _, tt := range versionOutputs {
		p := productNamed(t, tt.name)
		if m := p.Says.FindStringSubmatch(tt.says); m == nil || m[1] != tt.version {
			t.Errorf("%s: %q of %q", tt.name, m, tt.says)
		}
		for _, trouble := range []string{
			"Traceback (most recent call last):\n  File \"/usr/lib/python3.11/site.py\", line 3.14, in <module>\n",
			"pyenv: " + tt.name + ": command not found\n\nThe `" + tt.name + "' command exists in these Python versions:\n  3.11.7\n",
		} {
			if m := p.Says.FindStringSubmatch(trouble); m != nil {
				t.Errorf("%s takes %q of %q for its version", tt.name, m, trouble)
			}
		}
	}
	for _, p := range products() {
		if (p.Ask == nil) != (p.Says == nil) || p.Ask == nil && p.Dist == "" {
			t.Errorf("%s has no way to its version, or two", p.Name)
		}
	}
}

func productNamed(t *testing.T, name string) known.Product {
	t.Helper()
	for _, p := range products() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("%s is not looked for", name)
	return known.Product{}
}

// Servers are found where they are, told apart, asked for no more than a version, and sorted by what is known of them.
func TestInstalled(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	usr, venv := filepath.Join(here, "usr", "bin"), filepath.Join(".venv", "bin")
	servertest.Script(t, filepath.Join(usr, "gunicorn"), `echo "$@" >>asked; echo "gunicorn (version 20.1.0)"`)
	servertest.Script(t, filepath.Join(venv, "gunicorn"), `echo "$@" >>asked; echo "gunicorn (version 27.0.1)"`)
	servertest.Script(t, filepath.Join(usr, "php-fpm8.2"), `echo "PHP 8.2.35 (fpm-fcgi) (built: today)"`)
	servertest.Script(t, filepath.Join(usr, "puma"), `echo "it is broken, --password=secret" >&2; exit 1`)
	servertest.Script(t, filepath.Join(venv, "waitress-serve"), `echo it was run >>asked`)
	if err := os.MkdirAll(filepath.Join(".venv", "lib", "python3.11", "site-packages", "waitress-3.0.2.dist-info"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(usr, "node"), nil, 0o644); err != nil { // not a program
		t.Fatal(err)
	}
	if err := os.Symlink("usr/bin", "bin"); err != nil { // as Debian has it
		t.Fatal(err)
	}

	found, missing := Installed(t.Context(), usr+":"+filepath.Join(here, "bin"), []string{venv, "venv/bin"})
	for i := range found {
		found[i].Traps = nil // TestTrapsOf has them
	}
	ok := calibrate.StateOK
	want := []calibrate.Server{
		{Name: "gunicorn", Path: usr + "/gunicorn", Version: "20.1.0", Known: true, State: ok, Command: "calibrate run -- gunicorn ..."},
		{Name: "gunicorn", Path: ".venv/bin/gunicorn", Version: "27.0.1", Known: true, State: ok, Command: "calibrate run -- .venv/bin/gunicorn ..."},
		{Name: "puma", Path: usr + "/puma", State: calibrate.StateLimited, Doubt: "it is broken, --password=***",
			Known: true, Command: "calibrate run -- puma ..."},
		{Name: "waitress-serve", Path: ".venv/bin/waitress-serve", Version: "3.0.2", Known: true, State: ok,
			Command: "calibrate run -- .venv/bin/waitress-serve ..."},
		{Name: "php-fpm", Path: usr + "/php-fpm8.2", Version: "8.2.35", State: ok},
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(missing) != len(products())-4 {
		t.Errorf("%d of %d are missing: %q", len(missing), len(products()), missing)
	}
	asked, err := os.ReadFile("asked")
	if err != nil || string(asked) != "--version\n--version\n" {
		t.Errorf("they were asked %q, %v", asked, err)
	}
}

func TestInstalledNowhere(t *testing.T) {
	found, missing := Installed(t.Context(), "", []string{filepath.Join(t.TempDir(), "bin")})
	if len(found) != 0 || len(missing) != len(products()) {
		t.Errorf("found %v, missing %q", found, missing)
	}
}

// Apache's modules are looked for beside it, and have traps of their own.
func TestModWSGI(t *testing.T) {
	dir := t.TempDir()
	apache := servertest.Script(t, filepath.Join(dir, "sbin", "apache2"), `echo "Server version: Apache/2.4.71 (Debian)"`)
	if found, _ := Installed(t.Context(), filepath.Dir(apache), nil); len(found) != 1 || found[0].With != "" || len(found[0].Traps) != 0 {
		t.Errorf("without its module: %+v", found)
	}
	modules := filepath.Join(dir, "lib", "apache2", "modules")
	if err := os.MkdirAll(modules, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(modules, "mod_wsgi.so"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	found, _ := Installed(t.Context(), filepath.Join(dir, "sbin"), nil)
	if len(found) != 1 || found[0].With != "mod_wsgi" || len(found[0].Traps) != 4 || !found[0].Known {
		t.Errorf("%+v", found)
	}
}

// A server whose version is no version is limited, and says nothing of what it printed.
func TestServerOfNoVersion(t *testing.T) {
	for _, version := range []string{"-1..2", `21.2.0\377<script>`, strings.Repeat("7", 70)} {
		dir := t.TempDir()
		servertest.Script(t, filepath.Join(dir, "gunicorn"), `printf 'gunicorn (version `+version+`)\n'`)
		found, _ := Installed(t.Context(), dir, nil)
		if len(found) != 1 || found[0].State != calibrate.StateLimited || found[0].Version != "" ||
			found[0].Doubt != "what it says isn't a number such as 21.2.0" {
			t.Errorf("%s: %+v", version, found)
		}
	}
}

// Servers that don't answer are left as soon as nobody wants to know any more.
func TestInstalledEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"gunicorn", "uvicorn", "granian", "uwsgi", "puma", "unicorn"} { // more than are asked at once
		servertest.Script(t, filepath.Join(dir, name), "exec sleep 60")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	found, _ := Installed(ctx, dir, nil)
	if took := time.Since(began); took > known.VersionTime/2 || len(found) != 6 {
		t.Errorf("%d servers, after %v", len(found), took)
	}
}

// A path that a shell would take apart is quoted; what it is known by doesn't change.
func TestPathsWithBlanks(t *testing.T) {
	s := server(productNamed(t, "gunicorn"), "/opt/my app/bin/gunicorn", "/opt/my app/bin/gunicorn")
	if !s.Known || s.Command != "calibrate run -- '/opt/my app/bin/gunicorn' ..." {
		t.Errorf("known %v: %s", s.Known, s.Command)
	}
}

// A command as it is proposed is one that calibrate takes: it says where the port goes, unless the server is known.
func TestProposedCommands(t *testing.T) {
	for _, p := range products() {
		s := server(p, "/opt/bin/"+p.Name, p.Name)
		if p.Command == "" {
			continue
		}
		if !s.Known && (!strings.Contains(s.Command, "{port}") || !strings.Contains(s.Command, " -- "+p.Name+" ")) {
			t.Errorf("%s: %s", p.Name, s.Command)
		}
		env := map[string]string{}
		flags, argv, _ := strings.Cut(p.Command, "-- ")
		for _, word := range strings.Fields(flags) {
			if name, value, ok := strings.Cut(word, "="); ok {
				env[name] = value
			}
		}
		if err := (known.Spec{Command: strings.Fields(argv), Env: env}).CheckPlaceholders(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
