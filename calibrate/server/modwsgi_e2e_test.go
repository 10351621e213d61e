package server

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"workermem/calibrate"
	"workermem/calibrate/linux"
	"workermem/calibrate/server/known"
	"workermem/calibrate/server/servertest"
)

// apache is a command that runs fixtures/apache/pyramid.conf, as Debian's packages have it (make servers).
func apache(t *testing.T, args ...string) []string {
	t.Helper()
	servertest.Venv(t, "python")
	fixtures, err := filepath.Abs("../../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_wsgi.so", filepath.Join(fixtures, ".venv/site-packages")} {
		if _, err := os.Stat(file); err != nil {
			if os.Getenv("CALIBRATE_REQUIRE_SERVERS") == "1" {
				t.Fatalf("Apache and mod_wsgi are required: run make servers (%v)", err)
			}
			t.Skipf("no %s: run make servers", file)
		}
	}
	return append([]string{"/usr/sbin/apache2", "-C", "Define FIXTURES " + fixtures, "-f", filepath.Join(fixtures, "apache/pyramid.conf")}, args...)
}

// about is what the Pyramid app says of a fact.
func (r *running) about(fact string) string {
	r.t.Helper()
	for line := range strings.Lines(r.get("/about")) {
		if value, ok := strings.CutPrefix(line, fact+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestE2EModWSGI(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t), Env: map[string]string{"CALIBRATE_GREETING": "port {port}"}})
	if got, want := r.get("/pid"), strconv.Itoa(r.worker()); got != want {
		t.Errorf("answered by %s, the worker found is %s", got, want)
	}
	info := r.Info()
	if info.Server != "mod_wsgi" || !strings.HasPrefix(info.ServerVersion, "4.") || info.Threads != 4 || !info.HasThreads ||
		!info.CanRecycle || !info.CanScale || info.HasJitter || info.WorkerRule.Kind != calibrate.RuleTitle {
		t.Errorf("%+v", info)
	}
	for _, change := range []string{"1 worker instead of 4", "instead of a new worker after 5 000 requests", "instead of 8080",
		"-DFOREGROUND is added", "fixtures/.venv/apache.pid", "the access log is off"} {
		servertest.HasChange(t, info, change)
	}
	if got := r.about("greeting"); got != "port "+strconv.Itoa(r.address.Port) {
		t.Errorf("a variable of --env is %q in the app", got)
	}
	if r.about("multiprocess") != "True" { // as with the four processes of the configuration
		t.Error("the app is told that it is the only process")
	}
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Killed != 0 || stopped.Seconds > 8 {
		t.Errorf("%+v %v", stopped, err)
	}
	for _, file := range []string{r.temporary, "../../fixtures/.venv/apache.pid", "../../fixtures/.venv/apache.error.log", "../../fixtures/.venv/apache.access.log"} {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is left", file)
		}
	}
}

func TestE2EModWSGIWorkersAndThreads(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t, "-DFOREGROUND"), Workers: 2, Threads: 7})
	workers, err := r.Workers()
	if err != nil || len(workers) != 2 {
		t.Fatalf("workers %v %v", workers, err)
	}
	if pid := atoi(t, r.get("/pid")); !slices.Contains(workers, pid) {
		t.Errorf("answered by %d, the workers found are %v", pid, workers)
	}
	for _, pid := range workers {
		if tasks, _ := linux.Here.Threads(pid); len(tasks) != 7+3 {
			t.Errorf("%d threads in worker %d, want 7 and mod_wsgi's own 3", len(tasks), pid)
		}
	}
	if r.Info().Threads != 7 {
		t.Errorf("%+v", r.Info())
	}
}

func TestE2EModWSGIRecycles(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t, "-DFOREGROUND"), MaxRequests: 5})
	before := r.worker()
	servertest.HasChange(t, r.Info(), "a new worker after 5 requests instead of 5 000")
	eventually(t, "another worker", func() bool {
		r.get("/")
		workers, _ := r.Workers()
		return len(workers) == 1 && workers[0] != before
	})
	if _, err := linux.Here.Stat(before); err == nil {
		t.Errorf("the worker %d is still there", before)
	}
}

