package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"workermem/calibrate"
	"workermem/calibrate/linux/linuxtest"
	"workermem/calibrate/server/servertest"
	"workermem/calibrate/server/workers"
)

func TestMasterOf(t *testing.T) {
	const app = "/venv/bin/python3 /venv/bin/gunicorn app:app"
	for name, c := range map[string]struct {
		tree        []servertest.Proc
		named, want int
	}{
		"the master":             {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: app}, {PID: 11, Parent: 10, Session: 10, Args: app}}, 10, 10},
		"a fork":                 {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: app}, {PID: 11, Parent: 10, Session: 10, Args: app}}, 11, 10},
		"a title":                {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: "gunicorn: master [a]"}, {PID: 11, Parent: 10, Session: 10, Args: "gunicorn: worker [a]"}}, 11, 10},
		"uvicorn":                {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: "uvicorn a:b"}, {PID: 11, Parent: 10, Session: 10, Args: "python -c from multiprocessing.spawn import spawn_main;"}}, 11, 10},
		"puma":                   {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: "puma 6"}, {PID: 11, Parent: 10, Session: 10, Args: "puma: cluster worker 0: 10"}}, 11, 10},
		"an orphan":              {[]servertest.Proc{{PID: 11, Parent: 1, Session: 10, Args: "gunicorn: worker [a]"}, {PID: 1, Parent: 0, Session: 1, Args: "init"}}, 11, 11},
		"a lone server":          {[]servertest.Proc{{PID: 1, Parent: 0, Session: 1, Args: "init"}, {PID: 10, Parent: 1, Session: 10, Args: "waitress"}}, 10, 10},
		"a container's init":     {[]servertest.Proc{{PID: 1, Parent: 0, Session: 1, Args: app}, {PID: 11, Parent: 1, Session: 1, Args: app}}, 11, 1},
		"a child of a worker":    {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: app}, {PID: 11, Parent: 10, Session: 10, Args: app}, {PID: 12, Parent: 11, Session: 10, Args: "convert image"}}, 12, 12},
		"below a shell":          {[]servertest.Proc{{PID: 9, Parent: 1, Session: 9, Args: "sh start.sh"}, {PID: 10, Parent: 9, Session: 9, Args: app}, {PID: 11, Parent: 10, Session: 9, Args: app}}, 11, 10},
		"a fork of a fork of it": {[]servertest.Proc{{PID: 10, Parent: 1, Session: 10, Args: app}, {PID: 11, Parent: 10, Session: 10, Args: app}, {PID: 12, Parent: 11, Session: 10, Args: app}}, 12, 10},
	} {
		fs := servertest.ProcWith(t, c.tree...)
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
		servertest.Usage(t, err, c.says)
	}
	fs := servertest.ProcWith(t, servertest.Proc{PID: 2, Parent: 0, Session: 0, Args: ""})
	line := strings.Replace(linuxtest.StatLine(2, "kthreadd", 'S', 0, 5), "4194304", "2129984", 1) // PF_KTHREAD among others
	servertest.Write(t, filepath.Join(fs.Proc, "2", "stat"), line)
	_, err := attachIn(fs, AttachSpec{PID: 2})
	servertest.Usage(t, err, "thread of the kernel")
	servertest.Write(t, filepath.Join(fs.Proc, "2", "stat"), linuxtest.StatLine(2, "x", 'Z', 0, 5))
	_, err = attachIn(fs, AttachSpec{PID: 2})
	servertest.Usage(t, err, "has ended")
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
	found, err := r.Workers()
	if !slices.Equal(found, []int{pid}) || err != nil || !slices.Equal(r.Tree(), []int{pid}) || r.Info().WorkerRule.Kind != calibrate.RuleAlone || r.Backlog() != -1 {
		t.Errorf("workers %v, %v, tree %v, %+v", found, err, r.Tree(), r.Info())
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
	if found, err := r.Workers(); len(found) != 0 || err != nil || r.Tree() != nil {
		t.Errorf("workers %v, %v, tree %v", found, err, r.Tree())
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
	fs := servertest.ProcWith(t, servertest.Proc{PID: 10, Parent: 1, Session: 10, Args: "waitress"})
	for url, says := range map[string]string{
		"http://example.com:8000": "not this machine",
		"http://127.0.0.1:8000":   "nothing listens",
		"https://127.0.0.1:8000":  "not http",
		"nonsense":                "not a URL",
	} {
		_, err := attachIn(fs, AttachSpec{PID: 10, URL: url})
		servertest.Usage(t, err, says)
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
	if r.Info().WorkerRule == workers.NoRule {
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
