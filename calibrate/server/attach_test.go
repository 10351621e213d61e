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
	watch := func() *Running {
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

func TestAttachKnowsGunicornByItsCommandLine(t *testing.T) {
	const python = "/venv/bin/python3 /venv/bin/gunicorn "
	for name, c := range map[string]struct {
		args    string
		environ string
		config  bool
		threads int // asked for
		want    calibrate.TargetInfo
		warns   bool
	}{
		"sync":               {args: python + "app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 1, HasThreads: true, CanRecycle: true}},
		"threads":            {args: python + "--threads 4 --preload app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 4, HasThreads: true, CanRecycle: true, Preload: true}},
		"threads elsewhere":  {args: python + "app:app", environ: "A=b\x00GUNICORN_CMD_ARGS=--threads 8", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 8, HasThreads: true, CanRecycle: true}},
		"asynchronous":       {args: python + "-c conf.py -k uvicorn.workers.UvicornWorker app:app", want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}},
		"a config":           {args: python + "-c conf.py app:app", want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}, warns: true},
		"a config by name":   {args: python + "app:app", config: true, want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}, warns: true},
		"a config, and said": {args: python + "-c conf.py --threads 3 app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 3, HasThreads: true, CanRecycle: true}},
		"a config, and asked": {args: python + "-c conf.py app:app", threads: 6,
			want: calibrate.TargetInfo{Server: "gunicorn", Threads: 6, HasThreads: true, CanRecycle: true}},
		"its environment is hidden": {args: python + "app:app", environ: "hidden", want: calibrate.TargetInfo{Server: "gunicorn", CanRecycle: true}, warns: true},
		"a module":                  {args: "/venv/bin/python -m gunicorn --threads 2 app:app", want: calibrate.TargetInfo{Server: "gunicorn", Threads: 2, HasThreads: true, CanRecycle: true}},
		"another":                   {args: "waitress-serve app:app", want: calibrate.TargetInfo{Server: "command"}},
		"another, asked":            {args: "waitress-serve app:app", threads: 4, want: calibrate.TargetInfo{Server: "command", Threads: 4, HasThreads: true}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := procWith(t, proc{10, 1, 10, c.args}, proc{11, 10, 10, c.args})
			home := t.TempDir()
			if err := os.Symlink(home, filepath.Join(fs.Proc, "10", "cwd")); err != nil {
				t.Fatal(err)
			}
			if c.config {
				write(t, filepath.Join(home, "gunicorn.conf.py"), "raise SystemExit('must not be run')")
			}
			if c.environ != "hidden" {
				write(t, filepath.Join(fs.Proc, "10", "environ"), c.environ)
			}
			r, err := attachIn(fs, AttachSpec{PID: 11, Threads: c.threads})
			if err != nil {
				t.Fatal(err)
			}
			got := calibrate.TargetInfo{Server: r.info.Server, Threads: r.info.Threads, HasThreads: r.info.HasThreads, CanRecycle: r.info.CanRecycle, Preload: r.info.Preload}
			if got.Server != c.want.Server || got.Threads != c.want.Threads || got.HasThreads != c.want.HasThreads || got.CanRecycle != c.want.CanRecycle || got.Preload != c.want.Preload {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if warns := slices.ContainsFunc(r.Warnings(), func(w calibrate.Warning) bool { return w.Code == "threads-unknown" }); warns != c.warns {
				t.Errorf("warnings %+v", r.Warnings())
			}
			if c.want.Server == "gunicorn" && (r.info.PID != 10 || r.info.NamedPID != 11) {
				t.Errorf("pid %d for the named %d", r.info.PID, r.info.NamedPID)
			}
			if workers, err := r.Workers(); err != nil || c.want.Server == "gunicorn" && !slices.Equal(workers, []int{11}) {
				t.Errorf("workers %v, %v", workers, err)
			}
			if tree := r.Tree(); !slices.Equal(tree, []int{10, 11}) {
				t.Errorf("tree %v", tree)
			}
			if strings.Contains(strings.Join(r.info.Command, " "), "GUNICORN_CMD_ARGS") {
				t.Error("the environment is in the command")
			}
		})
	}
}

