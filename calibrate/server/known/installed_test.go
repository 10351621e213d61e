package known

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"workermem/calibrate/linux"
	"workermem/calibrate/server/cli"
	"workermem/calibrate/server/servertest"
)

func TestDistVersion(t *testing.T) {
	for folder, want := range map[string]string{
		"waitress-3.0.2.dist-info":            "3.0.2",
		"waitress-2.1.2-py3.9.egg-info":       "2.1.2",
		"waitress-2.1.2-py3.9-linux.egg-info": "",
		"waitress-plugin-1.0.dist-info":       "",
		"Waitress-3.0.2.dist-info":            "",
	} {
		dir := t.TempDir()
		file := servertest.Script(t, filepath.Join(dir, "bin", "waitress-serve"), "")
		if err := os.MkdirAll(filepath.Join(dir, "lib", "python3.12", "site-packages", folder), 0o755); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(t.TempDir(), "waitress-serve") // as pipx has it
		if err := os.Symlink(file, link); err != nil {
			t.Fatal(err)
		}
		if got := DistVersion(link, "waitress"); got != want {
			t.Errorf("%s: %q, want %q", folder, got, want)
		}
	}
}

// The version is what stands beside the program, if that was there before the server was.
func TestPackageVersion(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		infos []string
		age   time.Duration // of the folders
		want  string
	}{
		"a wheel":              {"/venv/bin/gunicorn", []string{"gunicorn-27.0.1.dist-info"}, time.Hour, "27.0.1"},
		"an egg":               {"/venv/bin/gunicorn", []string{"gunicorn-20.1.0-py3.11.egg-info"}, time.Hour, "20.1.0"},
		"upgraded since":       {"/venv/bin/gunicorn", []string{"gunicorn-27.0.1.dist-info"}, -time.Hour, ""},
		"two":                  {"/venv/bin/gunicorn", []string{"gunicorn-27.0.1.dist-info", "gunicorn-26.0.0.dist-info"}, time.Hour, ""},
		"none":                 {"/venv/bin/gunicorn", nil, time.Hour, ""},
		"another's":            {"/venv/bin/gunicorn", []string{"gunicorn_color-0.1.0.dist-info"}, time.Hour, ""},
		"through the PATH":     {"gunicorn", []string{"gunicorn-27.0.1.dist-info"}, time.Hour, ""},
		"a name with a star":   {"/v*/bin/gunicorn", []string{"gunicorn-27.0.1.dist-info"}, time.Hour, ""},
		"a hidden root (none)": {"/elsewhere/bin/gunicorn", []string{"gunicorn-27.0.1.dist-info"}, time.Hour, ""},
	} {
		fs := servertest.ProcWith(t, servertest.Proc{PID: 10, Parent: 1, Session: 10, Args: "gunicorn"})
		for _, info := range c.infos {
			folder := filepath.Join(fs.Proc, "10", "root", "venv", "lib", "python3.11", "site-packages", info)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			at := time.Now().Add(-c.age)
			if err := os.Chtimes(folder, at, at); err != nil {
				t.Fatal(err)
			}
		}
		start := int64((linux.SinceBoot() - 60) * linux.ClockTicks)
		r := &Running{proc: fs, root: linux.Identity{PID: 10, Start: start}}
		if got := r.PackageVersion("gunicorn", cli.SeeThrough([]string{"/venv/bin/python3", c.file, "app:app"})); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
