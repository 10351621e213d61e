package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/linux/linuxtest"
)

// proc is one process of a /proc of the test's own.
type proc struct {
	pid, parent, session int
	args                 string // with spaces
}

func procWith(t *testing.T, all ...proc) linux.FS {
	t.Helper()
	f := linuxtest.Family{}
	for _, p := range all {
		f[p.parent] = append(f[p.parent], p.pid)
	}
	fs := linux.FS{Proc: f.Write(t, true)}
	for _, p := range all {
		line := strings.Replace(linuxtest.StatLine(p.pid, "x", 'S', p.parent, int64(p.pid)), " "+strconv.Itoa(p.pid)+" 7 0 -1 ", " "+strconv.Itoa(p.pid)+" "+strconv.Itoa(p.session)+" 0 -1 ", 1)
		write(t, filepath.Join(fs.Proc, strconv.Itoa(p.pid), "stat"), line)
		write(t, filepath.Join(fs.Proc, strconv.Itoa(p.pid), "cmdline"), strings.ReplaceAll(p.args, " ", "\x00")+"\x00")
	}
	return fs
}

func TestMasterOf(t *testing.T) {
	const app = "/venv/bin/python3 /venv/bin/gunicorn app:app"
	for name, c := range map[string]struct {
		tree        []proc
		named, want int
	}{
		"the master":             {[]proc{{10, 1, 10, app}, {11, 10, 10, app}}, 10, 10},
		"a fork":                 {[]proc{{10, 1, 10, app}, {11, 10, 10, app}}, 11, 10},
		"a title":                {[]proc{{10, 1, 10, "gunicorn: master [a]"}, {11, 10, 10, "gunicorn: worker [a]"}}, 11, 10},
		"uvicorn":                {[]proc{{10, 1, 10, "uvicorn a:b"}, {11, 10, 10, "python -c from multiprocessing.spawn import spawn_main;"}}, 11, 10},
		"puma":                   {[]proc{{10, 1, 10, "puma 6"}, {11, 10, 10, "puma: cluster worker 0: 10"}}, 11, 10},
		"an orphan":              {[]proc{{11, 1, 10, "gunicorn: worker [a]"}, {1, 0, 1, "init"}}, 11, 11},
		"a lone server":          {[]proc{{1, 0, 1, "init"}, {10, 1, 10, "waitress"}}, 10, 10},
		"a container's init":     {[]proc{{1, 0, 1, app}, {11, 1, 1, app}}, 11, 1},
		"a child of a worker":    {[]proc{{10, 1, 10, app}, {11, 10, 10, app}, {12, 11, 10, "convert image"}}, 12, 12},
		"below a shell":          {[]proc{{9, 1, 9, "sh start.sh"}, {10, 9, 9, app}, {11, 10, 9, app}}, 11, 10},
		"a fork of a fork of it": {[]proc{{10, 1, 10, app}, {11, 10, 10, app}, {12, 11, 10, app}}, 12, 10},
	} {
		fs := procWith(t, c.tree...)
		s, err := fs.Stat(c.named)
		if err != nil {
			t.Fatal(err)
		}
		if got := masterOf(fs, s, knownTitles()); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAttachRefuses(t *testing.T) {
	for _, c := range map[string]struct {
		pid  int
		says string
	}{
		"zero":          {0, "no process number"},
		"negative":      {-7, "no process number"},
		"nobody":        {1 << 22, "there is no process"},
		"ourselves":     {os.Getpid(), "calibrate itself"},
		"our parent":    {os.Getppid(), "calibrate runs under"},
		"our main task": {syscall.Gettid(), "calibrate itself"},
	} {
		_, err := Attach(AttachSpec{PID: c.pid})
		usage(t, err, c.says)
	}
	fs := procWith(t, proc{2, 0, 0, ""})
	line := strings.Replace(linuxtest.StatLine(2, "kthreadd", 'S', 0, 5), "4194304", "2129984", 1) // PF_KTHREAD among others
	write(t, filepath.Join(fs.Proc, "2", "stat"), line)
	_, err := attachIn(fs, AttachSpec{PID: 2})
	usage(t, err, "thread of the kernel")
	write(t, filepath.Join(fs.Proc, "2", "stat"), linuxtest.StatLine(2, "x", 'Z', 0, 5))
	_, err = attachIn(fs, AttachSpec{PID: 2})
	usage(t, err, "has ended")
}

// A server's life beside a watch: Stop leaves it as it is, and its end is seen.
func TestWatchOfAProcess(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	watch := func() *Attached {
		r, err := Attach(AttachSpec{PID: pid})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := watch()
	workers, err := r.Workers()
	if !slices.Equal(workers, []int{pid}) || err != nil || !slices.Equal(r.Tree(), []int{pid}) || r.Info().WorkerRule != ruleOnly || r.Backlog() != -1 {
		t.Errorf("workers %v, %v, tree %v, %+v", workers, err, r.Tree(), r.Info())
	}
	if stopped, err := r.Stop(t.Context()); stopped != (calibrate.Stopped{}) || err != nil || !r.lives() {
		t.Errorf("stopped %+v, %v; lives %v", stopped, err, r.lives())
	}
	r = watch()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.Exited():
	case <-time.After(5 * time.Second):
		t.Error("its end was not seen")
	}
	if f := r.Failure("watch"); f.Kind != calibrate.KindApp || !strings.Contains(f.What, "ended while it was watched") || f.Try == "" {
		t.Errorf("%+v", f)
	}
	if workers, err := r.Workers(); len(workers) != 0 || err != nil || r.Tree() != nil {
		t.Errorf("workers %v, %v, tree %v", workers, err, r.Tree())
	}
	if _, err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
	if _, err := r.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "before the watch began") {
		t.Errorf("started after its end: %v", err)
	}
}

func TestAttachChecksTheURL(t *testing.T) {
	fs := procWith(t, proc{10, 1, 10, "waitress"})
	for url, says := range map[string]string{
		"http://example.com:8000": "not this machine",
		"http://127.0.0.1:8000":   "nothing listens",
		"https://127.0.0.1:8000":  "not http",
		"nonsense":                "not a URL",
	} {
		_, err := attachIn(fs, AttachSpec{PID: 10, URL: url})
		usage(t, err, says)
	}
}

// A watch gives its files back: whoever reports has no server to look at any more.
func TestAttachGivesItsFilesBack(t *testing.T) {
	pid := sleeper(t)
	before := openFiles(t)
	r, err := Attach(AttachSpec{PID: pid})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if openFiles(t) == before {
		t.Error("nothing is kept open while it watches")
	}
	for range 2 {
		if _, err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r.Info().WorkerRule == noRule {
		t.Error("the rule is forgotten")
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d files open, were %d", after, before)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// sleeper is the pid of a process of the test's own.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}
