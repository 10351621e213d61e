// Package servertest is what the tests of servers share: programs of the test environment, stand-ins for them, process trees.
package servertest

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/linux/linuxtest"
	"workermem/calibrate/server/cli"
)

// NotShort skips a test of real servers under -short.
func NotShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("real servers are not for -short")
	}
}

// Venv is a program of the real servers' environment (make servers), or of $CALIBRATE_VENV.
func Venv(t *testing.T, program string) string {
	t.Helper()
	NotShort(t)
	dir := os.Getenv("CALIBRATE_VENV")
	if dir == "" {
		dir = Fixture(t, ".venv")
	}
	path, err := filepath.Abs(filepath.Join(dir, "bin", program))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		missing(t, program, err)
	}
	return path
}

// missing skips the test of a server that isn't here, or fails it with CALIBRATE_REQUIRE_SERVERS=1.
func missing(t *testing.T, program string, err error) {
	t.Helper()
	if os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is required: run make servers (%v)", program, err)
	}
	t.Skipf("no %s: run make servers", program)
}

// Module writes a Python module mod.py into a new folder.
func Module(t *testing.T, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	Write(t, filepath.Join(dir, "mod.py"), text)
	return dir
}

// Write writes a file, and makes its folder.
func Write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// HasChange fails unless a change holds the text.
func HasChange(t *testing.T, info calibrate.TargetInfo, text string) {
	t.Helper()
	if !slices.ContainsFunc(info.Changes, func(c string) bool { return strings.Contains(c, text) }) {
		t.Errorf("no change says %q: %q", text, info.Changes)
	}
}

// Fixture is a path below the repository's fixtures, from whatever package's folder.
func Fixture(t *testing.T, parts ...string) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(slices.Concat([]string{root, "fixtures"}, parts)...)
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test's folder")
		}
		root = filepath.Dir(root)
	}
}

// HasWarning is the warning of a name, which must be there.
func HasWarning(t *testing.T, all []calibrate.Warning, code string) calibrate.Warning {
	t.Helper()
	byCode := map[string]calibrate.Warning{}
	for _, w := range all {
		byCode[w.Code] = w
	}
	if _, ok := byCode[code]; !ok {
		t.Errorf("no warning %s among %q", code, slices.Sorted(maps.Keys(byCode)))
	}
	return byCode[code]
}

// Codes are those of some warnings.
func Codes(warnings []calibrate.Warning) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, w.Code)
	}
	return all
}

// Usage fails unless an error is a complaint about what the user wrote, with the text in it and something to try.
func Usage(t *testing.T, err error, text string) {
	t.Helper()
	var f *calibrate.Failure
	if !errors.As(err, &f) || f.Kind != calibrate.KindUsage {
		t.Errorf("%T %v, want a complaint saying %q", err, err, text)
		return
	}
	if !strings.Contains(f.Error(), text) || f.Try == "" {
		t.Errorf("%q, want %q; try %q", f.Error(), text, f.Try)
	}
}

// Holding is a kernel in which these processes hold the listening socket; nil: it can't be seen.
func Holding(pids []int) linux.Sockets {
	return func(pid int) (held, known bool) { return slices.Contains(pids, pid), pids != nil }
}

// Script makes a program of a shell's lines.
func Script(t *testing.T, file, body string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// Proc is one process of a /proc of the test's own ([ProcWith]).
type Proc struct {
	PID, Parent, Session int
	Args                 string // with spaces
}

// ProcWith is a /proc with these processes.
func ProcWith(t *testing.T, all ...Proc) linux.FS {
	t.Helper()
	f := linuxtest.Family{}
	for _, p := range all {
		f[p.Parent] = append(f[p.Parent], p.PID)
	}
	fs := linux.FS{Proc: f.Write(t, true)}
	for _, p := range all {
		line := strings.Replace(linuxtest.StatLine(p.PID, "x", 'S', p.Parent, int64(p.PID)), " "+strconv.Itoa(p.PID)+" 7 0 -1 ", " "+strconv.Itoa(p.PID)+" "+strconv.Itoa(p.Session)+" 0 -1 ", 1)
		Write(t, filepath.Join(fs.Proc, strconv.Itoa(p.PID), "stat"), line)
		Write(t, filepath.Join(fs.Proc, strconv.Itoa(p.PID), "cmdline"), strings.ReplaceAll(p.Args, " ", "\x00")+"\x00")
	}
	return fs
}

// OnPath is a program of Debian's packages: a name on the PATH, or the pattern of a whole path.
func OnPath(t *testing.T, name string) string {
	t.Helper()
	NotShort(t)
	if files, _ := filepath.Glob(name); len(files) > 0 {
		name = files[0]
	}
	file, err := exec.LookPath(name)
	if err != nil {
		missing(t, name, err)
	}
	return file
}

// Site is an Apache with a configuration of some files, and the command that runs it.
func Site(t *testing.T, files map[string]string) (root string, command []string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		Write(t, filepath.Join(root, name), text)
	}
	return root, []string{fakeApache(t, root), "-DFOREGROUND"}
}

// fakeApache says how it was built, and no more.
func fakeApache(t *testing.T, root string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "apache2")
	return Script(t, file, `cat <<'END'
Server version: Apache/2.4.71 (Debian)
 -D HTTPD_ROOT="`+root+`"
 -D SERVER_CONFIG_FILE="apache2.conf"
END`)
}

// OldUvicorn is where the old version is (fixtures/requirements-old.txt), for PYTHONPATH.
func OldUvicorn(t *testing.T) string {
	return filepath.Dir(Venv(t, "../old/uvicorn"))
}

// LogFile is a log for an app, opened for appending.
func LogFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "app.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TakesValue says whether a program's table knows an option, and has it take a value.
func TakesValue(options cli.Options, option string) (takes, known bool) {
	arg := options.Scan([]string{option, "value"})[0]
	return len(arg.Words) == 2, arg.Name != ""
}

// BusyNeighbours keep so many cores busy until the returned function is called, for five minutes at most.
func BusyNeighbours(t *testing.T, n int) (stop func()) {
	t.Helper()
	var all []*exec.Cmd
	for range n {
		c := exec.Command("timeout", "300", "sh", "-c", "while :; do :; done")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return func() {
		for _, c := range all {
			_ = c.Process.Signal(os.Interrupt)
			_ = c.Wait()
		}
	}
}
