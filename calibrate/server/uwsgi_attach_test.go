package server

import (
	"cmp"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/server/servertest"
)

func TestAttachKnowsUWSGI(t *testing.T) {
	const command = "/usr/bin/uwsgi --http-socket :80 --threads 4 --lazy-apps"
	byFile := func(file string) []servertest.Proc {
		return []servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: "uwsgi " + file}, {PID: 11, Parent: 10, Session: 10, Args: "uwsgi " + file}}
	}
	root := t.TempDir()
	for name, text := range map[string]string{
		"lazy.ini":    "[uwsgi]\n; lazy-apps = false\nlazy-apps\nthreads = 3\n[other]\nthreads = 9\n",
		"plain.ini":   "[uwsgi]\nworkers = 2\nmodule = a\n",
		"chdir.ini":   "[uwsgi]\nchdir = /srv\n",
		"include.ini": "[uwsgi]\ninclude = /lazy.ini\n",
		"sections":    "never read",
		"if.ini":      "[uwsgi]\nthreads = 2\nif-env = X\nlazy-apps = true\nendif =\n",
		"lazy.xml":    "<uwsgi>\n<lazy-apps/>\n<threads>5</threads></uwsgi>",
		"lazy.yaml":   "uwsgi:\n  lazy-apps: true\n  threads: 6\nother:\n  threads: 9\n",
		"lazy.json":   `{"uwsgi": {"lazy": true, "threads": 7, "env": ["A=b"]}}`,
		"not.json":    `{"uwsgi": 1}`,
		"itself.ini":  "[uwsgi]\n" + strings.Repeat("ini = /itself.ini\n", 10_000),
		"long.ini":    "[uwsgi]\nlazy\n" + strings.Repeat("x", 1<<20),
		"wide.ini":    "[uwsgi]\n" + strings.Repeat("a\n", 1<<20),
		"nul.ini":     "[uwsgi]\nthreads = 3\n\x00=\x00\n[\n=\n:\n",
		"nul.yaml":    "uwsgi:\n  threads: 6\n - \n:\n\x00:\x00\n",
		"open.xml":    "<uwsgi>" + strings.Repeat("<a>", 1000),
	} {
		servertest.Write(t, filepath.Join(root, name), text)
		if err := os.Chtimes(filepath.Join(root, name), time.Time{}, time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"link.ini": "link.ini", "zero": "/dev/zero", "pagemap": "/proc/self/pagemap"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	servertest.Write(t, filepath.Join(root, "changed.ini"), "[uwsgi]\nthreads = 3\n") // after the server's start
	for name, c := range map[string]struct {
		tree    []servertest.Proc
		threads int
		preload bool
		environ string
	}{
		"lazy in an ini":        {tree: byFile("--ini /lazy.ini"), threads: 3},
		"an ini without option": {tree: byFile("lazy.ini"), threads: 3},
		"not lazy":              {tree: byFile("plain.ini"), threads: 1, preload: true},
		"another section":       {tree: byFile("--ini /lazy.ini:other"), threads: 9, preload: true},
		"included":              {tree: byFile("--ini include.ini"), threads: 3},
		"elsewhere now":         {tree: byFile("--ini chdir.ini")},
		"elsewhere, and named":  {tree: byFile("--ini /chdir.ini"), threads: 1, preload: true},
		"a condition":           {tree: byFile("--ini /if.ini"), threads: 2},
		"an XML file":           {tree: byFile("-x /lazy.xml"), threads: 5},
		"a YAML file":           {tree: byFile("--yaml /lazy.yaml"), threads: 6},
		"a JSON file":           {tree: byFile("/lazy.json"), threads: 7},
		"no JSON":               {tree: byFile("/not.json")},
		"a file of itself":      {tree: byFile("--ini /itself.ini")},
		"a long line":           {tree: byFile("--ini /long.ini")},
		"a million lines":       {tree: byFile("--ini /wide.ini")},
		"bytes in an ini":       {tree: byFile("--ini /nul.ini"), threads: 3, preload: true},
		"bytes in a YAML file":  {tree: byFile("--yaml /nul.yaml"), threads: 6, preload: true},
		"an XML file's half":    {tree: byFile("-x /open.xml")},
		"a pipe":                {tree: byFile("--ini /pipe")},
		"a link to itself":      {tree: byFile("--ini /link.ini")},
		"a device":              {tree: byFile("--ini /zero")},
		"a file without a size": {tree: byFile("--ini /pagemap")},
		"set of set":            {tree: byFile("-S " + strings.Repeat("set=", 100_000) + " --threads 2"), threads: 2, preload: true},
		"changed since":         {tree: byFile("--ini /changed.ini")},
		"a variable":            {tree: byFile("--threads 2"), threads: 2, environ: "A=b\x00UWSGI_LAZY_APPS=1"},
		"a variable's file":     {tree: byFile("--master"), threads: 3, environ: "UWSGI_INI=/lazy.ini"},
		"set":                   {tree: byFile("-S lazy=true --threads 2"), threads: 2},
		"the last counts":       {tree: byFile("--lazy-apps --threads 2 --set lazy-apps=false"), threads: 2, preload: true},

		"by its options":  {tree: []servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: command}, {PID: 11, Parent: 10, Session: 10, Args: command}}, threads: 4},
		"by its titles":   {tree: []servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: "uWSGI master"}, {PID: 11, Parent: 10, Session: 10, Args: "uWSGI worker 1"}, {PID: 12, Parent: 10, Session: 10, Args: "uWSGI http 1"}}},
		"a file not read": {tree: byFile("--ini /x.ini")},
	} {
		fs := servertest.ProcWith(t, c.tree...)
		servertest.Write(t, filepath.Join(fs.Proc, "10", "environ"), cmp.Or(c.environ, "A=b"))
		for _, link := range []string{"root", "cwd"} {
			if err := os.Symlink(root, filepath.Join(fs.Proc, "10", link)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := attachIn(fs, AttachSpec{PID: 11})
		if err != nil {
			t.Fatal(err)
		}
		if workers, _ := r.Workers(); !slices.Equal(workers, []int{11}) {
			t.Errorf("%s: workers %v", name, workers)
		}
		unknown := slices.ContainsFunc(r.Warnings(), func(w calibrate.Warning) bool { return w.Code == "threads-unknown" })
		if r.Info().PID != 10 || r.Info().Server != "uwsgi" || r.Info().Threads != c.threads || r.Info().Preload != c.preload || unknown != (c.threads == 0) {
			t.Errorf("%s: %+v %v", name, r.Info(), r.Warnings())
		}
	}
}

// A running uWSGI that loads the app in its workers isn't preloaded, wherever that is written; the app itself says which
// process loaded it.
func TestE2EAttachSeesLazyUWSGI(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string // of its configuration
		args       []string
		env        string
		lazy       bool
	}{
		"ini":      {file: "u.ini", text: "[uwsgi]\nlazy-apps = true\n", args: []string{"--ini", "u.ini"}, lazy: true},
		"not lazy": {file: "u.ini", text: "[uwsgi]\nthreads = 2\n", args: []string{"u.ini"}},
		"xml":      {file: "u.xml", text: "<uwsgi><lazy-apps/></uwsgi>", args: []string{"--xml", "u.xml"}, lazy: true},
		"yaml":     {file: "u.yml", text: "uwsgi:\n  lazy: true\n", args: []string{"--yaml", "u.yml"}, lazy: true},
		"variable": {args: []string{"--master"}, env: "UWSGI_LAZY_APPS=1", lazy: true},
		"option":   {args: []string{"--lazy-apps"}, lazy: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := servertest.Module(t, "import os\nloaded = os.getpid()\ndef app(environ, start):\n"+
				"    start('200 OK', [])\n    return [b'lazy' if loaded == os.getpid() else b'preloaded']\n")
			command := uwsgiWith(t, dir)
			command = slices.DeleteFunc(command, func(word string) bool { return word == "--chdir" || word == dir })
			command = append(command, "--pythonpath", dir, "--master", "--die-on-term", "--worker-reload-mercy", "1", "--processes", "2")
			if c.file != "" {
				servertest.Write(t, filepath.Join(dir, c.file), c.text)
				time.Sleep(1100 * time.Millisecond) // a file that is as young as its reader may have been changed since
			}
			address := freeAddress(t)
			cmd := exec.Command(command[0], slices.Concat(command[1:], []string{"--http-socket", address}, c.args)...)
			cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, append(os.Environ(), c.env), &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				late := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // it was once seen to stay
				defer late.Stop()
				_ = cmd.Process.Signal(syscall.SIGTERM)
				_ = cmd.Wait()
			})
			want := "preloaded"
			if c.lazy {
				want = "lazy"
			}
			if got := firstAnswer(t, "http://"+address); got != want {
				t.Fatalf("the app is %s, want it %s", got, want)
			}
			r, err := Attach(AttachSpec{PID: cmd.Process.Pid})
			if err != nil {
				t.Fatal(err)
			}
			if info := r.Info(); info.Server != "uwsgi" || info.Preload == c.lazy {
				t.Errorf("%+v %v", info, r.Warnings())
			}
		})
	}
}

// firstAnswer waits until a server answers.
func firstAnswer(t *testing.T, url string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		res, err := http.Get(url) //nolint:noctx // it is on this machine
		if err == nil {
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			return string(body)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