// The first request loads the app, and each request tries again. The port is open all the time.
func TestE2EModWSGIImportError(t *testing.T) {
	t.Parallel()
	began := time.Now()
	f := failure(t, known.Spec{Command: apache(t, "-DFOREGROUND"), Env: map[string]string{"CALIBRATE_FAIL": "import"}})
	says(t, f, calibrate.KindApp, "could not be loaded", "ImportError: CALIBRATE_FAIL=import")
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s to see", took)
	}
}

func TestE2EModWSGIComplaints(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ directive, want string }{
		"syntax":            {"Nonsense on", "Invalid command 'Nonsense'"},
		"module":            {"LoadModule other_module /nonexistent/mod_wsgi_other.so", "Cannot load /nonexistent/mod_wsgi_other.so"},
		"undefined":         {"DocumentRoot ${CALIBRATE_NOWHERE}", "CALIBRATE_NOWHERE"},
		"a missing include": {"Include /nonexistent.conf", "/nonexistent.conf"},
	} {
		t.Run(name, func(t *testing.T) {
			says(t, failure(t, known.Spec{Command: apache(t, "-c", c.directive)}), calibrate.KindApp, c.want)
		})
	}
}

// Without its guard Apache ends by itself, and the tool removes what the guard would have.
func TestE2EModWSGIGuardKilled(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t, "-DFOREGROUND")})
	if err := unix.Kill(r.guardian.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	noneLeft(t, r.mark, 10*time.Second)
	_, _ = r.Stop(t.Context())
	if known.FileExists(r.temporary) {
		t.Errorf("%s is left", r.temporary)
	}
}

// Nothing is left where the tool is killed, not even the copy of the configuration.
func TestE2EModWSGIToolKilled(t *testing.T) {
	temporary := openFolder(t, 0o755)
	t.Setenv("TMPDIR", temporary)
	m := newMark(servertest.LogFile(t))
	tool := startTool(t, toolOrder{Spec: m.on(known.Spec{Command: apache(t), Workers: 2})})
	ours := filepath.Join(temporary, "calibrate-*")
	if written, _ := filepath.Glob(ours); len(written) != 1 {
		t.Errorf("in the folder for temporary files: %v", written)
	}
	tool.kill9(t)
	goneWithin(t, tool.Guard, 5*time.Second)
	noneLeft(t, m, 0)
	if left, _ := filepath.Glob(ours); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// openFolder is a folder for temporary files, below none that is closed to Apache's user.
func openFolder(t *testing.T, mode os.FileMode) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "test-modwsgi-") //nolint:usetesting // that of t.TempDir is in one that is closed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, mode); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Root's Apache serves as another user, who finds no way to a socket in a closed folder.
func TestE2EModWSGIClosedFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("as another user Apache changes none")
	}
	t.Setenv("TMPDIR", openFolder(t, 0o700))
	says(t, failure(t, known.Spec{Command: apache(t), BootDeadline: 3 * time.Second}), calibrate.KindApp, "may not pass through the folder of the socket")
}

// apache2ctl is a shell script that waits for the Apache that it starts.
func TestE2EModWSGIByApachectl(t *testing.T) {
	t.Parallel()
	command := apache(t)
	command[0] = servertest.Script(t, filepath.Join(t.TempDir(), "apache2ctl"), command[0]+` "$@"; exit $?`)
	r := start(t, known.Spec{Command: append(command, "-k", "start")})
	if got, want := r.get("/pid"), strconv.Itoa(r.worker()); got != want {
		t.Errorf("answered by %s, the worker found is %s", got, want)
	}
	if stopped, err := r.Stop(t.Context()); err != nil || stopped.Killed != 0 {
		t.Errorf("%+v %v", stopped, err)
	}
}