func TestAttachKnowsUvicornByItsCommandLine(t *testing.T) {
	const python = "/venv/bin/python3 /venv/bin/uvicorn "
	const spawn = "/venv/bin/python3 -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7, pipe_handle=9) --multiprocessing-fork"
	tracker := proc{11, 10, 10, "/venv/bin/python3 -c from multiprocessing.resource_tracker import main;main(6)"}
	for name, c := range map[string]struct {
		args    string
		below   []proc
		environ string
		named   int
		workers []int
		limit   int
		warns   []string
	}{
		"alone":          {python + "a:b", nil, "A=b", 10, []int{10}, 0, []string{EndsServer}},
		"supervised":     {python + "--workers 2 --limit-concurrency 50 a:b", []proc{tracker, {12, 10, 10, spawn}, {13, 10, 10, spawn}}, "A=b", 13, []int{12, 13}, 49, nil},
		"a variable":     {python + "a:b", []proc{tracker, {12, 10, 10, spawn}}, "UVICORN_LIMIT_CONCURRENCY=8\x00WEB_CONCURRENCY=1", 12, []int{12}, 7, nil},
		"a hidden one":   {python + "a:b", []proc{tracker, {12, 10, 10, spawn}}, "hidden", 10, []int{12}, 0, []string{"limit-unknown"}},
		"a child of its": {python + "a:b", []proc{{12, 10, 10, "convert image"}}, "A=b", 10, []int{10}, 0, []string{EndsServer}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := procWith(t, append([]proc{{10, 1, 10, c.args}}, c.below...)...)
			if c.environ != "hidden" {
				write(t, filepath.Join(fs.Proc, "10", "environ"), c.environ)
			}
			r, err := attachIn(fs, AttachSpec{PID: c.named})
			if err != nil {
				t.Fatal(err)
			}
			workers, _ := r.Workers()
			if !slices.Equal(workers, c.workers) || r.info.PID != 10 || r.info.Server != "uvicorn" {
				t.Errorf("workers %v, want %v; %+v", workers, c.workers, r.info)
			}
			if r.info.ConcurrencyLimit != c.limit || r.info.ConcurrencyFlag == "" || r.info.HasThreads {
				t.Errorf("limit %d of %q, want %d; threads %v", r.info.ConcurrencyLimit, r.info.ConcurrencyFlag, c.limit, r.info.HasThreads)
			}
			var codes []string
			for _, w := range r.Warnings() {
				if w.Code != "other-cgroup" {
					codes = append(codes, w.Code)
				}
			}
			if !slices.Equal(codes, c.warns) {
				t.Errorf("warnings %q, want %q", codes, c.warns)
			}
			_, err = attachIn(fs, AttachSpec{PID: c.named, Threads: 4})
			usage(t, err, "one event loop")
		})
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
		fs := procWith(t, proc{10, 1, 10, "gunicorn"})
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
		if got := r.packageVersion("gunicorn", seeThrough([]string{"/venv/bin/python3", c.file, "app:app"})); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPIDFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		write(t, filepath.Join(dir, name), text)
		return filepath.Join(dir, name)
	}
	if pid, err := PIDFile(file("good", " 4711\n")); pid != 4711 || err != nil {
		t.Errorf("%d, %v", pid, err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		file("empty", "\n"):                  "is empty",
		file("garbage", "gunicorn"):          "no process number",
		file("two", "12 13"):                 "no process number",
		file("none", "-1"):                   "no process number",
		file("huge", "99999999999999999999"): "no process number",
		dir:                                  "not a regular file",
		fifo:                                 "not a regular file",
		filepath.Join(dir, "missing"):        "there is no pid file",
	} {
		_, err := PIDFile(path)
		usage(t, err, says)
	}
}