// One that runs already is recognised by its processes' titles.
func TestE2EModWSGIAttach(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: apache(t), Threads: 6})
	attached, err := Attach(AttachSpec{PID: r.worker()})
	if err != nil {
		t.Fatal(err)
	}
	info := attached.Info()
	if info.Server != "mod_wsgi" || info.PID == info.NamedPID || info.PID != r.guardian.AppPID() || !info.CanRecycle {
		t.Errorf("%+v", info)
	}
	if workers, err := attached.Workers(); err != nil || !slices.Equal(workers, []int{r.worker()}) {
		t.Errorf("workers %v %v", workers, err)
	}
	if len(attached.Warnings()) == 0 || !strings.Contains(attached.Warnings()[0].Text, "up to 9 in a worker") {
		t.Errorf("%+v", attached.Warnings())
	}
}

// expressWith is a command that runs the Pyramid app by mod_wsgi-express, which wants to know the user when root starts it.
func expressWith(t *testing.T, args ...string) []string {
	t.Helper()
	program := servertest.Venv(t, "../express/bin/mod_wsgi-express")
	fixtures, err := filepath.Abs("../../fixtures")
	if err != nil {
		t.Fatal(err)
	}
	words := []string{program, "start-server", "--application-type", "module", "pyramid_app",
		"--python-path", filepath.Join(fixtures, "wsgi"), "--python-path", filepath.Join(fixtures, ".venv/site-packages")}
	if os.Getuid() == 0 {
		words = append(words, "--user", "www-data", "--group", "www-data")
	}
	return append(words, args...)
}

func TestE2EExpress(t *testing.T) {
	t.Parallel()
	r := start(t, known.Spec{Command: expressWith(t, "--port", "1", "--processes=3", "--threads", "2", "--maximum-requests", "9"), Threads: 4, MaxRequests: 5,
		Env: map[string]string{"CALIBRATE_GREETING": "hello"}})
	before := r.worker()
	if got := atoi(t, r.get("/pid")); got != before {
		t.Errorf("answered by %d, the worker found is %d", got, before)
	}
	if got := r.about("greeting"); got != "hello" {
		t.Errorf("a variable of --env is %q in the app", got)
	}
	info := r.Info()
	if info.Server != "mod_wsgi-express" || !known.VersionReaches(info.ServerVersion, "5.0") || info.Threads != 4 || !info.CanRecycle || info.HasJitter {
		t.Errorf("%+v", info)
	}
	servertest.HasChange(t, info, "1 worker instead of 3")
	servertest.HasChange(t, info, "instead of 1")
	eventually(t, "another worker", func() bool {
		r.get("/")
		workers, _ := r.Workers()
		return len(workers) == 1 && workers[0] != before
	})
	stopped, err := r.Stop(t.Context())
	if err != nil || stopped.Killed != 0 || known.FileExists(r.temporary) {
		t.Errorf("%+v %v, %s", stopped, err, r.temporary)
	}
}

func TestE2EExpressImportError(t *testing.T) {
	t.Parallel()
	f := failure(t, known.Spec{Command: expressWith(t), Workers: 2, Env: map[string]string{"CALIBRATE_FAIL": "import"}})
	says(t, f, calibrate.KindApp, "ImportError: CALIBRATE_FAIL=import")
}

// front-too-small: two threads of Apache's own keep two of a worker's four idle.
func TestE2EModWSGIFrontTooSmall(t *testing.T) {
	t.Parallel()
	const hold = 500 * time.Millisecond
	took := map[bool]time.Duration{}
	for _, small := range []bool{true, false} {
		command := apache(t)
		if small {
			command = append(command, "-c", "ThreadsPerChild 2", "-c", "MaxRequestWorkers 2", "-c", "ServerLimit 1")
		}
		r := start(t, known.Spec{Command: command, Path: "/pid", Env: map[string]string{"CALIBRATE_HOLD_MS": strconv.FormatInt(hold.Milliseconds(), 10)}})
		r.get("/") // which loads the app
		began := time.Now()
		r.refused(4, 1, "/")
		took[small] = time.Since(began)
		if warned := slices.ContainsFunc(r.Warnings(), func(w calibrate.Warning) bool { return w.Code == "front-too-small" }); warned != small {
			t.Errorf("small: %v, warned: %v", small, warned)
		}
	}
	if took[true] < 2*hold || took[false] > 2*hold {
		t.Errorf("four requests of %v took %v with a front of two, and %v with one of many", hold, took[true], took[false])
	}
}
